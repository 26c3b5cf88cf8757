"""What a Markdown file says of its book: YAML or TOML before it, or first headings as '# Title: Dracula'."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from narrator.manuscript.book_facts import first_isbn, names_isbn
from narrator.manuscript.characters import clean
from narrator.manuscript.descriptions import description_in
from narrator.manuscript.pieces import Piece
from narrator.model import Cover, Role

_FRONT_MATTER = re.compile(r"\ufeff?---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_YAML_LINE = re.compile(r"""\s*$|\s*#|["']?\w[\w .-]*["']?\s*:(?:\s|$)|\s*-(?:\s|$)|[ \t]+\S|[\]}]""")
_UNCLOSED = re.compile(r"\ufeff?---[ \t]*\n((?:(?:\w[\w-]*[ \t]*:|[ \t]+\S|-[ \t]).*\n)+)")
"""Front matter whose end is forgotten goes on for as long as it looks like one."""
_TELLS_OF_BOOK = re.compile(r"^(?:title|authors?)[ \t]*:", re.MULTILINE)
_TOML = re.compile(r"\ufeff?\+{3}[ \t]*\n(.*?)\n\+{3}[ \t]*(?:\n|$)", re.DOTALL)
_TOML_TABLES = ("params", "extra", "taxonomies", "book")
_TITLE_BLOCK = re.compile(
    r"\ufeff?% ?(?P<title>\S.*(?:\n[ \t]+\S.*)*)\n(?:% ?(?P<authors>.*(?:\n[ \t]+\S.*)*)\n)?"
    r"(?:% ?(?P<date>.*)\n)?(?=\n|$)"
)
_KEY = re.compile(r"([A-Za-z][\w -]*?)\s*:\s*(.*)", re.DOTALL)
_BLOCK = re.compile(r"[|>][+-]?\d?[+-]?")
"""What stands for the indented lines below it."""
_ENTRY = re.compile(r"\s+(?:-\s|\w[\w-]*\s*:(?:\s|$))")
"""An item or a key below another: no plain text goes on like that."""
_ITEM = re.compile(r"\s*-\s+(.*)")
_PROPERTY = re.compile(r"(role|type)\s*:\s*[\"']?(\w+)[\"']?\s*")
_TEXT = re.compile(r"\s+(?:text|name)\s*:\s*(.*)")
_PRINCIPAL = {"", "main", "author", "aut"}
_FACT = re.compile(
    r"(title|authors?|by|year|date|published|publisher|language|translator|translated by|illustrator|source"
    r"|series|part|cover)"
    r"\s*:\s*(.*)",
    re.IGNORECASE,
)
_LANGUAGE_KEYS = ("language", "lang", "languagecode", "locale")
_AUTHOR_KEYS = ("author", "authors", "by", "creator")
_DATE_KEYS = ("date", "year", "published")
_SERIES_KEYS = ("series", "belongs-to-collection", "collection")
_PART_KEYS = ("series-part", "series_part", "series-index", "series_index", "group-position", "part", "volume")
_ISBN_KEYS = ("isbn", "isbn-13", "isbn13", "isbn-10", "isbn10")
_PUBLISHER_KEYS = ("publisher",)
_DESCRIPTION_KEYS = ("description", "abstract", "summary")
_COVER_KEYS = ("cover-image", "cover", "cover_image", "epub-cover-image")
_DATE = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?(?!\d)")
_YEAR = re.compile(r"(?<!\d)(\d{4})(?!\d)")
_PART = re.compile(r"\d+(?:\.\d+)?")
_PICTURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))
_LARGEST_COVER = 32 << 20


@dataclass(frozen=True, slots=True)
class Facts:
    """What the file says of its book; '' and () where it is silent. `cover` is a path as the file has it."""

    title: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""
    date: str = ""
    series: str = ""
    part: str = ""
    cover: str = ""
    isbn: str = ""
    publisher: str = ""
    description: str = ""


def without_front_matter(source: str) -> tuple[Facts, str]:
    """The facts of a front matter or Pandoc's title block, and the document with its lines as they were.

    Of YAML it reads what people write there: `key: value`, quoted or not, and lists in brackets or dashes.
    """
    match = _FRONT_MATTER.match(source)
    if not match or not _is_yaml(match[1]):
        match = _UNCLOSED.match(source)
        match = match if match and _TELLS_OF_BOOK.search(match[1]) else None
    if match:
        facts = _facts(_yaml(match[1]))
    elif (match := _TOML.match(source)) and (values := _toml(match[1])) is not None:
        facts = _facts(values)
    elif match := _TITLE_BLOCK.match(source):
        authors = re.split(r"\s*[;\n]\s*", match["authors"] or "")
        facts = _facts({"title": [clean(match["title"])], "author": authors, "date": [match["date"] or ""]})
    else:
        return Facts(), source.removeprefix("\ufeff")
    blank_lines = "\n" * match[0].count("\n")
    return facts, blank_lines + source[match.end() :]


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
        date=facts.date or found.date,
        series=facts.series or found.series,
        part=facts.part or found.part,
        publisher=facts.publisher or found.publisher,
    )
    return facts, pieces[end:]


def cover_of(facts: Facts, path: Path) -> Cover | None:
    """The picture that the file names, where it is one and lies in the file's folder or below; else None."""
    if not facts.cover or "\0" in facts.cover:
        return None
    try:
        folder = path.parent.resolve()
        picture = (folder / facts.cover).resolve()
        if (
            not picture.is_relative_to(folder)
            or not picture.is_file()
            or picture.stat().st_size > _LARGEST_COVER
        ):
            return None
        data = picture.read_bytes()
    except OSError:
        return None
    media_type = next((kind for opening, kind in _PICTURES if data.startswith(opening)), None)
    return Cover(media_type, data) if media_type else None


def date_in(text: str) -> str:
    """The date that a text begins with, or the only year in it: '1865-11-26', '1865-11', '1865', or ''."""
    if match := _DATE.match(text.strip()):
        return match[0]
    years = set(_YEAR.findall(text))
    return years.pop() if len(years) == 1 else ""


def _is_yaml(source: str) -> bool:
    """Whether this is no text between two lines of dashes, of which the second may part scenes."""
    lines = source.split("\n")
    return any(map(_KEY.match, lines)) and all(map(_YAML_LINE.match, lines))


def _toml(source: str) -> dict[str, list[str]] | None:
    """The values of TOML, those of Hugo's and Zola's inner tables after its own; None where it is none."""
    try:
        whole = tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    tables = [whole, *(inner for name in _TOML_TABLES if isinstance(inner := whole.get(name), dict))]
    values: dict[str, list[str]] = {}
    for table in tables:
        for key, value in table.items():
            values.setdefault(key.lower(), [*_texts(value)])
    return values


def _texts(value: object) -> Iterator[str]:
    """The texts in a value; of a person the name."""
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        yield from _texts(value.get("name", []))
    else:
        yield str(value)


def _yaml(source: str) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    key = kind = ""
    for line in _unfolded(source.split("\n")):
        if (item := _ITEM.match(line)) and key:
            told = _PROPERTY.fullmatch(item[1])
            kind = told[2] if told else ""
            values[key] += [] if told else [_scalar(item[1])]
        elif (text := _TEXT.match(line)) and key:
            # Pandoc's `- role: editor` or `- type: subtitle`, of which the next line has the text.
            values[key] += [_scalar(text[1])] if kind in _PRINCIPAL else []
        elif pair := _KEY.match(line):
            key, kind = pair[1].lower(), ""
            values[key] = _values(pair[2])
    return values


def _facts(values: Mapping[str, list[str]]) -> Facts:
    names = tuple(
        name for name in _all(values, _AUTHOR_KEYS) if name and name.casefold() not in {"anonymous", "unknown"}
    )
    part = _PART.fullmatch(_first(values, _PART_KEYS))
    series = _first(values, _SERIES_KEYS)
    return Facts(
        _first(values, ("title",)),
        names,
        _first(values, _LANGUAGE_KEYS),
        date_in(_first(values, _DATE_KEYS)),
        series,
        part[0] if part and series else "",
        _first(values, _COVER_KEYS),
        first_isbn([*_all(values, _ISBN_KEYS), *filter(names_isbn, _all(values, ("identifier",)))]),
        _first(values, _PUBLISHER_KEYS),
        next(iter(filter(None, map(description_in, _raw(values, _DESCRIPTION_KEYS)))), ""),
    )


def _all(values: Mapping[str, list[str]], keys: tuple[str, ...]) -> list[str]:
    return [*map(clean, _raw(values, keys))]


def _raw(values: Mapping[str, list[str]], keys: tuple[str, ...]) -> list[str]:
    return next((values[key] for key in keys if values.get(key)), [])


def _first(values: Mapping[str, list[str]], keys: tuple[str, ...]) -> str:
    return next(iter(_all(values, keys)), "")


def _unfolded(lines: Iterable[str]) -> Iterator[str]:
    r"""The lines of YAML, each text that goes on over indented lines as one: of a block, with its '\n's."""
    whole, sign, is_plain = "", "", False
    for line in lines:
        is_below = not line.strip() or line[0] in " \t"
        if sign and is_below and not (is_plain and _ENTRY.match(line)):
            whole += sign + line.strip()
            continue
        yield whole.rstrip()
        pair = _KEY.match(line)
        value = pair[2].strip() if pair else ""
        whole, sign, is_plain = line, " " if value else "", value[:1] not in {'"', "'", "[", "{"}
        if pair and _BLOCK.fullmatch(value):
            whole, sign, is_plain = f"{pair[1]}: ", "\n", False
    yield whole.rstrip()


def _values(text: str) -> list[str]:
    if "\n" in text:
        return [text]
    if text.startswith("[") and text.endswith("]"):
        return [_scalar(part) for part in text[1:-1].split(",") if part.strip()]
    return [_scalar(text)] if text.strip() else []


def _scalar(text: str) -> str:
    text = clean(text)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    # `- name: A. Author` is how some tools write an author.
    return clean(re.sub(r"^(?:name|text)\s*:\s*", "", re.sub(r"\s+#.*", "", text)))
