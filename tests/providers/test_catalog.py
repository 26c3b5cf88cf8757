from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from narrator.config import Rendering, Speech
from narrator.errors import ConfigError, UsageError
from narrator.providers.catalog import create_provider, listings

FOREIGN = """
class Foreign:
    name = "parrot"
    def __init__(self, speech, rendering):
        import a_parrot_that_nobody_has
"""


def test_our_providers_can_be_named() -> None:
    assert {"hibari", "openai"} <= {listing.name for listing in listings()}
    assert all(listing.runs and listing.price for listing in listings())


def test_each_provider_is_created_by_its_name() -> None:
    for name in ("hibari", "openai"):
        assert create_provider(Speech(provider=name), Rendering()).name == name


def test_an_unknown_provider_is_a_usage_error_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="did you mean 'openai'") as caught:
        create_provider(Speech(provider="openia"), Rendering())
    assert "hibari" in caught.value.advice


def test_wrong_settings_are_refused_when_the_provider_is_created() -> None:
    with pytest.raises(ConfigError, match="nothing"):
        create_provider(Speech(options={"nothing": "1"}), Rendering())


@pytest.fixture
def parrot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of somebody else, as pip would leave it."""
    (tmp_path / "parrot.py").write_text(FOREIGN, encoding="utf-8")
    info = tmp_path / "parrot-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: parrot\nVersion: 1.0\n", encoding="utf-8")
    points = "[narrator.providers]\nparrot = parrot:Foreign\nhibari = parrot:Foreign\n"
    (info / "entry_points.txt").write_text(points, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)


def test_another_package_can_bring_a_provider(parrot: None) -> None:
    listing = next(listing for listing in listings() if listing.name == "parrot")
    assert listing.runs == "from the package parrot"


def test_another_package_cannot_take_the_name_of_ours(parrot: None) -> None:
    assert create_provider(Speech(), Rendering()).name == "hibari"
    assert [listing.name for listing in listings()].count("hibari") == 1


def test_a_missing_package_is_named_with_the_command_that_installs_it(parrot: None) -> None:
    with pytest.raises(UsageError, match="a_parrot_that_nobody_has") as caught:
        create_provider(Speech(provider="parrot"), Rendering())
    assert "pip install" in caught.value.advice


def test_naming_providers_imports_nothing_heavy() -> None:
    script = (
        "import sys; from narrator.providers import catalog; catalog.listings();"
        "from narrator.config import Speech, Rendering; catalog.create_provider(Speech(), Rendering());"
        "print(*({'numpy', 'aiohttp', 'onnxruntime', 'hibari'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
