"""What is sent to ElevenLabs to have a text spoken: addresses, bodies and the first word over a WebSocket.

https://elevenlabs.io/docs/api-reference/text-to-speech/convert and .../v-1-text-to-speech-voice-id-stream-input
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from yarl import URL

from narrator.errors import UnknownVoice
from narrator.model import SpeechRequest, TakeKey
from narrator.providers.elevenlabs_models import ModelFacts
from narrator.providers.elevenlabs_options import LARGEST_SEED, OutputFormat, Wishes

_VOICE_ID = re.compile(r"\w[\w.-]*", re.ASCII)
_LONGEST_SILENCE_S = 180
"""The most that the service takes for `inactivity_timeout`: a text may stop coming for a while."""


class Requests:
    """Writes the requests of one project; `root` is the server's."""

    def __init__(self, root: URL, wishes: Wishes, model: ModelFacts) -> None:
        self._root = root
        self._wishes = wishes
        self._model = model
        self._retakes: Counter[TakeKey] = Counter()

    def note_spoken(self, request: SpeechRequest) -> None:
        """Note that a request was spoken to its end: who asks for it again was not content with it."""
        self._retakes[request.key] += 1

    def address(self, request: SpeechRequest, way: str, kind: OutputFormat) -> URL:
        """Where a request is sent: `way` is what follows the voice, '' or 'stream' and the like.

        Raises:
            UnknownVoice: the voice is no id.
        """
        query = {"output_format": kind.name}
        if not self._wishes.is_logged:
            query["enable_logging"] = "false"
        if self._wishes.latency:
            query["optimize_streaming_latency"] = str(self._wishes.latency)
        url = self._of_voice(request.voice)
        return (url / way if way else url).with_query(query)

    def body(self, request: SpeechRequest, ids_before: Sequence[str] = ()) -> dict[str, Any]:
        """All that is said of one text; earlier requests that it follows win over the text before it."""
        wishes = self._wishes
        fields: dict[str, Any] = {
            "text": request.text,
            "model_id": request.model,
            "language_code": self._language(request),
            "voice_settings": self._settings(request),
            "seed": self._seed(request),
            "previous_request_ids": list(ids_before),
            "previous_text": "" if ids_before else request.previous_text,
            "next_text": request.next_text,
            "pronunciation_dictionary_locators": self._dictionaries(),
            "apply_text_normalization": wishes.text_normalization,
            "apply_language_text_normalization": wishes.language_normalization or None,
        }
        return {name: value for name, value in fields.items() if value not in (None, "", {}, [])}

    def socket_address(self, request: SpeechRequest, kind: OutputFormat, *, live: bool) -> URL:
        """Where a WebSocket is opened. Raises as `address`."""
        wishes, seed = self._wishes, self._seed(request)
        query = {
            "model_id": request.model,
            "output_format": kind.name,
            "sync_alignment": "true",
            "language_code": self._language(request),
            "seed": "" if seed is None else str(seed),
            "auto_mode": "true" if wishes.is_auto else "",
            "apply_text_normalization": wishes.text_normalization,
            "enable_logging": "" if wishes.is_logged else "false",
            "inactivity_timeout": str(_LONGEST_SILENCE_S) if live else "",
        }
        url = self._of_voice(request.voice) / "stream-input"
        scheme = "wss" if url.scheme == "https" else "ws"
        return url.with_scheme(scheme).with_query({name: value for name, value in query.items() if value})

    def opening(self, request: SpeechRequest) -> dict[str, Any]:
        """The first message over a WebSocket."""
        lengths = list(self._wishes.chunk_lengths)
        fields = {
            "voice_settings": self._settings(request),
            "generation_config": {"chunk_length_schedule": lengths} if lengths else {},
            "pronunciation_dictionary_locators": self._dictionaries(),
        }
        return {"text": " ", **{name: value for name, value in fields.items() if value}}

    def _of_voice(self, voice: str) -> URL:
        if not _VOICE_ID.fullmatch(voice):
            raise UnknownVoice(
                f"{voice!r} is no id of a voice.",
                advice="`narrator voices --provider elevenlabs` lists the voices with their ids.",
            )
        return self._root / "v1/text-to-speech" / voice

    def _settings(self, request: SpeechRequest) -> dict[str, float | bool]:
        speed = {} if request.speed == 1.0 else {"speed": request.speed}
        return {**self._wishes.voice_settings, **speed}

    def _language(self, request: SpeechRequest) -> str:
        """ISO 639-1, of which there are regions in BCP 47."""
        return request.language.partition("-")[0].lower() if self._model.takes_language else ""

    def _seed(self, request: SpeechRequest) -> int | None:
        """From the text, so that it is the same on every machine; another one for each new take of it."""
        match self._wishes.seed:
            case int(number):
                return number
            case "off":
                return None
        digest = hashlib.sha256(request.text.encode("utf-8", "surrogatepass")).digest()
        return (int.from_bytes(digest[:4], "big") + self._retakes[request.key]) % (LARGEST_SEED + 1)

    def _dictionaries(self) -> list[dict[str, str]]:
        return [
            {"pronunciation_dictionary_id": identity, "version_id": version}
            for identity, version in self._wishes.dictionaries
        ]
