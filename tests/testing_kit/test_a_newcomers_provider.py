"""What CONTRIBUTING.md promises to whoever adds a provider, kept for a server that was made up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from narrator.config import Rendering, Speech
from narrator.providers.catalog import PROVIDERS, Listing, create_provider
from narrator.testing.conformance import FAULT_ERRORS, RemoteContract
from narrator.testing.fake_server import serving
from tests.end_to_end.command import delivered, narrator
from tests.testing_kit import newcomer
from tests.testing_kit.newcomer import Parrot
from tests.testing_kit.parrot_server import FakeParrotServer

MODULE = Path(newcomer.__file__)
BOOK = """# The Perch

## Morning

The owl went to bed.

The parrot woke up.

## Evening

It was the other way.
"""


@pytest.mark.usefixtures("skipped_waits")
class TestParrotHoldsTheContract(RemoteContract):
    key_variable = newcomer.KEY_VARIABLE
    timeout_s = 0.8
    fault_errors = FAULT_ERRORS

    def create(self, base_url: str) -> Parrot:
        return Parrot(Speech(provider="parrot", base_url=base_url), Rendering(timeout_s=self.timeout_s))

    def create_server(self, key: str = "") -> FakeParrotServer:
        return FakeParrotServer(key=key)


def test_an_adapter_is_a_module_of_under_150_lines() -> None:
    assert len(MODULE.read_text(encoding="utf-8").splitlines()) < 150


def test_a_line_in_the_dict_makes_it_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = Listing("parrot", f"{Parrot.__module__}:Parrot", "a Parrot server (--base-url)", price="free")
    monkeypatch.setitem(PROVIDERS, "parrot", listing)
    assert create_provider(Speech(provider="parrot"), Rendering()).name == "parrot"


def test_a_package_of_its_own_speaks_a_book(tmp_path: Path) -> None:
    site = tmp_path / "site"
    info = site / "narrator_parrot-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "narrator_parrot.py").write_bytes(MODULE.read_bytes())
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: narrator-parrot\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[narrator.providers]\nparrot = narrator_parrot:Parrot\n")
    book = tmp_path / "perch.md"
    book.write_text(BOOK, encoding="utf-8")
    environment = {"PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])}

    assert "narrator-parrot" in narrator("providers", env=environment).out
    with serving(FakeParrotServer(key="seeds")) as server:
        run = narrator(
            *("render", book, "--projects", tmp_path, "--provider", "parrot", "--base-url", server.url),
            *("--voice", "coco", "--option", "mood=calm", "--speed", "1.25", "--json"),
            env={**environment, newcomer.KEY_VARIABLE: "seeds"},
        )
    assert [path.suffix for path in delivered(run)] == [".mp3", ".mp3"]
    assert run.result["segments"]["failed"] == 0
    texts = [request.text for request in server.requests]
    assert len(texts) == len(set(texts)) == run.result["segments"]["rendered"]
    assert {"The owl went to bed.", "The parrot woke up.", "It was the other way."} <= set(texts)
    assert {(each.voice, each.speed, each.wish["mood"]) for each in server.requests} == {("coco", 1.25, "calm")}
