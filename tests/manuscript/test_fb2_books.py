from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrator.errors import ManuscriptError
from narrator.manuscript.fb2 import read_fb2
from narrator.model import Block, Chapter, Manuscript, Matter, Role
from tests.manuscript.fb2_maker import INFO, body, make_fb2, section

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
STORY = "It was a dark and stormy night, and the rain fell in torrents over all the town."


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Manuscript]:
    def read(bodies: str, **rest: str) -> Manuscript:
        return read_fb2(make_fb2(tmp_path / "a.fb2", bodies, **rest))

    return read


Read = Callable[..., Manuscript]


def titles(book: Manuscript) -> list[str]:
    return [chapter.title for chapter in spoken(book)]


def spoken(book: Manuscript) -> list[Chapter]:
    return [chapter for chapter in book.chapters if chapter.matter is Matter.BODY]


def blocks(book: Manuscript) -> list[Block]:
    return [block for chapter in book.chapters for block in chapter.blocks]


def pairs(book: Manuscript) -> list[tuple[Role, str]]:
    return [(block.role, block.text) for block in blocks(book)]


def test_title_authors_language_and_cover_are_the_book_s_own(read: Read) -> None:
    info = INFO.replace("<lang>en", '<coverpage><image l:href="#c.png"/></coverpage><lang>fr') + (
        "<author><nickname>Second</nickname></author>"
        "<annotation><p>Not a word of the book.</p></annotation>"
        "<translator><first-name>No</first-name></translator>"
    )
    cover = f'<binary id="c.png" content-type="image/png">{base64.b64encode(PNG).decode()}</binary>'
    book = read(body(section("One", STORY)), info=info, binaries=cover)
    assert (book.title, book.authors, book.language) == ("A Book", ("Ada B. Author", "Second"), "fr")
    assert book.cover is not None
    assert book.cover.data == PNG
    assert pairs(book) == [(Role.HEADING, "One"), (Role.PARAGRAPH, STORY)]


def test_sections_are_chapters_and_lines_of_a_title_one_heading(read: Read) -> None:
    book = read(body(section("Chapter 1\nThe Storm", STORY), section("Chapter 2\nCalm", STORY)))
    assert titles(book) == ["Chapter 1. The Storm", "Chapter 2. Calm"]


def test_parts_head_their_first_chapters_among_chapters_without_part(read: Read) -> None:
    parts = [
        section(f"Part {part}", section(f"{part}.1 Alpha", STORY), section(f"{part}.2 Beta", STORY))
        for part in ("One", "Two")
    ]
    book = read(body(section("Prologue", STORY), *parts, section("Epilogue", STORY)))
    assert [chapter.title for chapter in book.chapters] == [
        "Prologue", "One.1 Alpha", "One.2 Beta", "Two.1 Alpha", "Two.2 Beta", "Epilogue",
    ]  # fmt: skip
    assert [block.text for block in book.chapters[1].blocks[:2]] == ["Part One", "One.1 Alpha"]


def test_sections_inside_a_chapter_stay_inside(read: Read) -> None:
    inner = [section(f"A view of {what}", STORY * 3) for what in ("hills", "lakes")]
    book = read(body(section("Chapter 1", STORY, *inner), section("Chapter 2", STORY)))
    assert titles(book) == ["Chapter 1", "Chapter 2"]
    assert (Role.HEADING, "A view of lakes") in pairs(book)


def test_numbers_in_subtitles_are_chapters_of_a_part_and_breaks_in_a_chapter(read: Read) -> None:
    subtitles = ["<subtitle>I</subtitle>", STORY, "<subtitle>II</subtitle>", STORY]
    assert titles(read(body(section("Part One", *subtitles)))) == ["I", "II"]
    assert titles(read(body(section("Home", *subtitles), section("Away", STORY)))) == ["Home", "Away"]
    assert titles(read(body(section("", *subtitles)))) == ["I", "II"]


def test_chapters_are_found_by_words_where_nothing_is_a_title(read: Read) -> None:
    book = read(body(section("", "<p><strong>Chapter One</strong></p>", STORY, "Chapter Two", STORY)))
    assert titles(book) == ["Chapter One", "Chapter Two"]


def test_words_tell_the_chapters_of_a_book_in_one_section(read: Read) -> None:
    chapters = [part for name in ("One", "Two", "Three") for part in (f"Chapter {name}", STORY)]
    book = read(body(section("A Book", *chapters)))
    assert [chapter.title for chapter in book.chapters if chapter.kind == "chapter"] == [
        "Chapter One", "Chapter Two", "Chapter Three",
    ]  # fmt: skip


def test_section_titled_with_an_ornament_is_no_chapter(read: Read) -> None:
    book = read(body(section("One", section("", STORY), section("* * *", STORY)), section("Two", STORY)))
    assert titles(book) == ["One", "Two"]
    assert [role for role, _ in pairs(book)].count(Role.SCENE_BREAK) == 1


def test_licence_of_project_gutenberg_stands_apart(read: Read) -> None:
    head = section("", "Title: A Book", "*** START OF THE PROJECT GUTENBERG EBOOK A BOOK ***")
    end = section("", "*** END OF THE PROJECT GUTENBERG EBOOK A BOOK ***", "Licence.")
    book = read(body(head, section("One", STORY), section("Two", STORY), end))
    assert [chapter.kind for chapter in book.chapters] == ["gutenberg-header", "", "", "gutenberg-license"]


def test_title_of_the_only_body_is_the_title_page_and_its_epigraph_stands_apart(read: Read) -> None:
    front = "<title><p>Ada Author</p><p>A Book</p></title><epigraph><p>Know thyself.</p></epigraph>"
    book = read(body(front, section("One", STORY)))
    assert [(chapter.kind, chapter.matter) for chapter in book.chapters] == [
        ("titlepage", Matter.FRONT), ("epigraph", Matter.FRONT), ("", Matter.BODY),
    ]  # fmt: skip


def test_bodies_are_volumes(read: Read) -> None:
    volumes = [
        body(
            f"<title><p>Book {number}</p></title><epigraph><p>Know.</p></epigraph>",
            section(f"{number}.1 Day", STORY),
            section("Night", STORY),
        )
        for number in ("One", "Two")
    ]
    book = read("".join(volumes))
    assert titles(book) == ["One.1 Day", "Night", "Two.1 Day", "Night"]
    assert book.chapters[2].blocks[0].text == "Book Two"


def test_notes_stand_apart_and_their_marks_are_gone(read: Read) -> None:
    notes = (
        '<body name="notes"><title><p>Notes</p></title>'
        + section("1", "A note.", attributes=' id="n1"')
        + "</body>"
    )
    marked = 'A word<a l:href="#n1" type="note">[1]</a> and<a xlink:href="#n1"><sup>1</sup></a> more.'
    book = read(body(section("One", marked)) + notes)
    assert pairs(book)[1] == (Role.PARAGRAPH, "A word and more.")
    assert (book.chapters[1].kind, book.chapters[1].matter) == ("endnotes", Matter.BACK)
    assert book.chapters[1].blocks[-1].role is Role.NOTE
    assert book.chapters[1].blocks[-1].text == "A note."


def test_a_mark_leads_to_all_paragraphs_of_its_note(read: Read) -> None:
    notes = (
        '<body name="notes"><title><p>Notes</p></title>'
        + section("1", "A note.", "Its second paragraph.", attributes=' id="n1"')
        + section("2", "Another.", attributes=' id="n2"')
        + section("3", "Nobody's.", attributes=' id="n3"')
        + "</body>"
    )
    marked = 'A word<a l:href="#n1" type="note">[1]</a> and<a l:href="#n2"><sup>2</sup></a> more.'
    verse = '<poem><stanza><v>A line<a l:href="#n2" type="note">*</a></v><v>and one</v></stanza></poem>'
    book = read(
        body(section("One", marked, verse, 'See<a l:href="#c2">2</a>.'), section("Two", "The end.")) + notes
    )
    named = {block.text: block.notes for block in blocks(book) if block.notes}
    assert named == {"A word and more.": ("#n1", "#n2"), "A line\nand one": ("#n2",)}
    of_notes = [(block.note, block.text) for block in blocks(book) if block.note]
    assert of_notes == [("#n1", "A note."), ("#n1", "Its second paragraph."), ("#n2", "Another.")]


@pytest.mark.parametrize(
    ("info", "date"),
    [
        ('<date value="1873-01-01">1873</date>', "1873"),
        ('<date value="1873-02-03">in spring</date>', "1873-02-03"),
        ("<date>long ago</date>", ""),
        ("", ""),
    ],
)
def test_date_is_what_is_written_before_what_is_computed(read: Read, info: str, date: str) -> None:
    assert read(body(section("One", STORY)), info=INFO + info).date == date


def test_date_of_the_original_is_before_that_of_the_translation(read: Read) -> None:
    info = f"{INFO}<date>1901</date></title-info><src-title-info><date>1873</date></src-title-info><title-info>"
    assert read(body(section("One", STORY)), info=info).date == "1873"


def test_series_is_the_sequence(read: Read) -> None:
    book = read(body(section("One", STORY)), info=f'{INFO}<sequence name="The Moths" number="3"/>')
    assert (book.series, book.part) == ("The Moths", "3")


def test_note_sections_among_chapters_are_notes(read: Read) -> None:
    note = section("1", "A note.", attributes=' id="n1"')
    book = read(
        body(section("One", f'Word<a l:href="#n1" type="note">1</a>. {STORY}'), section("Two", STORY), note)
    )
    assert titles(book) == ["One", "Two"]
    assert pairs(book)[-1] == (Role.NOTE, "A note.")


def test_poems_keep_their_lines_and_quotations_their_authors(read: Read) -> None:
    poem = (
        "<poem><title><p>A Song</p></title><stanza><v>Rose,</v><v>oh pure contradiction</v></stanza>"
        "<stanza><v>desire</v></stanza><text-author>R. M. R.</text-author></poem>"
    )
    cite = "<cite><p>Quoted.</p><text-author>Nobody</text-author></cite>"
    assert pairs(read(body(section("One", STORY, poem, cite))))[2:] == [
        (Role.HEADING, "A Song"),
        (Role.VERSE, "Rose,\noh pure contradiction"),
        (Role.VERSE, "desire"),
        (Role.PARAGRAPH, "R. M. R."),
        (Role.QUOTATION, "Quoted."),
        (Role.QUOTATION, "Nobody"),
    ]


def test_tables_code_and_pictures_have_their_roles(read: Read) -> None:
    book = read(
        body(
            section(
                "One",
                "<table><tr><th>Lane</th><td>Yes, sir.</td></tr></table>",
                "<p><code>x = 1</code></p>",
                '<image l:href="#p.png" alt="A hill" title="The hill"/>',
            )
        )
    )
    assert pairs(book)[1:] == [
        (Role.TABLE, "Lane: Yes, sir."), (Role.CODE, "x = 1"), (Role.CAPTION, "The hill"),
    ]  # fmt: skip


def test_rare_empty_lines_and_nameless_sections_are_scene_breaks(read: Read) -> None:
    scenes = [STORY] * 5 + ["<empty-line/>"] + [STORY] * 5 + ["<subtitle>* * *</subtitle>", STORY]
    roles = [role for role, _ in pairs(read(body(section("One", *scenes))))]
    assert [number for number, role in enumerate(roles) if role is Role.SCENE_BREAK] == [6, 12]
    often = [part for _ in range(6) for part in (STORY, "<empty-line/>")]
    assert Role.SCENE_BREAK not in [role for role, _ in pairs(read(body(section("One", *often))))]
    nameless = body(section("One", section("", *[STORY] * 4), section("", *[STORY] * 4)))
    assert [role for role, _ in pairs(read(nameless))].count(Role.SCENE_BREAK) == 1


def test_lines_of_the_file_are_no_lines_of_the_text(read: Read) -> None:
    assert pairs(read(body(section("One", "A line\n      and <emphasis>more</emphasis>\n of it."))))[1:] == [
        (Role.PARAGRAPH, "A line and more of it.")
    ]


def test_language_of_a_foreign_passage_is_kept(read: Read) -> None:
    book = read(body(section("One", '<p xml:lang="de">Guten Tag.</p>', STORY)))
    assert [block.language for block in blocks(book)] == [None, "de", None]


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "utf-8", "utf-16"])
def test_declared_encodings_are_read(read: Read, encoding: str) -> None:
    book = read(body(section("Глава первая", "Все смешалось в доме Облонских.")), encoding=encoding)
    assert pairs(book) == [(Role.HEADING, "Глава первая"), (Role.PARAGRAPH, "Все смешалось в доме Облонских.")]


@pytest.mark.parametrize("name", ["a.fb2.zip", "a.fbz"])
def test_zipped_book_is_read(tmp_path: Path, name: str) -> None:
    assert read_fb2(make_fb2(tmp_path / name, body(section("One", STORY)))).title == "A Book"


def test_book_without_description_is_named_by_its_title_page(read: Read) -> None:
    front = "<title><p>Ada B. Author</p><p>THE BOOK</p></title>"
    book = read(body(front, section("One", STORY)), info="")
    assert (book.title, book.authors, book.language) == ("THE BOOK", ("Ada B. Author",), "en")


@pytest.mark.parametrize(
    "content",
    [
        "<p>One <emphasis>two</p><p>three</p>",
        "<p>One two<p>three</p>",
        "<p>One two</p><p>three</emphasis></p></p>",
        "<P>One two</P><fb:p>three</fb:p>",
        "<p><strong><emphasis>One</strong></emphasis> two</p>three",
        "<cite><p>One two</p></section><section><title><p>B</p></title><p>three</p>",
    ],
)
def test_wrong_nesting_loses_no_word_and_no_chapter(read: Read, content: str) -> None:
    book = read(body(f"<section><title><p>A</p></title>{content}</section>", section("C", STORY)))
    assert titles(book)[0] == "A"
    assert titles(book)[-1] == "C"
    text = " ".join(block.text for block in blocks(book) if block.role is not Role.HEADING)
    assert text == f"One two three {STORY}"


def test_entities_and_bare_signs_are_read(read: Read) -> None:
    book = read(
        body(section("One", "Caf&eacute;&nbsp;&amp; Tom & Jerry: 1 < 2 &#8212; &bogus;<![CDATA[a<b]]> <Имя>"))
    )
    assert pairs(book)[1][1] == "Café & Tom & Jerry: 1 < 2 — a<b <Имя>"


def test_entities_of_the_file_are_never_expanded(read: Read, tmp_path: Path) -> None:
    tmp_path.joinpath("secret").write_text("secret", encoding="utf-8")
    head = f'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b SYSTEM "{tmp_path.joinpath("secret").as_uri()}">]>'
    assert pairs(read(body(section("One", "Said: &a;&b;")), head=head))[1][1] == "Said:"


@pytest.mark.parametrize(
    "content",
    [
        "<section>" * 20_000 + "deep",
        "<p>" + "<a>" * 20_000 + "deep",
        "<!--" * 50_000,
        "<" * 300_000,
        "&" * 300_000,
    ],
)
def test_absurd_markup_is_read_in_no_time(read: Read, content: str) -> None:
    assert blocks(read(body(section("One", "Text."), content)))[1].text == "Text."


@pytest.mark.parametrize(
    "data", [b"<FictionBook/>", b"<FictionBook><body><p> </p></body>", b"", b"PK\x03\x04 and more"]
)
def test_file_without_text_or_damaged_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.fb2"
    path.write_bytes(data)
    with pytest.raises(ManuscriptError, match=r"a\.fb2"):
        read_fb2(path)


@given(st.data())
@settings(max_examples=60)
def test_damaged_book_is_read_or_refused(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        name = data.draw(st.sampled_from(["a.fb2", "a.fbz"]))
        path = make_fb2(
            Path(folder, name), body(section("One", STORY, "<poem><stanza><v>a</v></stanza></poem>"))
        )
        good = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(good) - 1))
        if data.draw(st.booleans()):
            good[at] ^= data.draw(st.integers(1, 255))
        else:
            del good[at:]
        path.write_bytes(good)
        try:
            assert read_fb2(path).chapters
        except ManuscriptError as exc:
            assert exc.advice  # noqa: PT017 -- either outcome is right


def test_karenina_has_two_chapters_under_a_part(corpus: Callable[[str], Path]) -> None:
    book = read_fb2(corpus("karenina-excerpt-ru.fb2"))
    assert (book.title, book.authors, book.language) == ("АННА КАРЕНИНА", ("Лев Николаевич Толстой",), "ru")
    assert titles(book) == ["I", "II"]
    first, second = spoken(book)
    assert [block.text for block in first.blocks[:2]] == ["ЧАСТЬ ПЕРВАЯ", "I"]
    assert first.blocks[2].text.startswith("Все счастливые семьи похожи друг на друга")
    assert first.blocks[-1].text.endswith("с отчаянием говорил он себе и не находил ответа.")
    assert second.blocks[1].text.startswith("Степан Аркадьич был человек правдивый")
    assert second.blocks[-1].text.endswith("холеное тело барина.")
    assert [chapter.kind for chapter in book.chapters[:2]] == ["titlepage", "epigraph"]
