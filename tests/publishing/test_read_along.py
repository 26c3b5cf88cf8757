from __future__ import annotations

import itertools
import resource
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from narrator.errors import DiskError, Interrupted, ManuscriptError
from narrator.model import Block, Cover, Role, Span
from narrator.publishing.read_along import write_read_along
from narrator.publishing.read_along_book import HeardSegment, ReadAlongChapter
from tests.manuscript.epub_maker import CONTAINER, make_epub, page
from tests.publishing.read_along_books import (
    FACTS,
    OpenedBook,
    Told,
    shown,
    sound_of,
    spoken_chapter,
    timed,
    told,
    without_marks,
    word_by_word,
)

SAMPLE = Path(__file__).parents[2] / "samples" / "eleven-minutes.epub"


def prose(*paragraphs: str) -> str:
    return "<h1>The First</h1>" + "".join(f"<p>{each}</p>" for each in paragraphs)


def read_along(tmp_path: Path, body: str, *, notes: str = "skip", by_words: bool = False) -> OpenedBook:
    """A book of one page with this body, checked."""
    source = make_epub(tmp_path / "source.epub", {"one.xhtml": body}, toc=[("The First", "one.xhtml")])
    book = told(source, tmp_path, notes=notes)
    book = word_by_word(book) if by_words else book
    opened = book.write(tmp_path / "out.epub", source)
    opened.check(book)
    with zipfile.ZipFile(source) as archive:
        assert without_marks(opened.members["OPS/one.xhtml"]) == archive.read("OPS/one.xhtml")
    return opened


# --- the person's own EPUB 3 ---------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["paragraph", "sentence"])
def test_own_book_keeps_every_byte_but_ids_and_spans(tmp_path: Path, strategy: str) -> None:
    book = told(SAMPLE, tmp_path, strategy=strategy)
    opened = book.write(tmp_path / "out.epub", SAMPLE)
    opened.check(book)
    with zipfile.ZipFile(SAMPLE) as archive:
        for name in archive.namelist():
            if not name.endswith(".opf"):
                assert without_marks(opened.members[name]) == archive.read(name)


def test_equal_books_are_equal_bytes(tmp_path: Path) -> None:
    book = told(SAMPLE, tmp_path)
    one, other = (book.write(tmp_path / name, SAMPLE).path for name in ("one.epub", "other.epub"))
    assert one.read_bytes() == other.read_bytes()
    one, other = (book.write(tmp_path / name).path for name in ("three.epub", "four.epub"))
    assert one.read_bytes() == other.read_bytes()


def test_a_whole_paragraph_gets_an_id_and_one_that_has_an_id_keeps_it(tmp_path: Path) -> None:
    body = '<h1 id="top">The First</h1><p>It was a dark night.</p><p id="märz 1"><em>It was not.</em></p>'
    opened = read_along(tmp_path, body)
    tags = [(str(element.tag).rpartition("}")[2], element.get("id")) for element in opened.marked]
    assert tags == [("h1", "top"), ("p", "heard-1"), ("p", "märz 1")]
    assert b"<span" not in opened.members["OPS/one.xhtml"]


TRICKY = {
    "words in other looks": "It was <em>dark. Very</em> dark, and <b>cold.</b> It <i>rained</i>.",
    "a note's sign": 'It was dark.<a href="#n" epub:type="noteref">1</a> It rained<sup>2</sup> that night.',
    "soft hyphens": "It was extra\u00adordi\u00adnary. It rained a\u200bgain.",
    "accents in two signs": "Cafe\u0301 noir. De\u0301ja\u0300 vu, encore.",
    "one sign for two letters": "He was in the o\ufb03ce. It was \ufb01ne.",
    "a drop cap": '<span class="drop">“I</span>t was dark,” he said. “It rained.”',
    "a letter that is a picture": '<img src="t.png" alt="T" class="dropcap"/>hat was dark and cold. It rained.',
    "references": "Fish &amp; chips. Caf&#233; &#x2014; noir &lt;now&gt;.",
    "ruby": "It was <ruby>漢<rt>kan</rt>字<rt>ji</rt></ruby> here. It <ruby>字<rt>ji</rt></ruby> rained.",
    "white space": "It\n\t was   dark.\n   It\u00a0rained\n",
    "a section of characters": "It was <![CDATA[dark & cold]]> there. It rained.",
    "comments": "It was <!-- not --> dark. <!-- no --> It <?pi pi?>rained.",
    "a number of a page": 'It was <span epub:type="pagebreak" title="7">7</span>dark. It rained.',
    "a line feed": "It was dark. It rained.<br/>It went on.",
    "sentences that open with signs": "“Dark!” — (it was). … “It rained.” ‘So?’",
}


UNDIVIDED = {"a section of characters", "a letter that is a picture"}
"""In these a word, or a part of one, has no place of its own."""


@pytest.mark.parametrize(
    ("name", "by_words"),
    [(name, False) for name in TRICKY] + [(name, True) for name in TRICKY if name not in UNDIVIDED],
)
def test_each_text_is_marked_where_it_stands(tmp_path: Path, name: str, *, by_words: bool) -> None:
    body = prose("The evening before had been quite fine.", TRICKY[name], "And so on it went.")
    opened = read_along(tmp_path, body, by_words=by_words)
    assert len(opened.marked) > 12 if by_words else len(opened.marked) >= 4


def test_text_that_stands_there_often_is_marked_each_time(tmp_path: Path) -> None:
    opened = read_along(tmp_path, prose(*["Yes.", "No.", "Yes.", "Yes, no.", "No."] * 3))
    assert [shown(element) for element in opened.marked[1:]] == ["Yes.", "No.", "Yes.", "Yes, no.", "No."] * 3


def test_a_row_of_a_table_and_the_lines_of_a_poem_are_marked(tmp_path: Path) -> None:
    table = "<table><tr><td>Name</td><td>Age</td></tr><tr><td>Bob</td><td>Nine</td></tr></table>"
    poem = '<div class="stanza"><p>Roses are red</p><p>Violets are blue</p></div>'
    read_along(tmp_path, prose("Here is a table.") + table + poem)


def test_notes_that_are_read_in_their_place_are_marked_where_they_stand(tmp_path: Path) -> None:
    notes = "".join(
        f'<aside epub:type="footnote" id="n{at}"><p>Note {name}.</p></aside>'
        for at, name in enumerate(("one", "two"))
    )
    mark = '<a epub:type="noteref" href="#n{}">*</a>'
    body = prose(f"It was dark.{mark.format(0)}", f"It rained.{mark.format(1)}", "It went on.") + notes
    opened = read_along(tmp_path, body, notes="place")
    wanted = ["Itwasdark.", "Noteone.", "Itrained.", "Notetwo.", "Itwenton."]
    assert ["".join(shown(element).split()) for element in opened.marked[1:]] == wanted
    overlay = opened.members[opened.overlays["OPS/one.xhtml"]]
    assert overlay.count(b'epub:type="footnote"') == 2


def test_pages_of_one_name_in_several_folders_each_get_their_own(tmp_path: Path) -> None:
    pages = {f"{at}/text.xhtml": prose(f"It was night {at}.", "It rained.", "Yes.") for at in range(1, 5)}
    source = make_epub(tmp_path / "s.epub", pages, toc=[(name, name) for name in pages])
    book = told(source, tmp_path)
    opened = book.write(tmp_path / "out.epub", source)
    opened.check(book)
    assert list(opened.overlays) == [f"OPS/{name}" for name in pages]
    assert [each.page for each in opened.heard] == sorted(each.page for each in opened.heard)


def test_what_stands_nowhere_is_heard_with_what_is_next_to_it(tmp_path: Path) -> None:
    opened = read_along(tmp_path, prose("It was dark."))
    ids = [each.element.get("id") for each in opened.heard]
    assert len(ids) > len(set(ids))  # the credits are heard with the first and the last text
    assert ids[0] == ids[1]
    assert ids[-1] == ids[-2]


def test_old_overlays_are_replaced_with_their_sound(tmp_path: Path) -> None:
    book = told(SAMPLE, tmp_path)
    first = book.write(tmp_path / "first.epub", SAMPLE)
    again = told(first.path, tmp_path, strategy="sentence")
    second = again.write(tmp_path / "second.epub", first.path)
    second.check(again)
    assert len(second.metas("media:narrator")) == len(second.metas("media:active-class")) == 1
    assert len(second.items) == len(first.items) + 1  # the old stylesheet stays
    assert not {name for name in first.overlays.values() if name in second.members}
    assert len([name for name in second.members if name.endswith(".mp3")]) == len(first.sounds())


def test_fonts_stay_obfuscated_and_signatures_go(tmp_path: Path) -> None:
    encryption = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:EncryptionMethod '
        'Algorithm="http://www.idpf.org/2008/embedding"/><enc:CipherData><enc:CipherReference '
        'URI="OPS/font.otf"/></enc:CipherData></enc:EncryptedData></encryption>'
    )
    files: dict[str, str | bytes] = {
        "OPS/font.otf": bytes(range(256)) * 300,
        "META-INF/encryption.xml": encryption,
        "META-INF/signatures.xml": "<signatures/>",
    }
    source = make_epub(tmp_path / "s.epub", {"one.xhtml": prose("It was dark.")}, files=files)
    opened = told(source, tmp_path).write(tmp_path / "out.epub", source)
    assert opened.members["OPS/font.otf"] == files["OPS/font.otf"]
    assert opened.members["META-INF/encryption.xml"] == encryption.encode()
    assert "META-INF/signatures.xml" not in opened.members


def test_a_package_with_prefixes_and_pages_in_utf_16_are_read(tmp_path: Path) -> None:
    package = (
        '<o:package xmlns:o="http://www.idpf.org/2007/opf" version="3.0"><o:metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A Book</dc:title><dc:language>en</dc:language>'
        '</o:metadata><o:manifest><o:item id="p" href="ein%20Tag.xhtml" media-type="application/xhtml+xml"/>'
        '</o:manifest><o:spine><o:itemref idref="p"/></o:spine></o:package>'
    )
    text = page(prose("Es war ein schöner Tag. Dann kam der Regen.")).replace("utf-8", "utf-16")
    files: dict[str, str | bytes] = {
        "OPS/book.opf": package,
        "META-INF/container.xml": CONTAINER,
        "OPS/ein Tag.xhtml": text.encode("utf-16"),
    }
    source = make_epub(tmp_path / "s.epub", {}, files=files)
    book = told(source, tmp_path, strategy="sentence")
    opened = book.write(tmp_path / "out.epub", source)
    opened.check(book)
    assert opened.metas("dcterms:modified") == ["2000-01-01T00:00:00Z"]
    assert list(opened.overlays) == ["OPS/ein Tag.xhtml"]


def test_names_of_characters_are_read_where_a_document_type_is_named(tmp_path: Path) -> None:
    doctype = (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">'
    )
    text = "Caf&eacute;&nbsp;noir &amp; th&eacute;. Il pleuvait."
    for name, whole in (("named", doctype), ("html", "<!DOCTYPE html>")):
        own = page(prose(text)).replace("<!DOCTYPE html>", whole)
        source = make_epub(tmp_path / f"{name}.epub", {"one.xhtml": own})
        opened = word_by_word(told(source, tmp_path)).write(tmp_path / f"{name}-out.epub", source)
        assert opened.package_name == "OPS/book.opf"
        marks = opened.members["OPS/one.xhtml"].count(b'<span id="heard-')
        assert marks == 7


def test_a_damaged_picture_is_told_of(tmp_path: Path) -> None:
    source = make_epub(
        tmp_path / "s.epub", {"one.xhtml": prose("It was dark.")}, files={"OPS/x.jpg": b"x" * 999}
    )
    book = told(source, tmp_path)
    data = bytearray(source.read_bytes())
    at = data.index(b"OPS/x.jpg") + len(b"OPS/x.jpg")
    data[at : at + 4] = b"\xff\xff\xff\xff"
    source.write_bytes(data)
    with pytest.raises(ManuscriptError, match=r"x\.jpg cannot be unpacked"):
        book.write(tmp_path / "out.epub", source)


@pytest.mark.parametrize(
    "body",
    [
        "<p>It was dark.<p>It rained.",
        "<p>It was &nonsense; dark.</p>",
        "<i>" * 400 + "It was dark." + "</i>" * 400,
    ],
    ids=["no XML", "an entity that nobody knows", "nested hundreds deep"],
)
def test_a_page_that_is_no_xml_is_written_anew(tmp_path: Path, body: str) -> None:
    source = make_epub(tmp_path / "s.epub", {"one.xhtml": body})
    book = told(source, tmp_path)
    opened = book.write(tmp_path / "out.epub", source)
    opened.check(book)
    assert "EPUB/package.opf" in opened.members


# --- a book that is written anew -----------------------------------------------------------------------


def test_a_book_of_all_roles_is_written_from_its_blocks(tmp_path: Path) -> None:
    blocks = tuple(
        Block(role, "" if role is Role.SCENE_BREAK else f"A {role}, said.\nOf two lines.", language="fr")
        for role in Role
    )
    heard = [
        (text, (Span(at, start, end),))
        for at, block in enumerate(blocks)
        if block.text
        for text, start, end in [("one", 0, 9), ("two", 9, len(block.text))]
    ]
    segments = timed(heard)
    unspoken = ReadAlongChapter(0, "Imprint", (Block(Role.PARAGRAPH, "Printed here."),), kind="imprint")
    chapter = ReadAlongChapter(4, "All", blocks, segments, "chapter")
    audio = {4: sound_of(tmp_path / "4.m4a", segments)}
    opened = Told(FACTS, (unspoken, chapter), audio).write(tmp_path / "out.epub")
    opened.check(Told(FACTS, (unspoken, chapter), audio))
    assert b"Printed here." in opened.members["EPUB/chapter-0001.xhtml"]
    own = opened.members["EPUB/chapter-0002.xhtml"].decode()
    for markup in ("<h1", "<hr/>", "<li", "<blockquote>", '<p class="verse"', "<aside", "<br/>", 'lang="fr"'):
        assert markup in own


def test_an_unshown_title_that_is_spoken_gets_a_heading(tmp_path: Path) -> None:
    text = "It was dark."
    segments = timed([("One", ()), (text, (Span(0, 0, len(text)),))])
    chapter = ReadAlongChapter(1, "One", (Block(Role.PARAGRAPH, text),), segments)
    book = Told(FACTS, (chapter,), {1: sound_of(tmp_path / "1.mp3", segments)})
    opened = book.write(tmp_path / "out.epub")
    opened.check(book)
    assert [str(each.element.tag).rpartition("}")[2] for each in opened.heard] == ["h1", "p"]


def test_titles_of_any_length_and_signs_are_escaped(tmp_path: Path) -> None:
    title = "A/B \\ <i>&amp; 🦜\x00\x1f\ud800\ufffe\n" * 25
    book = spoken_chapter(tmp_path, "It was <dark> & \x00cold\x0b.", "]]> \ud83d 🦜 it rained")
    chapters = (replace(book.chapters[0], title=title), ReadAlongChapter(0, "\x00", ()))
    facts = replace(
        FACTS, title=title, authors=(title, ""), publisher=title, description=title, language="no tag"
    )
    opened = Told(facts, chapters, book.audio).write(tmp_path / "out.epub")
    assert len(opened.heard) == 2
    assert opened.heard[0].text == "It was <dark> & cold."
    assert str(opened.package.findtext("{*}metadata/{*}language")) == "und"
    assert str(opened.package.findtext("{*}metadata/{*}title")).startswith("A/B \\ <i>&amp; 🦜 A/B")


def test_the_book_says_what_it_is_and_who_speaks(tmp_path: Path) -> None:
    facts = replace(
        FACTS, isbn="9780000000002", date="1865-11-26", cover=Cover("image/jpeg", b"\xff\xd8\xff picture")
    )
    opened = replace(spoken_chapter(tmp_path, "It was dark."), facts=facts).write(tmp_path / "out.epub")
    assert opened.metas("media:narrator") == ["hibari ava (synthetic voice)"]
    assert opened.metas("dcterms:modified") == ["1865-11-26T00:00:00Z"]
    assert opened.package.findtext("{*}metadata/{*}source") == "urn:isbn:9780000000002"
    assert opened.members["EPUB/cover.jpg"] == b"\xff\xd8\xff picture"
    assert b"hibari ava (synthetic voice)" in opened.members["EPUB/title.xhtml"]


# --- times ---------------------------------------------------------------------------------------------


def test_no_clip_is_empty_or_after_the_end_of_its_sound(tmp_path: Path) -> None:
    book = spoken_chapter(tmp_path, "One.", "Two.", "Three.", "Four.")
    times = [(0.0, 0.5), (0.5, 0.50001), (0.50002, 2.0), (2.00049, 9.0)]
    segments = tuple(
        HeardSegment(segment.spans, start_s, end_s)
        for segment, (start_s, end_s) in zip(book.chapters[0].segments, times, strict=True)
    )
    audio = {1: replace(book.audio[1], duration_s=2.75049)}
    opened = replace(book, chapters=(replace(book.chapters[0], segments=segments),), audio=audio).write(
        tmp_path / "out.epub"
    )
    clips = [(each.begin_ms, each.end_ms) for each in opened.heard]
    assert clips == [(0, 500), (500, 2000), (2000, 2750)]


def test_chapters_in_one_sound_end_where_the_next_begins(tmp_path: Path) -> None:
    book = spoken_chapter(tmp_path, "One.", "Two.")
    later = tuple(
        replace(segment, start_s=segment.start_s + 10, end_s=segment.end_s + 10)
        for segment in book.chapters[0].segments
    )
    chapters = (*book.chapters, replace(book.chapters[0], number=2, segments=later))
    sound = replace(book.audio[1], duration_s=20.0)
    opened = Told(FACTS, chapters, {1: sound, 2: sound}).write(tmp_path / "out.epub")
    assert len(opened.sounds()) == 1
    clips = [(each.begin_ms, each.end_ms) for each in opened.heard]
    assert [begin for begin, _ in clips[1:]] == [end for _, end in clips[:-1]]
    assert clips[-1][1] == 20_000


def test_a_voice_of_any_name_is_named(tmp_path: Path) -> None:
    book = told(SAMPLE, tmp_path)
    named = replace(book, facts=replace(book.facts, narrator="a <b> & \x01\ud800 🦜"))
    for source in (SAMPLE, None):
        opened = named.write(tmp_path / "out.epub", source)
        assert opened.metas("media:narrator") == ["a <b> & 🦜 (synthetic voice)"]


def test_a_chapter_without_sound_is_text_alone(tmp_path: Path) -> None:
    book = spoken_chapter(tmp_path, "It was dark.")
    other = replace(book.chapters[0], number=2)
    opened = replace(book, chapters=(*book.chapters, other)).write(tmp_path / "out.epub")
    assert len(opened.overlays) == 1


# --- what goes wrong -----------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [SAMPLE, None], ids=["own", "anew"])
def test_a_wish_to_stop_is_heard(tmp_path: Path, source: Path | None) -> None:
    book = told(SAMPLE, tmp_path)
    for answers in (0, 5, 15):
        asked = itertools.count()
        with pytest.raises(Interrupted):
            write_read_along(
                tmp_path / "out.epub",
                book.facts,
                book.chapters,
                book.audio,
                source=source,
                should_stop=lambda asked=asked, answers=answers: next(asked) >= answers,  # type: ignore[misc]  # mypy knows no lambda's defaults
            )


@pytest.fixture
def _small_files() -> Iterator[None]:
    """No file can be larger than a few kilobytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("source", [SAMPLE, None], ids=["own", "anew"])
def test_a_full_disk_is_told_of(tmp_path: Path, source: Path | None, _small_files: None) -> None:  # noqa: PT019
    book = told(SAMPLE, tmp_path)
    with pytest.raises(DiskError, match=r"Writing .*out\.epub failed"):
        book.write(tmp_path / "out.epub", source)


def test_a_sound_that_is_gone_is_told_of(tmp_path: Path) -> None:
    book = spoken_chapter(tmp_path, "It was dark.")
    book.audio[1].path.unlink()
    with pytest.raises(DiskError, match=r"1\.mp3"):
        book.write(tmp_path / "out.epub")
