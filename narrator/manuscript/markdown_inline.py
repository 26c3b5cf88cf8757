"""The inline text of Markdown, with the marks that authors put into it, and without what they struck out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from lxml import etree
from markdown_it.token import Token

from narrator.manuscript.headings import label_of
from narrator.manuscript.html_pictures import alt_text_of
from narrator.manuscript.inline import Marker
from narrator.manuscript.language import normal_tag
from narrator.manuscript.matter import kind_of_title
from narrator.manuscript.page_blocks import Sureness
from narrator.model import MarkKind

_NOTE_MARK = re.compile(r"[\[(]?(?:\d{1,3}|[*†‡§]+)[\])]?|[↩↑]\ufe0e?")
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)((?:\s[^<>]*)?)>")
_LANGUAGE = re.compile(r"""\s(?:xml:)?lang\s*=\s*["']?([\w-]+)""", re.IGNORECASE)
_BREAKS = {"softbreak", "hardbreak"}
_STRUCK = {"del"}
_VOID = {"br", "hr", "img", "wbr", "input"}
_LONGEST_NAME = 40
_LONGEST_DIRECTION = 100
"""A stage direction has no more tokens."""
_ENDS = (".", ":")
_DIRECTED = re.compile(r"([^\[(]*[^\[(\s])(\s*(?:\([^()]{1,80}\)|\[[^\[\]]{1,80}\]))([.:]?)")
"""'Hamlet (aside):', the name and how it is said."""
_DIRECTED_AFTER = re.compile(r"(\s*(?:\([^()]{1,80}\)|\[[^\[\]]{1,80}\]))\s*:")


@dataclass(slots=True)
class Inline:
    """The text of inline tokens, with signs for its marks; the notes that it refers to; what pictures show.

    A line feed is where the author broke the line on purpose, or where another speaker begins. A note is named,
    or stands in the text itself.
    """

    text: str
    notes: list[str | Inline] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)


def name_opening(tokens: Sequence[Token], start: int = 0) -> tuple[int, str] | None:
    """The bold name at tokens[start:] that says who speaks, as 'Lane:' or 'LANE.', and where its tokens end.

    What follows it must be on the same line, and the name must be none of a chapter. How it is said may follow
    it in brackets, and is no part of it.
    """
    at = start
    while at < len(tokens) and tokens[at].type == "text" and not tokens[at].content.strip():
        at += 1
    end = at + 2
    if [token.type for token in tokens[at : end + 1]] != ["strong_open", "text", "strong_close"]:
        return None
    name, after = tokens[at + 1].content.strip(), _shown(tokens, end + 1)
    if directed := _DIRECTED.fullmatch(name):
        name = directed[1] + directed[3]
    if not name.endswith(_ENDS):
        directed = _DIRECTED_AFTER.match(after)
        after = after[directed.end(1) :] if directed else after
        name += ":" if after.lstrip().startswith(":") else ""
    bare = name.rstrip(" .:")
    is_name = bare[:1].isalpha() and len(bare) <= _LONGEST_NAME and name.endswith(_ENDS)
    if not is_name or not after.strip(" :.") or label_of(bare) or kind_of_title(bare):
        return None
    return end, name


def _shown(tokens: Sequence[Token], start: int) -> str:
    """The text of the tokens from there to the end of the line."""
    following = (tokens[at] for at in range(start, len(tokens)))
    line = takewhile(lambda token: token.type not in _BREAKS, following)
    return "".join(token.content for token in line if token.type in {"text", "code_inline"})


@dataclass(frozen=True, slots=True)
class Manner:
    """How the inline text of one document is read.

    `speakers` are the names, as printed in bold, that open paragraphs and speak what follows. `is_play`: there
    are so many that slanted words in brackets are stage directions.
    """

    marker: Marker
    speakers: frozenset[str]
    is_play: bool


def text_of(tokens: Sequence[Token], manner: Manner) -> Inline:
    """The text of inline tokens with its marks."""
    return _Text(manner).gathered(tokens)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A tag of HTML, how many marks end with it, and how much there was of everything before it."""

    tag: str
    marks: int
    parts: int
    notes: int
    pictures: int


class _Text:
    """One pass over the inline tokens of a block."""

    def __init__(self, manner: Manner) -> None:
        self._marker = manner.marker
        self._manner = manner
        self._parts: list[str] = []
        self._found = Inline("")
        self._link_at: int | None = None
        self._open: list[_Opened] = []
        self._base_at = self._reading_at = -1
        self._slants: list[bool] = []

    def gathered(self, tokens: Sequence[Token]) -> Inline:
        opening = self._speaker_at(tokens, 0)
        names = {opening} if opening else set()
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.type in _BREAKS:
                following = self._speaker_at(tokens, at + 1) if opening else 0
                names |= {following} if following else set()
                self._parts.append("\n\n" if following else " " if token.type == "softbreak" else "\n")
            elif token.type == "strong_open" and at + 2 in names:
                at = self._name(tokens, at)
            elif token.type in {"em_open", "em_close"}:
                self._slant(tokens, at)
            elif token.type == "s_open":
                at = _closing(tokens, at)
            elif token.type == "note_open":
                end = _closing(tokens, at)
                self._found.notes.append(text_of(tokens[at + 1 : end], self._manner))
                at = end
            else:
                self._add(token)
            at += 1
        self._found.text = "".join(self._parts)
        return self._found

    def _name(self, tokens: Sequence[Token], at: int) -> int:
        """Mark the name that begins with the token there, and how it is said; where the last of both stands."""
        name, end = tokens[at + 1].content, at + 2
        begin, close = self._marker.begin, self._marker.end
        directed = _DIRECTED.fullmatch(name.strip())
        told = directed[1] if directed else name
        self._parts += (begin(MarkKind.NAME, Sureness.TYPED), told, close())
        if directed:
            self._parts += (begin(MarkKind.DIRECTION, Sureness.TYPED), directed[2], close(), directed[3])
        elif end + 1 < len(tokens) and (after := _DIRECTED_AFTER.match(tokens[end + 1].content)):
            rest = tokens[end + 1].content[after.end(1) :]
            self._parts += (begin(MarkKind.DIRECTION, Sureness.TYPED), after[1], close(), rest)
            end += 1
        return end

    def _speaker_at(self, tokens: Sequence[Token], start: int) -> int:
        """Where the tokens of a speaker's name end that begins there; 0 where none does."""
        found = name_opening(tokens, start)
        return found[0] if found and found[1] in self._manner.speakers else 0

    def _add(self, token: Token) -> None:
        if token.type in {"text", "code_inline"}:
            self._parts.append(token.content)
        elif token.type == "note_reference":
            self._found.notes.append(token.meta["name"])
        elif token.type == "span_open":
            self._parts += (self._marker.begin(kind, value) for kind, value in token.meta["marks"])
        elif token.type == "span_close":
            self._parts += (self._marker.end() for _ in token.meta["marks"])
        elif token.type == "image":
            self._picture(token.content, token.attrs)
        elif token.type == "html_inline":
            self._html(token.content)
        elif token.type == "link_open":
            self._link_at = len(self._parts) if str(token.attrs.get("href", "")).startswith("#") else None
        elif token.type == "link_close" and self._link_at is not None:
            if _NOTE_MARK.fullmatch("".join(self._parts[self._link_at :])):
                del self._parts[self._link_at :]
            self._link_at = None

    def _picture(self, alt: str, attributes: Mapping[str, str | int | float]) -> None:
        image = etree.Element("img", alt=alt, src=str(attributes.get("src", "")))
        if shown := alt_text_of(image):
            self._found.pictures.append(shown)

    def _slant(self, tokens: Sequence[Token], at: int) -> None:
        """A stage direction, where slanted words stand in brackets or alone."""
        if tokens[at].type == "em_close":
            if self._slants and self._slants.pop():
                self._parts.append(self._marker.end())
            return
        is_direction = self._manner.is_play and self._is_direction(tokens, at)
        self._slants.append(is_direction)
        if is_direction:
            self._parts.append(self._marker.begin(MarkKind.DIRECTION, Sureness.SHAPED))

    def _is_direction(self, tokens: Sequence[Token], at: int) -> bool:
        near = range(at, min(at + _LONGEST_DIRECTION, len(tokens)))
        end = next((n for n in near if tokens[n].type == "em_close"), near.stop)
        inner = "".join(token.content for token in tokens[at:end]).strip()
        before = next((shown[-1] for part in reversed(self._parts) if (shown := part.rstrip())), "")
        after = "".join(token.content for token in tokens[end : end + 2]).lstrip(" .")[:1]
        is_bracketed = (inner[:1] in "([" and inner.rstrip(".")[-1:] in ")]") or (
            before in set("([") and after in set(")]")
        )
        is_alone = not before and not any(tokens[n].content.strip() for n in range(end, len(tokens)))
        return bool(inner) and (is_bracketed or is_alone)

    def _html(self, source: str) -> None:
        if _LINE_BREAK.fullmatch(source):
            self._parts.append("\n")
            return
        match = _TAG.fullmatch(source)
        tag = match[2].lower() if match else ""
        if match is None or tag in _VOID or source.endswith("/>"):
            return
        if tag in {"ruby", "rb", "rt", "rp"}:
            self._ruby(tag, is_end=bool(match[1]))
        elif match[1]:
            self._close(tag)
        else:
            declared = _LANGUAGE.search(match[3])
            language = normal_tag(declared[1]) if declared else ""
            if language:
                self._parts.append(self._marker.begin(MarkKind.LANGUAGE, language))
            self._open.append(_Opened(tag, int(bool(language)), *self._so_far))

    @property
    def _so_far(self) -> tuple[int, int, int]:
        return len(self._parts), len(self._found.notes), len(self._found.pictures)

    def _close(self, tag: str) -> None:
        if all(tag != opened.tag for opened in self._open):
            return
        opened = None
        while opened is None or opened.tag != tag:
            opened = self._open.pop()
            self._parts += (self._marker.end() for _ in range(opened.marks))
        if tag in _STRUCK:
            del self._parts[opened.parts :]
            del self._found.notes[opened.notes :]
            del self._found.pictures[opened.pictures :]

    def _ruby(self, tag: str, *, is_end: bool) -> None:
        """The base is the text, and what `<rt>` says its reading; what stands in `<rp>` is for nobody."""
        if self._reading_at >= 0:
            reading = "".join(self._parts[self._reading_at :]).strip()
            del self._parts[self._reading_at :]
            if tag == "rt" and is_end and reading and 0 <= self._base_at < len(self._parts):
                self._parts.insert(self._base_at, self._marker.begin(MarkKind.READING, reading))
                self._parts.append(self._marker.end())
            self._reading_at = -1
            self._base_at = len(self._parts) if tag == "rt" else self._base_at
        if tag in {"rt", "rp"} and not is_end:
            self._reading_at = len(self._parts)
        elif tag == "ruby":
            self._base_at = -1 if is_end else len(self._parts)


def _closing(tokens: Sequence[Token], at: int) -> int:
    """Where what a token opens is closed."""
    level = 0
    for end in range(at, len(tokens)):
        level += tokens[end].nesting
        if not level:
            return end
    return len(tokens) - 1
