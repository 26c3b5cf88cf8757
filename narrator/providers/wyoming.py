"""A text-to-speech server that speaks the Wyoming protocol, such as wyoming-piper.

`describe` is answered by `info`: programs, their voices, and whether they take a text as it is written.
`synthesize` {"text", "voice": {"name", "speaker"?}} is answered by `audio-start` {"rate", "width", "channels"},
`audio-chunk`s of PCM and `audio-stop`, or by `error` {"text", "code"?}. As it is written, a text goes out as
`synthesize-start`, `synthesize-chunk`s and `synthesize-stop`; then several stretches of audio come, each with a
start and a stop, and at last `synthesize-stopped`. https://github.com/OHF-Voice/wyoming

Each request has a connection of its own: after a text in chunks wyoming-piper (2.5) ignores every `synthesize`
on the same one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType, TracebackType
from typing import Any, Self

from narrator.config import Rendering, Speech
from narrator.errors import BadTake, Refused, SpeechError, StreamBroken, Unavailable, UnknownVoice, Unreachable
from narrator.model import (
    AudioChunk,
    AudioFormat,
    Capabilities,
    Container,
    SpeechEvent,
    SpeechReceipt,
    SpeechRequest,
    Voice,
)
from narrator.providers.address import account_name
from narrator.providers.complaints import quotable
from narrator.providers.piper_settings import SERVER_S_VOICE
from narrator.providers.piper_text import ensure_it_can_be_said, without_phoneme_marks
from narrator.providers.prices import usd_per_million
from narrator.providers.settings import nearest, option_problems, refuse_problems
from narrator.providers.voice_files import language_in
from narrator.providers.wire import most_bytes
from narrator.providers.wyoming_info import WyomingInfo, info_in, server_address
from narrator.providers.wyoming_line import MOST_HEADER_BYTES, Line, WyomingEvent, connected
from narrator.providers.wyoming_live import send_pieces, sentences_in

_OPTIONS: Mapping[str, Callable[[str], object]] = MappingProxyType({"speaker": str})
_USUAL_RATE_HZ = 22_050
_LIST_S = 30.0
_VOICE_NOT_FOUND = "VoiceNotFoundError"


class Wyoming:
    """A Wyoming server, as one project uses it.

    Raises:
        ConfigError: options or the base URL are wrong: all of it at once.
    """

    name = "wyoming"
    model = ""
    revision = 1

    def __init__(self, speech: Speech, rendering: Rendering) -> None:
        self._host, self._port, problems = server_address(speech.base_url)
        refuse_problems(speech, problems + _problems(speech))
        self.voice = speech.voice or SERVER_S_VOICE
        self.sound_options = speech.options
        self._speaker = speech.options.get("speaker", "")
        self._service = f"{self._host}:{self._port}"
        self._usd_per_million = usd_per_million(speech, self.name, "", is_official=True)
        self._timeout_s = rendering.timeout_s
        self._info: WyomingInfo | None = None
        self._learning = asyncio.Lock()

    @property
    def capabilities(self) -> Capabilities:
        language = language_in(self.voice)
        return Capabilities(
            max_characters=2000,
            formats=(Container.PCM,),
            rate_hz=_USUAL_RATE_HZ,
            concurrency=2,
            languages=(language,) if language else (),
            usd_per_million_characters=self._usd_per_million,
        )

    @property
    def account(self) -> str:
        return account_name(self.name, self._service, None)

    def digest_of(self, voice: str) -> str:  # noqa: ARG002 - a remote voice has no file
        return ""

    async def voices(self) -> Sequence[Voice]:
        """What the server lists, and before it the voice that speaks where none is named.

        Raises:
            Unreachable: there is no server.
        """
        try:
            info = await self._learned()
        except Unavailable as exc:
            raise Unreachable(exc.what, advice=exc.advice) from exc
        return [
            Voice(SERVER_S_VOICE, description="the one that the server was started with"),
            *info.voices.values(),
        ]

    async def check(self, voices: Collection[str] = ()) -> None:
        """Ask whether there is a server, and whether it has the voices and the speaker.

        Raises:
            RunError: no.
        """
        for voice in (self.voice, *voices):
            try:
                self._ensure_known(await self._info_for(voice), voice)
            except Unavailable as exc:
                raise Unreachable(exc.what, advice=exc.advice) from exc

    async def speak(
        self,
        request: SpeechRequest,
        transport: str = "",  # noqa: ARG002 - there is one
    ) -> AsyncGenerator[SpeechEvent, None]:
        """Speak one text; see ports.Provider. The options are those that the adapter was made with."""
        ensure_it_can_be_said(request.text)
        self._ensure_known(await self._info_for(request.voice), request.voice)
        async with self._line(most_bytes(request)) as line:
            text = without_phoneme_marks(request.text)
            await line.send("synthesize", {"text": text, **self._voice_wish(request)})
            async with contextlib.aclosing(self._sound(line, "audio-stop", request.text)) as sound:
                async for chunk in sound:
                    yield chunk
        yield SpeechReceipt(characters_billed=0)

    async def speak_live(
        self, texts: AsyncIterable[str], request: SpeechRequest
    ) -> AsyncGenerator[SpeechEvent, None]:
        """Speak a text as it is written; see ports.LiveProvider. By sentences where no pieces are taken."""
        info = await self._info_for(request.voice)
        self._ensure_known(info, request.voice)
        spoken = self._in_pieces(texts, request) if info.takes_pieces else self._by_sentences(texts, request)
        async with contextlib.aclosing(spoken) as chunks:
            async for chunk in chunks:
                yield chunk
        yield SpeechReceipt(characters_billed=0)

    async def _in_pieces(
        self, texts: AsyncIterable[str], request: SpeechRequest
    ) -> AsyncGenerator[AudioChunk, None]:
        async with self._line(most_bytes(request)) as line:
            line.is_open_ended = True
            await line.send("synthesize-start", self._voice_wish(request))
            sending = asyncio.create_task(send_pieces(line, texts, request))
            try:
                async with contextlib.aclosing(self._sound(line, "synthesize-stopped", "")) as sound:
                    async for chunk in sound:
                        yield chunk
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    async def _by_sentences(
        self, texts: AsyncIterable[str], request: SpeechRequest
    ) -> AsyncGenerator[AudioChunk, None]:
        has_spoken = False
        async with contextlib.aclosing(sentences_in(texts)) as sentences:
            async for sentence in sentences:
                async with contextlib.aclosing(self.speak(replace(request, text=sentence))) as sound:
                    async for event in sound:
                        if isinstance(event, AudioChunk):
                            yield event
                            has_spoken = True
        if not has_spoken:
            ensure_it_can_be_said("")

    async def _sound(self, line: Line, last: str, text: str) -> AsyncGenerator[AudioChunk, None]:
        """The sound that comes until the event `last`; `text` is what no message may repeat."""
        sound_format: AudioFormat | None = None
        while (event := await line.receive()).type != last:
            if event.type == "error":
                raise self._error(event, text, began=sound_format is not None)
            if event.type != "audio-chunk" or not event.payload:
                continue
            found = self._format_in(event)
            if sound_format not in (None, found):
                raise BadTake(f"{self._service} changed the format of its sound in the middle of an answer.")
            sound_format = found
            yield AudioChunk(event.payload, found)
        if sound_format is None:
            raise BadTake(f"{self._service} ended its answer without any sound.")

    def _format_in(self, event: WyomingEvent) -> AudioFormat:
        rate_hz, width, channels = (event.data.get(name) for name in ("rate", "width", "channels"))
        if not (isinstance(rate_hz, int) and 8_000 <= rate_hz <= 96_000 and channels in (1, 2)):
            raise BadTake(f"{self._service} sent sound without saying at which rate.")
        if width != 2:
            raise Refused(
                f"{self._service} sends samples of {width!r} bytes.",
                advice="narrator reads 16-bit sound over Wyoming: set the server so, or choose another.",
            )
        return AudioFormat(Container.PCM, rate_hz, int(channels))

    def _error(self, event: WyomingEvent, text: str, *, began: bool) -> SpeechError:
        code, words = str(event.data.get("code") or ""), str(event.data.get("text") or "")
        said = quotable(": ".join(filter(None, (code, words))), text=text)
        what = f"{self._service} sent an error" + (f": {said}" if said else ".")
        if code == _VOICE_NOT_FOUND:
            return UnknownVoice(
                what, advice="`narrator voices --provider wyoming --base-url ...` lists what it has."
            )
        return StreamBroken(what) if began else Unavailable(what)

    def _voice_wish(self, request: SpeechRequest) -> dict[str, Any]:
        if request.voice == SERVER_S_VOICE:
            return {}
        speaker = {"speaker": self._speaker} if self._speaker else {}
        return {"voice": {"name": request.voice, **speaker}}

    def _ensure_known(self, info: WyomingInfo, voice: str) -> None:
        """Raises UnknownVoice."""
        if voice == SERVER_S_VOICE or not info.voices:
            return
        if voice not in info.voices:
            raise UnknownVoice(
                f"{self._service} has no voice {voice!r}; {nearest(voice, info.voices)}",
                advice="`narrator voices --provider wyoming --base-url ...` lists what it has.",
            )
        speakers = info.speakers.get(voice, ())
        if self._speaker and speakers and self._speaker not in speakers:
            raise UnknownVoice(
                f"The voice {voice!r} has no speaker {self._speaker!r}; {nearest(self._speaker, speakers)}",
                advice="Name another with --option speaker=...",
            )

    async def _info_for(self, voice: str) -> WyomingInfo:
        """What has to be known of the server before a voice of it is asked for.

        Raises:
            Unavailable: there is none; or it fails to say whether it has that voice, which is never guessed.
        """
        try:
            return await self._learned()
        except Unavailable as exc:
            if exc.connected and voice == SERVER_S_VOICE:
                return WyomingInfo()
            raise

    async def _learned(self) -> WyomingInfo:
        """What the server says of itself, kept once it is known.

        Raises:
            Unavailable: there is none, or it fails to say.
        """
        async with self._learning:
            if self._info is None:
                try:
                    self._info = await self._asked()
                except (BadTake, StreamBroken) as exc:
                    raise Unavailable(exc.what) from exc
            return self._info

    async def _asked(self) -> WyomingInfo:
        patience_s = min(_LIST_S, self._timeout_s)
        async with self._line(2 * MOST_HEADER_BYTES, patience_s) as line:
            await line.send("describe")
            while (event := await line.receive()).type != "info":
                pass
            return info_in(event.data)

    def _line(self, max_bytes: int, timeout_s: float = 0.0) -> contextlib.AbstractAsyncContextManager[Line]:
        return connected(
            self._host,
            self._port,
            self._service,
            timeout_s=timeout_s or self._timeout_s,
            max_bytes=max_bytes,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._info = None


def _problems(speech: Speech) -> list[str]:
    problems = option_problems(speech.options, _OPTIONS)
    if speech.model:
        problems.append(f"speech.model: a Wyoming server's models are its voices: --voice {speech.model}")
    if speech.speed != 1.0:
        problems.append(
            "speech.speed: Wyoming has no word for it; wyoming-piper is started with --length-scale"
        )
    if speech.options.get("speaker") and not speech.voice:
        problems.append("speech.options.speaker: a speaker is one of a voice: name that, too, with --voice")
    return problems
