"""What a Markdown file says of its book: YAML front matter, or first headings such as '# Title: Dracula'."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from narrator.manuscript.characters import clean
from narrator.manuscript.pieces import Piece
from narrator.model import Role

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_KEY = re.compile(r"([A-Za-z][\w -]*?)\s*:\s*(.*)")
_ITEM = re.compile(r"\s*-\s+(.*)")
_FACT = re.compile(
    r"(title|authors?|by|year|date|published|publisher|language|translator|translated by|illustrator|source)"
    r"\s*:\s*(.*)",
    re.IGNORECASE,
)
_AUTHOR_KEYS = ("author", "authors", "by", "creator")


@dataclass(frozen=True, slots=True)
class Facts:
    """Title, authors and declared language; '' and () where the file is silent."""

    title: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""


def without_front_matter(source: str) -> tuple[Facts, str]:
    """The facts of a YAML front matter, and the document with its lines where they were.

    Of YAML it reads what people write there: `key: value`, quoted or not, and lists in brackets or dashes.
    """
    match = _FRONT_MATTER.match(source)
    if not match or not any(_KEY.match(line) for line in match[1].split("\n")):
        return Facts(), source.removeprefix("\ufeff")
    values: dict[str, list[str]] = {}
    key = ""
    for line in match[1].split("\n"):
        if (item := _ITEM.match(line)) and key:
            values[key].append(_scalar(item[1]))
        elif pair := _KEY.match(line):
            key = pair[1].lower()
            values[key] = _values(pair[2])
    blank_lines = "\n" * match[0].count("\n")
    return _facts(values), blank_lines + source[match.end() :]


def headings_of_facts(facts: Facts, pieces: list[Piece]) -> tuple[Facts, list[Piece]]:
    """The facts that a book's first headings name, and the pieces without these headings."""
    values: dict[str, list[str]] = {}
    end = 0
    for number, piece in enumerate(pieces):
        match = _FACT.fullmatch(piece.block.text) if piece.block.role is Role.HEADING else None
        if match:
            values[match[1].lower()] = [clean(match[2])]
            end = number + 1
        elif piece.block.role is not Role.SCENE_BREAK:
            break
    found = _facts(values)
    facts = replace(
        facts,
        title=facts.title or found.title,
        authors=facts.authors or found.authors,
        language=facts.language or found.language,
    )
    return facts, pieces[end:]


def _facts(values: dict[str, list[str]]) -> Facts:
    authors = next((values[key] for key in _AUTHOR_KEYS if values.get(key)), [])
    names = tuple(name for name in authors if name and name.casefold() not in {"anonymous", "unknown"})
    return Facts(_first(values.get("title")), names, _first(values.get("language") or values.get("lang")))


def _first(values: list[str] | None) -> str:
    return values[0] if values else ""


def _values(text: str) -> list[str]:
    if text.startswith("[") and text.endswith("]"):
        return [_scalar(part) for part in text[1:-1].split(",") if part.strip()]
    return [_scalar(text)] if text.strip() else []


def _scalar(text: str) -> str:
    text = clean(text)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    # `- name: A. Author` is how some tools write an author.
    return clean(re.sub(r"^name\s*:\s*", "", re.sub(r"\s+#.*", "", text)))
