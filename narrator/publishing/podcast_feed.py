"""A feed as a file: RSS that is read without trust, changed where it must be, and otherwise left as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from narrator.errors import UsageError
from narrator.publishing.podcast_text import line
from narrator.publishing.podcast_xml import ITUNES, NAMESPACES, element, lay_out, renew

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_LONGEST_NUMBER = 9  # digits


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
    def file_names(self) -> set[str]:
        """The names, without folders, of all files to which addresses in the feed lead."""
        paths = (re.split("[?#]", address, maxsplit=1)[0] for _, _, address in self._addresses())
        return {unquote(path.rpartition("/")[2]) for path in paths}

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
        for each, attribute, address in self._addresses():
            name = address.removeprefix(old)
            if address.startswith(old) and unquote(name) in names:
                each.set(attribute, new + name)

    def settle(self) -> None:
        """Bring the items into order, the newest first, say when that was, and lay all of it out.

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
        if ordered and (newest := _time_of(ordered[0])) != _LONG_AGO:
            last = element("lastBuildDate", rfc_2822(newest))
            renew(self.channel, self.channel.findall("lastBuildDate"), [last])
        lay_out(self.channel, 1)
        lay_out(self._root, 0)

    def _addresses(self) -> Iterator[tuple[etree._Element, str, str]]:
        """The elements with an address in an attribute, its name, and the address."""
        for each in self._root.iter(etree.Element):
            for name in ("url", "href"):
                if address := each.get(name):
                    yield each, name, address


def rfc_2822(time: datetime) -> str:
    """An aware time as RSS has it, in UTC."""
    return format_datetime(time.astimezone(UTC), usegmt=True)


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
    return _time_of(item), _number(item, "season"), _number(item, "episode")


def _time_of(item: etree._Element) -> datetime:
    try:
        time = parsedate_to_datetime(item.findtext("pubDate") or "")
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)  # RFC 2822, 3.3: '-0000'
    except (ValueError, OverflowError):
        return _LONG_AGO


def _number(item: etree._Element, name: str) -> int:
    text = (item.findtext(f"{ITUNES}{name}") or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else 0


def _unusable(path: Path, what: str) -> UsageError:
    return UsageError(
        f"{path} {what}; it was left as it is.", advice="Move it away, or name another folder for the podcast."
    )
