"""A book of more than sixty segments, one render of it undisturbed, and renders that faults are put into."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from narrator.testing.openai_server import FakeSpeechServer
from tests.end_to_end.books import markdown
from tests.end_to_end.command import COMMAND, Finished, here, started

CONCURRENCY = 4
CHAPTERS = 8
_PARAGRAPHS = 8


def _paragraph(number: int) -> str:
    return f"On day {number} the ferry lay in the ice."


def write_book(folder: Path) -> Path:
    paragraphs = [_paragraph(number) for number in range(CHAPTERS * _PARAGRAPHS)]
    chapters = {
        f"Chapter {number + 1}": paragraphs[number * _PARAGRAPHS :][:_PARAGRAPHS] for number in range(CHAPTERS)
    }
    return markdown(folder / "ferry.md", chapters)


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What a render comes to that nothing happens to: its MP3s by name, and how many texts are asked for."""

    mp3s: dict[str, bytes]
    texts: int


@dataclass(frozen=True, slots=True)
class Ferry:
    """A project of the book under `folder`, whose texts a server speaks."""

    folder: Path
    book: Path
    server: FakeSpeechServer
    undisturbed: Undisturbed

    @property
    def project(self) -> Path:
        return self.folder / "ferry"

    @property
    def out(self) -> Path:
        return self.project / "out"

    @property
    def command(self) -> list[str | Path]:
        return render_command(self.book, self.project, self.server)

    @property
    def log(self) -> Path:
        """Where strace writes what it did to a run."""
        return self.folder / "strace.log"

    @property
    def quiet_command(self) -> list[str | Path]:
        """The command without `--json`: nearly all that it writes is files."""
        return [part for part in self.command if part != "--json"]

    def render(self, *prefix: str | Path) -> Finished:
        """Run the command to its end, under whatever `prefix` puts in its way; in this process with none."""
        if not prefix:
            return here(*self.command[1:])
        with started(*prefix, *self.command) as run:
            return run.finish()

    def takes(self) -> set[str]:
        """The texts whose takes are whole; a sidecar that lies about its take fails."""
        texts = set()
        for sidecar in self.project.glob("takes/*/[!.]*.json"):
            said = json.loads(sidecar.read_bytes())
            pcm = sidecar.with_suffix(".pcm").read_bytes()
            assert hashlib.sha256(pcm).hexdigest() == said["sha256"], sidecar
            texts.add(said["request"]["text"])
        return texts

    def assert_nothing_half(self) -> None:
        """Whatever has a final name is whole, in takes/ and in out/."""
        self.takes()
        for mp3 in self.out.glob("[!.]*.mp3"):
            assert mp3.read_bytes() == self.undisturbed.mp3s[mp3.name], f"{mp3.name} is not the whole chapter"

    def assert_nothing_left_over(self) -> None:
        """No part of a file, and no sound without its sidecar: a kill may leave these, no error of the disk."""
        assert not list(self.project.rglob(".*.part"))
        for pcm in self.project.glob("takes/*/[!.]*.pcm"):
            assert pcm.with_suffix(".json").exists(), f"{pcm} has no sidecar"

    def assert_finished(self, run: Finished) -> None:
        """It is byte for byte the undisturbed audiobook, nothing half written beside it."""
        assert run.exit_code == 0, run
        assert {path.name: path.read_bytes() for path in self.out.glob("*.mp3")} == self.undisturbed.mp3s
        assert not list(self.project.rglob(".*.part")), "what was half written is swept"

    def recorded(self) -> set[str]:
        """The MP3s that `book.json` says are delivered."""
        record = self.project / "book.json"
        chapters = json.loads(record.read_bytes())["chapters"] if record.exists() else []
        return {Path(file["path"]).name for chapter in chapters for file in chapter["files"]}

    def asked_since(self, count: int) -> list[str]:
        """The texts that were asked for after the first `count` requests."""
        return [request.text for request in self.server.requests[count:]]

    def forget_audiobook(self) -> None:
        """Delete what is made of the takes, as a person may at any time."""
        shutil.rmtree(self.out)
        (self.project / "book.json").unlink(missing_ok=True)


def render_command(book: Path, project: Path, server: FakeSpeechServer) -> list[str | Path]:
    speaking: Sequence[str] = ("--provider", "openai", "--base-url", server.url)
    return [
        COMMAND,
        "render",
        book,
        "--project",
        project,
        "--json",
        "--concurrency",
        str(CONCURRENCY),
        *speaking,
    ]
