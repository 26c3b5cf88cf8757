"""A feed as a file: RSS that is read without trust, changed where it must be, and otherwise left as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from narrator.errors import UsageError
from narrator.publishing.podcast_text import line
from narrator.publishing.podcast_xml import ITUNES, NAMESPACES, NARRATOR, element, lay_out, renew

FAMILY = f"{NARRATOR}family"
"""In an item, of which family its episode is."""

_SUPERSEDED = f"{NARRATOR}superseded"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_LONGEST_NUMBER = 12  # digits


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file to which an item leads, by the `guid` of its episode ('' for what is the show's own).

    `length` is what is said of its size in bytes, None where nothing is.
    """

    guid: str
    length: int | None


@dataclass(frozen=True, slots=True)
class Superseded:
    """A file of `length` bytes that the feed has named until the aware time `at`."""

    name: str
    length: int
    at: datetime


class Feed:
    """A feed; of `data`, which is what is in the file `path`, or a new one where that is None.

    Raises:
        UsageError: it is no feed, or a broken one.
    """

    def __init__(self, data: bytes | None, path: Path) -> None:
        self._root = _new() if data is None else _parsed(data, path)
        self.channel = next(self._root.iterchildren("channel"))
        items = reversed(self.channel.findall("item"))
        self._items = {line(guid): item for item in items if (guid := item.findtext("guid"))}

    def __bytes__(self) -> bytes:
        return etree.tostring(self._root.getroottree(), encoding="UTF-8", xml_declaration=True) + b"\n"

    @property
    def files(self) -> dict[str, NamedFile]:
        """All files to which addresses in the feed lead, by their names without folders."""
        found = {_name_in(address): NamedFile("", None) for _, _, address in _addresses(self._root)}
        for item in self.channel.iterchildren("item"):
            guid = line(item.findtext("guid") or "")
            for each, _, address in _addresses(item):
                length = _count(each.get("length"))
                old = found[_name_in(address)]
                found[_name_in(address)] = NamedFile(guid, old.length if length is None else length)
        return found

    @property
    def superseded(self) -> list[Superseded]:
        """The files that were named once, and are still there for those who hold an older feed."""
        return [
            Superseded(each.get("file", ""), _count(each.get("length")) or 0, _time(each.get("at")))
            for each in self.channel.iterchildren(_SUPERSEDED)
        ]

    def remember(self, superseded: Iterable[Superseded]) -> None:
        """Say which files are such."""
        new = [
            element(_SUPERSEDED, file=each.name, length=str(each.length), at=rfc_2822(each.at))
            for each in superseded
        ]
        renew(self.channel, self.channel.findall(_SUPERSEDED), new)

    def item(self, guid: str) -> etree._Element:
        """The item of an episode; a new one, before all others, where there is none."""
        if guid not in self._items:
            self._items[guid] = element("item")
            first = self.channel.find("item")
            place = len(self.channel) if first is None else self.channel.index(first)
            self.channel.insert(place, self._items[guid])
        return self._items[guid]

    def move(self, names: Collection[str], old: str, new: str) -> None:
        """Change the addresses of the files of these names, which were found at `old`, and now are at `new`."""
        for each, attribute, address in _addresses(self._root):
            name = address.removeprefix(old)
            if address.startswith(old) and unquote(name) in names:
                each.set(attribute, new + name)

    def leave_out(self, families: Collection[str], kept: Collection[str]) -> None:
        """Remove the items of these families, but not those whose guids are `kept`."""
        for item in self.channel.findall("item"):
            if item.findtext(FAMILY) in families and line(item.findtext("guid") or "") not in kept:
                self.channel.remove(item)

    def settle(self) -> None:
        """Bring the items into order, the newest first, and lay all of it out.

        Of one time, those with the higher season and episode come first; those without a time are the last. The
        channel's other children stay where they are.
        """
        items = self.channel.findall("item")
        places = [self.channel.index(item) for item in items]
        for item in items:
            self.channel.remove(item)
        ordered = sorted(items, key=_recency, reverse=True)
        for place, item in zip(places, ordered, strict=True):
            self.channel.insert(place, item)
        self._lay_out()

    def date(self, time: datetime) -> None:
        """Say when the feed was last changed."""
        last = element("lastBuildDate", rfc_2822(time))
        renew(self.channel, self.channel.findall("lastBuildDate"), [last])
        self._lay_out()

    def _lay_out(self) -> None:
        lay_out(self.channel, 1)
        lay_out(self._root, 0)


def rfc_2822(time: datetime) -> str:
    """An aware time as RSS has it, in UTC."""
    return format_datetime(time.astimezone(UTC), usegmt=True)


def _addresses(parent: etree._Element) -> Iterator[tuple[etree._Element, str, str]]:
    """The elements in another with an address in an attribute, its name, and the address."""
    for each in parent.iter(etree.Element):
        for name in ("url", "href"):
            if address := each.get(name):
                yield each, name, address


def _name_in(address: str) -> str:
    """The name, without folders, of the file to which an address leads."""
    return unquote(re.split("[?#]", address, maxsplit=1)[0].rpartition("/")[2])


def _new() -> etree._Element:
    root = etree.Element("rss", version="2.0", nsmap=NAMESPACES)
    root.append(etree.Element("channel"))
    return root


def _parsed(data: bytes, path: Path) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, strip_cdata=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as exc:
        raise _unusable(path, f"is broken ({exc.msg})") from exc
    if root.getroottree().docinfo.internalDTD is not None:
        raise _unusable(path, "has a document type, which no feed needs")
    if root.tag != "rss" or root.find("channel") is None:
        raise _unusable(path, "is no RSS feed")
    return _with_our_prefixes(root)


def _with_our_prefixes(root: etree._Element) -> etree._Element:
    """The same with our prefixes declared, where its own leave room: an element's are fixed once it is made."""
    known = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}  # `rss` itself is in none
    missing = {p: uri for p, uri in NAMESPACES.items() if p not in known and uri not in known.values()}
    if not missing:
        return root
    wider = etree.Element("rss", nsmap={**known, **missing})
    for name, value in root.items():
        wider.set(name, value)
    wider.text = root.text
    before, after = list(root.itersiblings(preceding=True)), list(root.itersiblings())
    wider.extend(list(root))
    for each in reversed(before):
        wider.addprevious(each)
    for each in reversed(after):
        wider.addnext(each)
    return wider


def _recency(item: etree._Element) -> tuple[datetime, int, int]:
    season, episode = (_count(item.findtext(f"{ITUNES}{name}")) or 0 for name in ("season", "episode"))
    return _time(item.findtext("pubDate")), season, episode


def _time(written: str | None) -> datetime:
    try:
        time = parsedate_to_datetime(written or "")
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)  # RFC 2822, 3.3: '-0000'
    except (ValueError, OverflowError):
        return _LONG_AGO


def _count(written: str | None) -> int | None:
    text = (written or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None


def _unusable(path: Path, what: str) -> UsageError:
    return UsageError(
        f"{path} {what}; it was left as it is.", advice="Move it away, or name another folder for the podcast."
    )
