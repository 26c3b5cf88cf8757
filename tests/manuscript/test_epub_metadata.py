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
