"""Which Opus, FLAC and WAV there are, by sample rate and bitrate: known before anything heavy is loaded."""

from __future__ import annotations

from narrator.errors import ConfigError

OPUS_RATE_HZ = 48_000
"""Opus is always decoded to this rate, whatever it was made of (RFC 7845, 4)."""

_OPUS_KBPS = range(6, 257)  # of one channel: RFC 6716, 2.1.1, and the most that libopus takes
_FLAC_RATES_HZ = range(1, 1 << 20)  # 20 bits: RFC 9639, 8.2
_WAV_RATES_HZ = range(1, 1 << 31)  # so that the bytes a second of 16 bits are a number of 32 bits


def opus_rate_hz(kbps: int) -> int:
    """The sample rate of an Opus file, which is always the same.

    Raises:
        ConfigError: Opus does not have this bitrate.
    """
    if kbps not in _OPUS_KBPS:
        least, most = _OPUS_KBPS[0], _OPUS_KBPS[-1]
        raise ConfigError(
            "The delivery cannot be made",
            (f"delivery.opus_kbps: Opus in mono has no {kbps} kbit/s; it has {least} to {most}",),
            advice="Choose a bitrate in this range: 24 to 64 is usual for speech.",
        )
    return OPUS_RATE_HZ


def flac_rate_hz(rate_hz: int) -> int:
    """The sample rate of a FLAC made of sound at `rate_hz`: the same.

    Raises:
        ConfigError: FLAC does not have this rate.
    """
    return _known("FLAC", rate_hz, _FLAC_RATES_HZ)


def wav_rate_hz(rate_hz: int) -> int:
    """The sample rate of a WAV made of sound at `rate_hz`: the same.

    Raises:
        ConfigError: WAV does not have this rate.
    """
    return _known("WAV", rate_hz, _WAV_RATES_HZ)


def _known(name: str, rate_hz: int, rates_hz: range) -> int:
    if rate_hz not in rates_hz:
        raise ConfigError(
            "The delivery cannot be made",
            (f"delivery.rate_hz: {name} has no {rate_hz} Hz; it has {rates_hz[0]} to {rates_hz[-1]}",),
            advice="Choose a rate in this range.",
        )
    return rate_hz
