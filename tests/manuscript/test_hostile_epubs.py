from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from narrator.errors import ManuscriptError
from narrator.manuscript.reading import read_manuscript
from tests.manuscript.epub_maker import CONTAINER, make_epub

ENCRYPTION = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:e="http://www.w3.org/2001/04/xmlenc#">'
    '<e:EncryptedData><e:EncryptionMethod Algorithm="{}"/></e:EncryptedData></encryption>'
)
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + ']><html xmlns="http://www.w3.org/1999/xhtml"><body><p>Said: &a9;</p></body></html>'
)


def refusal(path: Path) -> ManuscriptError:
    with pytest.raises(ManuscriptError) as caught:
        read_manuscript(path)
    assert "\n" not in caught.value.what
    assert caught.value.advice
    return caught.value


def text(path: Path) -> str:
    return " ".join(block.text for chapter in read_manuscript(path).chapters for block in chapter.blocks)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_cut_off_zip_is_damaged(tmp_path: Path, share: float) -> None:
    data = make_epub(tmp_path / "whole.epub", {"a.xhtml": "<p>Text.</p>"}).read_bytes()
    path = tmp_path / "half.epub"
    path.write_bytes(data[: int(len(data) * share)])
    assert "not a whole EPUB" in refusal(path).what


def test_damaged_member_is_named(tmp_path: Path) -> None:
    path = make_epub(tmp_path / "a.epub", {"a.xhtml": "<p>Text.</p>"})
    data = bytearray(path.read_bytes())
    at = data.find(b"OPS/a.xhtml") + 20
    data[at : at + 30] = b"\xff" * 30
    path.write_bytes(bytes(data))
    assert "OPS/a.xhtml" in refusal(path).what


@pytest.mark.parametrize("name", ["META-INF/rights.xml", "META-INF/license.lcpl", "META-INF/sinf.xml"])
def test_rights_file_means_drm(tmp_path: Path, name: str) -> None:
    path = make_epub(tmp_path / "a.epub", {"a.xhtml": "<p>Text.</p>"}, files={name: "<rights/>"})
    assert "DRM" in refusal(path).what


def test_encrypted_text_is_drm_and_obfuscated_fonts_are_not(tmp_path: Path) -> None:
    def book(algorithm: str) -> Path:
        files = {"META-INF/encryption.xml": ENCRYPTION.format(algorithm)}
        return make_epub(tmp_path / "a.epub", {"a.xhtml": "<p>Text.</p>"}, files=files)

    assert "DRM" in refusal(book("http://www.w3.org/2001/04/xmlenc#aes128-cbc")).what
    assert text(book("http://www.idpf.org/2008/embedding")) == "Text."
    assert text(book("http://ns.adobe.com/pdf/enc#RC")) == "Text."


@pytest.mark.parametrize("body", ["", "<img src='a.png' alt='all the text'/>", "<hr/><p> &nbsp; </p>"])
def test_book_without_text_says_so(tmp_path: Path, body: str) -> None:
    assert "has no text" in refusal(make_epub(tmp_path / "a.epub", {"a.xhtml": body})).what


def test_empty_spine_has_no_text(tmp_path: Path) -> None:
    assert "has no text" in refusal(make_epub(tmp_path / "a.epub", {"a.xhtml": "<p>Text.</p>"}, spine=[])).what


@pytest.mark.parametrize("container", ["", "no xml", CONTAINER.replace("book.opf", "gone.opf")])
def test_package_is_found_without_a_useful_container(tmp_path: Path, container: str) -> None:
    files = {"META-INF/container.xml": container}
    path = make_epub(tmp_path / "a.epub", {"a.xhtml": "<p>Text.</p>"}, files=files)
    if container.startswith("<") or not container:
        assert text(path) == "Text." if container else refusal(path)
    else:
        assert "is not XML" in refusal(path).what


def test_bomb_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    path = tmp_path / "a.epub"
    make_epub(path, {"a.xhtml": "<p>Text.</p>"})
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("OPS/b.xhtml", "w") as member,
    ):
        for _ in range(40):
            member.write(b" " * (1 << 20))
    manifest = '<item id="b" href="b.xhtml" media-type="application/xhtml+xml"/>'
    bomb = make_epub(
        tmp_path / "c.epub", {"a.xhtml": "<p>Text.</p>"}, manifest=manifest, spine=['<itemref idref="b"/>']
    )
    with (
        zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("OPS/b.xhtml", "w") as member,
    ):
        for _ in range(40):
            member.write(b" " * (1 << 20))
    assert text(path) == "Text."  # a member that is no part of the book is never unpacked
    assert "unpacks to more" in refusal(bomb).what


def test_entity_bombs_and_external_entities_are_inert(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    external = (
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
        '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>A&x;B</p></body></html>'
    )
    assert text(make_epub(tmp_path / "a.epub", {"a.xhtml": LAUGHS})) == "Said:"
    assert text(make_epub(tmp_path / "b.epub", {"a.xhtml": external})) == "AB"


def test_paths_never_leave_the_archive(tmp_path: Path) -> None:
    tmp_path.joinpath("secret.xhtml").write_text("<p>secret</p>", encoding="utf-8")
    manifest = '<item id="x" href="../../../../secret.xhtml" media-type="application/xhtml+xml"/>'
    spine = ['<itemref idref="x"/>', '<itemref idref="p0"/>']
    folder = tmp_path / "books"
    folder.mkdir()
    assert (
        text(make_epub(folder / "a.epub", {"a.xhtml": "<p>Text.</p>"}, manifest=manifest, spine=spine))
        == "Text."
    )


def test_a_link_that_is_no_address_leads_nowhere(tmp_path: Path) -> None:
    nav = '<nav epub:type="toc"><ol><li><a href="http://[x">One</a></li></ol></nav>'
    path = make_epub(tmp_path / "a.epub", {"a.xhtml": "<p>Text.</p>"}, nav=nav)
    assert text(path) == "Text."


def test_missing_page_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spine = ['<itemref idref="p0"/>', '<itemref idref="gone"/>']
    assert text(make_epub(tmp_path / "a.epub", {"a.xhtml": "<p>Text.</p>"}, spine=spine)) == "Text."
    assert "gone" in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 20_000 + "deep text" + "</div>" * 20_000,
        "<ul><li>" * 5_000 + "deep text" + "</li></ul>" * 5_000,
        "<p>deep text",
        "<p>deep <b>text</p></b></i>",
    ],
)
def test_broken_and_deeply_nested_markup_keeps_its_text(tmp_path: Path, body: str) -> None:
    assert text(make_epub(tmp_path / "a.epub", {"a.xhtml": body})) == "deep text"


def test_wrongly_declared_utf8_is_read_as_cp1252(tmp_path: Path) -> None:
    source = '<?xml version="1.0" encoding="utf-8"?><html><body><p>caf\xe9 \x96 na\xefve</p></body></html>'
    path = make_epub(tmp_path / "a.epub", {"a.xhtml": ""}, files={"OPS/a.xhtml": source.encode("latin-1")})
    assert text(path) == "café – naïve"


@pytest.mark.parametrize(
    "body", ["<" * 300_000, "<!--" * 50_000, "<p>" + "<a href='#n'>1</a>" * 5_000, "&" * 300_000]
)
def test_absurd_markup_is_read_in_no_time(tmp_path: Path, body: str) -> None:
    assert text(make_epub(tmp_path / "a.epub", {"a.xhtml": f"<p>Text.</p>{body}"})).startswith("Text.")
