"""Piper in a worker: text to PCM, sentence by sentence, and to the times of its words.

Sound is as the model makes it: Piper's command line scales each sentence to full scale by itself, which makes a
whisper as loud as a shout. The noise that a model speaks with is made of the text, so that the same text always
sounds the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as onnx_errors
from piper import PiperVoice, SynthesisConfig
from piper.config import PiperConfig

from narrator.audio.pcm import to_pcm
from narrator.errors import Rejected, UnknownVoice
from narrator.model import WordTime
from narrator.providers.piper_model import prepared
from narrator.providers.piper_text import without_phoneme_marks
from narrator.providers.piper_words import Heard, heard_words, sounds_of, word_times

_NOT_A_MODEL = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    onnx_errors.Fail,
    onnx_errors.InvalidArgument,
    onnx_errors.InvalidGraph,
    onnx_errors.InvalidProtobuf,
    onnx_errors.NotImplemented,
    onnx_errors.RuntimeException,
)
"""What broken files make of Python, Piper and ONNX Runtime, whose errors have no base of their own."""

_NOISE_VALUES = 1 << 19
"""Enough for half a minute of sound; a longer sentence is spoken with the same noise again."""


class PiperEngine:
    """Voices by the paths of their models; `model` is loaded at once, others when they are asked for.

    Requests: {"model", "text", "speaker_id", "length_scale", "noise_scale", "noise_w_scale",
    "sentence_silence"} (the last in seconds; of the scales and the speaker, null is the voice's own); answers:
    s16le mono PCM at the voice's rate.
    """

    def __init__(self, model: str) -> None:
        self._voices = {model: _Loaded(Path(model))}

    def speak(self, request: Mapping[str, Any]) -> Iterator[bytes | WordTime]:
        """Speak one text, a sentence at a time; the times of its words come at the end.

        Raises:
            Rejected: nothing in the text can be said.
            UnknownVoice: the model cannot be loaded.
        """
        model = str(request["model"])
        if model not in self._voices:
            self._voices[model] = _Loaded(Path(model))
        return self._voices[model].speak(request)


class _Loaded:
    """One voice, ready to speak.

    Raises:
        UnknownVoice: its files are not what they should be.
    """

    def __init__(self, model: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # a worker is one core's worth of work
        options.log_severity_level = 3  # its warnings are about the graph, which nobody here can change
        try:
            made = prepared(model.read_bytes())
            session = onnxruntime.InferenceSession(made.model, options, providers=["CPUExecutionProvider"])
            self._session = _Seeded(session, made.noises)
            config = PiperConfig.from_dict(json.loads(model.with_name(f"{model.name}.json").read_bytes()))
            self._voice = PiperVoice(session=self._session, config=config)
            self._voice.phonemize("a")  # where a language needs a package of its own, it is missed now
        except ImportError as exc:
            raise UnknownVoice(
                f"The voice {model.stem!r} needs a package that is not installed: {exc}.",
                advice="Install it, or choose another voice.",
            ) from exc
        except _NOT_A_MODEL as exc:
            raise UnknownVoice(
                f"The voice {str(model)!r} cannot be loaded: {type(exc).__name__}.",
                advice="Is it one of Piper, and whole? Download it again: narrator voices download.",
            ) from exc
        self._sounds: dict[str, tuple[str, ...]] = {}

    def speak(self, request: Mapping[str, Any]) -> Iterator[bytes | WordTime]:
        rate_hz = self._voice.config.sample_rate
        text = str(request["text"])
        self._session.seed(text)
        pause = round(float(request["sentence_silence"]) * rate_hz)
        heard: list[Heard] = []
        frames = 0
        spoken = without_phoneme_marks(text)
        for chunk in self._voice.synthesize(spoken, _wish(request), include_alignments=True):
            if not sounds_of("".join(chunk.phonemes)):
                continue
            if frames:
                yield bytes(2 * pause)
                frames += pause
            if chunk.phoneme_alignments:
                lengths = ((each.phoneme, int(each.num_samples)) for each in chunk.phoneme_alignments)
                heard += heard_words(lengths, frames)
            yield to_pcm(chunk.audio_float_array)
            frames += len(chunk.audio_float_array)
        if not frames:
            raise Rejected(
                "The voice finds nothing to say in this text.",
                advice="It has no words that this voice knows how to speak: choose another, or leave it out.",
            )
        if heard:
            yield from word_times(text.split(), self._sounds_of_word, heard, rate_hz)

    def _sounds_of_word(self, word: str) -> tuple[str, ...]:
        if word not in self._sounds:
            said = " ".join(
                "".join(sentence) for sentence in self._voice.phonemize(without_phoneme_marks(word))
            )
            self._sounds[word] = tuple(filter(None, map(sounds_of, said.split(" "))))
        return self._sounds[word]


class _Seeded:
    """A session as Piper's code uses it, whose noise is that of one text."""

    def __init__(self, session: onnxruntime.InferenceSession, noises: tuple[str, ...]) -> None:
        self._session = session
        self._noises = noises
        self.seed("")

    def seed(self, text: str) -> None:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        self._random = np.random.default_rng(int.from_bytes(digest[:8], "big"))

    def run(self, outputs: Sequence[str] | None, inputs: Mapping[str, Any]) -> Any:
        rows = {name: self._random.standard_normal(_NOISE_VALUES, dtype=np.float32) for name in self._noises}
        return self._session.run(outputs, {**inputs, **rows})


def _wish(request: Mapping[str, Any]) -> SynthesisConfig:
    return SynthesisConfig(
        speaker_id=request["speaker_id"],
        length_scale=request["length_scale"],
        noise_scale=request["noise_scale"],
        noise_w_scale=request["noise_w_scale"],
        normalize_audio=False,
    )
