"""A feed and its sound where the disk is full or read-only, and where the power goes."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from narrator.errors import DiskError
from narrator.publishing.podcast import publish_podcast
from tests.faults.small_disk import small_disk
from tests.faults.starting import need_strace, traced
from tests.publishing.podcasts import NOW, SHOW, checked, episode, files, published

PUBLISH = """
import sys
from datetime import timedelta
from pathlib import Path
from narrator.errors import DiskError
from tests.publishing.podcasts import NOW, SHOW, episode
from narrator.publishing.podcast import publish_podcast

try:
    sound = bytes.fromhex(sys.argv[3])
    day = episode(Path(sys.argv[2]), 1, sound=sound * 300_000, chapters=((sound[0], "One"),))
    publish_podcast(Path(sys.argv[1]), SHOW, [day], NOW + timedelta(days=sound[0]))
except DiskError as error:
    sys.exit(str(error))
"""


def publish(
    folder: Path, sounds: Path, sound: bytes, *, under: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Publish the episode of a day from a process of its own, so many days later as the sound says."""
    return subprocess.run(
        [*under, sys.executable, "-c", PUBLISH, folder, sounds, sound.hex()],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(Path(__file__).parents[2])},
    )


@pytest.fixture
def _small_files() -> Iterator[None]:
    """No file can be larger than a few kilobytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_where_a_sound_has_no_room_the_feed_is_as_it_was(tmp_path: Path, _small_files: None) -> None:  # noqa: PT019
    large = tmp_path / "large"
    large.write_bytes(bytes(15_000))
    folder = tmp_path / "feed"
    published(folder, episode(tmp_path, 1))
    before = files(folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    with pytest.raises(DiskError, match=r"Copying large to .*feed failed") as told:
        publish_podcast(folder, SHOW, [episode(tmp_path, 1, audio=large)], NOW)
    assert "run the same command again" in told.value.advice
    assert files(folder) == before


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DiskError, match="Not a directory"):
        publish_podcast(tmp_path / "file" / "feed", SHOW, [], NOW)


@pytest.mark.slow
def test_on_a_full_and_on_a_read_only_disk_the_feed_is_as_it_was(tmp_path: Path) -> None:
    with small_disk(tmp_path / "feed", megabytes=2) as disk:
        assert publish(disk.folder, tmp_path, b"\1", under=disk.inside).returncode == 0
        before = files(disk.seen)
        disk.fill()
        full = publish(disk.folder, tmp_path, b"\2", under=disk.inside)
        assert full.stderr.startswith("Copying 1.mp3 to"), full.stderr
        assert "No space left" in full.stderr
        disk.free()
        assert files(disk.seen) == before

        disk.remount("ro")
        closed = publish(disk.folder, tmp_path, b"\2", under=disk.inside)
        assert closed.stderr.startswith("Opening"), closed.stderr
        assert "Read-only file system" in closed.stderr
        assert files(disk.seen) == before

        disk.remount("rw")
        assert publish(disk.folder, tmp_path, b"\2", under=disk.inside).returncode == 0
        checked(disk.seen / "feed.xml")


@pytest.mark.slow
@pytest.mark.parametrize("call", ["sendfile", "fsync", "rename", "unlink"])
def test_killed_at_any_change_the_feed_and_its_files_fit_together(tmp_path: Path, call: str) -> None:
    need_strace()
    folder = tmp_path / "feed"
    for days in (9, 8):
        published(folder, episode(tmp_path, 1, sound=bytes([days])), now=NOW - timedelta(days=days))
    for kills in itertools.count(1):
        under = traced(tmp_path / "log", call, f"signal=SIGKILL:when={kills}")
        ended = publish(folder, tmp_path, bytes([kills]), under=under)
        checked(folder / "feed.xml")
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert kills > 1
    published(folder, now=NOW + timedelta(days=kills + 2))
    assert sorted(each.suffix for each in folder.glob("[!.]*")) == [".json", ".mp3", ".xml"]
    assert [each.name for each in folder.glob(".*")] == [".feed.lock"]
