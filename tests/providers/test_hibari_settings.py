from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import hibari
import pytest

from narrator.config import Rendering, Speech
from narrator.errors import ConfigError, UnknownVoice
from narrator.providers.hibari import HibariVoice


def adapter(concurrency: int = 0, **wishes: Any) -> HibariVoice:
    return HibariVoice(Speech(**wishes), Rendering(concurrency=concurrency))


def test_the_digest_is_that_of_the_voice_s_model_file() -> None:
    model = Path(hibari.__file__).parent / "assets" / "hibari.onnx"
    assert adapter().digest_of("heart") == hashlib.sha256(model.read_bytes()).hexdigest()


def test_a_voice_that_would_be_downloaded_is_refused() -> None:
    with pytest.raises(UnknownVoice, match="heart"):
        adapter(voice="emma")


def test_settings_that_it_does_not_have_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        adapter(model="tts-1", base_url="http://127.0.0.1", speed=3.0, options={"seed": "1"})
    told = "\n".join(caught.value.problems)
    assert all(
        key in told for key in ("speech.model", "speech.base_url", "speech.speed", "speech.options.seed")
    )


def test_it_works_on_as_many_texts_as_wished_or_as_there_are_cores() -> None:
    assert adapter(concurrency=3).capabilities.concurrency == 3
    assert adapter().capabilities.concurrency >= 1
    assert adapter().capabilities.is_local
