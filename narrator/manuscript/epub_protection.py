"""Which EPUBs are protected: their text is encrypted, which narrator does not undo."""

from __future__ import annotations

from narrator.errors import ManuscriptError
from narrator.manuscript.markup import local_name, parse_xml
from narrator.manuscript.zip_archive import ZipArchive

_FONT_ALGORITHMS = {
    "http://www.idpf.org/2008/embedding",  # https://www.w3.org/TR/epub-33/#sec-font-obfuscation
    "http://ns.adobe.com/pdf/enc#RC",
}
_RIGHTS = {
    "META-INF/rights.xml": "Adobe ADEPT",
    "META-INF/license.lcpl": "Readium LCP",
    "META-INF/sinf.xml": "Apple FairPlay",
}
_UNPROTECTED = "narrator reads unprotected books alone: get this one from its publisher without DRM."


def refuse_protected(archive: ZipArchive, book: str) -> None:
    """Stop at a book whose text is encrypted; fonts may be.

    Raises:
        ManuscriptError: it is protected.
    """
    for name, scheme in _RIGHTS.items():
        if name in archive.names:
            raise ManuscriptError(f"{book} is protected by DRM ({scheme}).", advice=_UNPROTECTED)
    listed = archive.find("META-INF/encryption.xml")
    if listed is None:
        return
    for node in parse_xml(archive.read(listed), where=f"{book}: {listed}").iter():
        algorithm = node.get("Algorithm")
        parent = node.getparent()
        is_of_data = parent is not None and local_name(parent) == "encrypteddata"
        if local_name(node) == "encryptionmethod" and is_of_data and algorithm not in _FONT_ALGORITHMS:
            raise ManuscriptError(f"{book} is protected by DRM ({algorithm}).", advice=_UNPROTECTED)
