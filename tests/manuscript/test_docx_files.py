"""Word files as files: what they say of the book, other dialects, and damaged, protected or hostile ones."""

from __future__ import annotations

import random
import tempfile
import time
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from narrator.errors import ManuscriptError
from narrator.manuscript.docx import read_docx
from tests.cpu_time import cpu_s_at_most
from tests.manuscript.docx_maker import (
    STRICT,
    h,
    make_docx,
    p,
    part,
    prose,
    r,
    style,
    texts,
    titles,
)

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def refusal(path: Path) -> ManuscriptError:
    with pytest.raises(ManuscriptError) as caught:
        read_docx(path)
    assert "\n" not in caught.value.what
    assert path.name in caught.value.what
    assert caught.value.advice
    return caught.value


# --- what it says of the book -----------------------------------------------------------------------------


def test_properties_name_title_author_and_language(tmp_path: Path) -> None:
    core = (
        "<dc:title>The Sea</dc:title><dc:creator>Ann Lee; Bo Ray</dc:creator><dc:language>nl-NL</dc:language>"
    )
    book = read_docx(make_docx(tmp_path / "a.docx", p("Een."), core=core))
    assert (book.title, book.authors, book.language) == ("The Sea", ("Ann Lee", "Bo Ray"), "nl-NL")


@pytest.mark.parametrize("title", ["", "Microsoft Word - final.doc", "Untitled", "Document1", "book.docx"])
@pytest.mark.parametrize("creator", ["", "Windows User", "python-docx", "Admin", "Microsoft Office User"])
def test_properties_that_a_program_made_up_do_not_count(tmp_path: Path, title: str, creator: str) -> None:
    core = f"<dc:title>{title}</dc:title><dc:creator>{creator}</dc:creator>"
    path = make_docx(
        tmp_path / "a.docx", p("The Sea", style="Title"), p("by Ann Lee"), h("One"), prose(), h("Two"), prose(),
        core=core,
    )  # fmt: skip
    book = read_docx(path)
    assert (book.title, book.authors) == ("The Sea", ("Ann Lee",))


def test_largest_lines_of_the_first_page_are_the_title(tmp_path: Path) -> None:
    large = '<w:sz w:val="72"/>'
    path = make_docx(
        tmp_path / "a.docx", p(r("The Long", large)), p(r("Way Home", large)), p("Ann Lee"), h("One"), prose()
    )
    assert read_docx(path).title == "The Long Way Home"


def test_author_s_style_names_the_authors(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx", p("The Sea", style="Title"), p("Ann Lee", style="Author"), prose(),
        styles=style("Title", "Title") + style("Author", "Author"),
    )  # fmt: skip
    assert read_docx(path).authors == ("Ann Lee",)


def test_file_s_name_is_the_last_resort(tmp_path: Path) -> None:
    assert read_docx(make_docx(tmp_path / "My book.docx", p("Text."))).title == "My book"


def test_words_decide_against_the_language_that_word_was_installed_in(tmp_path: Path) -> None:
    french = "Il est dans la maison et elle ne sait pas que le chat est sur la table avec un ami. " * 3
    path = make_docx(
        tmp_path / "a.docx", p(r(french, '<w:lang w:val="en-US"/>')), core="<dc:language>en-US</dc:language>"
    )
    assert read_docx(path).language == "fr"


def test_norwegian_is_not_taken_for_danish(tmp_path: Path) -> None:
    norwegian = "Det var en gang en mann som ikke hadde noe, og han var på vei til byen med sin hest. " * 3
    assert (
        read_docx(make_docx(tmp_path / "a.docx", p(r(norwegian, '<w:lang w:val="nb-NO"/>')))).language
        == "nb-NO"
    )


def test_language_of_the_text_says_which_country_s(tmp_path: Path) -> None:
    english = "He said that it was the end of the day and she was not there with him. " * 3
    assert (
        read_docx(make_docx(tmp_path / "a.docx", p(r(english, '<w:lang w:val="en-GB"/>')))).language == "en-GB"
    )


def test_date_and_series_are_those_that_a_person_wrote(tmp_path: Path) -> None:
    terms = 'xmlns:t="http://purl.org/dc/terms/"'
    core = f"<t:created {terms}>2024-05-06T07:08:09Z</t:created><t:modified {terms}>2025-01-01</t:modified>"
    custom = (
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"'
        ' xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">'
        '<property name="Series"><vt:lpwstr>The Sea</vt:lpwstr></property>'
        '<property name="series_index"><vt:r8>2.0</vt:r8></property></Properties>'
    )
    book = read_docx(
        make_docx(tmp_path / "a.docx", p("Text."), core=core, files={"docProps/custom.xml": custom})
    )
    assert (book.date, book.series, book.part) == ("", "The Sea", "2")
    book = read_docx(make_docx(tmp_path / "b.docx", p("Text."), core=f"<t:issued {terms}>1865-11</t:issued>"))
    assert (book.date, book.series, book.part) == ("1865-11", "", "")


# --- dialects -------------------------------------------------------------------------------------------------


def test_strict_dialect_is_read(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx", h("One"), prose(), h("Two"), prose(), space=STRICT)
    assert titles(path) == ["One", "Two"]


def test_parts_of_other_names_are_found(tmp_path: Path) -> None:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    rels = f'<Relationships><Relationship Type="{kind}" Target="/word/document2.xml"/></Relationships>'
    main = part("document", f"<w:body>{p('Found.')}</w:body>")
    path = make_docx(
        tmp_path / "a.docx",
        files={"_rels/.rels": rels, "word/document.xml": None, "word/document2.xml": main},
    )
    assert texts(path) == ["Found."]


@pytest.mark.parametrize("missing", ["_rels/.rels", "word/_rels/document.xml.rels", "word/styles.xml"])
def test_missing_parts_are_done_without(tmp_path: Path, missing: str) -> None:
    path = make_docx(tmp_path / "a.docx", h("One"), prose(), h("Two"), prose(), files={missing: None})
    assert titles(path) == ["One", "Two"]


def test_parts_outside_the_file_are_not_looked_for(tmp_path: Path) -> None:
    secret = tmp_path / "styles.xml"
    secret.write_text("not XML at all")
    rels = (
        '<Relationships><Relationship Type="x/styles" Target="../../../styles.xml"/>'
        '<Relationship Type="x/footnotes" Target="http://127.0.0.1:1/a.xml" TargetMode="External"/>'
        '<Relationship Type="x/numbering" Target="file:///etc/passwd"/>'
        '<Relationship Type="x/endnotes" Target="http://[x"/></Relationships>'
    )
    path = make_docx(tmp_path / "a.docx", p("Text."), files={"word/_rels/document.xml.rels": rels})
    assert texts(path) == ["Text."]


# --- what cannot be read ------------------------------------------------------------------------------------


def test_document_of_an_old_word_is_told_apart_from_a_protected_one(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(OLE + "WordDocument".encode("utf-16-le"))
    assert "97-2003" in refusal(path).what
    path.write_bytes(OLE + "EncryptedPackage".encode("utf-16-le"))
    assert "password" in refusal(path).what


@pytest.mark.parametrize("share", [0.2, 0.6, 0.98])
def test_cut_off_file_is_damaged(tmp_path: Path, share: float) -> None:
    path = make_docx(tmp_path / "a.docx", *[prose(about=f"w{number}") for number in range(50)])
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert "not a whole Word file" in refusal(path).what


@pytest.mark.parametrize(
    "document",
    [
        "",
        "no XML",
        part("document", "<w:body><w:p>")[:-20],
        part("styles", ""),
        part("document", "<w:body><w:p><w:r><w:t>\x00</w:t></w:r></w:p></w:body>"),
        part("document", "<w:body>" + "<w:sdt>" * 20_000 + p("Deep.") + "</w:sdt>" * 20_000 + "</w:body>"),
        part("document", '<w:body><w:altChunk r:id="rId1"/></w:body>'),
        part("document", "<w:body/>"),
        part("document", ""),
    ],
    ids=["empty", "no XML", "cut off", "another root", "NUL", "deep", "a file inside", "no text", "no body"],
)
def test_document_that_cannot_be_read_rightly_is_refused(tmp_path: Path, document: str) -> None:
    refusal(make_docx(tmp_path / "a.docx", files={"word/document.xml": document}))


def test_invalid_utf_8_is_refused(tmp_path: Path) -> None:
    broken = part("document", f"<w:body>{p('caf!')}</w:body>").encode().replace(b"!", b"\xe9")
    refusal(make_docx(tmp_path / "a.docx", files={"word/document.xml": broken}))


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY x SYSTEM "http://127.0.0.1:1/x">',
        '<!ENTITY a "ha">' + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghx")),
    ],
    ids=["file", "network", "laughs"],
)
def test_declared_entities_are_refused(tmp_path: Path, declared: str) -> None:
    document = part("document", f"<w:body>{p('&x;')}</w:body>").partition("?>")
    document_type = f"<!DOCTYPE w:document [{declared}]>"
    path = make_docx(
        tmp_path / "a.docx", files={"word/document.xml": f"{document[0]}?>{document_type}{document[2]}"}
    )
    refusal(path)


def test_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    document = part("document", f"<w:body>{'<w:p/>' * 4_000_000}</w:body>")
    started = time.process_time()
    path = make_docx(tmp_path / "a.docx", files={"word/document.xml": document})
    packed = time.process_time()
    refusal(path)
    assert time.process_time() - packed < max(1.0, packed - started)


def test_file_of_too_many_members_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(20_001):
            archive.writestr(str(number), "")
    refusal(path)


def test_zip_of_something_else_is_no_word_file(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert "no Word document" in refusal(path).what


def test_long_chain_of_styles_is_followed_only_so_far(tmp_path: Path) -> None:
    chain = "".join(style(f"S{n}", f"s {n}", based_on=f"S{n + 1}") for n in range(3_000))
    assert texts(make_docx(tmp_path / "a.docx", p("Text.", style="S0"), styles=chain)) == ["Text."]


def test_megabyte_of_text_takes_no_time_that_grows_faster_than_it(tmp_path: Path) -> None:
    drawn = random.Random(7)
    lexicon = ["".join(drawn.choices("abcdefghij", k=drawn.randint(2, 9))) for _ in range(5_000)]
    chapter = "".join(
        p(*(r(" ".join(drawn.choices(lexicon, k=20)) + " ") for _ in range(3))) for _ in range(95)
    )
    story = [h(f"Chapter {number}") + chapter for number in range(1, 31)]
    path = make_docx(tmp_path / "a.docx", *story)
    with cpu_s_at_most(2):  # a quarter of a second as a rule
        book = read_docx(path)
    assert len(book.chapters) == 30


# --- whatever happens to a file ---------------------------------------------------------------------------


words = st.text("abcdefghijk éü", min_size=1, max_size=12).filter(str.strip)
run = words.map(r)
wrapped = st.sampled_from(["w:ins", "w:smartTag", "w:hyperlink", "w:moveTo"])
inline = st.tuples(wrapped, run).map(lambda pair: f"<{pair[0]}>{pair[1]}</{pair[0]}>")
paragraph = st.lists(st.one_of(run, inline), min_size=1, max_size=4).map(lambda parts: p(*parts))


@given(st.lists(paragraph, min_size=1, max_size=10))
@settings(max_examples=60)
def test_no_word_is_lost_doubled_or_moved(paragraphs: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = texts(make_docx(Path(folder, "a.docx"), *paragraphs))
    expected = [
        "".join(piece.partition("</w:t>")[0] for piece in one.split('<w:t xml:space="preserve">')[1:])
        for one in paragraphs
    ]
    assert " ".join(found).split() == " ".join(expected).split()
