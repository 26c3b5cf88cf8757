from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from narrator import offers
from narrator.__main__ import run
from narrator.errors import UsageError
from narrator.offers import Asked
from narrator.testing.elevenlabs_server import FakeElevenLabs
from narrator.testing.fake_server import serving
from narrator.testing.piper_server import FakePiperServer, voice_config
from tests.end_to_end.command import Finished

NAME = "en_US-owl-medium"


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[str]:
    """A folder with a voice in it, served as it is."""
    folder = tmp_path / "repository"
    folder.mkdir()
    files = {f"{NAME}.onnx": b"model", f"{NAME}.onnx.json": json.dumps(voice_config()).encode()}
    listed = {}
    for name, data in files.items():
        (folder / name).write_bytes(data)
        listed[name] = {
            "size_bytes": len(data),
            "md5_digest": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        }
    (folder / "voices.json").write_text(json.dumps({NAME: {"files": listed}}), encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def _with_piper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the package were installed, which listing its voices does not use."""
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "piper.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "packages")


Command = Callable[..., Finished]


@pytest.fixture
def narrator(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command, run in this process."""

    def finish(*arguments: str | Path) -> Finished:
        exit_code = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Finished(int(exit_code), out, err)

    return finish


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_a_downloaded_voice_is_listed_and_chosen(narrator: Command, repository: str, tmp_path: Path) -> None:
    folder = tmp_path / "voices"
    done = narrator("voices", "download", NAME, "--from", repository, "--to", folder, "--json")
    assert done.exit_code == 0, done
    told = json.loads(done.out)
    assert told["id"] == NAME
    assert told["languages"] == ["en-US"]
    assert Path(told["model"]).read_bytes() == b"model"
    assert told["sha256"] == hashlib.sha256(b"model").hexdigest()
    listed = narrator("voices", "--provider", "piper", "--option", f"voices={folder}", "--json")
    assert [json.loads(line)["id"] for line in listed.out.splitlines()] == [NAME], listed


def test_without_a_folder_a_download_goes_where_piper_looks(narrator: Command, repository: str) -> None:
    before = narrator("voices", "--provider", "piper")
    assert (before.exit_code, before.out) == (0, "")
    assert "narrator voices download" in before.err
    done = narrator("voices", "download", NAME, "--from", repository)
    assert done.exit_code == 0
    assert done.out.endswith(f"--provider piper --voice {NAME}\n")
    assert NAME in narrator("voices", "--provider", "piper").out


def test_a_wrong_checksum_is_told_with_an_exit_code_and_leaves_nothing(
    narrator: Command, repository: str, tmp_path: Path
) -> None:
    url = f"{repository}/{NAME}.onnx"
    done = narrator("voices", "download", url, "--sha256", "0" * 64, "--to", tmp_path / "voices")
    assert done.exit_code == 3, done
    assert "checksum" in done.err
    assert list((tmp_path / "voices").iterdir()) == []
    assert narrator("voices", "download", url).exit_code == 2


def test_options_reach_the_provider_whose_voices_are_listed(narrator: Command) -> None:
    with serving(FakePiperServer()) as server:
        run = narrator(
            "voices", "--provider", "piper-http", "--base-url", server.url, "--option", "speaker=ann"
        )
        assert "en_GB-alba-medium" in run.out
    assert narrator("voices", "--provider", "piper-http", "--option", "nonsense=1").exit_code == 2
    assert narrator("voices", "--provider", "piper-http", "--option", "nonsense").exit_code == 2


def test_a_voice_is_listed_with_the_name_that_people_know(narrator: Command) -> None:
    with serving(FakeElevenLabs()) as server:
        listed = narrator("voices", "--provider", "elevenlabs", "--base-url", server.url)
    assert re.search(r"^JBFqnCBsd6RMkjVDRZzb +en +George; ", listed.out, re.MULTILINE)


def test_a_price_has_a_line_of_its_own_where_there_are_several(narrator: Command) -> None:
    told = narrator("providers").out
    assert re.search(r"^hibari .*; free$", told, re.MULTILINE)
    assert re.search(
        r"^elevenlabs .*key: ELEVENLABS_API_KEY\n +eleven_multilingual_v2, .*100 USD", told, re.MULTILINE
    )


def test_options_in_front_of_a_word_are_not_lost_in_silence(narrator: Command, tmp_path: Path) -> None:
    run = narrator("voices", "--provider", "openai", "clone", "me", tmp_path / "sample.wav")
    assert run.exit_code == 2
    assert "behind 'clone'" in run.err


@pytest.mark.parametrize("word", ["list", "elevenlabs"])
def test_a_word_that_is_no_command_is_answered_by_how_voices_are_listed(narrator: Command, word: str) -> None:
    run = narrator("voices", word)
    assert run.exit_code == 2
    assert "narrator voices --provider NAME" in run.err


@pytest.mark.parametrize("command", [("models",), ("voices", "clone", "me", "sample.wav")])
def test_a_provider_that_has_no_such_thing_says_so(narrator: Command, command: tuple[str, ...]) -> None:
    run = narrator(*command, "--provider", "hibari")
    assert run.exit_code == 2
    assert "'hibari'" in run.err


def test_providers_tell_what_has_to_be_installed(narrator: Command) -> None:
    lines = {
        json.loads(line)["name"]: json.loads(line) for line in narrator("providers", "--json").out.splitlines()
    }
    assert lines["piper"]["extra"] == "piper"
    assert {"piper", "piper-http", "wyoming"} <= lines.keys()
    assert all(lines[name]["price"] == "free" for name in ("piper", "piper-http", "wyoming"))


def test_help_of_the_words_behind_voices_names_their_options(narrator: Command) -> None:
    assert {"clone", "download", "--base-url"} <= set(narrator("voices", "--help").out.split())
    assert "--sha256" in narrator("voices", "download", "--help").out


def test_an_unknown_provider_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="did you mean 'piper'"):
        offers.voices(Asked("pipr"))
