"""What a WAV says of itself: an ID3 chunk after the sound, which mutagen, FFmpeg and Audacity read."""

from __future__ import annotations

import struct
from pathlib import Path

from narrator.audio.wav import HEADER_BYTES, put_length, rate_and_bytes
from narrator.durable import disk_errors
from narrator.publishing.id3_tags import id3_bytes
from narrator.publishing.tags import Tags


def tag_wav(path: Path, tags: Tags) -> None:
    """Put tags and chapters behind the sound of a WAV that narrator made, for those it has.

    Equal tags are equal bytes. The sound stays where it is. Where tags would make a file pass 4 GiB that is not
    RF64, it has none.

    Raises:
        DiskError: the file cannot be read or written.
        ValueError: it is no whole WAV of narrator's.
    """
    with disk_errors(f"Writing tags to {path}"), path.open("r+b") as file:
        header = file.read(HEADER_BYTES)
        known = rate_and_bytes(header)
        if known is None:
            raise ValueError(f"{path} is no WAV that narrator made")
        data = id3_bytes(tags)
        chunk = struct.pack("<4sI", b"id3 ", len(data)) + data + bytes(len(data) % 2)
        end = HEADER_BYTES + known[1]
        with_length = put_length(header, end + len(chunk))
        file.seek(end)
        file.truncate()
        if with_length:
            file.write(chunk)
            file.seek(0)
            file.write(with_length)
