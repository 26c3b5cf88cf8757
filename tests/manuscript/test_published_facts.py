"""What books of all formats say of how they were published: ISBN, publisher, description."""

from __future__ import annotations

from pathlib import Path

import pytest

from narrator.manuscript.descriptions import description_in
from narrator.manuscript.docx import read_docx
from narrator.manuscript.epub import read_epub
from narrator.manuscript.fb2 import read_fb2
from narrator.manuscript.html import read_html
from narrator.manuscript.markdown import read_markdown
from narrator.manuscript.odt import read_odt
from narrator.model import Manuscript
from tests.manuscript import odt_maker
from tests.manuscript.docx_maker import make_docx, p
from tests.manuscript.epub_maker import make_epub

ISBN_13, ISBN_10 = "9783161484100", "316148410X"
ABOUT = (
    "A description of a book that tells of the sea, of the ships, and of those who sail on it and come home."
)


def facts_of(book: Manuscript) -> tuple[str, str, str]:
    return book.isbn, book.publisher, book.description


def epub(tmp_path: Path, metadata: str) -> Manuscript:
    return read_epub(make_epub(tmp_path / "a.epub", {"a.xhtml": "<p>Text of the book.</p>"}, metadata=metadata))


def refined(text: str, kind: str, scheme: str = ' scheme="onix:codelist5"') -> str:
    return (
        f'<dc:identifier id="i{kind}">{text}</dc:identifier>'
        f'<meta refines="#i{kind}" property="identifier-type"{scheme}>{kind}</meta>'
    )


@pytest.mark.parametrize(
    ("metadata", "isbn"),
    [
        ("<dc:identifier>urn:isbn:978-3-16-148410-0</dc:identifier>", ISBN_13),
        ('<dc:identifier opf:scheme="ISBN">3-16-148410-X</dc:identifier>', ISBN_10),
        (refined("3-16-148410-X", "02") + refined("978 3 16 148410 0", "15"), ISBN_13),
        (refined(ISBN_10, "ISBN", ""), ISBN_10),
        ("<dc:identifier>urn:uuid:1</dc:identifier><dc:identifier>9783161484100</dc:identifier>", ISBN_13),
        (f"<dc:identifier>{ISBN_10}</dc:identifier>", ""),
        (refined(ISBN_10, "06"), ""),
        ("<dc:identifier>urn:isbn:978-4-XXXX-YYYY-Z</dc:identifier>", ""),
        ("<dc:identifier>urn:isbn:9783161484101</dc:identifier>", ""),
        ("<dc:source>urn:isbn:9783161484100</dc:source>", ""),
    ],
)
def test_an_epub_is_known_by_the_isbn_among_its_identifiers(tmp_path: Path, metadata: str, isbn: str) -> None:
    assert epub(tmp_path, metadata).isbn == isbn


def test_an_epub_names_its_publisher_and_what_it_is_about(tmp_path: Path) -> None:
    book = epub(
        tmp_path,
        "<dc:publisher> </dc:publisher><dc:publisher>Sea &amp; Sons</dc:publisher>"
        "<dc:description>&lt;p&gt;Of the &lt;i&gt;sea&lt;/i&gt;.&lt;/p&gt;&lt;p&gt;And&#160;ships.&lt;/p&gt;"
        "</dc:description><dc:description>Another.</dc:description>",
    )
    assert facts_of(book) == ("", "Sea & Sons", "Of the sea.\nAnd ships.")


def test_elements_in_a_description_are_its_markup(tmp_path: Path) -> None:
    xhtml = '<div xmlns="http://www.w3.org/1999/xhtml"><p>One\ntwo.</p>Three.<br/>Four.</div>'
    book = epub(tmp_path, f"<dc:description>{xhtml}</dc:description>")
    assert book.description == "One two.\nThree.\nFour."


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        ("  Plain,\n  on two lines. ", "Plain, on two lines."),
        ("One.\r\n\r\nTwo.\n \nThree.", "One.\nTwo.\nThree."),
        ("a < b & c > d", "a < b & c > d"),
        ("AT&amp;T", "AT&T"),
        ("<p>One</p>\n<ul><li>Two<li>Three</ul>Four<script>alert(1)</script>", "One\nTwo\nThree\nFour"),
        ("<b>Bold</b> and <!-- hidden --><i>not", "Bold and not"),
        ("", ""),
        ("<p></p>", ""),
        ("word " * 3000, ""),
        ("<p>" * 100_000, ""),
    ],
)
def test_a_description_is_plain_text_whose_paragraphs_are_lines(declared: str, text: str) -> None:
    assert description_in(declared) == text


def test_a_fictionbook_says_it_in_its_publish_info_and_annotation(tmp_path: Path) -> None:
    path = tmp_path / "a.fb2"
    path.write_text(
        '<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"><description><title-info>'
        "<book-title>B</book-title><lang>en</lang>"
        "<annotation><p>Of the <emphasis>sea</emphasis>.</p><empty-line/><p>And\nships.</p></annotation>"
        "</title-info><publish-info><publisher>Sea and Sons</publisher>"
        f"<isbn>{ISBN_10}, 978-3-16-148410-0</isbn></publish-info></description>"
        "<body><section><p>Text of the book.</p></section></body></FictionBook>",
        encoding="utf-8",
    )
    assert facts_of(read_fb2(path)) == (ISBN_13, "Sea and Sons", "Of the sea.\nAnd ships.")


@pytest.mark.parametrize(
    ("front", "facts"),
    [
        (
            f"---\ntitle: B\nisbn: {ISBN_13}\npublisher: 'Sea & Sons'\ndescription: Of the sea.\n---\n",
            (ISBN_13, "Sea & Sons", "Of the sea."),
        ),
        (
            "---\nabstract: |\n  Of the sea\n  and its ships.\n\n  Of *more*.\ntitle: B\n---\n",
            ("", "", "Of the sea and its ships.\nOf *more*."),
        ),
        ("---\ndescription: >-\n  Of the\n  sea.\npublisher: P\n---\n", ("", "P", "Of the sea.")),
        ('---\ndescription: "Of the\n  sea."\n---\n', ("", "", "Of the sea.")),
        (
            f"---\nidentifier:\n- scheme: DOI\n  text: 10.1/2\n- scheme: ISBN-13\n  text: {ISBN_13}\n---\n",
            (ISBN_13, "", ""),
        ),
        (f"---\ntitle: B\nidentifier: {ISBN_10}\n---\n", ("", "", "")),
        (
            f'+++\nisbn = {ISBN_13}\npublisher = "P"\ndescription = """One\nline.\n\nTwo."""\n+++\n',
            (ISBN_13, "P", "One line.\nTwo."),
        ),
        ("# Title: B\n\n# Publisher: P\n\n", ("", "P", "")),
    ],
)
def test_front_matter_says_it(tmp_path: Path, front: str, facts: tuple[str, str, str]) -> None:
    path = tmp_path / "a.md"
    path.write_text(front + "\nText of the book.\n", encoding="utf-8")
    book = read_markdown(path)
    assert facts_of(book) == facts
    assert [block.text for chapter in book.chapters for block in chapter.blocks] == ["Text of the book."]


def test_what_is_below_a_plain_text_of_front_matter_is_none_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    front = "title: The Sea\n  subtitle: A Tale\nauthor: Ann Other\n  - Bo Lind\npublisher: 'P:\n  Q: R'"
    path.write_text(f"---\n{front}\n---\nText.\n", encoding="utf-8")
    book = read_markdown(path)
    assert (book.title, book.authors, book.publisher) == ("The Sea", ("Ann Other", "Bo Lind"), "P: Q: R")


def test_front_matter_that_goes_on_over_lines_says_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "---\ntitle: The Sea\n  and the Ships\nauthor: [Ann Other,\n  Bo Lind]\nlang: en\n---\nText.\n",
        encoding="utf-8",
    )
    book = read_markdown(path)
    assert (book.title, book.authors, book.language) == (
        "The Sea and the Ships",
        ("Ann Other", "Bo Lind"),
        "en",
    )


CUSTOM = (
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"'
    ' xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">{}</Properties>'
)


def custom(name: str, value: str) -> str:
    return f'<property name="{name}"><vt:lpwstr>{value}</vt:lpwstr></property>'


def test_a_word_file_says_what_a_person_wrote_into_its_properties(tmp_path: Path) -> None:
    added = CUSTOM.format(custom("ISBN", "978-3-16-148410-0") + custom("Publisher", "P"))
    core = f"<dc:description>{ABOUT}</dc:description>"
    path = make_docx(tmp_path / "a.docx", p("Text."), core=core, files={"docProps/custom.xml": added})
    assert facts_of(read_docx(path)) == (ISBN_13, "P", ABOUT)


@pytest.mark.parametrize(
    ("core", "facts"),
    [
        ("<dc:description>generated by python-docx</dc:description>", ("", "", "")),
        (f"<dc:description>{ABOUT[:-1]} - bob, please check</dc:description>", ("", "", "")),
        (f"<dc:identifier>{ISBN_13}</dc:identifier>", (ISBN_13, "", "")),
        (f"<dc:identifier>{ISBN_10}</dc:identifier>", ("", "", "")),
    ],
)
def test_a_word_file_says_no_more_than_that(tmp_path: Path, core: str, facts: tuple[str, str, str]) -> None:
    assert facts_of(read_docx(make_docx(tmp_path / "a.docx", p("Text."), core=core))) == facts


def test_an_opendocument_says_what_a_person_or_calibre_wrote(tmp_path: Path) -> None:
    meta = (
        f'<meta:user-defined meta:name="opf.isbn">{ISBN_13}</meta:user-defined>'
        '<meta:user-defined meta:name="opf.publisher">P</meta:user-defined>'
        f"<dc:description>{ABOUT}\n\n{ABOUT}</dc:description>"
    )
    book = read_odt(odt_maker.make_odt(tmp_path / "a.odt", odt_maker.p("Text."), meta=meta))
    assert facts_of(book) == (ISBN_13, "P", f"{ABOUT}\n{ABOUT}")


def test_a_page_says_it_in_its_head(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(
        f"<html><head><meta property='book:isbn' content='{ISBN_13}'/><meta name='DC.Publisher' content='P'/>"
        "<meta name='description' content='Of the sea.'/><meta name='dc.identifier' content='123456789X'/>"
        "</head><body><p>Text of the book.</p></body></html>",
        encoding="utf-8",
    )
    assert facts_of(read_html(path)) == (ISBN_13, "P", "Of the sea.")
