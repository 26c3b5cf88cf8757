"""The parts of a Word file, found by their relationships: their names are free (ECMA-376-2, OPC)."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lxml import etree

from narrator.errors import ManuscriptError
from narrator.manuscript.characters import clean
from narrator.manuscript.strict_xml import strict_root
from narrator.manuscript.zip_archive import ZipArchive

_PREFIXES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",  # "strict"
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "urn:schemas-microsoft-com:vml": "v",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
}
_OLE = b"\xd0\xcf\x11\xe0"
_PROTECTED = "EncryptedPackage".encode("utf-16-le")  # the stream that holds the zip, [MS-OFFCRYPTO] 1.3.2
_OFF = {"0", "false", "off"}
_MOST_TAGS = 1_800_000
_ANEW = "Open it in Word or LibreOffice, save it anew as .docx, and render that."


@dataclass(frozen=True, slots=True)
class WordPackage:
    """The roots of the parts that a reader wants; None where the file has no such part."""

    document: etree._Element
    styles: etree._Element | None
    numbering: etree._Element | None
    footnotes: etree._Element | None
    endnotes: etree._Element | None
    core: etree._Element | None
    custom: etree._Element | None


def open_word(path: Path) -> WordPackage:
    """The parts of a .docx, .docm, .dotx or .dotm file.

    Raises:
        ManuscriptError: an old .doc, protected, damaged, or no Word file at all.
    """
    _refuse_old(path)
    with _archive(path) as archive:
        package = _targets(archive, "", path)
        main = package.get("officeDocument") or archive.find("word/document.xml")
        if main is None:
            raise ManuscriptError(f"{path.name} has no Word document in it.", advice=_ANEW)
        near = _targets(archive, main, path)

        def part(kind: str) -> etree._Element | None:
            name = near.get(kind) or archive.find(f"{kind}.xml", base=main)
            return _parsed(archive, name, path) if name else None

        document = _parsed(archive, main, path)
        if name_of(document) != "w:document":
            raise ManuscriptError(f"{path.name}: {main} is no Word document.", advice=_ANEW)
        return WordPackage(
            document,
            part("styles"),
            part("numbering"),
            part("footnotes"),
            part("endnotes"),
            *(
                _parsed(archive, package[kind], path) if kind in package else None
                for kind in ("core-properties", "custom-properties")
            ),
        )


def _refuse_old(path: Path) -> None:
    with path.open("rb") as file:
        if not file.read(4).startswith(_OLE):
            return
        file.seek(0)
        is_protected = _PROTECTED in file.read(1 << 24)
    if is_protected:
        raise ManuscriptError(
            f"{path.name} is protected with a password.",
            advice="Open it in Word or LibreOffice, save it without a password, and render that.",
        )
    raise ManuscriptError(
        f"{path.name} is a document of Word 97-2003, which narrator does not read.", advice=_ANEW
    )


def _archive(path: Path) -> ZipArchive:
    try:
        return ZipArchive(path, form="Word file")
    except ManuscriptError as exc:
        what = clean(str(exc.__cause__ or exc.what))
        raise ManuscriptError(f"{path.name} is not a whole Word file: {what}", advice=_ANEW) from exc


def _targets(archive: ZipArchive, source: str, path: Path) -> Mapping[str, str]:
    """What a part, or the package where `source` is '', is related to: members by the kind of relation."""
    folder, name = posixpath.split(source)
    listed = archive.find(posixpath.join(folder, "_rels", f"{name}.rels"))
    if listed is None:
        return {}
    found: dict[str, str] = {}
    for relation in _parsed(archive, listed, path):
        if relation.get("TargetMode") == "External":
            continue
        try:
            target = archive.find(relation.get("Target") or "", base=source)
        except ValueError:  # an address in brackets that are no IPv6 address
            continue
        if target:
            found.setdefault((relation.get("Type") or "").rpartition("/")[2], target)
    return found


def _parsed(archive: ZipArchive, name: str, path: Path) -> etree._Element:
    """The root of a part."""
    try:
        data = archive.read(name)
    except ManuscriptError as exc:
        raise ManuscriptError(exc.what, advice=_ANEW) from exc
    return strict_root(data, where=f"{path.name}: {name}", most_tags=_MOST_TAGS, advice=_ANEW)


@lru_cache(maxsize=2048)
def _split(tag: str) -> tuple[str, str]:
    """An element's prefixed name, and the beginning of its own attributes' names."""
    space, _, local = tag.rpartition("}")
    return f"{_PREFIXES.get(space[1:], '')}:{local}", f"{space}}}" if space else ""


def name_of(node: etree._Element) -> str:
    """An element's name with the usual prefix, whatever its file calls it: 'w:p', 'm:t'; ':x' where unknown."""
    return _split(node.tag)[0]


def value_of(node: etree._Element | None, attribute: str = "val") -> str:
    """An attribute in the element's own namespace, '' where it has none."""
    if node is None:
        return ""
    return node.get(_split(node.tag)[1] + attribute) or ""


def is_on(node: etree._Element | None) -> bool:
    """Whether a property stands there and is not switched off."""
    return node is not None and value_of(node) not in _OFF


def child_of(node: etree._Element | None, name: str) -> etree._Element | None:
    """The first child of that prefixed name."""
    if node is None:
        return None
    return next((child for child in node if name_of(child) == name), None)
