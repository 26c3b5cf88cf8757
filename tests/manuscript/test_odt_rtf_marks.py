"""Notes by name, languages and ruby in OpenDocument texts and RTF."""

from __future__ import annotations

from pathlib import Path

from narrator.manuscript.odt import read_odt
from narrator.manuscript.rtf import read_rtf
from narrator.model import Block, Manuscript, MarkKind
from tests.manuscript import odt_maker, rtf_maker

ENGLISH = "It was the end of the day and she was not there with him, but he had said that it was his. " * 3
STYLES = "".join(
    f'<style:style style:name="{name}" style:family="text"><style:text-properties fo:language="{language}" '
    f'fo:country="{country}"/></style:style>'
    for name, language, country in (("FR", "fr", "FR"), ("US", "en", "US"), ("NO", "zxx", "none"))
)


def odt(folder: Path, body: str) -> list[Block]:
    path = odt_maker.make_odt(folder / "a.fodt", body)
    source = path.read_text(encoding="utf-8").replace(
        "<office:automatic-styles>", f"<office:automatic-styles>{STYLES}"
    )
    path.write_text(source, encoding="utf-8")
    return blocks(read_odt(path))


def rtf(folder: Path, body: str) -> list[Block]:
    return blocks(read_rtf(rtf_maker.make_rtf(folder / "a.rtf", body)))


def blocks(book: Manuscript) -> list[Block]:
    return [block for chapter in book.chapters for block in chapter.blocks]


def notes(found: list[Block]) -> list[tuple[str, tuple[str, ...], str]]:
    return [(block.text, block.notes, block.note) for block in found]


def foreign(block: Block) -> list[tuple[str, str]]:
    return [
        (block.text[mark.start : mark.end], mark.value)
        for mark in block.marks
        if mark.kind is MarkKind.LANGUAGE
    ]


def odt_note(number: int, *paragraphs: str) -> str:
    body = "".join(map(odt_maker.p, paragraphs))
    return (
        f'<text:note text:id="ftn{number}"><text:note-citation>{number}</text:note-citation>'
        f"<text:note-body>{body}</text:note-body></text:note>"
    )


def span(text: str, style: str) -> str:
    return f'<text:span text:style-name="{style}">{text}</text:span>'


def test_notes_of_opendocument_are_told_by_name(tmp_path: Path) -> None:
    body = odt_maker.p(f"One.{odt_note(1, 'First.', 'And more.')} Two.{odt_note(2, 'Second.')}") + odt_maker.p(
        "Three."
    )
    assert notes(odt(tmp_path, body)) == [
        ("One. Two.", ("note-1", "note-2"), ""),
        ("First.", (), "note-1"),
        ("And more.", (), "note-1"),
        ("Second.", (), "note-2"),
        ("Three.", (), ""),
    ]


def test_notes_of_rtf_are_told_by_name(tmp_path: Path) -> None:
    body = rtf_maker.paragraphs(
        r"One.{\super 1{\footnote {\super 1} First.\par And more.}} Two.{\super 2{\footnote Second.}}", "Three."
    )
    assert notes(rtf(tmp_path, body)) == [
        ("One. Two.", ("note-1", "note-2"), ""),
        ("First.", (), "note-1"),
        ("And more.", (), "note-1"),
        ("Second.", (), "note-2"),
        ("Three.", (), ""),
    ]


def test_notes_in_a_table_belong_to_their_row(tmp_path: Path) -> None:
    cells = "".join(
        f"<table:table-cell>{odt_maker.p(text)}</table:table-cell>"
        for text in ("a", f"b{odt_note(1, 'Note.')}")
    )
    body = f"<table:table><table:table-row>{cells}</table:table-row></table:table>"
    assert notes(odt(tmp_path, body)) == [("a: b", ("note-1",), ""), ("Note.", (), "note-1")]
    body = r"\trowd\intbl a\cell b{\footnote Note.}\cell\row\pard "
    assert notes(rtf(tmp_path, body)) == [("a: b", ("note-1",), ""), ("Note.", (), "note-1")]


def test_typed_notes_are_named_where_one_note_has_the_mark(tmp_path: Path) -> None:
    body = rtf_maker.paragraphs("One.[1] Two.[2]", "[1] First.", "[2] Second.", "Three.[2]", "[2] Other.")
    found = notes(rtf(tmp_path, body))
    assert found[0] == ("One. Two.", ("typed-1",), "")
    assert found[1] == ("First.", (), "typed-1")
    assert found[2] == ("Second.", (), "")


def test_words_in_another_language_are_marked(tmp_path: Path) -> None:
    body = odt_maker.p(ENGLISH) + odt_maker.p(
        f"He said: {span('il est dans la maison', 'FR')}, and {span('left', 'US')} {span('x1', 'NO')}."
    )
    _, mixed = odt(tmp_path, body)
    assert mixed.text == "He said: il est dans la maison, and left x1."
    assert foreign(mixed) == [("il est dans la maison", "fr-FR")]
    body = rtf_maker.paragraphs(
        rf"\lang2057 {ENGLISH}", r"\lang2057 He said: {\lang1036 il est dans la maison}, and {\lang1033 left}."
    )
    _, mixed = rtf(tmp_path, body)
    assert mixed.text == "He said: il est dans la maison, and left."
    assert foreign(mixed) == [("il est dans la maison", "fr")]


def test_paragraph_in_one_language_has_no_marks(tmp_path: Path) -> None:
    _, whole = odt(tmp_path, odt_maker.p(ENGLISH) + odt_maker.p(span("il est dans la maison", "FR")))
    assert whole.marks == ()


def test_ruby_is_a_reading_of_its_base(tmp_path: Path) -> None:
    ruby = "<text:ruby><text:ruby-base>漢字</text:ruby-base><text:ruby-text>かんじ</text:ruby-text></text:ruby>"
    (block,) = odt(tmp_path, odt_maker.p(f"彼は{ruby}を書く。"))
    assert block.text == "彼は漢字を書く。"
    assert [(mark.kind, mark.start, mark.end, mark.value) for mark in block.marks] == [
        (MarkKind.READING, 2, 4, "かんじ")
    ]


def test_series_of_opendocument_is_what_a_person_or_calibre_wrote(tmp_path: Path) -> None:
    meta = (
        "<dc:date>2024-05-06T07:08:09</dc:date><meta:creation-date>2023-01-01T00:00:00</meta:creation-date>"
        '<meta:user-defined meta:name="opf.series">The Sea</meta:user-defined>'
        '<meta:user-defined meta:name="opf.seriesindex">3.5</meta:user-defined>'
    )
    book = read_odt(odt_maker.make_odt(tmp_path / "a.odt", odt_maker.p("Text."), meta=meta))
    assert (book.date, book.series, book.part) == ("", "The Sea", "3.5")
    meta = '<meta:user-defined meta:name="opf.pubdate">1865-11-26T00:00:00+00:00</meta:user-defined>'
    book = read_odt(odt_maker.make_odt(tmp_path / "b.odt", odt_maker.p("Text."), meta=meta))
    assert (book.date, book.series, book.part) == ("1865-11-26", "", "")
