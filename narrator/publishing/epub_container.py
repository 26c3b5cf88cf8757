"""The zip that an EPUB is: its media type first, every member dated alike, sound streamed into it as it is.

The format: https://www.w3.org/TR/epub-33/#sec-container-zip.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from narrator.errors import Interrupted

_MEDIA_TYPE = b"application/epub+zip"
_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can tell
_UNIX = 3
_MODE = 0o100644 << 16
_BLOCK = 1 << 20


class EpubContainer:
    """An EPUB that is being written. Equal members in equal order are equal bytes. Raises OSError.

    `should_stop` is asked before each megabyte of a stream.

    Raises:
        Interrupted: the answer was yes.
    """

    def __init__(self, path: Path, should_stop: Callable[[], bool]) -> None:
        self._zip = zipfile.ZipFile(path, "w", allowZip64=True)
        self._should_stop = should_stop
        self._names: set[str] = set()

    def __enter__(self) -> Self:
        self.add("mimetype", _MEDIA_TYPE, packed=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError) if error else nullcontext():  # a full disk has been told of
            self._zip.close()

    def add(self, name: str, data: bytes, *, packed: bool = True) -> None:
        """A member; one of a name that is there already is left out."""
        self.stream(name, [data], len(data), packed=packed)

    def add_file(self, name: str, path: Path) -> None:
        """A file that is packed already, such as sound."""
        with path.open("rb") as file:
            self.stream(name, _blocks(file), path.stat().st_size, packed=False)

    def stream(self, name: str, blocks: Iterable[bytes], size: int, *, packed: bool) -> None:
        """A member of `size` bytes in blocks, of which one is in memory at a time."""
        if name in self._names:
            return
        self._names.add(name)
        info = zipfile.ZipInfo(name, _DATE)
        info.create_system = _UNIX
        info.external_attr = _MODE
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.file_size = size  # by which the zip knows whether the member needs long counts
        with self._zip.open(info, "w") as member:
            for block in blocks:
                if self._should_stop():
                    raise Interrupted(
                        "Stopped while the read-along book was written.", advice="The same command goes on."
                    )
                member.write(block)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block
