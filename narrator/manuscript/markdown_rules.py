"""What the parser of Markdown is taught of inline text beyond CommonMark, after Pandoc and its like.

`[^1]` for a note, and `^[text]` for one that stands in place; `[text]{voice="…" lang=… say="…"}`, and braces of
other attributes, which are not read; H~2~O and x^2^; formulas between dollars.
https://pandoc.org/MANUAL.html#pandocs-markdown
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from narrator.manuscript.language import normal_tag
from narrator.model import MarkKind

_NOTE_REFERENCE = re.compile(r"\[\^([^\]\s]+)\]")
_ATTRIBUTE = r"""(?:[.#][\w:.-]+|-|[\w:.-]+=(?:"[^"{}\n]*"|'[^'{}\n]*'|[^\s"'{}=]+))"""
ATTRIBUTES = re.compile(rf"\{{\s*(?:{_ATTRIBUTE}\s*)+\}}")
_PAIR = re.compile(r"""([\w:.-]+)=(?:"([^"]*)"|'([^']*)'|([^\s"'{}]+))""")
_KINDS = {"voice": MarkKind.VOICE, "lang": MarkKind.LANGUAGE, "say": MarkKind.READING}
_WITH_ATTRIBUTES = {"code_inline", "link_close", "image"}
_SCRIPT = re.compile(r"~(?!~)([^\s~]{1,40})~(?!~)|\^(?!\^)([^\s^\[]{1,40})\^(?!\^)")
_FORMULA = re.compile(r"\$(?=[^\s$])([^$]{1,200})(?<=\S)\$(?![\w$])")
_SHOWN_FORMULA = re.compile(r"\$\$(?!\$)([^$]{1,2000})\$\$(?!\$)")
_MONEY = re.compile(r"[\d.,]+(?:[a-zA-Z]*\s[^\\^_=+*/<>{]*)?")
"""'$5 (or A$)': an amount, and words up to the next dollar, are no formula, but '$2x$' and '$1 + n$' are."""


def with_marks(parser: MarkdownIt) -> MarkdownIt:
    """The parser, taught these."""
    parser.inline.ruler.before("link", "lone_bracket", _lone_bracket)
    parser.inline.ruler.before("link", "note_reference", _note_reference)
    parser.inline.ruler.before("link", "bracketed_span", _bracketed_span)
    parser.inline.ruler.before("strikethrough", "pandoc", _pandoc)
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
    if not braces:
        return False
    if not silent:
        marks = marks_in(braces[0])
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


def _pandoc(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 markdown-it calls it so
    """What begins with a sign that CommonMark has no use for."""
    sign = state.src[state.pos]
    if sign == "{":
        return _attributes(state)
    if sign == "^" and state.src.startswith("^[", state.pos):
        return _inline_note(state, silent=silent)
    if sign in "^~":
        return _raised_or_lowered(state, silent=silent)
    return sign == "$" and _formula(state, silent=silent)


def _attributes(state: StateInline) -> bool:
    """Braces right after code, a link or a picture."""
    if state.pending or not state.tokens or state.tokens[-1].type not in _WITH_ATTRIBUTES:
        return False
    braces = ATTRIBUTES.match(state.src, state.pos, state.posMax)
    if braces:
        state.pos = braces.end()
    return braces is not None


def _inline_note(state: StateInline, *, silent: bool) -> bool:
    if state.pos > _last(state, "]"):
        return False
    start, last = state.pos + 2, state.posMax
    end = state.md.helpers.parseLinkLabel(state, state.pos + 1)
    if end <= start:
        return False
    if not silent:
        state.pos, state.posMax = start, end
        state.push("note_open", "", 1)
        state.md.inline.tokenize(state)
        state.push("note_close", "", -1)
    state.pos, state.posMax = end + 1, last
    return True


def _raised_or_lowered(state: StateInline, *, silent: bool) -> bool:
    """H~2~O and x^2^, right after a word."""
    match = _SCRIPT.match(state.src, state.pos, state.posMax)
    if not match or not state.pos or not state.src[state.pos - 1].isalnum():
        return False
    text = match[1] or match[2]
    return any(map(str.isalnum, text)) and _told(state, text, match.end(), silent=silent)


def _formula(state: StateInline, *, silent: bool) -> bool:
    """A formula as it is written, without its dollars; those of money stay."""
    match = _SHOWN_FORMULA.match(state.src, state.pos, state.posMax)
    if not match and state.pos and state.src[state.pos - 1].isalnum():
        return False
    match = match or _FORMULA.match(state.src, state.pos, state.posMax)
    if not match or not match[1].strip() or _MONEY.fullmatch(match[1]):
        return False
    return _told(state, match[1], match.end(), silent=silent)


def _told(state: StateInline, text: str, end: int, *, silent: bool) -> bool:
    """Add a text as it is, in place of all up to `end`."""
    if not silent:
        state.pending += text
    state.pos = end
    return True
