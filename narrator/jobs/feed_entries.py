"""The entries of an RSS or Atom feed, by feedparser, as far as it can be read.

Imported only where the texts of strangers are read: in a process of its own, see `apart`.
"""

from __future__ import annotations

import calendar
import hashlib
import html
import io
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit
from xml.sax import SAXException

import feedparser

from narrator.jobs.clean_markup import is_utf_8, on_one_line, root_of, text_of_markup, text_of_plain
from narrator.jobs.web_texts import LONGEST_TITLE, Entry, Feed, Text, shortened

MOST_ENTRIES = 1_000
_LONGEST_IDENTITY = 500
_LONGEST_ADDRESS = 2_000
_LONGEST_SUMMARY = 1_000
_LONGEST_LANGUAGE = 35
"""Of a tag, as RFC 5646, 4.4.1 has it."""

_PUBLISHED = ("published_parsed", "created_parsed", "updated_parsed")
_BEGIN = re.compile(rb"<(?:\w+:)?(?:item|entry)\b", re.IGNORECASE)
_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml")


def feed_in(data: bytes, *, url: str, charset: str) -> Feed:
    """What a feed says; `url` is where it was found, `charset` what the server says of its letters."""
    encoding = "utf-8" if is_utf_8(data) else charset
    label = f"application/xml; charset={encoding}" if encoding else "application/xml"
    parsed = feedparser.parse(
        io.BytesIO(data),
        response_headers={"content-type": label},
        # Both are slow; what is kept of markup is decided in clean_markup.
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.get("version") and not parsed.entries:
        return Feed(is_feed=False, feeds=tuple(_feeds_named(data, url)))
    broken = parsed.get("bozo_exception")
    is_cut = isinstance(broken, (SAXException, feedparser.CharacterEncodingUnknown)) and _has_no_end(data)
    cut = parsed.entries[-1] if is_cut and parsed.entries else None
    all_entries = _by_time((raw, _time_of(raw, _PUBLISHED)) for raw in parsed.entries)
    language, author = on_one_line(parsed.feed.get("language") or ""), _author(parsed.feed)
    read = [
        (
            replace(_entry(raw, published, url=url, language=language, author=author), is_cut=raw is cut),
            _time_of(raw, ("updated_parsed", *_PUBLISHED)),
        )
        for raw, published in all_entries[-MOST_ENTRIES:]
    ]
    entries, versions = _each_once(read)
    return Feed(
        is_feed=True,
        entries=tuple(entries),
        break_at=_place(broken) if isinstance(broken, SAXException) else "",
        left_out=len(all_entries) - len(read),
        versions=tuple(versions),
    )


def _has_no_end(data: bytes) -> bool:
    """Whether a feed breaks off; one that is but badly written has its end after its last entry."""
    last = max((found.start() for found in _BEGIN.finditer(data)), default=0)
    return _END.search(data, last) is None


def _place(broken: SAXException) -> str:
    line = getattr(broken, "getLineNumber", lambda: None)()
    return f"line {line}" if line else "its beginning"


def _each_once(read: list[tuple[Entry, datetime | None]]) -> tuple[list[Entry], list[str]]:
    """Entries in their order, and the titles of those that are there with several texts.

    Of these the latest counts (RFC 4287, 4.1.1) and, without dates, the longest: never which is the first.
    """
    ever = datetime.min.replace(tzinfo=UTC)
    versions: dict[str, list[tuple[Entry, datetime | None]]] = {}
    for each in read:
        versions.setdefault(each[0].apart, []).append(each)
    entries, titles = [], []
    for same in versions.values():
        latest, _ = max(
            same,
            key=lambda each: (not each[0].is_cut, each[1] or ever, len(each[0].text.plain), each[0].text.plain),
        )
        entries.append(latest)
        if len({each.text.plain for each, _ in same if not each.is_cut}) > 1:
            titles.append(latest.title)
    return entries, titles


def _by_time(
    entries: Iterable[tuple[Mapping[str, Any], datetime | None]],
) -> list[tuple[Mapping[str, Any], datetime | None]]:
    """From the oldest to the newest by their dates; where one has none, as feeds are written: newest first."""
    oldest_first = list(entries)[::-1]
    if all(published for _, published in oldest_first):
        oldest_first.sort(key=lambda each: each[1] or datetime.min.replace(tzinfo=UTC))
    return oldest_first


def _time_of(raw: Mapping[str, Any], keys: Iterable[str]) -> datetime | None:
    """What the first of these says that says something."""
    for key in keys:
        # `updated_parsed` of an entry that has none is that of `published`, with a warning, unless it is asked.
        parsed = raw[key] if key in raw else None  # noqa: SIM401 - get() is what warns
        if isinstance(parsed, time.struct_time):
            try:
                return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
            except (ValueError, OverflowError, OSError):
                continue
    return None


def _identity(raw: Mapping[str, Any]) -> str:
    """An entry's own: its id, else its link without what only tells where readers come from, else a hash."""
    identity = on_one_line(raw.get("id") or "") or _without_campaign(on_one_line(raw.get("link") or ""))
    if not identity:
        said = "\n".join(str(raw.get(key) or "") for key in ("title", "published"))
        said = said if said.strip() else str(raw.get("summary") or "")
        identity = _hashed(said)
    return _hashed(identity) if len(identity) > _LONGEST_IDENTITY else identity


def _apart(raw: Mapping[str, Any]) -> str:
    """What tells an entry from others with its identity: where it leads to, and what it is called."""
    link, title = (on_one_line(str(raw.get(key) or "")) for key in ("link", "title"))
    return _hashed("\n".join((_identity(raw), _without_campaign(link), title)))


def _hashed(said: str) -> str:
    return f"sha256:{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()}"


def _without_campaign(link: str) -> str:
    try:
        parts = urlsplit(link)
    except ValueError:
        return link
    told = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(key, value) for key, value in told if not key.lower().startswith("utm_")]
    return parts._replace(
        query=parts.query if len(kept) == len(told) else urlencode(kept), fragment=""
    ).geturl()


def _entry(
    raw: Mapping[str, Any], published: datetime | None, *, url: str, language: str, author: str
) -> Entry:
    """An entry; `language` and `author` are those of its feed."""
    link = _web_address(on_one_line(raw.get("link") or ""), url)
    texts = [_text(part, page=link) for part in (*(raw.get("content") or ()), raw.get("summary_detail") or {})]
    text = max(texts, key=lambda each: len(each.plain))  # max() takes the first of equals: the content
    summary = texts[-1].plain or text.plain
    title_detail = raw.get("title_detail") or {}
    languages = (part.get("language") for part in (*(raw.get("content") or ()), title_detail))
    return Entry(
        _identity(raw),
        shortened(_text(title_detail).plain, LONGEST_TITLE),
        text,
        summary=shortened(summary, _LONGEST_SUMMARY),
        author=_author(raw) or author,
        language=on_one_line(next(filter(None, languages), "") or language)[:_LONGEST_LANGUAGE],
        link=link,
        published=published.isoformat() if published else "",
        has_sound=any(
            str(each.get("type") or "").startswith(("audio/", "video/")) for each in raw.get("enclosures") or ()
        ),
        apart=_apart(raw),
    )


def _author(raw: Mapping[str, Any]) -> str:
    """The name of who wrote it; '' where nothing but an address is given, as RSS has it."""
    name = on_one_line((raw.get("author_detail") or {}).get("name") or "")
    return "" if "@" in name else shortened(name, LONGEST_TITLE)


def _text(part: Mapping[str, Any], *, page: str = "") -> Text:
    value = str(part.get("value") or "")
    if part.get("type") == "text/plain":
        return text_of_plain(value)
    # What has no tags was not meant as HTML, where all of it would be one paragraph.
    return text_of_markup(value, page=page) if "<" in value else text_of_plain(html.unescape(value))


def _web_address(link: str, base: str) -> str:
    """A link as an address of the web; '' for one that is none, as javascript: is."""
    try:
        address = urljoin(base, link) if link else ""
        parts = urlsplit(address)
    except ValueError:
        return ""
    is_page = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    return address if is_page and len(address) <= _LONGEST_ADDRESS else ""


def _feeds_named(data: bytes, url: str) -> Iterator[str]:
    """The feeds that a page names (https://html.spec.whatwg.org/#rel-alternate)."""
    root = root_of(data)
    for link in () if root is None else root.iter("link"):
        is_other = "alternate" in (link.get("rel") or "").lower().split()
        if is_other and (link.get("type") or "").lower() in _FEED_TYPES:
            # Without its query: a page that is private names feeds with a key in it.
            address = _web_address(on_one_line(link.get("href") or ""), url).partition("?")[0]
            if address:
                yield address
