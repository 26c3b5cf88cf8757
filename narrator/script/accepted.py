"""The accepted script on disk: what a project has agreed to say, in files that a person can read and edit.

    script/book.json     the book's facts, the cut, the credits, and the chapters' files in order
    script/0001-….json   one chapter: a segment a line, then what is skipped and why

A chapter's file is named by its content: what the index names is whole, whenever the work breaks off.
The text of a segment may be edited; its spans say which characters of the source it stands for, and `made` is a
digest of what was composed, by which an edit is told and kept. Titles that the source does not show have no
spans. `asked` is what titles were written from: while it is the same, they stay. `sources` say where the blocks
that spans count stand in the manuscript, for people.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from narrator.durable import disk_errors, reading, write_durably
from narrator.errors import UsageError
from narrator.model import AskedTitles, Matter, Pause, Script, ScriptChapter, Segment, Skip, Span
from narrator.script.compose import Accepted
from narrator.script.treatment import Treatment

REVISION = 1
_EARLY_WORDING = {"normalize": "off"}
_MORE_FACTS = ("date", "series", "part", "isbn", "publisher", "description")
_LISTS = {"segments", "skipped", "sources"}


class AcceptedScript:
    """The `script/` folder of a project."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> Accepted | None:
        """The script, and of what and how it was made; None if there is none.

        Raises:
            UsageError: a file of the script is damaged; it is named.
        """
        index = self._folder / "book.json"
        try:
            with reading(index):
                index.stat()
        except FileNotFoundError:
            return None
        book = _read(index)
        try:
            if book["revision"] != REVISION:
                return None
            more_facts: dict[str, Any] = {key: str(book.get(key, "")) for key in _MORE_FACTS}
            names: list[str] = [*map(str, _listed(book["chapters"], "chapters"))]
            chapters = tuple(_chapter(self._folder / name) for name in names)
            script = Script(
                title=book["title"],
                authors=tuple(book["authors"]),
                language=book["language"],
                chapters=chapters,
                opening=_segments(book.get("opening", [])),
                closing=_segments(book.get("closing", [])),
                asked=_asked(book["asked"]) if "asked" in book else None,
                **more_facts,
            )
            cutting = {key: book[key] for key in ("strategy", "limit")} | dict(book.get("cutting", {}))
            wording = dict(book.get("wording", _EARLY_WORDING))
            return Accepted(
                script, str(book["source_sha256"]), cutting, wording, is_early="wording" not in book
            )
        except (KeyError, TypeError, ValueError) as exc:
            raise _damaged(index, exc) from exc

    def write(self, script: Script, source_sha256: str, treatment: Treatment) -> None:
        """Keep a script. The index is replaced last, and what it named until then is left as it is.

        Raises:
            DiskError: it could not be written.
        """
        names = [self._keep(number, _chapter_text(each)) for number, each in enumerate(script.chapters, 1)]
        cutting = dict(treatment.cutting)
        strategy, limit = cutting.pop("strategy"), cutting.pop("limit")
        book = {
            "revision": REVISION,
            "title": script.title,
            "authors": script.authors,
            "language": script.language,
            **{key: value for key in _MORE_FACTS if (value := getattr(script, key))},
            "source_sha256": source_sha256,
            "strategy": strategy,
            "limit": limit,
            **({"cutting": cutting} if cutting else {}),
            "wording": treatment.wording.facts,
            "opening": [*map(_segment_facts, script.opening)],
            "closing": [*map(_segment_facts, script.closing)],
            **({"asked": asdict(script.asked)} if script.asked else {}),
            "chapters": names,
        }
        index = json.dumps(book, ensure_ascii=False, indent=1) + "\n"
        _write(self._folder / "book.json", index.encode())
        with disk_errors(f"Tidying {self._folder}"):
            for path in self._folder.glob("[0-9][0-9][0-9][0-9]*-*.json"):
                if path.name not in names:
                    path.unlink()

    def _keep(self, number: int, text: str) -> str:
        """Write a chapter's file; its name, which is another one where somebody edited that of before."""
        data = text.encode()
        stem = f"{number:04}-{hashlib.sha256(data).hexdigest()[:12]}"
        names = chain([f"{stem}.json"], (f"{stem}-{at}.json" for at in count(2)))
        paths = (self._folder / name for name in names)
        path = next(path for path in paths if not path.exists() or _holds(path, data))
        _write(path, data)
        return path.name


def _write(path: Path, data: bytes) -> None:
    if not _holds(path, data):
        write_durably(path, data)


def _holds(path: Path, data: bytes) -> bool:
    with disk_errors(f"Reading {path}"), suppress(FileNotFoundError):
        return path.read_bytes() == data
    return False


def _chapter_text(chapter: ScriptChapter) -> str:
    facts = {key: value for key, value in asdict(chapter).items() if key not in _LISTS}
    segments = map(_segment_facts, chapter.segments)
    skipped = ({"rule": part.rule, "spans": _flat(part.spans)} for part in chapter.skipped)
    opening = json.dumps(facts, ensure_ascii=False).removesuffix("}")
    sources = f',\n"sources": {json.dumps(chapter.sources, ensure_ascii=False)}' if chapter.sources else ""
    return f'{opening},\n"segments": [\n{_lines(segments)}],\n"skipped": [\n{_lines(skipped)}]{sources}}}\n'


def _segment_facts(segment: Segment) -> dict[str, Any]:
    facts = {"text": segment.text, "pause": segment.pause, "spans": _flat(segment.spans)}
    more = {"voice": segment.voice, "language": segment.language}
    return facts | {key: value for key, value in more.items() if value} | {"made": segment.made}


def _lines(items: Iterable[dict[str, Any]]) -> str:
    text = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
    return f"{text}\n" if text else ""


def _flat(spans: tuple[Span, ...]) -> list[list[int]]:
    return [[span.block, span.start, span.end] for span in spans]


def _chapter(path: Path) -> ScriptChapter:
    raw = _read(path)
    try:
        return ScriptChapter(
            title=raw["title"],
            matter=Matter(raw["matter"]),
            kind=raw["kind"],
            source_digest=raw["source_digest"],
            characters=raw["characters"],
            words=raw["words"],
            segments=_segments(raw["segments"]),
            skipped=tuple(Skip(item["rule"], _spans(item["spans"])) for item in raw["skipped"]),
            title_read=raw.get("title_read", raw["title"]),
            sources=tuple(map(str, _listed(raw.get("sources", []), "sources"))),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise _damaged(path, exc) from exc


def _listed(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"its {what} are no list")
    return value


def _segments(raw: list[Any]) -> tuple[Segment, ...]:
    for item in raw:
        if not isinstance(item, dict):
            raise TypeError("a segment is no object")
        for key in ("voice", "language", "made"):
            if not isinstance(item.get(key, ""), str):
                raise TypeError(f"the {key} of a segment is no text")
    return tuple(map(_segment, raw))


def _segment(raw: dict[str, Any]) -> Segment:
    segment = Segment(
        text=_text(raw["text"]),
        spans=_spans(raw["spans"]),
        pause=Pause(raw["pause"]),
        voice=str(raw.get("voice", "")),
        language=str(raw.get("language", "")),
    )
    return replace(segment, made=str(raw.get("made", "")))


def _asked(raw: dict[str, Any]) -> AskedTitles:
    return AskedTitles(raw["opening"], raw["closing"], raw["chapter"])


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a segment has no text")
    return value


def _spans(raw: list[list[int]]) -> tuple[Span, ...]:
    return tuple(Span(block, start, end) for block, start, end in raw)


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise _damaged(path, exc) from exc
    if not isinstance(raw, dict):
        raise _damaged(path, TypeError("not an object"))
    return raw


def _damaged(path: Path, cause: Exception) -> UsageError:
    return UsageError(
        f"The script file {path} cannot be read: {cause}.",
        advice="Mend it, or run the command again with --replan to write the script anew from the manuscript.",
    )
