"""Piper's voices on disk: a model NAME.onnx, and beside it NAME.onnx.json, which says how to use it.

What stands in the latter: https://github.com/OHF-Voice/piper1-gpl/blob/main/docs/TRAINING.md. A file that is
broken is no voice where all are listed, and an error with its reason where it is asked for by name.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import langcodes
import platformdirs

from narrator.errors import UnknownVoice
from narrator.model import Voice
from narrator.providers.settings import nearest

MODEL_SUFFIX = ".onnx"
CONFIG_SUFFIX = ".onnx.json"
MOST_CONFIG_BYTES = 4 << 20
_HASHED_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class VoiceFacts:
    """What a voice's configuration says of it.

    `language` is a BCP 47 tag, '' where it says none. `speakers` are names to numbers from 0 to below
    `speaker_count`; many voices number them only. `length_scale` is how slowly it speaks if nobody says more.
    """

    name: str
    rate_hz: int
    language: str
    phoneme_type: str
    speaker_count: int
    speakers: Mapping[str, int]
    length_scale: float

    @property
    def as_voice(self) -> Voice:
        several = f"{self.speaker_count} speakers, " if self.speaker_count > 1 else ""
        languages = (self.language,) if self.language else ()
        return Voice(self.name, languages=languages, description=f"{several}{self.rate_hz} Hz")

    def speaker_number(self, name: str, number: str) -> int | None:
        """The speaker that is wished by name or by number, None where neither is said or there is only one.

        Raises:
            UnknownVoice: the voice has several speakers, and not this one.
        """
        if self.speaker_count <= 1 or not (name or number):
            return None
        if name and name not in self.speakers:
            raise UnknownVoice(
                f"The voice {self.name!r} has no speaker {name!r}; {nearest(name, self.speakers)}",
                advice="Name another with --option speaker=..., or by number with --option speaker_id=...",
            )
        found = self.speakers[name] if name else int(number)
        if found >= self.speaker_count:
            raise UnknownVoice(
                f"The voice {self.name!r} has {self.speaker_count} speakers, so no number {found}.",
                advice=f"Name one from 0 to {self.speaker_count - 1} with --option speaker_id=...",
            )
        return found


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """A voice on this machine. `config_sha256` is that of its configuration, however it is laid out."""

    facts: VoiceFacts
    model: Path
    config_sha256: str

    @property
    def name(self) -> str:
        return self.facts.name

    @property
    def sha256(self) -> str:
        """Of all that makes its sound: the model's bytes, and what the configuration says.

        Raises:
            UnknownVoice: the model cannot be read.
        """
        try:
            status = self.model.stat()
            model_sha256 = _sha256(self.model, status.st_size, status.st_mtime_ns)
        except OSError as exc:
            raise _unusable(self.model, f"it cannot be read: {exc.strerror}") from exc
        return hashlib.sha256(f"{model_sha256} {self.config_sha256}".encode()).hexdigest()


def voices_folder() -> Path:
    """Where voices are kept unless a person names another folder."""
    return platformdirs.user_data_path("narrator") / "voices"


def voices_in(folder: Path) -> list[VoiceFile]:
    """The voices in a folder and the folders in it, by name; the first path counts where two have one name."""
    found: dict[str, VoiceFile] = {}
    for model in _models_in(folder):
        try:
            voice = read_voice(model)
        except UnknownVoice:
            continue
        found.setdefault(voice.name, voice)
    return [found[name] for name in sorted(found)]


def find_voice(voice: str, folder: Path) -> VoiceFile:
    """The voice of that name in a folder, or that of a model file, where `voice` is a path.

    Raises:
        UnknownVoice: there is none, or its files cannot be used.
    """
    if voice.endswith(MODEL_SUFFIX):
        return read_voice(Path(voice).expanduser())
    models = [model for model in _models_in(folder) if model.name == voice + MODEL_SUFFIX]
    if models:
        return read_voice(models[0])
    names = [each.name for each in voices_in(folder)]
    raise UnknownVoice(
        f"There is no voice {voice!r} in {folder}; {nearest(voice, names)}",
        advice="`narrator voices download NAME` fetches one; --option voices=DIR names another folder.",
    )


def read_voice(model: Path) -> VoiceFile:
    """A voice by its model file.

    Raises:
        UnknownVoice: the model or its configuration is not there, or is no such thing.
    """
    config = model.with_name(model.name.removesuffix(MODEL_SUFFIX) + CONFIG_SUFFIX)
    if not model.is_file():
        raise _unusable(model, "there is no such file")
    try:
        with config.open("rb") as file:
            data = file.read(MOST_CONFIG_BYTES + 1)
    except OSError as exc:
        raise _unusable(model, f"its {config.name} cannot be read: {exc.strerror}") from exc
    said = config_of(data)
    facts = facts_of(model.name.removesuffix(MODEL_SUFFIX), said) if said is not None else None
    if said is None or facts is None:
        raise _unusable(model, f"{config.name} does not describe a voice of Piper")
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return VoiceFile(facts, model, hashlib.sha256(canonical.encode()).hexdigest())


def config_of(data: bytes) -> Mapping[str, Any] | None:
    """A configuration's bytes as plain data; None where they are none."""
    if len(data) > MOST_CONFIG_BYTES:
        return None
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def facts_of(name: str, config: Mapping[str, Any]) -> VoiceFacts | None:
    """What a configuration says of a voice; None where it lacks what every voice has."""
    rate_hz = _table(config, "audio").get("sample_rate")
    count, length_scale = config.get("num_speakers", 1), _table(config, "inference").get("length_scale", 1.0)
    if not (isinstance(rate_hz, int) and 8_000 <= rate_hz <= 48_000 and isinstance(count, int)):
        return None
    if not (isinstance(length_scale, int | float) and length_scale > 0 and _table(config, "phoneme_id_map")):
        return None
    speakers = {
        speaker: number
        for speaker, number in _table(config, "speaker_id_map").items()
        if isinstance(number, int) and 0 <= number < count
    }
    code = _table(config, "language").get("code") or _table(config, "espeak").get("voice")
    return VoiceFacts(
        name=name,
        rate_hz=rate_hz,
        language=language_tag(code) if isinstance(code, str) else "",
        phoneme_type=str(config.get("phoneme_type", "espeak")),
        speaker_count=count,
        speakers=MappingProxyType(speakers),
        length_scale=float(length_scale),
    )


def language_tag(code: str) -> str:
    """A language as Piper writes it, 'en_US' or 'en-gb-x-rp', as a BCP 47 tag; '' where it is none."""
    tag = code.replace("_", "-")
    return langcodes.standardize_tag(tag) if langcodes.tag_is_valid(tag) else ""


def language_in(voice: str) -> str:
    """The language that a voice of Piper is named for: 'en-GB' of 'en_GB-alba-medium', '' of 'joe'."""
    named = re.match(r"[a-z]{2,3}_[A-Z]{2,3}(?=-)", voice)
    return language_tag(named[0]) if named else ""


def _models_in(folder: Path) -> Iterator[Path]:
    # os.walk, unlike glob, says nothing of folders that it may not read.
    for parent, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            if name.endswith(MODEL_SUFFIX) and not name.startswith("."):
                yield Path(parent, name)


def _table(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = config.get(name)
    return found if isinstance(found, dict) else {}


def _unusable(model: Path, why: str) -> UnknownVoice:
    return UnknownVoice(
        f"The voice {str(model)!r} cannot be used: {why}.",
        advice="A voice is two files, NAME.onnx and NAME.onnx.json; `narrator voices download` fetches both.",
    )


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, _size: int, _changed_ns: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_HASHED_BYTES):
            digest.update(data)
    return digest.hexdigest()
