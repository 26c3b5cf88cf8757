from __future__ import annotations

from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from narrator.model import Block, Role
from narrator.publishing.read_along_pages import HeardBlock, MarkedPage, Stretch, marked_page
from tests.manuscript.epub_maker import page
from tests.publishing.read_along_books import letters, shown, without_marks


def marked(body: str, *blocks: HeardBlock) -> MarkedPage:
    result = marked_page(page(body).encode(), blocks, "read-along.css")
    assert result is not None
    return result


def cut(*parts: str, role: Role = Role.PARAGRAPH, chapter: int = 0) -> HeardBlock:
    """A block whose parts are a segment each."""
    ends = list(accumulate(map(len, parts)))
    stretches = tuple(
        Stretch((chapter, at), start, end) for at, (start, end) in enumerate(pairwise([0, *ends]))
    )
    return HeardBlock(Block(role, "".join(parts)), stretches)


def texts(result: MarkedPage) -> list[list[str]]:
    """What is marked of each segment, in their order."""
    root = etree.fromstring(result.data)
    ids = {element.get("id"): element for element in root.iter()}
    return [[shown(ids[place.id]) for place in result.places[key]] for key in sorted(result.places)]


def test_signs_belong_to_the_words_that_they_stand_at() -> None:
    result = marked(
        "<p>“Dark!” (He <em>nodded</em>.) “It rained,” she said…</p><p>“No.”</p>",
        cut("“Dark!” ", "(He nodded.) ", "“It rained,” she said…"),
    )
    assert texts(result) == [["“Dark!”"], ["(He nodded.)"], ["“It rained,” she said…"]]


def test_a_segment_over_a_border_of_elements_is_in_several_places() -> None:
    result = marked("<p>It was <em>dark. Very</em> dark.</p>", cut("It was dark. ", "Very dark."))
    assert texts(result) == [["It was", "dark."], ["Very", "dark."]]
    assert [place.characters for place in result.places[0, 0]] == [5, 5]


def test_words_that_are_just_an_element_need_no_span() -> None:
    result = marked("<p><b>Dark.</b> <i id='x'>Cold.</i></p>", cut("Dark. ", "Cold."))
    assert [place.id for places in result.places.values() for place in places] == ["heard-1", "x"]
    assert b"<span" not in result.data


def test_ruby_is_not_divided() -> None:
    ruby = "<p>あれは<ruby>漢字<rt>かんじ</rt></ruby>です。</p>"
    result = marked(ruby, cut("あれは漢", "字です。"))
    assert texts(result) == [["あれは漢字"], ["です。"]]


def test_what_the_page_has_more_and_less_is_no_obstacle() -> None:
    result = marked(
        "<p>It was a dark [12] and a stormy night in the year of ours.</p><p>So it was.</p>",
        cut("It was once a dark and a ", "stormy night in the year ours."),
        cut("So it was.", chapter=1),
    )
    assert texts(result) == [
        ["It was a dark [12] and a"],
        ["stormy night in the year of ours."],
        ["So it was."],
    ]


def test_another_text_is_not_found() -> None:
    result = marked("<p>It was a dark and stormy night.</p>", cut("The quick brown fox jumps over a dog."))
    assert not result.places
    assert not result.found
    assert result.data == page("<p>It was a dark and stormy night.</p>").encode()


def test_a_picture_that_is_told_is_marked() -> None:
    result = marked(
        '<p>It was dark.</p><img src="a.png" alt="A cat."/><img src="b.png" alt="A dog."/>',
        cut("It was dark."),
        cut("A dog.", role=Role.ALT_TEXT, chapter=1),
    )
    assert b'<img id="heard-2" src="b.png"' in result.data
    assert result.found == {0, 1}


def test_ids_that_the_page_has_are_not_given_again() -> None:
    result = marked('<p>It was dark. It rained.</p><p id="heard-1">x</p>', cut("It was dark. ", "It rained."))
    assert [place.id for places in result.places.values() for place in places] == ["heard-2", "heard-3"]


WORDS = st.lists(
    st.sampled_from(["night", "Dark,", "“it", "was”", "é", "日本", "a—b", "…", "ﬁn", "&", "x."]), min_size=1
)
LOOKS = st.sampled_from(["{}", "{}", "{}", "<em>{}</em>", "<b>{}", "{}</b>", "<i/>{}", "{}<!-- . -->"])


@given(st.lists(st.tuples(WORDS, st.lists(LOOKS, min_size=1), st.integers(1, 4)), min_size=1, max_size=6))
def test_every_segment_is_marked_and_nothing_else_is_changed(
    paragraphs: list[tuple[list[str], list[str], int]],
) -> None:
    body, blocks = "", []
    for chapter, (words, looks, size) in enumerate(paragraphs):
        is_open, markup = False, []
        for at, word in enumerate(words):
            look = looks[at % len(looks)]
            if look in {"<b>{}", "{}</b>"}:
                look = "{}</b>" if is_open else "<b>{}"
                is_open = not is_open
            markup.append(look.format(word.replace("&", "&amp;")))
        body += f"<p>{' '.join(markup)}{'</b>' if is_open else ''}</p>\n"
        parts = [" ".join(words[at : at + size]) + " " for at in range(0, len(words), size)]
        blocks.append(cut(*parts, chapter=chapter))
    result = marked(body, *blocks)
    assert without_marks(result.data) == page(body).encode()
    root = etree.fromstring(result.data)
    elements = {element.get("id"): element for element in root.iter() if element.get("id")}
    for chapter, heard in enumerate(blocks):
        for stretch in heard.stretches:
            text = heard.block.text[stretch.start : stretch.end]
            places = result.places.get((chapter, stretch.segment[1]), ())
            assert letters("".join(shown(elements[place.id]) for place in places)) == letters(text)
