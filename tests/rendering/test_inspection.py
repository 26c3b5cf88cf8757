from __future__ import annotations

import base64
import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from narrator.audio.measure import measure
from narrator.errors import DiskError
from narrator.model import Draft, SpeechRequest, Take, TakeKey, WordTime
from narrator.rendering.inspection import (
    fault_in,
    faults_in,
    kept_in,
    keys_in,
    look,
    parts_in,
    paths_of,
)
from narrator.rendering.takes import TakeFolder
from narrator.testing.speechlike import speech_pcm
from tests.cpu_time import cpu_s_at_most

RATE_HZ = 24_000
Damage = Callable[[bytearray], object]
Edit = Callable[[dict[str, Any]], object]


def request(text: str) -> SpeechRequest:
    return SpeechRequest("hibari", "", "heart", text, "", 1.0, RATE_HZ, 1, voice_digest="ab")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "takes"


def speak(folder: Path, text: str = "Hello.", frames: int = RATE_HZ) -> Take:
    pcm = speech_pcm(text, RATE_HZ, frames)
    takes = TakeFolder(folder, folder.parent / "quarantine")
    words = (WordTime("Hello", 10, 400),)
    return takes.save(Draft(request(text), pcm, measure(pcm, RATE_HZ), words, {"characters_billed": len(text)}))


def test_a_take_as_it_was_stored_is_sound(folder: Path) -> None:
    for number, frames in enumerate((2400, RATE_HZ, 3 * RATE_HZ + 7)):
        assert fault_in(folder, speak(folder, f"Text {number}.", frames).key) is None


def flip(position: float) -> Damage:
    def damage(data: bytearray) -> None:
        data[int(position * (len(data) - 1))] ^= 1

    return damage


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (flip(0.0), "SHA-256"), (flip(0.5), "SHA-256"), (flip(1.0), "SHA-256"),
        (lambda data: data.__delitem__(slice(-2, None)), "bytes where"),
        (lambda data: data.__delitem__(slice(100, None)), "bytes where"),
        (lambda data: data.clear(), "bytes where"),
        (lambda data: data.extend(b"\0\0"), "bytes where"),
        (lambda data: data.__setitem__(slice(None), bytes(len(data))), "SHA-256"),
        (lambda data: data.__setitem__(slice(4096, 8192), bytes(4096)), "SHA-256"),
    ],
    ids=["header", "middle", "tail", "short", "truncated", "empty", "longer", "zeroed", "a zeroed page"],
)  # fmt: skip
def test_damaged_sound_is_found(folder: Path, damage: Damage, what: str) -> None:
    take = speak(folder)
    data = bytearray(take.path.read_bytes())
    damage(data)
    take.path.write_bytes(data)
    fault = fault_in(folder, take.key)
    assert fault is not None
    assert what in fault.what


def flip_hop(name: str) -> Edit:
    def edit(raw: dict[str, Any]) -> None:
        hops = bytearray(base64.b64decode(raw["measurement"][name]))
        loudest = int(np.frombuffer(hops, "<f4").argmax())
        hops[4 * loudest + 3] ^= 1  # a bit of its exponent
        raw["measurement"][name] = base64.b64encode(hops).decode()

    return edit


def change(name: str, value: object) -> Edit:
    return lambda raw: raw["measurement"].__setitem__(name, value)


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (change("frames", RATE_HZ - 1), "measures"),
        (change("lead_frames", 1234), "measures"),
        (change("tail_frames", 1234), "measures"),
        (change("sample_peak", 0.25), "measures"),
        (change("true_peak", 0.25), "measures"),
        (change("true_peak", float("nan")), "measures"),
        (change("sum_squares", 100.0), "measures"),
        (flip_hop("hop_energies"), "measures"),
        (flip_hop("hop_peaks"), "measures"),
        (change("hop_energies", ""), "measures"),
        (change("hop_peaks", "@@@"), "measures"),
        (lambda raw: raw["request"].__setitem__("text", "Hallo."), "another request"),
        (lambda raw: raw["request"].__setitem__("speed", 2.0), "another request"),
        (lambda raw: raw.__setitem__("key", "0" * 64), "another request"),
        (lambda raw: raw.__setitem__("sha256", "0" * 64), "SHA-256"),
        (lambda raw: raw["format"].__setitem__("rate_hz", 44_100), "another format"),
        (lambda raw: raw.__setitem__("words", [["Hello", "10", 400]]), "no sense"),
        (lambda raw: raw.__setitem__("facts", None), "no sense"),
        (lambda raw: raw.pop("measurement"), "measures"),
    ],
)
def test_a_damaged_sidecar_is_found(folder: Path, edit: Edit, what: str) -> None:
    take = speak(folder)
    sidecar, _ = paths_of(folder, take.key)
    raw = json.loads(sidecar.read_text(encoding="utf-8"))
    edit(raw)
    sidecar.write_text(json.dumps(raw), encoding="utf-8")
    fault = fault_in(folder, take.key)
    assert fault is not None
    assert what in fault.what
    assert fault.measured == (take.measurement if what == "measures" else None)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"null", b"\xff\xfe", bytes(2000), b'{"key": '])
def test_a_sidecar_that_is_none_is_found(folder: Path, content: bytes) -> None:
    take = speak(folder)
    paths_of(folder, take.key)[0].write_bytes(content)
    fault = fault_in(folder, take.key)
    assert fault is not None
    assert fault.what == "its sidecar makes no sense"


def test_differences_that_another_machine_makes_are_no_damage(folder: Path) -> None:
    take = speak(folder)
    sidecar, _ = paths_of(folder, take.key)
    raw = json.loads(sidecar.read_text(encoding="utf-8"))
    for name in ("true_peak", "sum_squares"):
        raw["measurement"][name] *= 1 + 1e-6
    energies = np.frombuffer(base64.b64decode(raw["measurement"]["hop_energies"]), "<f4") * np.float32(1.002)
    raw["measurement"]["hop_energies"] = base64.b64encode(energies.astype("<f4").tobytes()).decode()
    sidecar.write_text(json.dumps(raw), encoding="utf-8")
    assert fault_in(folder, take.key) is None


@pytest.mark.parametrize(("lost", "what"), [(0, "its sidecar is missing"), (1, "its PCM is missing")])
def test_half_a_pair_is_seen_and_named(folder: Path, lost: int, what: str) -> None:
    whole, half = speak(folder, "One."), speak(folder, "Two.")
    paths_of(folder, half.key)[lost].unlink()
    found = look(folder)
    assert found.pairs == {whole.key}
    assert found.halves == {half.key}
    fault = fault_in(folder, half.key)
    assert fault is not None
    assert fault.what == what


def test_a_pair_without_whole_samples_is_a_half(folder: Path) -> None:
    odd, empty = speak(folder, "One."), speak(folder, "Two.")
    odd.path.write_bytes(odd.path.read_bytes()[:-1])
    empty.path.write_bytes(b"")
    assert look(folder).halves == {odd.key, empty.key}


def test_sizes_are_those_of_both_files(folder: Path) -> None:
    take = speak(folder)
    assert look(folder).bytes == {take.key: sum(path.stat().st_size for path in paths_of(folder, take.key))}


def test_files_that_are_no_takes_are_passed_over(folder: Path) -> None:
    take = speak(folder)
    for name in ("notes.json", f"{take.key}.txt", f".{take.key}.pcm.0123abcd.part", "f" * 64 + ".pcm"):
        (take.path.parent / name).write_bytes(b"x")
    assert look(folder).bytes.keys() == {take.key}


def test_a_folder_that_is_not_there_has_nothing_in_it(folder: Path) -> None:
    assert not look(folder).bytes
    assert keys_in(folder) == frozenset()
    assert parts_in(folder) == ()


def test_all_faults_of_a_folder_are_found_in_order(folder: Path) -> None:
    takes = [speak(folder, f"Text {number}.", 2400) for number in range(20)]
    keys = sorted(take.key for take in takes)
    for key in keys[::5]:
        paths_of(folder, key)[1].write_bytes(bytes(4800))
    assert [bool(fault) for fault in faults_in(folder, keys)] == [n % 5 == 0 for n in range(20)]


def test_what_was_begun_and_never_whole_is_seen_everywhere_in_a_project(tmp_path: Path, folder: Path) -> None:
    take = speak(folder)
    ours = [
        tmp_path / ".project.toml.0123abcd.part",
        take.path.parent / f".{take.path.name[:60]}.0123abcd.part",
    ]
    for path in (*ours, tmp_path / "mine.part", tmp_path / ".mine.part"):
        path.write_bytes(b"half")
    assert set(parts_in(tmp_path)) == set(ours)


def test_sidecars_tell_what_was_asked_and_billed_and_senseless_ones_nothing(folder: Path) -> None:
    good, bad = speak(folder, "One."), speak(folder, "Two.")
    paths_of(folder, bad.key)[0].write_bytes(b"{}")
    (kept,) = kept_in(paths_of(folder, take.key)[0] for take in (bad, good))
    assert (kept.key, kept.characters_billed) == (good.key, 4)
    assert kept.request == request("One.").canonical()


def test_a_disk_that_fails_to_answer_is_no_fault_of_the_take(folder: Path) -> None:
    take = speak(folder)
    sidecar, _ = paths_of(folder, take.key)
    sidecar.unlink()
    sidecar.mkdir()
    with pytest.raises(DiskError):
        fault_in(folder, take.key)


def test_five_thousand_sidecars_are_read_in_a_moment(folder: Path) -> None:
    take = speak(folder, "Hello.", 15 * RATE_HZ)
    data = paths_of(folder, take.key)[0].read_bytes()
    keys = [TakeKey(f"{number:064x}"[::-1]) for number in range(5000)]
    for key in keys:
        sidecar, _ = paths_of(folder, key)
        sidecar.parent.mkdir(exist_ok=True)
        sidecar.write_bytes(data)
    with cpu_s_at_most(1.5):
        assert sum(1 for _ in kept_in(paths_of(folder, key)[0] for key in keys)) == 5000


def test_a_take_in_a_bad_place_of_the_disk_is_a_fault_of_its_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes = [speak(folder, f"Text {number}.", 2400) for number in range(3)]
    read_bytes = Path.read_bytes

    def read(path: Path) -> bytes:
        if path == takes[1].path:
            raise OSError(errno.EIO, "Input/output error", str(path))
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    found = list(faults_in(folder, [take.key for take in takes]))
    assert [fault.what if fault else "" for fault in found] == ["", "the disk cannot read it any more", ""]
