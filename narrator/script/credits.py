"""Opening and closing credits: what a listener hears where a reader sees the title page and the last page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import regex

from narrator.config import Titles
from narrator.errors import ConfigError
from narrator.model import AskedTitles, Script
from narrator.script.policy import is_speakable
from narrator.script.speech_text import AND_WORDS, heading_text, primary_of

AUTO = "auto"

_CREDITS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "de": ("{title}, von {authors}.", "Das war {title}, von {authors}."),
        "en": ("{title}, by {authors}.", "The end of {title}, by {authors}."),
        "es": ("{title}, de {authors}.", "Ha escuchado {title}, de {authors}."),
        "fr": ("{title}, par {authors}.", "Vous avez écouté {title}, par {authors}."),
        "it": ("{title}, di {authors}.", "Avete ascoltato {title}, di {authors}."),
        "ja": ("{title}。{authors}。", ""),
        "nl": ("{title}, van {authors}.", "Dit was {title}, van {authors}."),
        "pt": ("{title}, de {authors}.", "Acabou de ouvir {title}, de {authors}."),
        "zh": ("{title}。{authors}。", ""),
    }
)
"""Opening and closing by language: no word in them changes with what is put in, as French 'de' would."""
_NEUTRAL = ("{title}. {authors}.", "")
_UNSPACED = {"ja", "zh"}

_NAMES_IN = {
    "opening": frozenset({"title", "authors"}),
    "closing": frozenset({"title", "authors"}),
    "chapter": frozenset({"title", "authors", "chapter"}),
}
_PLACEHOLDER = regex.compile(r"\{(?P<name>\w+)\}(?P<mark>[.,;:。、]?)")
# The clause that names the authors, and the stop after it where a stop is left before it.
_BYLINE = regex.compile(
    r"(?<=[.!?。])[^.!?。{}]*\{authors\}[^.!?。,;:{}]*[.!?。]?|[^.!?。{}]*\{authors\}[^.!?。,;:{}]*"
)
_ENDS = ".!?…。！？"
_CLOSING_MARKS = "\"'”’»›)]』」"
_BEFORE_SPANISH_I = regex.compile(r"h?[ií](?![aeoáéó])", regex.IGNORECASE)

# What converters write where they know nothing, and what files are called.
_NO_NAMES = {
    "body", "book", "chapter", "epigraph", "no title", "part", "section", "start", "stdin", "text", "unknown",
    "unknown author", "unknown title", "unnamed", "untitled", "volume",
}  # fmt: skip
_FILE_NAME = regex.compile(
    r".*_.*|.*\.(?:x?html?|xml|txt|md|epub|docx?|pdf)|\p{L}+\d+|[a-z]+(?:-[a-z]+)*-\d+|0\d*", regex.DOTALL
)


_CREDIT_TITLES = {
    "en": ("Opening Credits", "Closing Credits"),
    "de": ("Ansage", "Absage"),
    "es": ("Créditos iniciales", "Créditos finales"),
    "fr": ("Générique de début", "Générique de fin"),
    "it": ("Titoli di testa", "Titoli di coda"),
    "nl": ("Openingstitels", "Slottitels"),
    "pt": ("Créditos iniciais", "Créditos finais"),
}


def check_templates(titles: Titles, *, where: str) -> None:
    """Find out whether the texts of `titles` can be filled in. `where` says which file they are from.

    Raises:
        ConfigError: some name no placeholder that there is, or have a stray brace: each is told.
    """
    problems = tuple(problem for key in _NAMES_IN for problem in _problems(key, getattr(titles, key)))
    if problems:
        raise ConfigError(where, problems, advice="Correct these keys and run the same command again.")


def _problems(key: str, template: str) -> Iterator[str]:
    known = _NAMES_IN[key]
    there_are = ", ".join(f"{{{name}}}" for name in sorted(known))
    for match in _PLACEHOLDER.finditer(template):
        if match["name"] not in known:
            yield f"titles.{key}: there is no {{{match['name']}}}; there are {there_are}"
    if regex.search(r"[{}]", _PLACEHOLDER.sub("", template)):
        yield f"titles.{key}: braces stand only around a name: {there_are}"


def credit_titles(language: str) -> tuple[str, str]:
    """What the opening and the closing credits are called where they are files of their own."""
    return _CREDIT_TITLES.get(primary_of(language), _CREDIT_TITLES["en"])


def asked_titles(titles: Titles, title: str, authors: Sequence[str], language: str) -> AskedTitles:
    """What `titles`, their templates checked, ask to be said of a book. `language` is a BCP 47 tag or ''."""
    automatic = ("", "") if is_no_name(title) else _CREDITS.get(primary_of(language), _NEUTRAL)
    values = book_values(title, authors, language)
    opening, closing = (
        _credit(auto if asked == AUTO else asked, values, language)
        for asked, auto in zip((titles.opening, titles.closing), automatic, strict=True)
    )
    return AskedTitles(opening, closing, titles.chapter)


def asked_before(script: Script, title: str, authors: Sequence[str], language: str) -> AskedTitles:
    """What the script was asked to say of titles.

    One of the time before titles were spoken counts as asked for what is said by default, and as having
    declined: nobody pays for what a new version says, unless he asks for it.
    """
    return script.asked or asked_titles(Titles(), title, authors, language)


def book_values(title: str, authors: Sequence[str], language: str) -> dict[str, str]:
    """What is put in for {title} and {authors}: as they are said, in the book's language."""
    named = [_said(author, language) for author in authors if not is_no_name(author)]
    return {"title": _said(title, language), "authors": _joined(named, primary_of(language))}


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with its values, which may hold braces; without authors, without the clause that names them.

    A mark after a value that ends in such a mark is left out: 'Who Goes There?.' is 'Who Goes There?'.
    """
    if not values["authors"]:
        template = _BYLINE.sub("", template)

    def value(match: regex.Match[str]) -> str:
        text, mark = values[match["name"]], match["mark"]
        end = _last_mark(text)
        is_marked = end != "." or mark in ".。" if end else False
        return text if is_marked else text + mark

    return " ".join(_PLACEHOLDER.sub(value, template).split()).lstrip(" ,;:.。")


def is_no_name(title: str) -> bool:
    """Whether this is nothing to say, what a converter writes where it knows nothing, or a file's name."""
    plain = title.strip()
    return not is_speakable(plain) or plain.casefold() in _NO_NAMES or bool(_FILE_NAME.fullmatch(plain))


def _credit(template: str, values: Mapping[str, str], language: str) -> str:
    text = fill(template, values)
    if not is_speakable(text):
        return ""
    return text if _last_mark(text) else text + ("。" if primary_of(language) in _UNSPACED else ".")


def _last_mark(text: str) -> str:
    end = text.rstrip(_CLOSING_MARKS)[-1:]
    return end if end and end in _ENDS else ""


def _said(name: str, language: str) -> str:
    return heading_text(" ".join(name.split()), is_chapter=False, language=language)


def _joined(names: Sequence[str], language: str) -> str:
    """'A, B and C' in the language's way."""
    if language in _UNSPACED:
        return "、".join(names)
    if len(names) < 2 or language not in _CREDITS:
        return ", ".join(names)
    *others, last = names
    and_word = "e" if language == "es" and _BEFORE_SPANISH_I.match(last) else AND_WORDS[language]
    return f"{', '.join(others)} {and_word} {last}"
