"""ElevenLabs' WebSocket `stream-input`: text goes in piece by piece, sound comes out meanwhile.

Out: {"text": " ", "voice_settings"?, "generation_config"?, "pronunciation_dictionary_locators"?} first, then
{"text": "words ", "flush"?}, and {"text": ""} at the end. In: {"audio": base64 | null, "isFinal": true | null,
"alignment", "normalizedAlignment"}; the last has `isFinal`.
https://elevenlabs.io/docs/api-reference/text-to-speech/v-1-text-to-speech-voice-id-stream-input
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

from yarl import URL

from narrator.errors import SpeechError, StreamBroken, Unavailable
from narrator.model import SpeechEvent
from narrator.providers.elevenlabs_errors import judge, judge_close, told_instead
from narrator.providers.elevenlabs_words import TimedSound, timed_in_ms
from narrator.providers.wire import service_name
from narrator.providers.wire_json import sound_in_base64
from narrator.providers.wire_ws import Conversation, Sockets

Message = Mapping[str, Any]

_END: Message = {"text": ""}
_FOR_EVER_S = 1e9


@dataclass(frozen=True, slots=True)
class SocketAsk:
    """What is said over one socket: `opening` first, then `messages`; `text` is what no error may repeat.

    `max_bytes` bounds the answer. One that is `live` waits for its text as long as it takes.
    """

    url: URL
    opening: Message
    messages: AsyncGenerator[Message, None]
    max_bytes: int
    text: str = ""
    live: bool = False


async def speak_over_socket(
    sockets: Sockets, ask: SocketAsk, sound: TimedSound, *, key: str | None, timeout_s: float
) -> AsyncGenerator[SpeechEvent, None]:
    """Sound and words until the service says that it was the last.

    Raises:
        SpeechError: it refuses, breaks off or says nothing for too long; or `messages` raises it.
    """
    service = service_name(ask.url)
    async with sockets.conversation(
        ask.url,
        text=ask.text,
        key=key,
        on_close=lambda code, words: judge_close(service, code, words, key=key),
        judge=judge,
        timeout_s=_FOR_EVER_S if ask.live else None,
    ) as conversation:
        feed = _Feed(conversation, ask)
        feeding = asyncio.create_task(feed.run())
        heard = conversation.messages(
            max_bytes=ask.max_bytes, idle_s=timeout_s / 2, is_owed=lambda: feed.is_over or not ask.live
        )
        try:
            async with contextlib.aclosing(heard):
                async for message in heard:
                    if _is_complaint(message):
                        otherwise = Unavailable if sound.is_empty else StreamBroken
                        raise told_instead(service, message, otherwise, text=ask.text, key=key)
                    data = sound_in_base64(message.get("audio"), service)
                    for event in sound.add(data, timed_in_ms(message.get("alignment")), by_chunk=True):
                        yield event
                    if message.get("isFinal") is True and feed.is_over:
                        break
            await feeding
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
    for word in sound.finish(service):
        yield word


class _Feed:
    """Sends what there is to say, beside the listening: a refusal comes while text is still on its way."""

    def __init__(self, conversation: Conversation, ask: SocketAsk) -> None:
        self._conversation = conversation
        self._ask = ask
        self.is_over = False

    async def run(self) -> None:
        """Send it all. What `messages` raises is raised once the service was told that no more comes."""
        try:
            await self._send_all()
        finally:
            self.is_over = True
            task = asyncio.current_task()
            if task is None or not task.cancelling():
                await self._sent(_END)

    async def _send_all(self) -> None:
        if not await self._sent(self._ask.opening):
            return
        async with contextlib.aclosing(self._ask.messages) as messages:
            async for message in messages:
                if not await self._sent(message):
                    return

    async def _sent(self, message: Message) -> bool:
        """Send one; False where the service is gone, of which whoever listens learns why."""
        try:
            await self._conversation.send(message)
        except SpeechError:
            return False
        return True


def _is_complaint(message: Message) -> bool:
    """Whether a message says what is wrong, and not what the text sounds like."""
    if message.get("audio") or message.get("isFinal"):
        return False
    return any(message.get(name) for name in ("error", "message", "detail"))
