"""The words of narrator, as data: what a stage hands to the next. Nothing here does I/O.

Manuscript > Chapter > Block       what was read
Script > ScriptChapter > Segment   what will be said
SpeechRequest, TakeKey, Take       what is asked of a provider, its name, and what came back
ChapterAudio, Delivery             what was made of it
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, NewType

TakeKey = NewType("TakeKey", str)
"""64 hexadecimal digits: the SHA-256 of a request's canonical form."""

KEY_REVISION = 1
"""Part of every key. Raising it renders every book again, and makes people pay again."""


# --- manuscript ---------------------------------------------------------------------------------------


class Role(StrEnum):
    """What a block is in its book."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    VERSE = "verse"
    QUOTATION = "quotation"
    LIST_ITEM = "list item"
    TABLE = "table"
    CAPTION = "caption"
    ALT_TEXT = "alt text"
    CODE = "code"
    LETTER = "letter"
    SPEECH = "speech"
    STAGE_DIRECTION = "stage direction"
    NOTE = "note"
    SCENE_BREAK = "scene break"


class Matter(StrEnum):
    """Where in a book a chapter stands."""

    FRONT = "front"
    BODY = "body"
    BACK = "back"


class MarkKind(StrEnum):
    """What is special about some characters of a block; what a mark's value is."""

    LANGUAGE = "language"
    """They are in another language than the block: its BCP 47 tag."""

    VOICE = "voice"
    """The author wants another voice for them: its name."""

    NAME = "name"
    """They say who speaks, and not what is said: ''."""

    DIRECTION = "direction"
    """They are a stage direction: ''."""

    READING = "reading"
    """They are read in another way than they are written, as ruby tells: how."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters [start, end) of a block's text, at least one, that are special in one way."""

    kind: MarkKind
    start: int
    end: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    r"""A run of text with one role.

    `text` is clean Unicode (NFC): white space is single spaces, except in verse, whose lines are split by
    '\n'. A scene break's text is ''. `source` says where it stands, for people: 'ch01.xhtml#p4', 'line 12'.
    `speaker` is who says a speech, as the book writes it. `marks` are in the order of their starts.

    `notes` name the notes whose marks stood in the text, in order; `note` is the name of the note that a
    block of role NOTE belongs to, '' where the book does not say. A name is unique in its book.
    """

    role: Role
    text: str
    source: str = ""
    language: str | None = None
    speaker: str = ""
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """An entry of the table of contents, or a stretch of the book between two of them.

    `kind` is the EPUB structural term where one is known or was told from the title ('chapter', 'preface',
    'toc', 'endnotes', 'colophon', 'copyright-page' ...), else ''. The heading is the first block where the
    book shows one; `title` is always set.
    """

    title: str
    blocks: tuple[Block, ...]
    matter: Matter = Matter.BODY
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Cover:
    """The book's picture: 'image/jpeg' or 'image/png' and its bytes."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A book as it was read, all of it, in reading order. `language` is a BCP 47 tag, or '' if unknown.

    `date` is when it was first published as far as the book says: '1865', '1865-11' or '1865-11-26'.
    `series` is the series that it belongs to and `part` its place there: '3', '3.5'. `isbn` is digits alone,
    `description` plain text whose paragraphs are lines. '' where unknown.
    """

    title: str
    authors: tuple[str, ...]
    language: str
    chapters: tuple[Chapter, ...]
    cover: Cover | None = None
    date: str = ""
    series: str = ""
    part: str = ""
    isbn: str = ""
    publisher: str = ""
    description: str = ""


# --- script -------------------------------------------------------------------------------------------


class Pause(StrEnum):
    """Why there is silence after a segment; its length is a setting of assembly, never part of a take."""

    WORD = "word"
    CLAUSE = "clause"
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    SCENE_BREAK = "scene_break"
    CHAPTER = "chapter"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of the text of block number `block` of a chapter."""

    block: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Segment:
    """The text of one provider request, the source characters that it covers, and the pause after it.

    A title that is spoken where the text does not show it covers none. `voice` is '' for the narrator's, and
    `language` '' for the book's. `made` is a digest of the rest as it was composed, by which it shows that
    somebody edited a segment; '' in one that a person wrote.
    """

    text: str
    spans: tuple[Span, ...]
    pause: Pause = Pause.PARAGRAPH
    voice: str = ""
    language: str = ""
    made: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """Source characters that are not spoken, and the named rule that says so."""

    rule: str
    spans: tuple[Span, ...]


CREDITS = "credits"
"""The kind of a chapter that is the opening or the closing credits alone."""


@dataclass(frozen=True, slots=True)
class ScriptChapter:
    """What will be said of a chapter. `source_digest` names the blocks that it was cut from.

    A chapter that is not spoken has no segments, and `skipped` covers it. `title_read` is the title in the
    manuscript, by which it shows that somebody edited it. `sources` say where each of the blocks stands, for
    people; () in a script that was written before they were kept.
    """

    title: str
    matter: Matter
    kind: str
    source_digest: str
    characters: int
    words: int
    segments: tuple[Segment, ...]
    skipped: tuple[Skip, ...] = ()
    title_read: str = ""
    sources: tuple[str, ...] = ()

    @property
    def spoken(self) -> bool:
        return bool(self.segments)

    @property
    def is_body(self) -> bool:
        """Whether it is a chapter of the book proper, and not the credits."""
        return self.matter is Matter.BODY and self.kind != CREDITS


@dataclass(frozen=True, slots=True)
class AskedTitles:
    """What was asked to be said of titles: the two credits in full, and the template of chapters' titles."""

    opening: str
    closing: str
    chapter: str


@dataclass(frozen=True, slots=True)
class Script:
    """What will be said of a book, chapter by chapter, in reading order; the unspoken chapters included.

    `opening` and `closing` are the credits, which cover no source. `asked` is what they were written from;
    None in a script that was written before titles were spoken. `credits_as` are the titles of chapters
    of their own for the two credits; None where they are part of the first and last chapter.
    """

    title: str
    authors: tuple[str, ...]
    language: str
    chapters: tuple[ScriptChapter, ...]
    opening: tuple[Segment, ...] = ()
    closing: tuple[Segment, ...] = ()
    asked: AskedTitles | None = None
    date: str = ""
    series: str = ""
    part: str = ""
    isbn: str = ""
    publisher: str = ""
    description: str = ""
    credits_as: tuple[str, str] | None = None

    @property
    def numbered(self) -> tuple[tuple[int, ScriptChapter], ...]:
        """All chapters, credits that are such too, each with its number in `spoken`, or 0 if it has none."""
        number, found = 0, []
        for chapter in self._with_credits:
            number += chapter.spoken
            found.append((number if chapter.spoken else 0, chapter))
        return tuple(found)

    @property
    def _with_credits(self) -> tuple[ScriptChapter, ...]:
        """The chapters, with those that the credits are, if any is spoken."""
        if self.credits_as is None:
            return self.chapters
        first, last = self.credits_as
        opening, closing = ((_credits(first, self.opening),), (_credits(last, self.closing),))
        return (*(opening if self.opening else ()), *self.chapters, *(closing if self.closing else ()))

    @property
    def spoken(self) -> tuple[ScriptChapter, ...]:
        """The spoken chapters as they are heard: the credits around them, or in the first and the last."""
        heard = [chapter for chapter in self._with_credits if chapter.spoken]
        if self.credits_as:
            return tuple(heard)
        if heard and self.opening:
            heard[0] = replace(heard[0], segments=self.opening + heard[0].segments)
        if heard and self.closing:
            *before, last_line = heard[-1].segments
            text = (*before, replace(last_line, pause=Pause.SCENE_BREAK))
            heard[-1] = replace(heard[-1], segments=text + self.closing)
        return tuple(heard)


def _credits(title: str, segments: tuple[Segment, ...]) -> ScriptChapter:
    texts = [segment.text for segment in segments]
    characters, words = sum(map(len, texts)), sum(len(text.split()) for text in texts)
    return ScriptChapter(title, Matter.BODY, CREDITS, "", characters, words, segments)


# --- speech -------------------------------------------------------------------------------------------


class Container(StrEnum):
    """How a provider's audio bytes are wrapped."""

    PCM = "pcm"
    WAV = "wav"
    MP3 = "mp3"
    FLAC = "flac"
    ULAW = "ulaw"
    ALAW = "alaw"


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """The format that a provider declares for its bytes.

    PCM is signed 16-bit little-endian; ULAW and ALAW are G.711 without any header.
    """

    container: Container
    rate_hz: int
    channels: int = 1


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """Bytes of a stream, cut anywhere, even inside a sample."""

    data: bytes
    format: AudioFormat


@dataclass(frozen=True, slots=True)
class WordTime:
    """When a word is heard, in milliseconds from the take's first frame."""

    word: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class SpeechReceipt:
    """What a provider says of a finished answer: its ids for it, and the characters that it bills.

    `concurrency_limit` is how many requests at once it says that the account may run.
    """

    ids: Mapping[str, str] = field(default_factory=dict)
    characters_billed: int | None = None
    concurrency_limit: int | None = None


SpeechEvent = AudioChunk | WordTime | SpeechReceipt


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that a provider offers. `languages` are BCP 47 tags; () where the provider does not say."""

    id: str
    name: str = ""
    languages: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """A model that a provider offers; () and None where the provider does not say."""

    id: str
    name: str = ""
    languages: tuple[str, ...] = ()
    max_characters: int | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an account has left. `resets_s` is when it is filled again: seconds since 1970, None if unknown."""

    characters_left: int
    plan: str = ""
    resets_s: float | None = None


class Normalization(StrEnum):
    """How much of a text is written out before it is sent.

    `light` is what voices with a reader of numbers of their own still misread: Roman numerals, abbreviations
    with a dot, addresses of the web, ranges, signs. `full` is for voices that have none: all numbers become
    words, too.
    """

    OFF = "off"
    LIGHT = "light"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider, as it is set up, can do.

    `max_characters` is the longest text of one request, and `max_bytes` the most bytes of it in UTF-8 where the
    provider counts those. `normalization` is what its voices need. `concurrency` is how many requests to run
    at once where the user names no number; `knows_limit` says that the account bears no more, for the service
    or the user told its plan. `languages` () means any; `uses_language` says whether a request's language
    changes its sound. `usd_per_million_characters` is 0.0 for a free voice and None where the price is not
    known.

    `transports` are the ways to the service that stand open, the preferred one first: an attempt after one that
    failed on the way takes the next. () where there is only one. `context_characters` is how much of the text
    before and after its own a request may carry, so that the voice goes on as it was.
    """

    max_characters: int
    formats: tuple[Container, ...]
    rate_hz: int
    concurrency: int
    languages: tuple[str, ...] = ()
    uses_language: bool = False
    usd_per_million_characters: float | None = None
    is_local: bool = False
    max_bytes: int | None = None
    normalization: Normalization = Normalization.LIGHT
    transports: tuple[str, ...] = ()
    context_characters: int = 0
    knows_limit: bool = False

    def at_once(self, wanted: int) -> int:
        """How many requests to run at once where the user wants `wanted`; 0 is what suits the provider."""
        if not wanted:
            return self.concurrency
        return min(wanted, self.concurrency) if self.knows_limit else wanted


@dataclass(frozen=True)  # no slots: the key is asked for all along a segment's way, and is found once
class SpeechRequest:
    """All that can change the sound of a take, and nothing else.

    `voice_digest` is the SHA-256 of a local voice's model file, '' for a remote voice; `revision` is the
    adapter's own, raised when it changes what comes out of the same wishes. `rate_hz` is the project's.
    `language` is '' where the provider makes nothing of it. `previous_text` and `next_text` are what is said
    before and after; '' where the provider makes nothing of them. `options` are its `sound_options`.
    """

    provider: str
    model: str
    voice: str
    text: str
    language: str
    speed: float
    rate_hz: int
    revision: int
    voice_digest: str = ""
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    previous_text: str = ""
    next_text: str = ""

    def canonical(self) -> dict[str, object]:
        """The request as plain data: what is hashed, and what a sidecar keeps."""
        context = {"previous_text": self.previous_text, "next_text": self.next_text}
        return {
            "provider": self.provider,
            "model": self.model,
            "voice": self.voice,
            "voice_digest": self.voice_digest,
            "text": self.text,
            "language": self.language,
            "speed": round(float(self.speed), 4),
            "rate_hz": self.rate_hz,
            "revision": self.revision,
            "options": dict(sorted(self.options.items())),
            "key_revision": KEY_REVISION,
            **{name: text for name, text in context.items() if text},
        }

    @cached_property
    def key(self) -> TakeKey:
        """SHA-256 of the canonical form: equal sounds asked for have equal names, on every machine."""
        form = json.dumps(self.canonical(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return TakeKey(hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest())


class Outcome(StrEnum):
    """What a request came to, as the ledger has it."""

    TAKE = "take"
    """There is a durable take of it; what the provider bills is known."""

    WASTED = "wasted"
    """A whole answer came that is no take of the text: billed, as far as anyone knows."""

    UNPAID = "unpaid"
    """It was refused, or never reached the provider."""

    MAYBE = "maybe"
    """It broke off: nobody knows whether it was billed. A request without any outcome counts as this."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What assembly and the take checks need to know of a take's sound, so that it is read only once.

    `hop_energies` and `hop_peaks` are little-endian float32, one value for each 25 ms hop (the last may be
    shorter): the sum of squares of the K-weighted samples (ITU-R BS.1770-4), and the sample peak; full
    scale is 1.0. `sum_squares` is unweighted. `lead_frames` and `tail_frames` count silence at the edges.
    """

    frames: int
    hop_energies: bytes
    hop_peaks: bytes
    sample_peak: float
    true_peak: float
    sum_squares: float
    lead_frames: int
    tail_frames: int


@dataclass(frozen=True, slots=True)
class Take:
    """The finished PCM of a request: signed 16-bit little-endian mono at `rate_hz`, in the file `path`."""

    key: TakeKey
    path: Path
    rate_hz: int
    sha256: str
    measurement: Measurement
    words: tuple[WordTime, ...] = ()

    @property
    def frames(self) -> int:
        return self.measurement.frames


@dataclass(frozen=True, slots=True)
class Draft:
    """A take that is not stored yet: s16le mono at the request's rate, and what is known of it.

    `facts` are kept for people: provider ids, characters billed, time to first byte.
    """

    request: SpeechRequest
    pcm: bytes
    measurement: Measurement
    words: tuple[WordTime, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


# --- audiobook ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a segment lies in its chapter: frames [start, end) at the chapter's rate.

    The first of them is the frame `first` of its take.
    """

    start: int
    end: int
    first: int = 0


@dataclass(frozen=True, slots=True)
class ChapterAudio:
    """A chapter's master: its length, where each of its segments lies, and what was done to the level.

    `rms_db` is ungated and of the whole master. `short_db` is by how much, in dB, the level is still lower than
    what was asked for (below 0: higher), because a gain and a limiter brought it no further; else it is 0.
    """

    rate_hz: int
    frames: int
    placements: tuple[Placement, ...]
    gain_db: float
    loudness_lufs: float
    true_peak_dbtp: float
    rms_db: float
    short_db: float


@dataclass(frozen=True, slots=True)
class AudioFigures:
    """What an audio file says of itself, and what it measures when it is decoded.

    Levels are in dB of full scale; None is digital silence, and for `loudness_lufs` also what the meter's gates
    let nothing of through. `loudness_lufs` is integrated (ITU-R BS.1770-4), `range_lu` the loudness range (EBU
    Tech 3342), `rms_db` ungated and of the whole file. `noise_floor_db` is the lowest RMS of any 0.4 s, looked
    at ten times a second; `head_s` and `tail_s` are the quiet before the first sound and after the last.
    `kbps` is the mean over the sound's bytes; `is_constant_bitrate` None where the format has no such notion.
    `damage` is what is wrong with the file whatever is demanded of it, '' for nothing.
    """

    format: str
    codec: str
    rate_hz: int
    channels: int
    frames: int
    bytes: int
    kbps: float
    is_constant_bitrate: bool | None
    loudness_lufs: float | None
    range_lu: float | None
    rms_db: float | None
    sample_peak_db: float | None
    true_peak_dbtp: float | None
    noise_floor_db: float | None
    head_s: float
    tail_s: float
    damage: str = ""

    @property
    def duration_s(self) -> float:
        return self.frames / self.rate_hz
