"""ElevenLabs' options: their values, what of them changes the sound, and which of them exclude each other.

The names are those of the service's own parameters:
https://elevenlabs.io/docs/api-reference/text-to-speech/convert and, for the WebSocket,
.../v-1-text-to-speech-voice-id-stream-input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from narrator.config import Rendering, Speech
from narrator.model import AudioFormat, Container
from narrator.providers.elevenlabs_models import PLANS, ModelFacts
from narrator.providers.settings import boolean, decimal_number, one_of, whole_number

DEFAULT_FORMAT = "pcm_24000"
MOST_DICTIONARIES = 3
SLOWEST, FASTEST = 0.7, 1.2
LARGEST_SEED = 2**32 - 1
_UNNORMALIZED_LATENCY = 4


class Transport(StrEnum):
    """How the sound comes: streamed, whole, with character times (whole or streamed), over a WebSocket."""

    STREAM = "stream"
    HTTP = "http"
    TIMESTAMPS = "timestamps"
    STREAM_TIMESTAMPS = "stream-timestamps"
    WS = "ws"


CHAINS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        Transport.STREAM: (Transport.STREAM, Transport.HTTP),
        Transport.HTTP: (Transport.HTTP,),
        Transport.TIMESTAMPS: (Transport.TIMESTAMPS,),
        Transport.STREAM_TIMESTAMPS: (Transport.STREAM_TIMESTAMPS, Transport.TIMESTAMPS),
        Transport.WS: (Transport.WS, Transport.STREAM, Transport.HTTP),
    }
)
"""Which way is taken after which, where one fails: those that are asked for times go on giving them."""

_WHOLE = {Transport.HTTP, Transport.TIMESTAMPS}
_RATES_HZ = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_MP3 = ("22050_32", "24000_48", "44100_32", "44100_64", "44100_96", "44100_128", "44100_192")


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """One of the service's formats: its name there, ours, and how many bytes of it make a second."""

    name: str
    format: AudioFormat
    bytes_per_s: float


def _formats() -> dict[str, OutputFormat]:
    found = []
    for rate_hz in _RATES_HZ:
        found.append(OutputFormat(f"pcm_{rate_hz}", AudioFormat(Container.PCM, rate_hz), 2 * rate_hz))
        found.append(OutputFormat(f"wav_{rate_hz}", AudioFormat(Container.WAV, rate_hz), 2 * rate_hz))
    for kind in _MP3:
        rate_hz, kbps = map(int, kind.split("_"))
        found.append(OutputFormat(f"mp3_{kind}", AudioFormat(Container.MP3, rate_hz), kbps * 125))
    found.append(OutputFormat("ulaw_8000", AudioFormat(Container.ULAW, 8_000), 8_000))
    found.append(OutputFormat("alaw_8000", AudioFormat(Container.ALAW, 8_000), 8_000))
    return {each.name: each for each in found}


FORMATS: Mapping[str, OutputFormat] = MappingProxyType(_formats())


def _output_format(value: str) -> OutputFormat:
    if value.startswith("opus"):
        raise ValueError("is not read here: take one of pcm_*, wav_*, mp3_*, ulaw_8000, alaw_8000")
    if value not in FORMATS:
        raise ValueError(f"is not one of {', '.join(FORMATS)}")
    return FORMATS[value]


def _seed(value: str) -> int | str:
    if value in ("auto", "off"):
        return value
    try:
        return whole_number(0, LARGEST_SEED)(value)
    except ValueError:
        raise ValueError(f"is not auto, off or a whole number from 0 to {LARGEST_SEED}") from None


def _dictionaries(value: str) -> tuple[tuple[str, str], ...]:
    pairs = [tuple(part.strip() for part in each.split(":")) for each in value.split(",")]
    if len(pairs) > MOST_DICTIONARIES or not all(len(pair) == 2 and all(pair) for pair in pairs):
        raise ValueError(f"is not id:version, at most {MOST_DICTIONARIES} of them with commas between")
    return tuple((pair[0], pair[1]) for pair in pairs)


def _chunk_lengths(value: str) -> tuple[int, ...]:
    try:
        return tuple(whole_number(50, 500)(part.strip()) for part in value.split(","))
    except ValueError:
        raise ValueError("is not a list of whole numbers from 50 to 500, with commas between") from None


_SETTINGS: Mapping[str, Callable[[str], float | bool]] = MappingProxyType(
    {
        "stability": decimal_number(0.0, 1.0),
        "similarity_boost": decimal_number(0.0, 1.0),
        "style": decimal_number(0.0, 1.0),
        "use_speaker_boost": boolean,
    }
)
"""The fields of `voice_settings`: each that is named here overrides what is stored with the voice."""

PARSERS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {
        "transport": one_of(*Transport),
        "output_format": _output_format,
        **_SETTINGS,
        "seed": _seed,
        "apply_text_normalization": one_of("auto", "on", "off"),
        "apply_language_text_normalization": boolean,
        "optimize_streaming_latency": whole_number(0, _UNNORMALIZED_LATENCY),
        "enable_logging": boolean,
        "pronunciation_dictionary_locators": _dictionaries,
        "stitching": one_of("text", "ids", "off"),
        "chunk_length_schedule": _chunk_lengths,
        "auto_mode": boolean,
        "plan": one_of(*PLANS),
    }
)

_SOUND_DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "output_format": DEFAULT_FORMAT,
        **dict.fromkeys(_SETTINGS, ""),  # the voice's own, whatever these are
        "seed": "auto",
        "apply_text_normalization": "auto",
        "apply_language_text_normalization": "false",
        "optimize_streaming_latency": "0",
        "pronunciation_dictionary_locators": "",
    }
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options, read.

    `seed` is a number, 'auto' for one from the text, or 'off'; `text_normalization` '' is the service's choice.
    """

    transport: Transport
    output_format: OutputFormat
    voice_settings: Mapping[str, float | bool]
    seed: int | str
    text_normalization: str
    language_normalization: bool
    latency: int
    is_logged: bool
    dictionaries: tuple[tuple[str, str], ...]
    stitching: str
    chunk_lengths: tuple[int, ...]
    is_auto: bool
    plan: str


def read_wishes(options: Mapping[str, str]) -> Wishes:
    """Options of which `PARSERS` has found nothing wrong, with the defaults of those that are not named."""
    dictionaries = options.get("pronunciation_dictionary_locators")
    chunk_lengths = options.get("chunk_length_schedule")
    return Wishes(
        transport=Transport(options.get("transport", Transport.STREAM)),
        output_format=FORMATS[options.get("output_format", DEFAULT_FORMAT)],
        voice_settings={name: parse(options[name]) for name, parse in _SETTINGS.items() if name in options},
        seed=_seed(options.get("seed", "auto")),
        text_normalization=options.get("apply_text_normalization", "auto").removeprefix("auto"),
        language_normalization=boolean(options.get("apply_language_text_normalization", "false")),
        latency=int(options.get("optimize_streaming_latency", "0")),
        is_logged=boolean(options.get("enable_logging", "true")),
        dictionaries=_dictionaries(dictionaries) if dictionaries else (),
        stitching=options.get("stitching", "text"),
        chunk_lengths=_chunk_lengths(chunk_lengths) if chunk_lengths else (),
        # A schedule is what auto mode does away with; whole sentences need none.
        is_auto=boolean(options["auto_mode"]) if "auto_mode" in options else not chunk_lengths,
        plan=options.get("plan", ""),
    )


def sound_options(options: Mapping[str, str]) -> Mapping[str, str]:
    """The options that change the sound, each written in one way, and none that says what is so anyway."""
    written = {name: _written(PARSERS[name](options[name])) for name in _SOUND_DEFAULTS if name in options}
    changed = {name: value for name, value in written.items() if value != _SOUND_DEFAULTS[name]}
    if options.get("stitching") == "ids":
        changed["stitching"] = "ids"
    return MappingProxyType(changed)


def _written(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value).removesuffix(".0")
        case OutputFormat():
            return value.name
        case tuple():
            return ",".join(f"{identity}:{version}" for identity, version in value)
        case _:
            return str(value)


def contradictions(speech: Speech, rendering: Rendering, model: ModelFacts) -> list[str]:
    """What cannot be had together, or not of this model, as problems of the settings."""
    wishes = read_wishes(speech.options)
    return [
        f"speech.{name}: {problem}"
        for name, is_wrong, problem in (
            *_of_the_transport(speech, wishes, model),
            (
                "speed",
                not SLOWEST <= speech.speed <= FASTEST,
                f"{speech.speed:g} is not from {SLOWEST} to {FASTEST}, which is how fast these voices speak",
            ),
            (
                "options.optimize_streaming_latency",
                wishes.latency == _UNNORMALIZED_LATENCY and wishes.text_normalization != "off",
                "'4' also stops the reading of numbers and dates: say apply_text_normalization=off with it",
            ),
            (
                "options.auto_mode",
                bool(wishes.chunk_lengths) and wishes.is_auto,
                "'true' leaves no place for a chunk_length_schedule",
            ),
            (
                "options.stitching",
                wishes.stitching == "ids" and rendering.concurrency != 1,
                "'ids' needs one request after the other: --concurrency 1",
            ),
            (
                "options.stitching",
                wishes.stitching == "ids" and not (wishes.is_logged and model.takes_context),
                "'ids' needs a model before v3, and enable_logging",
            ),
        )
        if is_wrong
    ]


def _of_the_transport(speech: Speech, wishes: Wishes, model: ModelFacts) -> list[tuple[str, bool, str]]:
    is_socket = wishes.transport is Transport.WS
    is_wav = wishes.output_format.format.container is Container.WAV
    only_socket = "is for transport=ws alone"
    return [
        ("options.transport", is_socket and not model.has_socket, "'ws' does not speak the v3 models"),
        (
            "options.output_format",
            is_wav and wishes.transport not in _WHOLE,
            f"{wishes.output_format.name!r} comes by transport=http or timestamps alone; pcm_* by all",
        ),
        ("options.chunk_length_schedule", bool(wishes.chunk_lengths) and not is_socket, only_socket),
        ("options.auto_mode", "auto_mode" in speech.options and not is_socket, only_socket),
        *(
            (f"options.{name}", is_socket and is_asked, "is not for transport=ws")
            for name, is_asked in (
                ("optimize_streaming_latency", wishes.latency > 0),
                ("apply_language_text_normalization", wishes.language_normalization),
                ("stitching", wishes.stitching == "ids"),
            )
        ),
    ]
