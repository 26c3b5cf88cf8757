"""The files that a book gets beside its pages: overlays, the sound that they play, and how marks look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from narrator.publishing.epub_container import EpubContainer
from narrator.publishing.read_along_address import relative
from narrator.publishing.read_along_book import ReadAlongAudio
from narrator.publishing.read_along_overlay import MEDIA_TYPE, STYLE, Par, duration_ms, smil

_SUFFIXES = {"audio/mpeg": ".mp3", "audio/mp4": ".m4a", "audio/ogg": ".opus"}


@dataclass(frozen=True, slots=True)
class NewItem:
    """A file for the manifest, by its name in the container; `overlays` is the page whose overlay it is."""

    name: str
    media_type: str
    overlays: str = ""
    duration_ms: int = 0


def style_name(folder: str) -> str:
    """The name of the stylesheet that every page with an overlay links to."""
    return f"{folder}/read-along.css"


def write_overlays(
    container: EpubContainer,
    folder: str,
    pages: Iterable[tuple[str, Sequence[Par]]],
    audio: Mapping[int, ReadAlongAudio],
) -> list[NewItem]:
    """Put the overlays of pages into a folder of the container, and all that they need. Raises OSError.

    Raises:
        Interrupted: as the container does.
    """
    items = [NewItem(style_name(folder), "text/css")]
    container.add(items[0].name, STYLE.encode())
    sounds = {
        sound.path: NewItem(f"{folder}/sound-{number:04}{_suffix(sound)}", sound.media_type)
        for number, sound in sorted(audio.items(), reverse=True)
    }
    played: set[str] = set()
    for number, (page, pars) in enumerate(pages, start=1):
        item = NewItem(f"{folder}/overlay-{number:04}.smil", MEDIA_TYPE, page, duration_ms(pars))
        addresses = {path: relative(sound.name, item.name) for path, sound in sounds.items()}
        container.add(item.name, smil(relative(page, item.name), pars, addresses))
        items.append(item)
        played.update(sounds[par.clip.sound].name for par in pars)
    for path, sound in reversed(sounds.items()):
        if sound.name in played:
            container.add_file(sound.name, path)
            items.append(sound)
    return items


def _suffix(sound: ReadAlongAudio) -> str:
    """What a sound's name ends with: readers go by it, and a piece in a project's folder may have another."""
    return _SUFFIXES.get(sound.media_type.partition(";")[0].strip(), sound.path.suffix)
