"""Reading a `lexicon.toml`: every mistake in it is told at once, each with its entry."""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import langcodes
import regex

from narrator.errors import ConfigError
from narrator.script.lexicon_entry import Case, Entry, natural_case

_KEYS = ("word", "regex", "say", "case", "language", "voice")
_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*entry[ \t]*\]\]", re.MULTILINE)


def read_entries(path: Path) -> tuple[Entry, ...]:
    """The entries of a `lexicon.toml`, in their order.

    Raises:
        ConfigError: it cannot be read, it is no TOML, or entries are wrong: each is named.
    """
    try:
        source = path.read_text(encoding="utf-8-sig")  # some editors on Windows put a BOM in front
        raw = tomllib.loads(source)
    except OSError as exc:
        raise unreadable(path, exc) from exc
    except (ValueError, RecursionError) as exc:  # TOML knows no number of 5,000 digits, nor Python such a depth
        raise ConfigError(str(path), (f"this is not TOML: {exc}",), advice="Mend the line it names.") from exc
    problems = [
        f"{key}: there is no such key; a lexicon is a list of [[entry]]" for key in raw if key != "entry"
    ]
    tables = raw.get("entry", [])
    if not isinstance(tables, list):
        problems.append("entry: it must be a list: write [[entry]] with two brackets")
        tables = []
    entries: list[Entry] = []
    for name, table in zip(_names(source, len(tables)), tables, strict=True):
        found = tuple(_problems(table))
        problems += [f"{name}: {problem}" for problem in found]
        if not found:
            entries.append(_entry(table, f"{path}, {name}"))
    problems += _doubles(entries)
    if problems:
        raise ConfigError(
            str(path), tuple(problems), advice="Correct these entries and run the same command again."
        )
    return tuple(entries)


def unreadable(path: Path, error: OSError) -> ConfigError:
    """The error for a lexicon that is not there, or may not be read."""
    if isinstance(error, FileNotFoundError):
        advice = "Check the name, or take it out of speech_text.lexicons."
        return ConfigError(str(path), ("there is no such file",), advice=advice)
    advice = "Make it a file that you may read."
    return ConfigError(str(path), (f"it cannot be read: {error.strerror}",), advice=advice)


def _names(source: str, number: int) -> Iterator[str]:
    """'entry 3 (line 12)'; without lines where entries are written as one inline list."""
    lines = [source.count("\n", 0, header.start()) + 1 for header in _HEADER.finditer(source)]
    for index in range(number):
        line = f" (line {lines[index]})" if len(lines) == number else ""
        yield f"entry {index + 1}{line}"


def _entry(table: Mapping[str, str], where: str) -> Entry:
    is_regex = "regex" in table
    pattern = _nfc(table["regex"]) if is_regex else _nfc(table["word"]).strip()
    natural = Case.EXACT if is_regex else natural_case(pattern)
    return Entry(
        pattern=pattern,
        say=_nfc(table["say"]),
        is_regex=is_regex,
        case=Case(table.get("case", natural)),
        language=table.get("language", ""),
        voice=table.get("voice", ""),
        where=where,
    )


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _problems(table: Any) -> Iterator[str]:
    if not isinstance(table, dict):
        yield "it must be a table: write [[entry]], and its keys on lines of their own"
        return
    for key, value in table.items():
        if key not in _KEYS:
            nearest = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.5)
            meant = f"did you mean {nearest[0]!r}?" if nearest else f"known here: {', '.join(_KEYS)}"
            yield f"{key}: there is no such key; {meant}"
        elif not isinstance(value, str):
            yield f"{key}: must be text, in quotes"
    if "say" not in table:
        yield "say: it is missing; '' says nothing for the word"
    if ("word" in table) == ("regex" in table):
        yield "it needs a word or a regex, and only one of them"
    texts = {key: value for key, value in table.items() if isinstance(value, str)}
    yield from _problems_of_values(texts)


def _problems_of_values(texts: Mapping[str, str]) -> Iterator[str]:
    if not texts.get("word", "word").strip():
        yield "word: it is empty"
    if "regex" in texts:
        yield from _problems_of_regex(texts["regex"], texts.get("say", ""))
    if texts.get("case", Case.ANY) not in set(Case):
        yield f"case: must be one of {', '.join(Case)}"
    language = texts.get("language", "")
    if language and not langcodes.tag_is_valid(language):
        yield f"language: {language!r} is not a language tag such as 'en' or 'pt-BR'"


def _problems_of_regex(pattern: str, say: str) -> Iterator[str]:
    try:
        compiled = regex.compile(pattern)
    except regex.error as exc:
        yield f"regex: {pattern!r} cannot be read: {exc}"
        return
    if compiled.search(""):
        yield f"regex: {pattern!r} matches where nothing is written, so it would be said everywhere"
    try:
        # The template is only looked at with a match: an optional pattern has one in every text.
        next(regex.finditer(f"(?:{pattern}\n)?", "")).expand(say)
    except (regex.error, IndexError) as exc:
        yield f"say: {say!r} does not fit its regex: {exc}"


def _doubles(entries: list[Entry]) -> list[str]:
    seen: dict[tuple[object, ...], str] = {}
    problems = []
    for entry in entries:
        key = (entry.pattern, entry.is_regex, entry.case, entry.language.lower(), entry.voice)
        first = seen.setdefault(key, entry.where)
        if first != entry.where:
            _, _, name = entry.where.rpartition(", ")
            _, _, other = first.rpartition(", ")
            problems.append(f"{name}: {entry.pattern!r} is already said by {other}")
    return problems
