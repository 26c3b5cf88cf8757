"""Other tags for finished files: whatever happens meanwhile, each file is the old one or the new one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace

import pytest

from tests.drawing import drawn_large
from tests.end_to_end.command import started
from tests.faults.ferry import Ferry
from tests.faults.starting import need_strace, traced

# A picture too large for the room that the old tags leave, so the sound has to be moved.
COVER = drawn_large()


@dataclass(frozen=True, slots=True)
class Retagged:
    """A finished book that was given a cover since: `old` are its MP3s, those of `ferry` what they become."""

    ferry: Ferry
    old: dict[str, bytes]

    def assert_each_is_old_or_new(self) -> None:
        found = {path.name: path.read_bytes() for path in self.ferry.out.glob("[!.]*.mp3")}
        assert found.keys() == self.old.keys()
        for name, data in found.items():
            assert data in (self.old[name], self.ferry.undisturbed.mp3s[name]), f"{name} is neither"


@pytest.fixture
def retagged(ferry: Ferry) -> Retagged:
    ferry.server.latency_s = 0
    ferry.assert_finished(ferry.render())
    (ferry.project / "source" / "cover.jpg").write_bytes(COVER)
    other = replace(ferry, folder=ferry.folder / "other")
    shutil.copytree(ferry.project, other.project)
    assert other.render().exit_code == 0
    new = {path.name: path.read_bytes() for path in other.out.glob("*.mp3")}
    assert all(COVER in mp3 for mp3 in new.values())
    return Retagged(replace(ferry, undisturbed=replace(ferry.undisturbed, mp3s=new)), ferry.undisturbed.mp3s)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ("write", "signal=KILL:when=2"),
        ("write", "signal=KILL:when=3"),
        ("fsync", "signal=KILL:when=1"),
        ("rename", "signal=KILL:when=2"),
        ("fsync", "signal=KILL:when=4"),
        ("sendfile", "error=ENOSPC:when=1"),
        ("write", "error=ENOSPC:when=2"),
        ("write", "error=EIO:when=3"),
    ],
)
def test_tags_go_on_a_copy_that_then_takes_the_name(retagged: Retagged, call: str, fault: str) -> None:
    need_strace()
    ferry = retagged.ferry
    with started(*traced(ferry.log, call, fault), *ferry.quiet_command) as run:
        ended = run.finish()
    assert ended.exit_code == (-9 if "KILL" in fault else 8), ended
    retagged.assert_each_is_old_or_new()
    ferry.assert_finished(ferry.render())
    assert len(ferry.server.requests) == ferry.undisturbed.texts
