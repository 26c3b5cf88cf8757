"""Books to read along, made of manuscripts, and what is in a finished one as a reader would find it."""

from __future__ import annotations

import posixpath
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from narrator.config import Cast, Reading
from narrator.manuscript.reading import read_manuscript
from narrator.model import Block, Role, Span
from narrator.publishing.read_along import write_read_along
from narrator.publishing.read_along_book import (
    HeardSegment,
    ReadAlongAudio,
    ReadAlongChapter,
    ReadAlongFacts,
)
from narrator.script.compose import compose
from narrator.script.notes import with_notes
from narrator.script.treatment import Cut, Treatment
from narrator.script.wording import Wording

FACTS = ReadAlongFacts("A Book", ("An Author",), "en", "hibari ava")
_UNREAD = {"rt", "rp", "script", "style"}


@dataclass(frozen=True, slots=True)
class Told:
    """All that a read-along book is made of."""

    facts: ReadAlongFacts
    chapters: tuple[ReadAlongChapter, ...]
    audio: Mapping[int, ReadAlongAudio]

    def write(self, path: Path, source: Path | None = None) -> OpenedBook:
        write_read_along(path, self.facts, self.chapters, self.audio, source=source, should_stop=lambda: False)
        return OpenedBook(path)


def timed(texts: Sequence[tuple[str, tuple[Span, ...]]], start_s: float = 0.6) -> tuple[HeardSegment, ...]:
    """Segments that are heard one after the other, with pauses; their times are no whole milliseconds."""
    heard = []
    for text, spans in texts:
        end_s = start_s + 0.05 + len(text) * 0.0137
        heard.append(HeardSegment(spans, start_s, end_s))
        start_s = end_s + 0.35
    return tuple(heard)


def sound_of(path: Path, segments: Sequence[HeardSegment]) -> ReadAlongAudio:
    """A file that stands for the sound of a chapter: nobody listens to it."""
    path.write_bytes(path.name.encode() * 1000)
    return ReadAlongAudio(path, "audio/mpeg", segments[-1].end_s + 1.5)


def told(source: Path, folder: Path, *, strategy: str = "paragraph", notes: str = "skip") -> Told:
    """A manuscript as it would be told, credits and all; `notes` are as in a project's settings."""
    reading = Reading.model_validate({"notes": notes})
    manuscript = with_notes(read_manuscript(source), reading)
    treatment = Treatment(Cut(strategy, 1000, None, 0), reading, Cast(), Wording())
    script = compose(manuscript, treatment)
    chapters: list[ReadAlongChapter] = []
    audio: dict[int, ReadAlongAudio] = {}
    spoken = iter(script.spoken)
    for chapter, own in zip(manuscript.chapters, script.chapters, strict=True):
        segments: tuple[HeardSegment, ...] = ()
        if own.spoken:
            segments = timed([(segment.text, segment.spans) for segment in next(spoken).segments])
            number = len(audio) + 1
            audio[number] = sound_of(folder / f"{number:02}.mp3", segments)
        chapters.append(
            ReadAlongChapter(len(audio) if segments else 0, own.title, chapter.blocks, segments, own.kind)
        )
    facts = ReadAlongFacts(
        manuscript.title, manuscript.authors, manuscript.language, "hibari ava", cover=manuscript.cover
    )
    return Told(facts, tuple(chapters), audio)


def word_by_word(book: Told) -> Told:
    """The book with a segment for each word of what is heard."""
    audio = dict(book.audio)
    chapters = []
    for chapter in book.chapters:
        texts: list[tuple[str, tuple[Span, ...]]] = []
        for segment in chapter.segments:
            if not segment.spans:
                texts.append(("A credit.", ()))
            for span in segment.spans:
                words = re.compile(r"\S+").finditer(chapter.blocks[span.block].text, span.start, span.end)
                texts += [(word[0], (Span(span.block, word.start(), word.end()),)) for word in words]
        chapters.append(replace(chapter, segments=timed(texts)))
        if texts:
            audio[chapter.number] = sound_of(audio[chapter.number].path, chapters[-1].segments)
    return replace(book, chapters=tuple(chapters), audio=audio)


def spoken_chapter(folder: Path, *texts: str, number: int = 1, role: Role = Role.PARAGRAPH) -> Told:
    """A book of one chapter, each of whose blocks is a segment."""
    blocks = tuple(Block(role, text) for text in texts)
    segments = timed([(text, (Span(at, 0, len(text)),)) for at, text in enumerate(texts)])
    chapter = ReadAlongChapter(number, "One", blocks, segments)
    return Told(FACTS, (chapter,), {number: sound_of(folder / f"{number}.mp3", segments)})


def letters(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


@dataclass(frozen=True, slots=True)
class HeardElement:
    """An element of a page that is marked from `begin_ms` to `end_ms` of the sound of this name."""

    page: str
    element: etree._Element
    sound: str
    begin_ms: int
    end_ms: int

    @property
    def text(self) -> str:
        return shown(self.element)


class OpenedBook:
    """A finished read-along book."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with zipfile.ZipFile(path) as archive:
            self.infos = archive.infolist()
            self.members = {info.filename: archive.read(info) for info in self.infos}

    @cached_property
    def package_name(self) -> str:
        return next(name for name in self.members if name.endswith(".opf"))

    @cached_property
    def package(self) -> etree._Element:
        return etree.fromstring(self.members[self.package_name])

    @cached_property
    def items(self) -> dict[str, etree._Element]:
        """The manifest by the files' names."""
        items = self.package.iterfind("{*}manifest/{*}item")
        return {_named(str(item.get("href")), self.package_name): item for item in items}

    @cached_property
    def overlays(self) -> dict[str, str]:
        """The overlay of each page that has one."""
        by_id = {item.get("id"): name for name, item in self.items.items()}
        named = {name: item.get("media-overlay") for name, item in self.items.items()}
        return {name: by_id[overlay] for name, overlay in named.items() if overlay}

    @cached_property
    def heard(self) -> list[HeardElement]:
        """All that is marked, page after page."""
        return [heard for page, overlay in self.overlays.items() for heard in self._heard_on(page, overlay)]

    def _heard_on(self, page: str, overlay: str) -> Iterator[HeardElement]:
        ids = {element.get("id"): element for element in etree.fromstring(self.members[page]).iter()}
        for par in etree.fromstring(self.members[overlay]).iter("{*}par"):
            text, sound = par.find("{*}text"), par.find("{*}audio")
            assert text is not None
            assert sound is not None
            address, _, fragment = str(text.get("src")).partition("#")
            assert _named(address, overlay) == page
            begin, end = (_milliseconds(str(sound.get(name))) for name in ("clipBegin", "clipEnd"))
            name = _named(str(sound.get("src")), overlay)
            yield HeardElement(page, ids[unquote(fragment)], name, begin, end)

    @property
    def marked(self) -> list[etree._Element]:
        """What is marked, once each, in the order of its first time."""
        return list(dict.fromkeys(each.element for each in self.heard))

    def metas(self, name: str) -> list[str]:
        return [str(meta.text) for meta in self.package.iter("{*}meta") if meta.get("property") == name]

    def heard_in(self, sound: str) -> list[HeardElement]:
        """What is marked while a sound of this name is heard, in the order of its time."""
        return sorted((each for each in self.heard if each.sound == sound), key=lambda each: each.begin_ms)

    def sounds(self) -> list[str]:
        return sorted({each.sound for each in self.heard})

    def check(self, told: Told) -> None:
        """Whether everything that must hold of a read-along book does."""
        self._check_package()
        chapters = [chapter for chapter in told.chapters if chapter.segments]
        assert len(self.sounds()) == len(chapters)
        for chapter, sound in zip(chapters, self.sounds(), strict=True):
            self._check_chapter(chapter, told.audio[chapter.number], sound)

    def _check_package(self) -> None:
        assert self.infos[0].filename == "mimetype"
        assert self.infos[0].compress_type == zipfile.ZIP_STORED
        assert len(self.members) == len(self.infos)
        listed = [str(element.get("id")) for element in self.package.iter() if element.get("id")]
        assert len(set(listed)) == len(listed)
        for name in self.items:
            assert name in self.members
        for page in self.overlays:
            ids = [element.get("id") for element in etree.fromstring(self.members[page]).iter()]
            given = [each for each in ids if each]
            assert len(set(given)) == len(given)
        total, *each = map(_milliseconds, self.metas("media:duration"))
        assert total == sum(each) == sum(heard.end_ms - heard.begin_ms for heard in self.heard)
        assert len(each) == len(self.overlays)

    def _check_chapter(self, chapter: ReadAlongChapter, audio: ReadAlongAudio, sound: str) -> None:
        assert self.members[sound] == audio.path.read_bytes()
        heard = self.heard_in(sound)
        for before, after in pairwise(heard):
            assert before.end_ms == after.begin_ms
        assert heard[-1].end_ms <= audio.duration_s * 1000
        for at, segment in enumerate(chapter.segments):
            begin_ms = segment.start_s * 1000
            following = chapter.segments[at + 1 : at + 2]
            end_ms = following[0].start_s * 1000 - 1 if following else audio.duration_s * 1000
            own = [each for each in heard if begin_ms - 1 <= each.begin_ms < end_ms]
            assert abs(own[0].begin_ms - begin_ms) <= 1
            assert own[-1].end_ms >= segment.end_s * 1000 - 1
            read = "".join(chapter.blocks[span.block].text[span.start : span.end] for span in segment.spans)
            if letters(read):
                assert letters("".join(each.text for each in own)) == letters(read)


def shown(element: etree._Element) -> str:
    """What an element says, as a reader who hears it would see it."""
    if isinstance(element, etree._Comment | etree._ProcessingInstruction):
        return ""
    tag = etree.QName(element).localname
    kind = element.get("{http://www.idpf.org/2007/ops}type") or ""
    if tag in _UNREAD or kind in {"noteref", "pagebreak"}:
        return ""
    if tag == "img":
        return element.get("alt") or ""
    return (element.text or "") + "".join(shown(child) + (child.tail or "") for child in element)


def without_marks(page: bytes) -> bytes:
    """A page as it was before it got its marks."""
    page = re.sub(rb'<link rel="stylesheet" type="text/css" href="[^"]*read-along.css"/>', b"", page)
    while b'<span id="heard-' in page:
        page = re.sub(
            rb'<span id="heard-\d+">((?:(?!<span\b|</span>).|<span(?! id="heard-)[^>]*>'
            rb"(?:(?!<span\b|</span>).)*</span>)*)</span>",
            rb"\1",
            page,
            flags=re.DOTALL,
        )
    return re.sub(rb' id="heard-\d+"', b"", page)


def _named(address: str, base: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(address)))


def _milliseconds(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    assert re.fullmatch(r"\d\d\.\d\d\d", seconds)
    return (int(hours) * 60 + int(minutes)) * 60_000 + int(seconds.replace(".", ""))
