"""What the parser of Markdown is taught of lines: Pandoc's line blocks, definitions, and captions of tables.

https://pandoc.org/MANUAL.html#line-blocks, #definition-lists and #extension-table_captions; of a definition and
a caption the parser sees the same: ': text'.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

LINE_BLOCK, EXPLANATION = "line_block", "explanation"
_LINE = re.compile(r"\|(?:[ \t]+([^|\n]*))?")
_SIGN = re.compile(r"([:~])[ \t]+(?=[^\W_]|[\"'“‘«(\[*_`$])")
_DEEPEST_INDENT = 3


def with_lines(parser: MarkdownIt) -> MarkdownIt:
    """The parser, taught these."""
    parser.block.ruler.before("lheading", LINE_BLOCK, _line_block)
    parser.block.ruler.before(
        "lheading", EXPLANATION, _explanation, {"alt": ["paragraph", "reference", "blockquote"]}
    )
    return parser


def _line_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 markdown-it calls it so
    """Lines of verse, each after a bar; one without words parts stanzas."""
    first = _verse_line(state, start)
    if first is None:
        return False
    if silent:
        return True
    stanzas: list[tuple[int, list[str]]] = []
    at = start
    is_open = False
    while at < end:
        line = _verse_line(state, at)
        if line is None and not (is_open and _goes_on(state, at)):
            break
        text = _text(state, at) if line is None else line
        if line is None:
            stanzas[-1][1][-1] += f" {text}"
        elif text and is_open:
            stanzas[-1][1].append(text)
        elif text:
            stanzas.append((at, [text]))
        is_open = bool(text)
        at += 1
    state.line = at
    for line_number, lines in stanzas:
        _push(state, LINE_BLOCK, "  \n".join(lines), line_number, at)
    return True


def _verse_line(state: StateBlock, at: int) -> str | None:
    match = _LINE.fullmatch(_text(state, at)) if _is_near_margin(state, at) else None
    return (match[1] or "").strip() if match else None


def _goes_on(state: StateBlock, at: int) -> bool:
    """Whether this line is the rest of the verse above, which begins with a space."""
    return not state.isEmpty(at) and state.sCount[at] > state.blkIndent and not _text(state, at).startswith("|")


def _explanation(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 markdown-it calls it so
    """The text after a sign, up to the end of its paragraph, and the indented paragraphs below it."""
    match = _SIGN.match(_text(state, start)) if _is_near_margin(state, start) else None
    if not match:
        return False
    if silent or match[1] == "~":
        is_told = _is_below_term(state, start) or (state.parentType == "table" and match[1] == ":")
        if silent or not is_told:
            return is_told
    at = start + 1
    while at < end and not state.isEmpty(at) and not _begins_other(state, at):
        at += 1
    lines = [_text(state, start)[match.end() :], *(_text(state, number) for number in range(start + 1, at))]
    _push(state, EXPLANATION, "\n".join(lines), start, at)
    state.line = at
    while (following := _indented(state, at, end)) < end:
        at = following
        while at < end and not state.isEmpty(at):
            at += 1
        lines = [_text(state, number) for number in range(following, at)]
        _push(state, EXPLANATION, "\n".join(lines), following, at)
        state.line = at
    return True


def _is_below_term(state: StateBlock, at: int) -> bool:
    """Whether what is explained stands alone on the line above, or on one below another explanation."""
    if at < 1 or state.isEmpty(at - 1) or state.parentType not in {"root", "paragraph"}:
        return False
    return at < 2 or state.isEmpty(at - 2) or _is_sign(state, at - 1) or _is_sign(state, at - 2)


def _begins_other(state: StateBlock, at: int) -> bool:
    """Whether another explanation begins here, or the line below, which explains this one."""
    return _is_sign(state, at) or (
        at + 1 < state.lineMax and _is_sign(state, at + 1) and state.sCount[at] == state.blkIndent
    )


def _is_sign(state: StateBlock, at: int) -> bool:
    return _is_near_margin(state, at) and _SIGN.match(_text(state, at)) is not None


def _indented(state: StateBlock, at: int, end: int) -> int:
    """The line after blank ones if it is indented, else the end."""
    while at < end and state.isEmpty(at):
        at += 1
    return at if at < end and state.sCount[at] - state.blkIndent > _DEEPEST_INDENT else end


def _is_near_margin(state: StateBlock, at: int) -> bool:
    return 0 <= state.sCount[at] - state.blkIndent <= _DEEPEST_INDENT


def _text(state: StateBlock, at: int) -> str:
    return str(state.src[state.bMarks[at] + state.tShift[at] : state.eMarks[at]]).rstrip()


def _push(state: StateBlock, name: str, content: str, start: int, end: int) -> None:
    state.push(f"{name}_open", "p", 1).map = [start, end]
    token = state.push("inline", "", 0)
    token.content, token.map, token.children = content, [start, end], []
    state.push(f"{name}_close", "p", -1)
