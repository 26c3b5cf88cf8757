"""The inline text of Markdown, with the marks that authors put into it.

Beyond CommonMark: `[^1]` for a note, Pandoc's `[text]{voice="…" lang=… say="…"}`
(https://pandoc.org/MANUAL.html#extension-bracketed_spans), and of HTML `<span lang>` and `<ruby>`. Braces that
say nothing of these stay text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from lxml import etree
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from narrator.manuscript.headings import label_of
from narrator.manuscript.html_pictures import alt_text_of
from narrator.manuscript.inline import Marker
from narrator.manuscript.language import normal_tag
from narrator.manuscript.matter import kind_of_title
from narrator.manuscript.page_blocks import Sureness
from narrator.model import MarkKind

_NOTE_REFERENCE = re.compile(r"\[\^([^\]\s]+)\]")
_NOTE_MARK = re.compile(r"[\[(]?(?:\d{1,3}|[*†‡§]+)[\])]?|[↩↑]\ufe0e?")
_ATTRIBUTE = r"""(?:[.#][\w:.-]+|-|[\w:.-]+=(?:"[^"{}\n]*"|'[^'{}\n]*'|[^\s"'{}=]+))"""
ATTRIBUTES = re.compile(rf"\{{\s*(?:{_ATTRIBUTE}\s*)+\}}")
_PAIR = re.compile(r"""([\w:.-]+)=(?:"([^"]*)"|'([^']*)'|([^\s"'{}]+))""")
_KINDS = {"voice": MarkKind.VOICE, "lang": MarkKind.LANGUAGE, "say": MarkKind.READING}
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)((?:\s[^<>]*)?)>")
_LANGUAGE = re.compile(r"""\s(?:xml:)?lang\s*=\s*["']?([\w-]+)""", re.IGNORECASE)
_BREAKS = {"softbreak", "hardbreak"}
_VOID = {"br", "hr", "img", "wbr", "input"}
_LONGEST_NAME = 40
_ENDS = (".", ":")


@dataclass(slots=True)
class Inline:
    """The text of inline tokens, with signs for its marks; the notes that it refers to; what pictures show.

    A line feed is where the author broke the line on purpose, or where another speaker begins.
    """

    text: str
    notes: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)


def with_marks(parser: MarkdownIt) -> MarkdownIt:
    """The parser, taught note references and bracketed spans."""
    parser.inline.ruler.before("link", "lone_bracket", _lone_bracket)
    parser.inline.ruler.before("link", "note_reference", _note_reference)
    parser.inline.ruler.before("link", "bracketed_span", _bracketed_span)
    return parser


def marks_in(braces: str) -> list[tuple[MarkKind, str]]:
    """The marks that `{voice=… lang=… say=…}` asks for; [] where it is no such thing."""
    if not ATTRIBUTES.fullmatch(braces):
        return []
    found = []
    for key, *values in _PAIR.findall(braces):
        value = next(filter(None, values), "")
        value = normal_tag(value) if key == "lang" else value.strip()
        if key in _KINDS and value:
            found.append((_KINDS[key], value))
    return found


def _note_reference(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 markdown-it calls it so
    match = _NOTE_REFERENCE.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        state.push("note_reference", "", 0).meta = {"name": match[1]}
    state.pos = match.end()
    return True


def _bracketed_span(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 markdown-it calls it so
    if state.src[state.pos] != "[" or state.pos > _last(state, "]{"):
        return False
    start, last = state.pos + 1, state.posMax
    end = state.md.helpers.parseLinkLabel(state, state.pos)
    braces = ATTRIBUTES.match(state.src, end + 1, last) if end > start else None
    marks = marks_in(braces[0]) if braces else []
    if not braces or not marks:
        return False
    if not silent:
        state.pos, state.posMax = start, end
        state.push("span_open", "", 1).meta = {"marks": marks}
        state.md.inline.tokenize(state)
        state.push("span_close", "", -1).meta = {"marks": marks}
    state.pos, state.posMax = braces.end(), last
    return True


def _lone_bracket(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 markdown-it calls it so
    """A bracket that nothing closes is text; the parser's own rules look for its end in all that follows."""
    if state.src[state.pos] != "[" or state.pos < _last(state, "]"):
        return False
    if not silent:
        state.pending += "["
    state.pos += 1
    return True


def _last(state: StateInline, signs: str) -> int:
    """Where these signs stand last in the text, -1 where they do not; looked for once in a text."""
    source, found = state.env.get(signs, (None, -1))
    if source is not state.src:
        found = state.src.rfind(signs)
        state.env[signs] = state.src, found
    return int(found)


def name_opening(tokens: Sequence[Token], start: int = 0) -> tuple[int, str] | None:
    """The bold name at tokens[start:] that says who speaks, as 'Lane:' or 'LANE.', and where its tokens end.

    What follows it must be on the same line, and the name must be none of a chapter.
    """
    at = start
    while at < len(tokens) and tokens[at].type == "text" and not tokens[at].content.strip():
        at += 1
    end = at + 2
    if [token.type for token in tokens[at : end + 1]] != ["strong_open", "text", "strong_close"]:
        return None
    name, after = tokens[at + 1].content.strip(), _shown(tokens, end + 1)
    if not name.endswith(_ENDS) and after.lstrip().startswith(":"):
        name += ":"
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


class _Text:
    """One pass over the inline tokens of a block."""

    def __init__(self, manner: Manner) -> None:
        self._marker = manner.marker
        self._manner = manner
        self._parts: list[str] = []
        self._found = Inline("")
        self._link_at: int | None = None
        self._open: list[tuple[str, int]] = []  # tags of HTML, and how many marks end with each
        self._base_at = self._reading_at = -1
        self._slants: list[bool] = []

    def gathered(self, tokens: Sequence[Token]) -> Inline:
        opening = self._speaker_at(tokens, 0)
        names = {opening} if opening else set()
        for at, token in enumerate(tokens):
            if token.type in _BREAKS:
                following = self._speaker_at(tokens, at + 1) if opening else 0
                names |= {following} if following else set()
                self._parts.append("\n\n" if following else " " if token.type == "softbreak" else "\n")
            elif token.type == "strong_open" and at + 2 in names:
                self._parts.append(self._marker.begin(MarkKind.NAME, Sureness.TYPED))
            elif token.type == "strong_close" and at in names:
                self._parts.append(self._marker.end())
            elif token.type in {"em_open", "em_close"}:
                self._slant(tokens, at)
            else:
                self._add(token)
        self._found.text = "".join(self._parts)
        return self._found

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
        end = next((n for n in range(at, len(tokens)) if tokens[n].type == "em_close"), len(tokens))
        inner = "".join(token.content for token in tokens[at:end]).strip()
        before = "".join(self._parts).rstrip()[-1:] if self._parts else ""
        after = "".join(token.content for token in tokens[end : end + 2]).lstrip(" .")[:1]
        is_bracketed = (inner[:1] in "([" and inner.rstrip(".")[-1:] in ")]") or (
            before in set("([") and after in set(")]")
        )
        is_alone = not before and not any(token.content.strip() for token in tokens[end:])
        is_direction = self._manner.is_play and bool(inner) and (is_bracketed or is_alone)
        self._slants.append(is_direction)
        if is_direction:
            self._parts.append(self._marker.begin(MarkKind.DIRECTION, Sureness.SHAPED))

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
            self._open.append((tag, int(bool(language))))

    def _close(self, tag: str) -> None:
        if any(tag == opened for opened, _ in self._open):
            while self._open:
                opened, marks = self._open.pop()
                self._parts += (self._marker.end() for _ in range(marks))
                if opened == tag:
                    break

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
