from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

import platformdirs
import pytest
from click.testing import CliRunner
from keyring.backend import KeyringBackend

from narrator.cli.doctor import doctor
from narrator.doctor import Finding, examine
from narrator.providers.catalog import listings
from narrator.version import __version__
from tests.providers.test_keys import Memory, PlaintextKeyring, installed

CANARY = "sk-canary0123456789"


@pytest.fixture
def findings(tmp_path: Path) -> dict[str, Finding]:
    return {finding.about: finding for finding in examine(tmp_path)}


def test_a_whole_installation_is_well(findings: dict[str, Finding]) -> None:
    assert [finding for finding in findings.values() if not finding.is_well] == []
    assert findings["narrator"].found == __version__


def test_every_package_that_narrator_needs_is_there_with_its_version(findings: dict[str, Finding]) -> None:
    needed = {re.split(r"[^\w.-]", line)[0] for line in requires("narrator") or () if ";" not in line}
    shown = dict(each.split(" ") for each in findings["packages"].found.split(", "))
    assert needed <= shown.keys()
    assert all(re.match(r"\d", number) for number in shown.values())
    assert re.search(r"libavcodec \d+\.\d+\.\d+", findings["FFmpeg"].found)


def test_the_embedded_voice_and_its_model_are_named(findings: dict[str, Finding]) -> None:
    assert re.fullmatch(r"heart, model [0-9a-f]{12}", findings["embedded voice"].found)


def test_an_mp3_is_really_made_and_heard(findings: dict[str, Finding]) -> None:
    assert findings["MP3"].found.startswith("6000 frames encoded, 6000 decoded")


@pytest.mark.parametrize(("keeper", "said"), [(Memory(), "Memory"), (PlaintextKeyring(), "no system keyring")])
def test_it_is_said_which_keyring_would_be_given_keys(
    keeper: KeyringBackend, said: str, tmp_path: Path
) -> None:
    with installed(keeper):
        found = next(finding for finding in examine(tmp_path) if finding.about == "keyring")
    assert said in found.found
    assert found.is_well


def test_no_key_and_no_home_is_in_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path.home()
    for name in [listing.key_variable for listing in listings() if listing.key_variable] + [
        "NARRATOR_PASSWORD"
    ]:
        monkeypatch.setenv(name, CANARY)
    for arguments in (["--json"], []):
        result = CliRunner().invoke(doctor, ["--projects", str(home / "books"), *arguments])
        assert result.exit_code == 0, result.output
        assert CANARY not in result.output
        assert str(home) not in result.output
        assert "OPENAI_API_KEY is set" in result.output
        assert "~/books" in result.output.replace(os.sep, "/")


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    state = platformdirs.user_state_path("narrator")
    before = state.exists()
    assert list(examine(tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert state.exists() == before


def test_folders_that_are_not_made_yet_are_judged_by_where_they_would_be(tmp_path: Path) -> None:
    projects = tmp_path / "not" / "there"
    found = {finding.about: finding for finding in examine(projects)}["projects"]
    assert found.is_well
    assert "not made yet" in found.found
    assert "file locks work" in found.found


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_cannot_be_written_is_a_finding(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        found = {finding.about: finding for finding in examine(tmp_path)}["projects"]
    finally:
        tmp_path.chmod(0o700)
    assert not found.is_well
    assert "cannot be written" in found.found


def test_a_disk_without_file_locks_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)  # as a network disk does that grants every lock
    found = {finding.about: finding for finding in examine(tmp_path)}["projects"]
    assert not found.is_well
    assert "file locks do not work" in found.found


def test_what_is_not_well_is_marked_and_ends_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(_: Path) -> Iterator[Finding]:
        yield Finding("narrator", "1.0")
        yield Finding("state", "cannot be written", is_well=False)

    monkeypatch.setattr("narrator.doctor.examine", found)
    result = CliRunner().invoke(doctor, [])
    assert result.exit_code == 2
    assert result.output.splitlines()[1].startswith("BAD  state")
    told = json.loads(CliRunner().invoke(doctor, ["--json"]).output)
    assert told["is_well"] is False
    assert told["findings"][0] == {"about": "narrator", "found": "1.0", "is_well": True}
