r"""What the signs of a script's text mean: escapes, and the marks before and after a paragraph.

    [voice=NAME lang=fr pause=chapter] Text    before it: whose voice, which language, which pause follows
    == Text                                    it is a heading: a heading's pause follows
    Text /   Text //   Text ///                it goes on in the next: a word's, a clause's, a sentence's pause

'\' takes the meaning from the sign that follows it; '\n' is a line feed, and '\u{2028}' a character by number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import langcodes
import regex

from narrator.errors import UsageError
from narrator.model import Pause

HEADING = "=="
CHAPTER = "==="
SCENE_BREAK = "* * *"
COMMENT = "#"

CUTS: Mapping[Pause, str] = MappingProxyType({Pause.WORD: "/", Pause.CLAUSE: "//", Pause.SENTENCE: "///"})
_PAUSE_AFTER = {sign: pause for pause, sign in CUTS.items()}

# Editors and line ends would change these, or nobody would see them.
_UNSEEN = regex.compile(r"[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufeff]|^\s|\s$")
_SCENE_BREAK = regex.compile(r"\*(?:\s*\*){2,}")
_LOOKS_LIKE_MARKS = regex.compile(r"\[\s*\w+\s*=")
_VALUE = r'"(?:[^"\\]|\\.)*+"|[^\s"\[\]\\]++'
_MARKS = regex.compile(rf"\[\s*(?:(\w+)=({_VALUE})(?=[\s\]])\s*)++\]\s*")
_PLAIN_VALUE = regex.compile(r'[^\s"\[\]\\]+')
_CUT = regex.compile(r"(?:^|(?<=\s))/{1,3}$")
_ESCAPE = regex.compile(r"\\(?:n|u\{([0-9A-Fa-f]{1,6})\}|([^\w\s]|_)|)")


@dataclass(frozen=True, slots=True)
class Marks:
    """What is marked of a paragraph; None and '' where nothing is."""

    voice: str = ""
    language: str = ""
    pause: Pause | None = None


def misread(line: int, what: str, advice: str) -> UsageError:
    """The error for a line of the text, counted from 1."""
    return UsageError(f"Line {line} of the script's text: {what}", advice=advice)


def is_scene_break(line: str) -> bool:
    return bool(_SCENE_BREAK.fullmatch(line))


def escaped(text: str) -> str:
    """A text in which nothing is a sign, as the lines of one paragraph."""
    lines = [_text_line(line) for line in text.split("\n")]
    if _LOOKS_LIKE_MARKS.match(lines[0]):
        lines[0] = f"\\{lines[0]}"
    if cut := _CUT.search(lines[-1]):
        lines[-1] = f"{lines[-1][: cut.start()]}\\{cut[0]}"
    return ("\n" if all(lines) else r"\n").join(lines)


def escaped_line(line: str) -> str:
    """A text without line ends in which nothing is an escape."""
    return one_line(line.replace("\\", "\\\\"))


def _text_line(line: str) -> str:
    safe = escaped_line(line)
    is_sign = safe.startswith((COMMENT, HEADING)) or is_scene_break(safe)
    return f"\\{safe}" if is_sign else safe


def one_line(text: str) -> str:
    """The text with escapes for what would end a line, or not survive an editor."""
    return _UNSEEN.sub(lambda match: f"\\u{{{ord(match[0]):X}}}", text)


def unescaped(text: str, line: int) -> str:
    r"""The text that was meant.

    Raises:
        UsageError: there is a '\' that escapes nothing.
    """

    def meant(match: regex.Match[str]) -> str:
        if match[2]:
            return match[2]
        if match[1] and _is_character(number := int(match[1], 16)):
            return chr(number)
        if match[0] == r"\n":
            return "\n"
        raise misread(
            line, f"{text[match.start() : match.start() + 12]!r} is no escape.", r"Write \\ for a backslash."
        )

    return _ESCAPE.sub(meant, text)


def _is_character(number: int) -> bool:
    """Whether Unicode has a character of this number; no text in UTF-8 can hold half of a UTF-16 pair."""
    return number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF


def written_marks(marks: Marks) -> str:
    """Marks with a space after them; '' where there are none."""
    values = {"voice": marks.voice, "lang": marks.language, "pause": marks.pause}
    said = " ".join(f"{key}={_written_value(value)}" for key, value in values.items() if value)
    return f"[{said}] " if said else ""


def _written_value(value: str) -> str:
    if _PLAIN_VALUE.fullmatch(value) and one_line(value) == value:
        return value
    quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{one_line(quoted)}"'


def split_marks(text: str, line: int) -> tuple[Marks, str]:
    """The marks that a paragraph begins with, and the rest of it.

    Raises:
        UsageError: something there looks like a mark and is none.
    """
    values: dict[str, str] = {}
    while _LOOKS_LIKE_MARKS.match(text):
        match = _MARKS.match(text)
        if match is None:
            raise _no_mark(line, text.partition("]")[0] + "]")
        for key, value in zip(match.captures(1), match.captures(2), strict=True):
            bare = value[1:-1] if value.startswith('"') else value
            values[key] = unescaped(bare, line)
        text = text[match.end() :]
    if unknown := sorted(values.keys() - {"voice", "lang", "pause"}):
        raise _no_mark(line, f"[{unknown[0]}={values[unknown[0]]}]")
    pause = values.get("pause")
    if pause is not None and pause not in set(Pause):
        raise misread(line, f"there is no pause {pause!r}.", f"There are: {', '.join(Pause)}.")
    return Marks(values.get("voice", ""), values.get("lang", ""), Pause(pause) if pause else None), text


def _no_mark(line: int, said: str) -> UsageError:
    return misread(
        line,
        f"{said} is no mark.",
        r"Write marks as in [voice=NAME lang=fr], with quotes around a name that has spaces; "
        r"a bracket that is to be read is \[.",
    )


def check_language(language: str, line: int) -> None:
    """Find out whether a mark names a language.

    Raises:
        UsageError: it does not.
    """
    if language and not langcodes.tag_is_valid(language):
        raise misread(line, f"{language!r} is no language tag.", "Write one such as en, fr or pt-BR.")


def split_cut(text: str) -> tuple[str, Pause | None]:
    """The text without the sign at its end that it goes on, and the pause that the sign stands for."""
    match = _CUT.search(text)
    return (text[: match.start()].rstrip(), _PAUSE_AFTER[match[0]]) if match else (text, None)
