from __future__ import annotations

import functools
import json
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from narrator.profiles import BUILT_IN
from tests.audio.signals import Sound, babble
from tests.end_to_end.command import COMMAND, JSON, here, narrator, running
from tests.mastering.sound_files import noise, write_sound, write_wav

RATE_HZ = 44_100


@functools.cache
def mastered() -> Sound:
    """A short chapter at the levels that ACX asks for, in a room that is heard a little."""
    voice = np.pad(0.6 * np.tanh(2 * babble(5.5, RATE_HZ, level=0.6)), (round(0.75 * RATE_HZ), 2 * RATE_HZ))
    room = noise(-70, len(voice) / RATE_HZ, RATE_HZ)
    sound: Sound = (voice + room[: len(voice)]).astype(np.float32)
    return sound


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two chapters, one of which is no good for ACX."""
    folder = tmp_path_factory.mktemp("book")
    write_sound(folder / "01 fine.mp3", mastered(), RATE_HZ, "libmp3lame", kbps=192)
    write_sound(folder / "02 soft.mp3", mastered() * np.float32(0.5), RATE_HZ, "libmp3lame", kbps=128)
    (folder / "cover.jpg").write_bytes(b"no sound")
    return folder


def row(out: str, name: str) -> str:
    """The line of a figure, its columns one space apart."""
    (line,) = [line for line in out.splitlines() if line.startswith(f"  {name} ")]
    return " ".join(line.split())


def test_a_file_as_the_shop_wants_it_passes(book: Path) -> None:
    run = narrator("check", book / "01 fine.mp3", "--profile", "acx")
    assert run.exit_code == 0, run
    assert "FAIL" not in run.out
    assert row(run.out, "head") == "head 0.75 s 0.5 to 1 pass"
    assert row(run.out, "bit rate") == "bit rate 192 kbit/s at least 192 pass"
    assert row(run.out, "format") == "format mp3 mp3 pass"
    assert row(run.out, "RMS").endswith("dB -23 to -18 pass")
    assert row(run.out, "codec") == "codec mp3"
    assert run.out.splitlines()[-1] == "The file is as acx wants it."
    assert run.err == ""


def test_a_file_that_fails_says_by_what_and_ends_with_9(book: Path) -> None:
    run = here("check", book, "--profile", "acx")
    assert run.exit_code == 9
    failed = [line.split()[0] for line in run.out.splitlines() if line.endswith("FAIL")]
    assert failed == ["RMS", "bit"]
    assert run.out.splitlines()[-1] == "1 of 2 files is not as acx wants them."
    assert run.out.index("01 fine.mp3") < run.out.index("02 soft.mp3")


def test_without_a_profile_there_are_figures_alone(book: Path) -> None:
    run = here("check", book)
    assert run.exit_code == 0
    assert "pass" not in run.out
    assert run.out.splitlines()[-1] == "All 2 files are sound."


def test_json_has_every_figure_and_the_end(book: Path) -> None:
    run = here("check", book, "--profile", "acx", "--json")
    fine, soft, result = run.events
    assert (fine["event"], soft["event"], result["event"]) == ("file", "file", "result")
    assert (fine["exit_code"], soft["exit_code"], result["exit_code"]) == (0, 9, run.exit_code)
    assert fine["figures"]["rate_hz"] == RATE_HZ
    assert fine["figures"]["duration_s"] == pytest.approx(8.25, abs=0.01)
    assert -23 <= fine["figures"]["rms_db"] <= -18
    (rms,) = [verdict for verdict in soft["verdicts"] if verdict["name"] == "RMS"]
    assert (rms["limit"], rms["passed"]) == ("-23 to -18", False)
    assert (result["files"], result["failed"], result["together"][0]["passed"]) == (2, 1, True)


@pytest.mark.slow
def test_what_cannot_be_read_does_not_stop_the_others(book: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.mp3"
    text.write_text("No sound at all.\n" * 100, encoding="utf-8")
    run = here("check", text, tmp_path / "gone.mp3", book / "01 fine.mp3", "--json")
    assert [event["exit_code"] for event in run.events] == [7, 2, 0, 7]
    assert "is no sound of a kind that is read" in run.events[0]["error"]
    assert "There is no file" in run.events[1]["error"]
    assert run.exit_code == 7
    assert here("check", tmp_path / "gone.mp3").exit_code == 2


def test_a_damaged_file_fails_without_a_profile(book: Path, tmp_path: Path) -> None:
    whole = (book / "01 fine.mp3").read_bytes()
    (tmp_path / "cut.mp3").write_bytes(whole[: len(whole) // 2])
    run = here("check", tmp_path)
    assert run.exit_code == 9
    assert row(run.out, "damage").endswith("of the length that it declares are missing none FAIL")
    assert run.out.splitlines()[-1] == "The file is not sound."


def test_files_that_are_fine_alone_and_not_together_fail(book: Path, tmp_path: Path) -> None:
    stereo = np.stack([mastered(), mastered()])
    other = write_sound(tmp_path / "stereo.mp3", stereo, RATE_HZ, "libmp3lame", kbps=192)
    run = here("check", book / "01 fine.mp3", other, "--profile", "acx")
    assert run.exit_code == 9
    assert row(run.out, "kinds of files").endswith("one FAIL")
    assert run.out.splitlines()[-1] == "Each file by itself is as acx wants it, but all together are not."


@pytest.mark.slow
def test_a_projects_own_profile_is_known(book: Path, tmp_path: Path) -> None:
    settings = '[delivery]\nprofile = "short"\n\n[profiles.short]\nlike = "acx"\nlimits.longest_s = 5.0\n'
    (tmp_path / "project.toml").write_text(settings, encoding="utf-8")
    run = here("check", book / "01 fine.mp3", "--project", tmp_path)  # and is what its files are made for
    assert run.exit_code == 9
    assert row(run.out, "length") == "length 0:00:08 at most 0:00:05 FAIL"
    assert here("check", book / "01 fine.mp3", "--project", tmp_path, "--profile", "acx").exit_code == 0


def test_a_profile_that_nobody_knows_is_refused_with_those_that_are_known(book: Path) -> None:
    run = here("check", book, "--profile", "audible", "--json")
    assert run.exit_code == run.result["exit_code"] == 2
    assert "no profile 'audible'" in run.result["error"]
    assert all(name in run.err for name in BUILT_IN)


def test_the_help_names_every_profile() -> None:
    told = here("check", "--help").out
    assert all(f"{name}," in told for name in BUILT_IN)


def test_a_folder_without_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cover.jpg").write_bytes(b"no sound")
    run = here("check", tmp_path)
    assert run.exit_code == 2
    assert "There is no sound file in" in run.err


def test_ctrl_c_stops_in_the_middle_of_a_file(tmp_path: Path) -> None:
    hour = write_wav(tmp_path / "hour.wav", noise(-30, 60, 24_000), 24_000)
    with hour.open("r+b") as file:
        file.truncate(24_000 * 4 * 3600 * 20)  # twenty hours of silence, of which no disk knows
        file.seek(4)
        file.write(b"\xff" * 4)
        file.seek(40)
        file.write(b"\xff" * 4)
    quick = write_wav(tmp_path / "a quick one.wav", noise(-30, 1, 24_000), 24_000)
    with running("check", quick, hour, "--json") as run:
        run.wait_for("file")
        began = time.monotonic()
        run.interrupt()
        ended = run.finish()
    assert ended.exit_code == ended.result["exit_code"] == 130
    assert time.monotonic() - began < 5


def test_on_a_pipe_that_is_closed_it_ends_quietly(book: Path) -> None:
    with subprocess.Popen([COMMAND, "check", book], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_the_lines_of_json_are_ascii_and_strict(book: Path, tmp_path: Path) -> None:
    silent = write_wav(tmp_path / "naïve 🎧.wav", np.zeros(RATE_HZ, np.float32), RATE_HZ)

    def refuse(name: str) -> JSON:
        pytest.fail(f"{name} is no JSON")

    run = here("check", silent, "--json")
    assert run.out.isascii()
    event = json.loads(run.out.splitlines()[0], parse_constant=refuse)
    assert event["path"] == str(silent)
    assert event["figures"]["loudness_lufs"] is None
