from __future__ import annotations

from pathlib import Path

import pytest

from narrator.manuscript.markdown import looks_like_markdown, read_markdown
from narrator.model import Block, Manuscript, MarkKind, Role
from tests.cpu_time import cpu_s_at_most

PNG = b"\x89PNG\r\n\x1a\nrest"


def book_of(folder: Path, source: str) -> Manuscript:
    path = folder / "a.md"
    path.write_text(source, encoding="utf-8")
    return read_markdown(path)


def blocks_of(folder: Path, source: str) -> list[Block]:
    return [block for chapter in book_of(folder, source).chapters for block in chapter.blocks]


def marks_of(block: Block) -> list[tuple[MarkKind, str, str]]:
    return [(mark.kind, block.text[mark.start : mark.end], mark.value) for mark in block.marks]


# --- spans and divs -----------------------------------------------------------------------------------


def test_spans_say_voice_language_and_reading(tmp_path: Path) -> None:
    (block,) = blocks_of(
        tmp_path,
        'He [said *so*]{voice="bm_george"}, and [merci]{lang=fr .x}, '
        'on [St. John’s]{say="Saint John’s"} day and she.',
    )
    assert block.text == "He said so, and merci, on St. John’s day and she."
    assert marks_of(block) == [
        (MarkKind.VOICE, "said so", "bm_george"),
        (MarkKind.LANGUAGE, "merci", "fr"),
        (MarkKind.READING, "St. John’s", "Saint John’s"),
    ]


def test_spans_nest(tmp_path: Path) -> None:
    (block,) = blocks_of(tmp_path, "[Il dit [hello]{lang=en voice=a} à]{lang=fr} she and the one.")
    assert marks_of(block) == [
        (MarkKind.LANGUAGE, "Il dit hello à", "fr"),
        (MarkKind.VOICE, "hello", "a"),
        (MarkKind.LANGUAGE, "hello", "en"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[a]{voice}",
        "[a] {voice=b}",
        "{voice=b}",
        "[a]{voice=b",
        "{.small} a",
        "*a*{.x y}",
        "`a` {.x}",
    ],
)
def test_other_braces_stay_text(tmp_path: Path, text: str) -> None:
    (block,) = blocks_of(tmp_path, f"Word {text} word")
    assert (block.text, block.marks) == (f"Word {text} word".replace("`", "").replace("*", ""), ())


def test_language_of_the_book_is_no_mark(tmp_path: Path) -> None:
    (block,) = blocks_of(
        tmp_path, "He was [there]{lang=en-GB} and that was it for the day, and she had not been."
    )
    assert block.marks == ()


def test_divs_are_for_every_paragraph_inside(tmp_path: Path) -> None:
    blocks = blocks_of(
        tmp_path,
        "The one and the other.\n::: {voice=anna lang=de}\nGuten Tag.\n\n> Noch ein *Satz*.\n:::\n"
        "And that was it.\n",
    )
    assert [(block.text, block.language) for block in blocks] == [
        ("The one and the other.", None),
        ("Guten Tag.", "de"),
        ("Noch ein Satz.", "de"),
        ("And that was it.", None),
    ]
    assert [marks_of(block) for block in blocks[1:3]] == [
        [(MarkKind.VOICE, "Guten Tag.", "anna")],
        [(MarkKind.VOICE, "Noch ein Satz.", "anna")],
    ]


def test_divs_nest_and_their_fences_are_not_read(tmp_path: Path) -> None:
    blocks = blocks_of(
        tmp_path,
        "::: {voice=a}\nOne.\n\n::: warning\nTwo.\n:::\n\nThree.\n:::\n\nFour.\n\n```\n::: {voice=b}\n```\n",
    )
    voiced = {block.text: [mark.value for mark in block.marks] for block in blocks}
    assert voiced == {
        "One.": ["a"],
        "Two.": ["a"],
        "Three.": ["a"],
        "Four.": [],
        "::: {voice=b}": [],
    }


def test_html_says_language_and_ruby(tmp_path: Path) -> None:
    (block,) = blocks_of(
        tmp_path,
        "He said <span lang='fr'>merci <b>bien</b></span> to "
        "<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby>.",
    )
    assert block.text == "He said merci bien to 漢字."
    assert marks_of(block) == [
        (MarkKind.LANGUAGE, "merci bien", "fr"),
        (MarkKind.READING, "漢", "かん"),
        (MarkKind.READING, "字", "じ"),
    ]


def test_headings_lose_the_attributes_of_pandoc(tmp_path: Path) -> None:
    book = book_of(
        tmp_path, "# One {#one .unnumbered}\n\nWord.\n\n# Two {-}\n\nWord.\n\n# Three {braces}\n\nWord.\n"
    )
    assert [chapter.title for chapter in book.chapters] == ["One", "Two", "Three {braces}"]


# --- notes and pictures -------------------------------------------------------------------------------


def test_notes_and_what_refers_to_them_share_a_name(tmp_path: Path) -> None:
    blocks = blocks_of(
        tmp_path, "One[^a] and two[^b].[^none]\n\nThree.[^a]\n\n[^a]: A *note*.\n\n    Its end.\n[^b]: Other.\n"
    )
    assert [(block.role, block.text, block.notes, block.note) for block in blocks] == [
        (Role.PARAGRAPH, "One and two.", ("a", "b"), ""),
        (Role.PARAGRAPH, "Three.", ("a",), ""),
        (Role.NOTE, "A note. Its end.", (), "a"),
        (Role.NOTE, "Other.", (), "b"),
    ]


def test_pictures_are_described(tmp_path: Path) -> None:
    blocks = blocks_of(
        tmp_path, "One ![the grey sea](sea.png) two.\n\n![A gull on a roof](x.png)\n\n![cover](c.png)\n"
    )
    assert [(block.role, block.text) for block in blocks] == [
        (Role.PARAGRAPH, "One two."),
        (Role.ALT_TEXT, "the grey sea"),
        (Role.ALT_TEXT, "A gull on a roof"),
    ]


@pytest.mark.parametrize(
    ("lines", "role"),
    [
        (
            [
                "“The light upon the hill,",
                "  It never moves--it stands so still;",
                "And yet the _ships_ go by.”",
            ],
            Role.VERSE,
        ),
        (["pip install narrator", "narrator render book.epub --yes"], Role.CODE),
        (["for word in words:", "    print(word)"], Role.CODE),
        (["x = 1"], Role.CODE),
    ],
)
def test_poem_set_out_with_spaces_is_no_code(tmp_path: Path, lines: list[str], role: Role) -> None:
    source = "Word.\n\n" + "".join(f"    {line}\n" for line in lines)
    blocks = blocks_of(tmp_path, source)
    assert [block.role for block in blocks] == [Role.PARAGRAPH, role]
    assert "_" not in blocks[1].text


# --- plays --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opening", ["**Lane:** ", "**Lane**: ", "__Lane:__ ", "**LANE.** "])
def test_bold_name_opens_a_speech(tmp_path: Path, opening: str) -> None:
    blocks = blocks_of(tmp_path, f"{opening}Yes, sir.\n\nA word.\n\n{opening}No, **sir**.\n")
    assert [(block.role, block.speaker.title()) for block in blocks] == [
        (Role.SPEECH, "Lane"),
        (Role.PARAGRAPH, ""),
        (Role.SPEECH, "Lane"),
    ]
    assert [(mark.kind, mark.start, mark.end) for mark in blocks[0].marks] == [(MarkKind.NAME, 0, 4)]
    assert blocks[0].text[4:] == opening[2:].replace("*", "").replace("_", "")[4:] + "Yes, sir."


@pytest.mark.parametrize(
    "text",
    [
        "**Lane.** Only once.",
        "**Chapter One:** A title",
        "**Notes:** of it",
        f"**{'Long ' * 9}:** word",
        "a **B:** c",
    ],
)
def test_other_bold_words_are_no_speakers(tmp_path: Path, text: str) -> None:
    (block,) = blocks_of(tmp_path, text)
    assert (block.role, block.speaker, block.marks) == (Role.PARAGRAPH, "", ())


def test_speeches_on_lines_of_one_paragraph_are_parted(tmp_path: Path) -> None:
    blocks = blocks_of(tmp_path, "**A:** One\nand more.\n**B:** Two.  \n**A:** Three.\n")
    assert [(block.speaker, block.text) for block in blocks] == [
        ("A", "A: One and more."),
        ("B", "B: Two."),
        ("A", "A: Three."),
    ]


def test_play_has_stage_directions(tmp_path: Path) -> None:
    source = "*Enter Lane.*\n\n" + "**Lane:** (*aside*) Never.\n\n**Jack:** Oh! *Really?*\n\n" * 2 + "[Exit.]\n"
    blocks = blocks_of(tmp_path, source)
    assert blocks[0].role is blocks[-1].role is Role.STAGE_DIRECTION
    assert marks_of(blocks[1]) == [(MarkKind.NAME, "Lane", ""), (MarkKind.DIRECTION, "aside", "")]
    assert marks_of(blocks[2]) == [(MarkKind.NAME, "Jack", "")]


# --- facts --------------------------------------------------------------------------------------------


def test_front_matter_says_date_series_and_cover(tmp_path: Path) -> None:
    tmp_path.joinpath("sea.png").write_bytes(PNG)
    book = book_of(
        tmp_path,
        "---\ntitle:\n- type: main\n  text: The Sea\n- type: subtitle\n  text: A Tale\ncreator:\n"
        "- role: author\n  text: Ann Other\n- role: editor\n  text: Ed It\ndate: 1865-11\n"
        "belongs-to-collection: Seas\ngroup-position: 3.5\ncover-image: ./sea.png\n---\n\nWord.\n",
    )
    assert (book.title, book.authors, book.date, book.series, book.part) == (
        "The Sea", ("Ann Other",), "1865-11", "Seas", "3.5",
    )  # fmt: skip
    assert book.cover is not None
    assert (book.cover.media_type, book.cover.data) == ("image/png", PNG)


@pytest.mark.parametrize("cover", ["../out.png", "/etc/hostname", "link.png", "a.md", "none.png", "in\0.png"])
def test_cover_outside_the_folder_or_that_is_none_is_ignored(tmp_path: Path, cover: str) -> None:
    folder = tmp_path / "book"
    folder.mkdir()
    tmp_path.joinpath("out.png").write_bytes(PNG)
    folder.joinpath("link.png").symlink_to(tmp_path / "out.png")
    assert book_of(folder, f"---\ntitle: A\ncover: {cover}\n---\n\nWord.\n").cover is None


def test_title_block_of_pandoc_is_read(tmp_path: Path) -> None:
    book = book_of(tmp_path, "% The Grey\n  Sea\n% Ann Other; Bob Else\n% May 1, 1897\n\nWord.\n")
    assert (book.title, book.authors, book.date) == ("The Grey Sea", ("Ann Other", "Bob Else"), "1897")
    assert [block.text for block in book.chapters[0].blocks] == ["Word."]


# --- is it Markdown at all ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "# Chapter One\n\nIt was evening.\n",
        "---\ntitle: A\n---\nWord.\n",
        "It was *evening*, as [they](http://a.example) said.\n",
        "It was **evening**.\n\n> Quoted.\n",
        "**Lane:** Yes.\n\n**Jack:** No.\n\n**Lane:** Sir.\n",
    ],
)
def test_markdown_is_known_by_its_markup(text: str) -> None:
    assert looks_like_markdown(text)


@pytest.mark.parametrize(
    "text",
    [
        "CHAPTER I\n\nIt was _evening_.[1]\n\n[1] A note.\n",
        "It was * * * and 2 * 3 * 4.\n\n* * *\n",
        "The #1 of them\n#\n#\n",
        "He said *never*.\n",
        "\ufeffWord [a] (b).\n",
        "",
    ],
)
def test_plain_text_is_not_taken_for_markdown(text: str) -> None:
    assert not looks_like_markdown(text)


@pytest.mark.parametrize(
    "text",
    ["[", "[a]{", "[a]{voice=b}", "::: {voice=a}\n", "**A:** b\n", "[^1]", "*a ", "<ruby>a<rt>", "{a=", "^[",
     "^[a]", "$a ", "a~b", "| a\n", ": a\n", "`a`{.x}", "<del>"],
)  # fmt: skip
@pytest.mark.parametrize(("times", "most_s"), [(7_000, 4), pytest.param(20_000, 20, marks=pytest.mark.slow)])
def test_absurd_markdown_is_read_in_no_time(tmp_path: Path, text: str, times: int, most_s: float) -> None:
    with cpu_s_at_most(most_s):
        assert book_of(tmp_path, f"Word.\n\n{text * times}\n").chapters
