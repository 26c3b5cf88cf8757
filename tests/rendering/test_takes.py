from __future__ import annotations

import hashlib
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.audio.measure import measure
from narrator.errors import DiskError
from narrator.model import Draft, SpeechRequest, Take, WordTime
from narrator.rendering.takes import TakeFolder

PCM = b"".join(int(8000 * (-1) ** (n // 30)).to_bytes(2, "little", signed=True) for n in range(24_000))


def request(text: str = "Hello.", **changes: object) -> SpeechRequest:
    facts: dict[str, object] = {
        "provider": "p", "model": "m", "voice": "v", "text": text, "language": "en", "speed": 1.0,
        "rate_hz": 24_000, "revision": 1,
    }  # fmt: skip
    return SpeechRequest(**{**facts, **changes})  # type: ignore[arg-type] # the table is of mixed types


@pytest.fixture
def folder(tmp_path: Path) -> TakeFolder:
    return TakeFolder(tmp_path / "takes", tmp_path / "quarantine")


def is_intact(take: Take) -> bool:
    return hashlib.sha256(take.path.read_bytes()).hexdigest() == take.sha256


def save(folder: TakeFolder, wish: SpeechRequest, pcm: bytes = PCM) -> Take:
    return folder.save(Draft(wish, pcm, measure(pcm, wish.rate_hz), (), {"characters_billed": len(wish.text)}))


def test_a_take_is_found_again_whole(folder: TakeFolder) -> None:
    saved = save(folder, request())
    assert folder.keys() == {saved.key}
    loaded = folder.load(saved.key)
    assert loaded == saved
    assert loaded is not None
    assert loaded.path.read_bytes() == PCM
    assert is_intact(loaded)
    sidecar = json.loads(loaded.path.with_suffix(".json").read_text(encoding="utf-8"))
    assert sidecar["request"]["text"] == "Hello."
    assert sidecar["facts"]["characters_billed"] == 6


def test_word_times_are_kept(folder: TakeFolder) -> None:
    words = (WordTime("Hello", 20, 400), WordTime("“you”", 450, 900))
    wish = request("Hello “you”.")
    saved = folder.save(Draft(wish, PCM, measure(PCM, wish.rate_hz), words))
    assert saved.words == words
    assert folder.load(wish.key) == saved


def test_the_first_take_of_a_key_wins(folder: TakeFolder) -> None:
    save(folder, request())
    again = save(folder, request(), PCM[:4800])
    assert again.frames == len(PCM) // 2
    assert again.path.read_bytes() == PCM


def test_a_damaged_take_is_put_away_once_however_many_meet_it(folder: TakeFolder, tmp_path: Path) -> None:
    key = request().key
    for _ in range(50):
        save(folder, request()).path.with_suffix(".json").write_text("{}")
        both_are_here = threading.Barrier(2)

        def load(here: threading.Barrier = both_are_here) -> Take | None:
            here.wait(10)
            return folder.load(key)

        with ThreadPoolExecutor(2) as pool:
            assert [each.result() for each in [pool.submit(load), pool.submit(load)]] == [None, None]
        assert sorted(path.suffix for path in (tmp_path / "quarantine").iterdir()) == [".json", ".pcm"]


@pytest.mark.parametrize("missing", [".pcm", ".json"])
def test_half_a_pair_is_no_take_and_can_be_made_again(folder: TakeFolder, missing: str) -> None:
    saved = save(folder, request())
    saved.path.with_suffix(missing).unlink()
    assert folder.keys() == frozenset()
    assert is_intact(save(folder, request()))


@pytest.mark.parametrize("sidecar", ["", "{}", "[]", '{"revision": 1, "key": "x"}'])
def test_a_damaged_sidecar_is_quarantined(folder: TakeFolder, tmp_path: Path, sidecar: str) -> None:
    saved = save(folder, request())
    saved.path.with_suffix(".json").write_text(sidecar, encoding="utf-8")
    assert folder.load(saved.key) is None
    assert folder.keys() == frozenset()
    assert {path.suffix for path in (tmp_path / "quarantine").iterdir()} == {".pcm", ".json"}


@pytest.mark.parametrize("damage", [lambda pcm: pcm[:-2], lambda pcm: pcm + b"\0\0", lambda _: b""])
def test_a_take_of_the_wrong_length_is_not_used(folder: TakeFolder, damage: object) -> None:
    saved = save(folder, request())
    saved.path.write_bytes(damage(PCM))  # type: ignore[operator] # a lambda of the table above
    found = folder.keys()
    assert saved.key not in found or folder.load(saved.key) is None


@pytest.mark.parametrize(
    ("call", "which"), [("fsync", 1), ("fsync", 2), ("fsync", 3), ("replace", 1), ("replace", 2)]
)
def test_of_a_take_that_fails_anywhere_nothing_is_left(
    folder: TakeFolder, tmp_path: Path, call: str, which: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = getattr(os, call), iter(range(1, 100))

    def fails_once(*what: object) -> object:
        if next(calls) == which:
            raise OSError(5, "Input/output error")
        return real(*what)

    monkeypatch.setattr(os, call, fails_once)
    with pytest.raises(DiskError):
        save(folder, request())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert is_intact(save(folder, request()))


@pytest.mark.parametrize("position", [0, len(PCM) // 2, len(PCM) - 1])
def test_a_flipped_bit_anywhere_is_found(folder: TakeFolder, position: int) -> None:
    saved = save(folder, request())
    damaged = bytearray(PCM)
    damaged[position] ^= 4
    saved.path.write_bytes(damaged)
    assert not is_intact(saved)


def test_what_a_killed_process_left_is_swept(folder: TakeFolder) -> None:
    saved = save(folder, request())
    rest = saved.path.with_name(f".{saved.path.name}.1234.part")
    rest.write_bytes(b"half")
    folder.sweep()
    assert not rest.exists()
    assert folder.load(saved.key) == saved


def test_a_probe_leaves_nothing_behind(folder: TakeFolder, tmp_path: Path) -> None:
    folder.probe()
    assert list((tmp_path / "takes").iterdir()) == []


def test_a_folder_that_takes_no_files_is_found_out_before_anything_is_paid_for(
    folder: TakeFolder, tmp_path: Path
) -> None:
    (tmp_path / "takes").write_bytes(b"a file where the folder should be")
    with pytest.raises(DiskError) as caught:
        folder.probe()
    assert caught.value.advice


def test_a_folder_that_cannot_be_looked_at_is_an_error_of_the_disk(folder: TakeFolder, tmp_path: Path) -> None:
    (tmp_path / "takes").write_bytes(b"a file where the folder should be")
    with pytest.raises(DiskError) as caught:
        folder.keys()
    assert caught.value.advice


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_forbidden_folder_is_an_error_of_the_disk(folder: TakeFolder) -> None:
    shard = save(folder, request()).path.parent
    shard.chmod(0)
    try:
        for look in (folder.keys, lambda: folder.load(request().key), lambda: save(folder, request())):
            with pytest.raises(DiskError):
                look()
    finally:
        shard.chmod(0o700)


@given(st.text(), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_equal_wishes_have_equal_keys_in_any_order(text: str, options: dict[str, str]) -> None:
    turned = dict(reversed(options.items()))
    assert request(text, options=options).key == request(text, options=turned).key


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Hello!"}, {"voice": "w"}, {"model": "n"}, {"provider": "q"}, {"speed": 1.1},
        {"language": "de"}, {"rate_hz": 22_050}, {"revision": 2}, {"voice_digest": "ab"},
        {"options": {"style": "calm"}},
    ],
)  # fmt: skip
def test_whatever_changes_the_sound_changes_the_key(change: dict[str, object]) -> None:
    text = str(change.get("text", "Hello."))
    rest = {name: value for name, value in change.items() if name != "text"}
    assert request(text, **rest).key != request().key


def test_the_recipe_of_the_key_is_fixed() -> None:
    """If this fails, every book of every user is rendered, and paid for, again."""
    assert request("Hello.").key == "a81c3399396e1b2b73fca4d737b602ede29c21efce45a2983f7aa50f7e80057f"
