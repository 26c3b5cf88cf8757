"""W3C Pronunciation Lexicon Specification 1.0: other people's lexicons, as far as text can say them.

Wire format: https://www.w3.org/TR/2008/REC-pronunciation-lexicon-20081014/. A lexeme has spellings (`grapheme`)
and readings: an `alias` is text that is read instead, a `phoneme` is in a phonetic alphabet. Voices get text,
and one that is sent phonemes of another skips the word or spells it, so only aliases are taken.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

import langcodes
from lxml import etree

from narrator.errors import ConfigError
from narrator.script.lexicon_entry import Entry, natural_case
from narrator.script.lexicon_file import unreadable

_NS = "{http://www.w3.org/2005/01/pronunciation-lexicon}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class PlsEntries:
    """What a PLS file says in text, and for people, one line each, what was left out of it and why."""

    entries: tuple[Entry, ...]
    left_out: tuple[str, ...]


def read_pls(path: Path) -> PlsEntries:
    """The lexemes of a PLS 1.0 document that have an alias, in their order.

    Raises:
        ConfigError: it cannot be read, it is no XML, or it is another kind of XML.
    """
    root = _root(path)
    language = root.get(_LANGUAGE) or ""
    if not language or not langcodes.tag_is_valid(language):
        problem = f"line {root.sourceline}: xml:lang of the lexicon is {language!r}, which is no language tag"
        raise ConfigError(str(path), (problem,), advice='Give it its language, such as xml:lang="en".')
    entries: list[Entry] = []
    left_out: list[str] = []
    for lexeme in root.iterchildren(f"{_NS}lexeme"):
        spellings = list(filter(None, map(_text, lexeme.findall(f"{_NS}grapheme"))))
        reason = _reason_against(lexeme, spellings)
        if reason:
            words = ", ".join(spellings) or "a lexeme"
            left_out.append(f"line {lexeme.sourceline}: {words}: {reason}")
        else:
            where = f"{path}, line {lexeme.sourceline}"
            say = _alias(lexeme)
            entries += [
                Entry(spelling, say, case=natural_case(spelling), language=language, where=where)
                for spelling in spellings
            ]
    return PlsEntries(tuple(entries), tuple(left_out))


def _root(path: Path) -> etree._Element:
    # Entities are not put in, so none can grow or be a file; nothing is fetched.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(path.read_bytes(), parser)
    except OSError as exc:
        raise unreadable(path, exc) from exc
    except etree.XMLSyntaxError as exc:
        raise ConfigError(str(path), (f"this is not XML: {exc}",), advice="Mend the line it names.") from exc
    if root.tag != f"{_NS}lexicon":
        problem = f"this is not a PLS 1.0 lexicon: its root is {root.tag}"
        advice = f'A lexicon begins with <lexicon version="1.0" xmlns="{_NS[1:-1]}" ...>.'
        raise ConfigError(str(path), (problem,), advice=advice)
    return root


def _text(node: etree._Element) -> str:
    # A comment has a text, too: it is none of the node's.
    text = "".join((node.text or "", *(child.tail or "" for child in node)))
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _alias(lexeme: etree._Element) -> str:
    """The preferred alias, else the first; '' if there is none."""
    aliases = lexeme.findall(f"{_NS}alias")
    preferred = [alias for alias in aliases if alias.get("prefer") == "true"]
    return _text((preferred or aliases)[0]) if aliases else ""


def _reason_against(lexeme: etree._Element, spellings: list[str]) -> str:
    if not spellings:
        return "it has no grapheme"
    if next(lexeme.iter(etree.Entity), None) is not None:
        return "it refers to an entity: write its text"
    if lexeme.get("role"):
        return f"it is only read so in the role {lexeme.get('role')}, which text does not show"
    if _alias(lexeme):
        return ""
    has_phoneme = lexeme.find(f"{_NS}phoneme") is not None
    return "it has phonemes and no alias: add one, in letters" if has_phoneme else "it has no alias"
