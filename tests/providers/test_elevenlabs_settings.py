from __future__ import annotations

from typing import Any

import pytest

from narrator.config import Rendering, Speech
from narrator.errors import ConfigError
from narrator.model import Container, Normalization
from narrator.providers.elevenlabs import ElevenLabs


def adapter(*, concurrency: int = 0, options: dict[str, str] | None = None, **wishes: Any) -> ElevenLabs:
    speech = Speech(provider="elevenlabs", options=options or {}, **wishes)
    return ElevenLabs(speech, Rendering(concurrency=concurrency))


def test_all_wrong_settings_are_told_at_once() -> None:
    options = {
        "stablity": "0.5",
        "style": "2",
        "use_speaker_boost": "yes",
        "seed": "4294967296",
        "output_format": "opus_48000_64",
        "pronunciation_dictionary_locators": "one:1,two:2,three:3,four:4",
        "chunk_length_schedule": "20",
        "plan": "platinum",
        "transport": "sse",
    }
    with pytest.raises(ConfigError) as caught:
        adapter(base_url="localhost", options=options)
    told = "\n".join(caught.value.problems)
    for said in (
        "speech.base_url: 'localhost' is not an address",
        "stablity: there is no such option; did you mean 'stability'?",
        "style: '2' is not a number from 0 to 1",
        "use_speaker_boost: 'yes' is not one of true, false",
        "seed: '4294967296' is not auto, off or a whole number",
        "output_format: 'opus_48000_64' is not read here: take one of pcm_*",
        "pronunciation_dictionary_locators: 'one:1,two:2,three:3,four:4' is not id:version, at most 3",
        "chunk_length_schedule: '20' is not a list of whole numbers from 50 to 500",
        "plan: 'platinum' is not one of free, starter",
        "transport: 'sse' is not one of stream, http, timestamps, stream-timestamps, ws",
    ):
        assert said in told


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"speed": 1.5}, "speech.speed: 1.5 is not from 0.7 to 1.2"),
        ({"speed": 0.5}, "speech.speed: 0.5 is not from 0.7 to 1.2"),
        ({"options": {"optimize_streaming_latency": "4"}}, "apply_text_normalization=off"),
        ({"options": {"output_format": "wav_24000"}}, "comes by transport=http or timestamps alone"),
        ({"options": {"chunk_length_schedule": "120"}}, "is for transport=ws alone"),
        ({"options": {"auto_mode": "true"}}, "is for transport=ws alone"),
        ({"options": {"transport": "ws", "optimize_streaming_latency": "1"}}, "is not for transport=ws"),
        (
            {"options": {"transport": "ws", "apply_language_text_normalization": "true"}},
            "is not for transport=ws",
        ),
        ({"options": {"transport": "ws", "stitching": "ids"}, "concurrency": 1}, "is not for transport=ws"),
        (
            {"options": {"transport": "ws", "auto_mode": "true", "chunk_length_schedule": "120"}},
            "leaves no place for a chunk_length_schedule",
        ),
        ({"model": "eleven_v3", "options": {"transport": "ws"}}, "'ws' does not speak the v3 models"),
        ({"options": {"stitching": "ids"}}, "--concurrency 1"),
        ({"model": "eleven_v3", "options": {"stitching": "ids"}, "concurrency": 1}, "a model before v3"),
        ({"options": {"stitching": "ids", "enable_logging": "false"}, "concurrency": 1}, "and enable_logging"),
    ],
)
def test_what_cannot_be_had_together_is_refused(wishes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        adapter(**wishes)
    assert len(caught.value.problems) == 1
    assert said in caught.value.problems[0]


def test_options_that_change_nothing_are_in_no_key() -> None:
    provider = adapter(
        options={
            "transport": "ws",
            "plan": "pro",
            "enable_logging": "false",
            "chunk_length_schedule": "120,160",
            "output_format": "pcm_24000",
            "seed": "auto",
            "apply_text_normalization": "auto",
            "stitching": "text",
        }
    )
    assert provider.sound_options == {}


def test_options_that_change_the_sound_are_written_in_one_way() -> None:
    provider = adapter(
        concurrency=1,
        options={
            "stability": "0.50",
            "similarity_boost": ".75",
            "style": "0",
            "use_speaker_boost": "true",
            "seed": "0007",
            "apply_text_normalization": "off",
            "optimize_streaming_latency": "4",
            "apply_language_text_normalization": "true",
            "pronunciation_dictionary_locators": "names: v1 , places:v2",
            "output_format": "mp3_44100_128",
            "stitching": "ids",
        },
    )
    assert provider.sound_options == {
        "stability": "0.5",
        "similarity_boost": "0.75",
        "style": "0",
        "use_speaker_boost": "true",
        "seed": "7",
        "apply_text_normalization": "off",
        "optimize_streaming_latency": "4",
        "apply_language_text_normalization": "true",
        "pronunciation_dictionary_locators": "names:v1,places:v2",
        "output_format": "mp3_44100_128",
        "stitching": "ids",
    }


@pytest.mark.parametrize(
    ("transport", "chain"),
    [
        ("stream", ("stream", "http")),
        ("http", ("http",)),
        ("timestamps", ("timestamps",)),
        ("stream-timestamps", ("stream-timestamps", "timestamps")),
        ("ws", ("ws", "stream", "http")),
    ],
)
def test_the_ways_that_stand_open_begin_with_the_one_chosen(transport: str, chain: tuple[str, ...]) -> None:
    assert adapter(options={"transport": transport}).capabilities.transports == chain


@pytest.mark.parametrize(
    ("name", "transport", "container", "rate_hz"),
    [
        ("pcm_16000", "stream", Container.PCM, 16_000),
        ("wav_48000", "http", Container.WAV, 48_000),
        ("mp3_22050_32", "ws", Container.MP3, 22_050),
        ("ulaw_8000", "stream", Container.ULAW, 8_000),
        ("alaw_8000", "timestamps", Container.ALAW, 8_000),
    ],
)
def test_the_format_sets_the_rate_of_the_project(
    name: str, transport: str, container: Container, rate_hz: int
) -> None:
    capabilities = adapter(options={"output_format": name, "transport": transport}).capabilities
    assert (capabilities.formats, capabilities.rate_hz) == ((container,), rate_hz)


@pytest.mark.parametrize(
    ("model", "characters", "languages", "uses_language", "context"),
    [
        ("", 10_000, 29, False, True),
        ("eleven_v3", 5_000, 0, True, False),
        ("eleven_flash_v2_5", 40_000, 32, True, True),
        ("eleven_flash_v2", 30_000, 1, False, True),
        ("eleven_newer", 5_000, 0, False, True),
    ],
)
def test_a_model_has_its_limits(
    model: str, characters: int, languages: int, *, uses_language: bool, context: bool
) -> None:
    capabilities = adapter(model=model).capabilities
    assert capabilities.max_characters == characters
    assert len(capabilities.languages) == languages
    assert capabilities.uses_language is uses_language
    assert (capabilities.context_characters > 0) is context


@pytest.mark.parametrize(
    ("model", "plan", "at_once"),
    [
        ("", "", 2),
        ("eleven_flash_v2_5", "", 4),
        ("", "creator", 5),
        ("eleven_turbo_v2_5", "pro", 20),
        ("eleven_v3", "business", 15),
    ],
)
def test_a_plan_allows_so_many_requests_at_once(model: str, plan: str, at_once: int) -> None:
    options = {"plan": plan} if plan else {}
    assert adapter(model=model, options=options).capabilities.concurrency == at_once


@pytest.mark.parametrize(
    ("model", "normalization", "wanted"),
    [
        ("", "auto", Normalization.LIGHT),
        ("", "off", Normalization.FULL),
        ("eleven_flash_v2_5", "auto", Normalization.FULL),
        ("eleven_flash_v2_5", "on", Normalization.LIGHT),
    ],
)
def test_numbers_are_written_out_where_the_service_leaves_them(
    model: str, normalization: str, wanted: Normalization
) -> None:
    provider = adapter(model=model, options={"apply_text_normalization": normalization})
    assert provider.capabilities.normalization is wanted


@pytest.mark.parametrize("wishes", [{"options": {"transport": "ws"}}, {"options": {"stitching": "off"}}])
def test_no_context_is_asked_for_where_none_is_sent(wishes: dict[str, Any]) -> None:
    assert adapter(**wishes).capabilities.context_characters == 0


@pytest.mark.parametrize(
    ("model", "base_url", "price"),
    [
        ("", "", 100.0),
        ("eleven_flash_v2_5", "https://api.eu.residency.elevenlabs.io", 50.0),
        ("", "http://127.0.0.1:9", None),
    ],
)
def test_a_price_is_named_only_where_it_is_known(model: str, base_url: str, price: float | None) -> None:
    assert adapter(model=model, base_url=base_url).capabilities.usd_per_million_characters == price
