"""What cannot be done is said in a clear line with advice, by the right exit code, and with no traceback.

The program runs inside the tests here, so that the guards of conftest.py hold for it: it asks no network.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from narrator.__main__ import run
from tests.end_to_end.books import ENCRYPTION, epub, markdown, paragraph
from tests.end_to_end.command import Finished

Narrator = Callable[..., Finished]

SAMPLE = Path(__file__).parents[2] / "samples" / "eleven-minutes.epub"


@dataclass(frozen=True, slots=True)
class Case:
    """A command that must be refused: what it is given, how it ends, and a word that its message has."""

    name: str
    source: Callable[[Path], Path]
    exit_code: int
    says: str
    options: tuple[str, ...] = ()


def _missing(folder: Path) -> Path:
    return folder / "nowhere.epub"


def _empty(folder: Path) -> Path:
    return _file(folder, "empty.txt", b"")


def _empty_epub(folder: Path) -> Path:
    return _file(folder, "empty.epub", b"")


def _folder(folder: Path) -> Path:
    (folder / "stray").mkdir()
    return folder / "stray"


def _broken_zip(folder: Path) -> Path:
    return _file(folder, "broken.epub", b"PK\x03\x04 this is no archive")


def _half_an_epub(folder: Path) -> Path:
    return _file(folder, "half.epub", SAMPLE.read_bytes()[:20_000])


def _protected(folder: Path) -> Path:
    return epub(folder / "drm.epub", "<p>%&$</p>", {"META-INF/encryption.xml": ENCRYPTION})


def _without_text(folder: Path) -> Path:
    return epub(folder / "pictures.epub", '<p><img src="a.jpg" alt=""/></p>')


def _blank(folder: Path) -> Path:
    return _file(folder, "blank.md", b"  \n\n \t\n")


def _english(folder: Path) -> Path:
    return markdown(folder / "ferry.md", {"One": [paragraph(1)]})


def _japanese(folder: Path) -> Path:
    text = "---\ntitle: 草枕\nlanguage: ja\n---\n\n# 草枕\n\n## 一\n\n山路を登りながら、こう考えた。\n"
    return _file(folder, "kusamakura.md", text.encode())


def _russian_that_does_not_say_so(folder: Path) -> Path:
    text = "# Анна Каренина\n\n## Первая\n\nВсе счастливые семьи похожи друг на друга.\n"
    return _file(folder, "karenina.md", text.encode())


def _file(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


CASES = [
    Case("no such file", _missing, 2, "nowhere.epub"),
    Case("an empty file", _empty, 7, "empty"),
    Case("an empty EPUB", _empty_epub, 7, "empty"),
    Case("a folder that is no project", _folder, 2, "project.toml"),
    Case("a broken archive", _broken_zip, 7, "broken.epub"),
    Case("half an archive", _half_an_epub, 7, "half.epub"),
    Case("a protected book", _protected, 7, "DRM"),
    Case("a book of pictures", _without_text, 7, "text"),
    Case("a blank page", _blank, 7, "empty"),
    Case("no key", _english, 4, "OPENAI_API_KEY", ("--provider", "openai")),
    Case("an unknown provider", _english, 2, "hibari", ("--provider", "hibary")),
    Case("an unknown voice", _english, 4, "heart", ("--voice", "hart")),
    Case("an unknown option of the provider", _english, 2, "lustre", ("--option", "lustre=high")),
    Case("a wrong number", _english, 2, "speed", ("--speed", "fast")),
    Case("a language that the voice lacks", _japanese, 4, "Japanese"),
    Case("letters that the voice cannot read", _russian_that_does_not_say_so, 4, "heart"),
]


@pytest.fixture
def narrator(capsys: pytest.CaptureFixture[str]) -> Narrator:
    def narrate(*arguments: str | Path) -> Finished:
        exit_code = run([str(argument) for argument in arguments])
        return Finished(exit_code, *capsys.readouterr())

    return narrate


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_refused_with_a_clear_line(case: Case, narrator: Narrator, tmp_path: Path) -> None:
    source = case.source(tmp_path)
    ended = narrator("render", source, "--projects", tmp_path / "projects", *case.options)
    _assert_clear(ended, case.exit_code, case.says)
    assert not list(tmp_path.rglob("*.pcm")), "nothing was spoken"
    assert not list(tmp_path.rglob("*.mp3"))


@pytest.mark.parametrize("command", ["plan", "resume", "status"])
def test_other_commands_refuse_a_missing_source_alike(command: str, narrator: Narrator, tmp_path: Path) -> None:
    _assert_clear(narrator(command, tmp_path / "nowhere"), 2, "nowhere")


def test_every_mistake_in_project_toml_is_told_at_once_with_the_nearest_name(
    narrator: Narrator, tmp_path: Path
) -> None:
    project = tmp_path / "ferry"
    project.mkdir()
    (project / "project.toml").write_text(
        '[speech]\nvoic = "heart"\nspeed = 9.0\n'
        '[pauses]\nparagraph = "long"\n'
        "[levles]\nloudness_lufs = -20.0\n",
        encoding="utf-8",
    )
    ended = narrator("render", _english(tmp_path), "--project", project)
    _assert_clear(ended, 2, "project.toml")
    lines = {key: line for line in ended.err.splitlines() for key in [line.strip().partition(":")[0]]}
    assert "'voice'" in lines["speech.voic"]
    assert "4" in lines["speech.speed"]
    assert "pauses.paragraph" in lines
    assert "'levels'" in lines["levles"]


def test_a_project_toml_that_is_no_toml_is_told_with_its_line(narrator: Narrator, tmp_path: Path) -> None:
    project = tmp_path / "ferry"
    project.mkdir()
    (project / "project.toml").write_text("[speech]\nvoice = \n", encoding="utf-8")
    ended = narrator("render", _english(tmp_path), "--project", project)
    _assert_clear(ended, 2, "line 2")


def test_a_provider_that_nobody_answers_for_is_incomplete_and_resumable(
    narrator: Narrator, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed_port = listener.getsockname()[1]
    base_url = f"http://127.0.0.1:{closed_port}"
    ended = narrator(
        "render", _english(tmp_path), "--projects", tmp_path, "--provider", "openai", "--base-url", base_url
    )
    _assert_clear(ended, 3, str(closed_port))


def _assert_clear(ended: Finished, exit_code: int, says: str) -> None:
    assert ended.exit_code == exit_code, ended
    assert says.lower() in ended.err.lower(), ended
    assert "Traceback" not in ended.out + ended.err, ended
    assert len(ended.err.strip().splitlines()) >= 2, f"what happened, and what to do next: {ended}"
