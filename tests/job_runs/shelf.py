"""A jobs file with a fake speech server behind it, and its history as a person would ask for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from narrator.testing.openai_server import FakeSpeechServer
from tests.end_to_end.books import markdown, paragraph
from tests.end_to_end.command import Finished, here


class Shelf:
    """A projects folder with a jobs file in which each job's books are spoken by `server`."""

    def __init__(self, folder: Path, server: FakeSpeechServer) -> None:
        self.folder = folder
        self.projects = folder / "projects"
        self.inbox = folder / "inbox"
        self.file = self.projects / "jobs.toml"
        self.server = server
        self.projects.mkdir()
        self.inbox.mkdir()
        self.file.write_text('[settings]\ntimezone = "Europe/Berlin"\n', encoding="utf-8")

    def job(self, name: str, source: str, when: str, more: str = "", render: str = "") -> None:
        """Add a job; `source` is TOML, and so is `more`."""
        voice = f'provider = "openai", base_url = "{self.server.url}", voice = "alloy", price = 15.0{render}'
        text = f'\n[jobs.{name}]\nsource = {{ {source} }}\nwhen = "{when}"\nrender = {{ {voice} }}\n{more}\n'
        with self.file.open("a", encoding="utf-8") as file:
            file.write(text)

    def book(self, name: str, paragraphs: int, first: int = 0, folder: Path | None = None) -> Path:
        """Put a book of one chapter into the inbox, or have it grow."""
        texts = [paragraph(number) for number in range(first, first + paragraphs)]
        return markdown((folder or self.inbox) / f"{name}.md", {"One": texts}, name)

    def run_due(self, now: str = "", run: Callable[..., Finished] = here) -> Finished:
        """Start what is due, from this process or with `narrator`; each run is a process of its own."""
        return run("jobs", "run-due", f"--jobs={self.file}", *([f"--now={now}"] if now else []))

    def history(self) -> list[dict[str, Any]]:
        """All runs, the oldest first."""
        told = here("jobs", "history", f"--jobs={self.file}", "--json", "--limit=1000").out
        return [json.loads(line) for line in told.splitlines()][::-1]

    def outcomes(self) -> list[str]:
        return [run["outcome"] for run in self.history()]

    def made(self) -> set[str]:
        """The names of the projects whose audiobook is there."""
        return {path.parent.parent.name for path in self.projects.glob("*/out/*.mp3")}

    def asked_twice(self) -> set[str]:
        """Paragraphs that were paid for more than once; headings may be those of several books."""
        texts = [request.text for request in self.server.requests if request.text.startswith("Paragraph")]
        return {text for text in texts if texts.count(text) > 1}
