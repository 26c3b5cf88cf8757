from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from narrator import keeping
from narrator.audio.measure import measure
from narrator.book import Book, locate, open_book
from narrator.cli import keeping as commands
from narrator.errors import ProjectLocked, UsageError
from narrator.events import Event, Notice
from narrator.keeping import Cleaned
from narrator.model import Draft, SpeechRequest, Take
from narrator.project import Project
from narrator.publishing.record import AudiobookRecord, DeliveredChapter, DeliveredFile, save_record
from narrator.rendering.inspection import paths_of
from narrator.testing.speechlike import speech_pcm
from narrator.wiring import open_takes
from narrator.wishes import Wishes, wishes_of
from tests.end_to_end.books import markdown, paragraph

CHAPTERS = {"One": [paragraph(1), paragraph(2)], "Two": [paragraph(3)]}
MP3 = b"the sound of a chapter"


def book_of(project: Path, **options: Any) -> Book:
    wishes = wishes_of(**options)
    return open_book(locate(project, wishes), wishes)


def begin(folder: Path, chapters: Mapping[str, list[str]] = CHAPTERS) -> Project:
    """A project as a render leaves it before the first take."""
    source = markdown(folder / "ferry.md", chapters)
    silent = {"titles": {"opening": "", "closing": ""}}
    wishes = Wishes(projects=folder / "projects", settings=silent)
    book = open_book(locate(source, wishes), wishes)
    with book.project.lock():
        book.keep_wishes(wishes.settings)
        book.keep()
    return book.project


def speak(project: Project, request: SpeechRequest, billed: int = 0) -> Take:
    pcm = speech_pcm(request.text, request.rate_hz, 4800)
    facts = {"characters_billed": billed}
    return open_takes(project).save(Draft(request, pcm, measure(pcm, request.rate_hz), (), facts))


def speak_all(project: Project) -> list[Take]:
    book = book_of(project.folder)
    return [speak(project, order.request) for order in book.plan(open_takes(project).keys()).orders]


def deliver(project: Project) -> Path:
    """One delivered file, and the record of it."""
    path = project.folder / "out" / "01 One.mp3"
    path.parent.mkdir()
    path.write_bytes(MP3)
    file = DeliveredFile("out/01 One.mp3", "mp3", len(MP3), hashlib.sha256(MP3).hexdigest(), 24_000, 24_000)
    chapter = DeliveredChapter(
        number=1, title="One", sound="", tags="", rate_hz=24_000, frames=24_000, gain_db=0.0,
        loudness_lufs=-20.0, true_peak_dbtp=-3.0, files=(file,), segments=(),
    )  # fmt: skip
    record = AudiobookRecord("The Ferry", (), "en", "hibari heart", "narrator", chapters=(chapter,))
    save_record(project.record_file, record)
    return path


def run(command: click.Command, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with all its takes."""
    project = begin(tmp_path)
    assert len(speak_all(project)) == 5
    return project


# --- explain ------------------------------------------------------------------------------------------


def explained(project: Project, **options: Any) -> list[tuple[str, int]]:
    plan = book_of(project.folder, **options).plan(open_takes(project).keys())
    return [(group.reason, group.orders) for group in keeping.explain(project, plan)]


def test_a_whole_book_has_nothing_to_explain(project: Project) -> None:
    assert explained(project) == []


def test_a_new_speed_is_the_reason_of_all(project: Project) -> None:
    assert explained(project, speed=1.2) == [("speed changed from 1 to 1.2", 5)]


def test_a_paragraph_put_in_is_the_only_new_text(project: Project, tmp_path: Path) -> None:
    chapters = {"One": [*CHAPTERS["One"], paragraph(9)], "Two": CHAPTERS["Two"]}
    markdown(project.manuscript_file(), chapters)
    plan = book_of(project.folder).plan(open_takes(project).keys())
    (group,) = keeping.explain(project, plan)
    assert (group.reason, group.texts, group.chapters) == ("new text", (paragraph(9),), (1,))
    assert commands.reason_lines([group])[0] == (
        f"new text: 1 request, {len(paragraph(9))} characters, in chapter 1"
    )


def test_damaged_and_incomplete_takes_are_told_apart(project: Project) -> None:
    first, second = (order.key for order in book_of(project.folder).plan(frozenset()).orders[:2])
    open_takes(project).quarantine(first)
    paths_of(project.takes_folder, second)[0].unlink()
    assert explained(project) == [("take damaged (in quarantine)", 1), ("take incomplete on disk", 1)]


def test_what_was_damaged_before_a_change_is_no_new_text(project: Project) -> None:
    open_takes(project).quarantine(min(open_takes(project).keys()))
    assert explained(project, speed=1.2) == [("speed changed from 1 to 1.2", 5)]


# --- verify -------------------------------------------------------------------------------------------


def test_a_sound_project_is_verified_and_left_as_it_is(project: Project) -> None:
    deliver(project)
    before = sorted(path for path in project.folder.rglob("*") if path.name != ".lock")
    verified = keeping.verify(project.folder)
    assert (verified.takes, verified.files, verified.bad, verified.altered) == (5, 1, (), ())
    assert sorted(path for path in project.folder.rglob("*") if path.name != ".lock") == before
    result = run(commands.verify, project.folder)
    assert result.exit_code == 0
    assert "5 takes" in result.output
    assert "all are sound" in result.output


def test_bad_takes_go_to_quarantine_and_only_they_are_missing(project: Project) -> None:
    flipped, half, *sound = sorted(open_takes(project).keys())
    _, pcm = paths_of(project.takes_folder, flipped)
    pcm.write_bytes(pcm.read_bytes()[:-1] + b"\x7f")
    paths_of(project.takes_folder, half)[0].unlink()
    seen: list[Event] = []
    verified = keeping.verify(project.folder, seen.append)
    assert {fault.key for fault in verified.bad} == {flipped, half}
    assert len([event for event in seen if isinstance(event, Notice)]) == 2
    assert open_takes(project).keys() == set(sound)
    quarantined = {path.stem for path in project.quarantine_folder.iterdir()}
    assert quarantined == {flipped, half}
    assert keeping.verify(project.folder).bad == ()


def test_what_a_sidecar_measures_wrongly_is_mended_and_nothing_is_put_away(project: Project) -> None:
    key = min(open_takes(project).keys())
    sidecar, _ = paths_of(project.takes_folder, key)
    right = json.loads(sidecar.read_text(encoding="utf-8"))
    wrong = {**right, "measurement": {**right["measurement"], "true_peak": 0.9}}
    sidecar.write_text(json.dumps(wrong), encoding="utf-8")
    seen: list[Event] = []
    assert keeping.verify(project.folder, seen.append).bad == ()
    (notice,) = seen
    assert isinstance(notice, Notice)
    assert "mended" in notice.message
    assert json.loads(sidecar.read_text(encoding="utf-8")) == right
    keeping.verify(project.folder, seen.append)
    assert len(seen) == 1, "it is sound now"


def test_bad_takes_end_with_3_and_say_what_to_type(project: Project) -> None:
    key = min(open_takes(project).keys())
    paths_of(project.takes_folder, key)[1].write_bytes(b"\0\0")
    result = run(commands.verify, project.folder)
    assert result.exit_code == 3
    assert f"narrator render {project.folder}" in result.output
    assert key[:12] in result.output


def test_verify_json_is_one_object(project: Project) -> None:
    key = min(open_takes(project).keys())
    paths_of(project.takes_folder, key)[1].unlink()
    result = run(commands.verify, project.folder, "--json")
    assert result.exit_code == 3
    told = json.loads(result.output)
    assert told["bad"] == [{"key": key, "what": "its PCM is missing"}]
    assert told["takes"] == 5
    assert told["altered"] == []


@pytest.mark.parametrize(
    ("content", "what"), [(None, "missing"), (b"tagged by another program", "changed since it was delivered")]
)
def test_a_delivered_file_that_is_not_as_delivered_is_named_and_let_be(
    project: Project, content: bytes | None, what: str
) -> None:
    path = deliver(project)
    path.unlink()
    if content:
        path.write_bytes(content)
    (altered,) = keeping.verify(project.folder).altered
    assert (altered.path, altered.chapter, altered.what) == ("out/01 One.mp3", 1, what)
    assert path.exists() == bool(content)
    result = run(commands.verify, project.folder)
    assert result.exit_code == 0
    assert f"out/01 One.mp3: {what}" in result.output


def test_a_project_at_work_is_not_disturbed(project: Project) -> None:
    with project.lock():
        with pytest.raises(ProjectLocked):
            keeping.verify(project.folder)
        with pytest.raises(ProjectLocked):
            keeping.clean(project.folder, lambda _: True)


def test_a_folder_that_is_no_project_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        keeping.verify(tmp_path)
    with pytest.raises(UsageError):
        keeping.clean(tmp_path, lambda _: True)


# --- clean --------------------------------------------------------------------------------------------


def clutter(project: Project) -> dict[str, set[Path]]:
    """Put one of each thing that nothing needs into a project; the paths of each."""
    orders = book_of(project.folder).plan(frozenset()).orders
    paid = replace(orders[0].request, provider="openai", model="tts-1", voice="alloy", voice_digest="")
    takes = {
        "provider changed from openai to hibari, voice changed from alloy to heart": speak(project, paid, 1234),
        keeping.UNSAID: speak(project, replace(orders[0].request, text="A text that was taken out.")),
        keeping.SENSELESS: speak(project, replace(orders[0].request, text="Senseless.")),
        keeping.HALF: speak(project, replace(orders[0].request, text="Half.")),
        keeping.QUARANTINED: speak(project, replace(orders[0].request, text="Quarantined.")),
    }
    found = {reason: set(paths_of(project.takes_folder, take.key)) for reason, take in takes.items()}
    paths_of(project.takes_folder, takes[keeping.SENSELESS].key)[0].write_bytes(b"{}")
    paths_of(project.takes_folder, takes[keeping.HALF].key)[0].unlink()
    open_takes(project).quarantine(takes[keeping.QUARANTINED].key)
    part = project.takes_folder / orders[0].key[:2] / f".{orders[0].key[:60]}.0123abcd.part"
    part.write_bytes(b"half")
    return {
        **found,
        keeping.HALF: {takes[keeping.HALF].path},
        keeping.QUARANTINED: set(project.quarantine_folder.iterdir()),
        keeping.UNFINISHED: {part},
    }


def test_all_that_no_script_needs_is_told_with_its_reason_and_size(project: Project) -> None:
    cluttered = clutter(project)
    seen: list[Cleaned] = []

    def refuse(told: Cleaned) -> bool:
        seen.append(told)
        return False

    cleaned = keeping.clean(project.folder, refuse)
    assert seen == [cleaned]
    assert {each.reason: set(each.paths) for each in cleaned.unneeded} == cluttered
    for each in cleaned.unneeded:
        assert each.bytes == sum(path.stat().st_size for path in each.paths) > 0
    billed = {each.voice: each.characters_billed for each in cleaned.unneeded if each.characters_billed}
    assert billed == {"openai alloy": 1234}
    assert not cleaned.removed


def test_once_agreed_all_of_it_is_gone_and_what_is_needed_stays(project: Project) -> None:
    needed = open_takes(project).keys()
    cluttered = clutter(project)
    cleaned = keeping.clean(project.folder, lambda _: True)
    assert cleaned.removed
    assert not [path for paths in cluttered.values() for path in paths if path.exists()]
    assert open_takes(project).keys() == needed
    assert keeping.verify(project.folder).bad == ()
    assert keeping.clean(project.folder, lambda _: pytest.fail("nothing is left to ask about")).unneeded == ()


def test_takes_of_the_book_before_its_voice_was_changed_are_unneeded_and_named(project: Project) -> None:
    project.keep_wishes({"speech": {"speed": 1.5}})
    (each,) = keeping.clean(project.folder, lambda _: False).unneeded
    assert (each.reason, each.voice, each.takes) == ("speed changed from 1 to 1.5", "hibari heart", 5)


def test_without_a_terminal_and_without_yes_nothing_is_removed(project: Project) -> None:
    cluttered = clutter(project)
    result = run(commands.clean, project.folder)
    assert result.exit_code == 0
    assert "Nothing was removed" in result.output
    assert f"narrator clean {project.folder} --yes" in result.output
    assert "1 take of openai alloy: provider changed" in result.output
    assert "paid: 1,234 characters" in result.output
    assert all(path.exists() for paths in cluttered.values() for path in paths)


@pytest.mark.parametrize(("answer", "remains"), [("y\n", False), ("n\n", True), ("\n", True)])
def test_on_a_terminal_a_person_is_asked(
    project: Project, monkeypatch: pytest.MonkeyPatch, answer: str, *, remains: bool
) -> None:
    cluttered = clutter(project)
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
    result = CliRunner().invoke(commands.clean, [str(project.folder)], input=answer, catch_exceptions=False)
    assert "Remove all of this?" in result.output
    assert all(path.exists() == remains for paths in cluttered.values() for path in paths)


def test_with_yes_it_is_removed_and_said(project: Project) -> None:
    clutter(project)
    result = run(commands.clean, project.folder, "--yes")
    assert "Removed" in result.output
    assert "nothing to remove" in run(commands.clean, project.folder, "--yes").output


@pytest.mark.parametrize(("arguments", "removed"), [((), False), (("--yes",), True)])
def test_clean_json_is_one_object_and_never_asks(
    project: Project, arguments: tuple[str, ...], *, removed: bool
) -> None:
    clutter(project)
    told = json.loads(run(commands.clean, project.folder, "--json", *arguments).output)
    assert told["removed"] is removed
    assert told["bytes"] == sum(each["bytes"] for each in told["unneeded"])
    assert {each["reason"] for each in told["unneeded"]} >= {keeping.UNSAID, keeping.UNFINISHED}
