"""The zip that many formats are: opened with limits, never unpacked to disk, its names found forgivingly."""

from __future__ import annotations

import lzma
import posixpath
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from narrator.errors import ManuscriptError
from narrator.manuscript.pieces import Anchor

_MEGABYTE = 1 << 20
_LONGEST_TEXT = 24 * _MEGABYTE  # one page or package file; the whole Bible as XHTML is some 6 MB
_LARGEST_COVER = 32 * _MEGABYTE
_ALL_TEXT = 96 * _MEGABYTE
_MOST_MEMBERS = 20_000
_BOMB_RATIO = 200  # XHTML packs to a third or a tenth
_CHUNK = 1 << 16

_UNPROTECTED = "narrator reads unprotected books alone: get this one from its publisher without DRM."


class ZipArchive:
    """The members of a zip by name. Sizes count bytes as they are read, since headers may lie.

    `form` is what the file is called in messages, such as 'EPUB', and `advice` what to do with a damaged one.

    Raises:
        ManuscriptError: no zip, damaged, protected, or larger than any book.
    """

    def __init__(self, path: Path, *, form: str, advice: str = "The file is damaged: get it anew.") -> None:
        self._path = path
        self._form = form
        self._advice = advice
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as exc:
            raise ManuscriptError(f"{path.name} is not a whole {form}: {exc}.", advice=advice) from exc
        names = self._zip.namelist()
        if len(names) > _MOST_MEMBERS:
            self._zip.close()
            raise ManuscriptError(
                f"{path.name} has {len(names)} files in it, more than any book.", advice=advice
            )
        self._left = _ALL_TEXT
        self._names = {name: name for name in names}
        self._folded: dict[str, str] = {}
        self._by_file_name: dict[str, set[str]] = defaultdict(set)
        for name in names:
            folded = _folded(name)
            self._folded.setdefault(folded, name)
            if file_name := posixpath.basename(folded):
                self._by_file_name[file_name].add(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._names)

    def find(self, href: str, *, base: str = "") -> str | None:
        """The member that `href` in the file `base` means; a fragment is ignored. None where there is none.

        Percent-encoded, backslashed, differently cased and differently composed names are found.
        """
        for candidate in _paths(href):
            joined = posixpath.normpath(posixpath.join(posixpath.dirname(base), candidate)).lstrip("/")
            while joined.startswith("../"):
                joined = joined[3:]
            found = self._names.get(joined) or self._folded.get(_folded(joined))
            if found:
                return found
        return None

    def find_somewhere(self, href: str, *, base: str) -> str | None:
        """As `find`; where the folder is wrong, the one member of that file name."""
        if found := self.find(href, base=base):
            return found
        for candidate in _paths(href):
            alike = self._by_file_name.get(posixpath.basename(_folded(candidate)), ())
            if len(alike) == 1:
                return next(iter(alike))
        return None

    def locate(self, href: str, base: str) -> Anchor | None:
        """The member and the anchor in it that a link in the file `base` leads to."""
        path, _, anchor = href.partition("#")
        name = self.find_somewhere(path, base=base) if path else base
        return (name, unquote(anchor)) if name else None

    def read(self, name: str) -> bytes:
        """The bytes of a text member."""
        data = self._inflate(name, min(_LONGEST_TEXT, self._left))
        self._left -= len(data)
        return data

    def read_picture(self, name: str) -> bytes:
        """The bytes of a picture, which do not count as text."""
        return self._inflate(name, _LARGEST_COVER)

    def _inflate(self, name: str, limit: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        try:
            info = self._zip.getinfo(name)
            with self._zip.open(info) as member:
                while chunk := member.read(_CHUNK):
                    size += len(chunk)
                    if size > limit or (size > _MEGABYTE and size > _BOMB_RATIO * max(1, info.compress_size)):
                        raise ManuscriptError(
                            f"{self._path.name}: {name} unpacks to more than any book holds.",
                            advice=f"This is no ordinary {self._form}: get it from another place.",
                        )
                    parts.append(chunk)
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError) as exc:
            raise ManuscriptError(
                f"{self._path.name}: {name} cannot be unpacked: {exc}.", advice=self._advice
            ) from exc
        except RuntimeError as exc:  # zipfile's way to say that a password is needed
            what = f"{self._path.name} is protected: {name} is encrypted in the zip."
            raise ManuscriptError(what, advice=_UNPROTECTED) from exc
        return b"".join(parts)


def _paths(href: str) -> tuple[str, ...]:
    """The paths that an address may mean; none where it leads out of the archive."""
    path = href.replace("\\", "/")
    try:
        if urlsplit(path).scheme:
            return ()
    except ValueError:  # no address at all, such as http://[x
        return ()
    path = path.partition("#")[0]
    return path, unquote(path), unquote(path.partition("?")[0])


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.replace("\\", "/")).casefold()
