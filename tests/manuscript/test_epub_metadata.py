from __future__ import annotations

from pathlib import Path

import pytest

from narrator.manuscript.epub import read_epub
from narrator.model import Cover
from tests.manuscript.epub_maker import make_epub, page

PAGES = {"a.xhtml": "<p>Text of the book, and that is all there was to it.</p>"}
JPEG, PNG = b"\xff\xd8\xff\xe0 a picture", b"\x89PNG\r\n\x1a\n a picture"


def test_main_title_is_the_title(tmp_path: Path) -> None:
    metadata = (
        '<dc:title id="s">or, The Optimist</dc:title><meta refines="#s" property="title-type">subtitle</meta>'
        '<dc:title id="m">Candide</dc:title><meta refines="#m" property="title-type">main</meta>'
    )
    assert read_epub(make_epub(tmp_path / "a.epub", PAGES, metadata=metadata)).title == "Candide"


def test_file_name_stands_in_for_a_missing_title(tmp_path: Path) -> None:
    assert read_epub(make_epub(tmp_path / "Some Book.epub", PAGES, metadata="")).title == "Some Book"


def test_authors_are_in_order_and_translators_are_none(tmp_path: Path) -> None:
    metadata = (
        '<dc:creator opf:role="aut">First</dc:creator><dc:creator>Second</dc:creator>'
        '<dc:creator id="t">Translator</dc:creator><meta refines="#t" property="role">trl</meta>'
        '<dc:creator opf:role="ill">Painter</dc:creator><dc:contributor>Helper</dc:contributor>'
    )
    assert read_epub(make_epub(tmp_path / "a.epub", PAGES, metadata=metadata)).authors == ("First", "Second")


@pytest.mark.parametrize(
    ("declared", "tag"),
    [("en-us", "en-US"), ("ja-jp", "ja-JP"), ("eng", "en"), ("German", "de"), ("und", "en"), ("", "en")],
)
def test_language_is_a_normal_tag_or_a_guess(tmp_path: Path, declared: str, tag: str) -> None:
    path = make_epub(tmp_path / "a.epub", PAGES, metadata=f"<dc:language>{declared}</dc:language>")
    assert read_epub(path).language == tag


@pytest.mark.parametrize(
    ("manifest", "metadata", "guide"),
    [
        ('<item id="i" href="c.jpg" media-type="image/jpeg" properties="cover-image"/>', "", ""),
        ('<item id="i" href="c.jpg" media-type="image/jpeg"/>', '<meta name="cover" content="i"/>', ""),
        ('<item id="i" href="c.jpg" media-type="image/png"/>', '<meta name="cover" content="c.jpg"/>', ""),
        (
            '<item id="i" href="cov.xhtml" media-type="application/xhtml+xml"/>',
            '<meta name="cover" content="i"/>',
            "",
        ),
        ("", "", '<reference type="cover" href="cov.xhtml"/>'),
        ('<item id="cover" href="c.jpg" media-type="image/jpeg"/>', '<meta name="cover" content="gone"/>', ""),
    ],
)
def test_cover_is_found_in_every_form(tmp_path: Path, manifest: str, metadata: str, guide: str) -> None:
    files: dict[str, str | bytes] = {"OPS/c.jpg": JPEG, "OPS/cov.xhtml": page('<div><img src="c.jpg"/></div>')}
    path = make_epub(tmp_path / "a.epub", PAGES, manifest=manifest, metadata=metadata, guide=guide, files=files)
    assert read_epub(path).cover == Cover("image/jpeg", JPEG)


@pytest.mark.parametrize(("data", "media_type"), [(PNG, "image/png"), (b"<svg/>", None), (b"GIF89a", None)])
def test_cover_is_told_by_its_bytes(tmp_path: Path, data: bytes, media_type: str | None) -> None:
    manifest = '<item id="i" href="c.jpg" media-type="image/jpeg" properties="cover-image"/>'
    cover = read_epub(make_epub(tmp_path / "a.epub", PAGES, manifest=manifest, files={"OPS/c.jpg": data})).cover
    assert (cover.media_type if cover else None) == media_type


@pytest.mark.parametrize(
    ("metadata", "date"),
    [
        ("<dc:date>2014-05-25T00:00:00Z</dc:date>", "2014-05-25"),
        ("<dc:date>1865</dc:date>", "1865"),
        ("<dc:date>1865-11</dc:date>", "1865-11"),
        ('<dc:date>2019-08-23</dc:date><dc:date opf:event="original-publication">1913</dc:date>', "1913"),
        (
            '<dc:date opf:event="modification">1999</dc:date><dc:date opf:event="publication">2001</dc:date>',
            "2001",
        ),
        ('<dc:date opf:event="conversion">2023-02-26T09:19:44+00:00</dc:date>', ""),
        ('<meta property="dcterms:modified">2014-05-25T00:00:00Z</meta>', ""),
        ('<meta property="dcterms:issued">1920-02-01</meta>', "1920-02-01"),
        ('<meta refines="#translator" property="dcterms:date">1920</meta>', ""),
        ("<dc:date>0101-01-01T00:00:00+00:00</dc:date>", ""),  # Calibre's word for an unknown date
        ("<dc:date>1865-00-00</dc:date>", "1865"),
        ("<dc:date>1865-02-31</dc:date>", "1865"),
        ("<dc:date>some time ago</dc:date>", ""),
    ],
)
def test_date_is_the_first_that_is_no_file_s(tmp_path: Path, metadata: str, date: str) -> None:
    assert read_epub(make_epub(tmp_path / "a.epub", PAGES, metadata=metadata)).date == date


def collection(name: str, kind: str, position: str, number: int = 1) -> str:
    own = f"c{number}"
    return (
        f'<meta id="{own}" property="belongs-to-collection">{name}</meta>'
        f'<meta refines="#{own}" property="collection-type">{kind}</meta>'
        f'<meta refines="#{own}" property="group-position">{position}</meta>'
    )


def calibre(name: str, index: str) -> str:
    return (
        f'<meta name="calibre:series" content="{name}"/><meta name="calibre:series_index" content="{index}"/>'
    )


@pytest.mark.parametrize(
    ("metadata", "series"),
    [
        (collection("The Moths", "series", "3"), ("The Moths", "3")),
        (collection("Great Books", "set", "7") + collection("The Moths", "series", "3", 2), ("The Moths", "3")),
        (collection("Great Books", "set", "7"), ("", "")),
        (collection("The Moths", "series", "third"), ("The Moths", "")),
        (calibre("The Moths", "2.0"), ("The Moths", "2")),
        (calibre("The Moths", "2.50"), ("The Moths", "2.5")),
        (calibre("", "1.0"), ("", "")),
        (calibre("Others", "9") + collection("The Moths", "series", "03"), ("The Moths", "3")),
    ],
)
def test_series_and_part_are_told_in_both_ways(tmp_path: Path, metadata: str, series: tuple[str, str]) -> None:
    book = read_epub(make_epub(tmp_path / "a.epub", PAGES, metadata=metadata))
    assert (book.series, book.part) == series
