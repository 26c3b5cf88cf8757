"""The accepted script on disk: what a project has agreed to say, in files that a person can read and edit.

    script/book.json     the book's facts, the cut, the credits, and the chapters' files in order
    script/0001-….json   one chapter: a segment a line, then what is skipped and why

The text of a segment may be edited; its spans say which characters of the source it stands for, and `made` is a
digest of what was composed, by which an edit is told and kept. Titles that the source does not show have no
spans. `asked` is what titles were written from: while it is the same, they stay.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from narrator.durable import disk_errors, reading, write_durably
from narrator.errors import UsageError
from narrator.model import AskedTitles, Matter, Pause, Script, ScriptChapter, Segment, Skip, Span
from narrator.script.chapter_script import stamped
from narrator.script.compose import Accepted
from narrator.script.treatment import Treatment

REVISION = 1
_MORE_FACTS = ("date", "series", "part")


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
            names: list[str] = [*map(str, _listed(book["chapters"]))]
            chapters = tuple(_chapter(self._folder / name) for name in names)
            script = Script(
                title=book["title"],
                authors=tuple(book["authors"]),
                language=book["language"],
                chapters=chapters,
                opening=_segments(book.get("opening", [])),
                closing=_segments(book.get("closing", [])),
                asked=_asked(book["asked"]) if "asked" in book else None,
                **{key: str(book.get(key, "")) for key in _MORE_FACTS},
            )
            cutting = {key: book[key] for key in ("strategy", "limit")} | dict(book.get("cutting", {}))
            wording = dict(book["wording"]) if "wording" in book else None
            return Accepted(script, str(book["source_sha256"]), cutting, wording)
        except (KeyError, TypeError, ValueError) as exc:
            raise _damaged(index, exc) from exc

    def write(self, script: Script, source_sha256: str, treatment: Treatment) -> None:
        """Keep a script. The index is replaced last, so that a script is whole, the old one or the new one.

        Raises:
            DiskError: it could not be written.
        """
        names = [f"{number:04}-{c.source_digest[:12]}.json" for number, c in enumerate(script.chapters, 1)]
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
        for name, chapter in zip(names, script.chapters, strict=True):
            _write(self._folder / name, _chapter_text(chapter))
        _write(self._folder / "book.json", json.dumps(book, ensure_ascii=False, indent=1) + "\n")
        with disk_errors(f"Tidying {self._folder}"):
            for path in self._folder.glob("[0-9][0-9][0-9][0-9]*-*.json"):
                if path.name not in names:
                    path.unlink()


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_durably(path, text.encode())


def _chapter_text(chapter: ScriptChapter) -> str:
    facts = {key: value for key, value in asdict(chapter).items() if key not in {"segments", "skipped"}}
    segments = map(_segment_facts, chapter.segments)
    skipped = ({"rule": part.rule, "spans": _flat(part.spans)} for part in chapter.skipped)
    opening = json.dumps(facts, ensure_ascii=False).removesuffix("}")
    return f'{opening},\n"segments": [\n{_lines(segments)}],\n"skipped": [\n{_lines(skipped)}]}}\n'


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
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise _damaged(path, exc) from exc


def _listed(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("its chapters are no list")
    return value


def _segments(raw: list[dict[str, Any]]) -> tuple[Segment, ...]:
    return tuple(map(_segment, raw))


def _segment(raw: dict[str, Any]) -> Segment:
    segment = Segment(
        text=_text(raw["text"]),
        spans=_spans(raw["spans"]),
        pause=Pause(raw["pause"]),
        voice=str(raw.get("voice", "")),
        language=str(raw.get("language", "")),
    )
    # Scripts of before did not tell what was edited: theirs count as composed.
    return replace(segment, made=str(raw["made"])) if "made" in raw else stamped(segment)


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
