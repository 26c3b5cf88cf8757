"""Every Protocol on one page: what a stage needs of the others, and what must hold."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from narrator.events import Event
from narrator.model import (
    Allowance,
    Capabilities,
    Draft,
    Manuscript,
    Outcome,
    SpeechEvent,
    SpeechModel,
    SpeechRequest,
    Take,
    TakeKey,
    Voice,
)

if TYPE_CHECKING:  # numpy is slow to import, and only annotations need it here
    import numpy as np
    import numpy.typing as npt

Observer = Callable[[Event], None]
"""Told of everything that happens, on the event loop's thread; must return at once and never raise."""


class Provider(Protocol):
    """A text-to-speech engine or service, as one project uses it.

    Entered once before the first call and left after the last. Every error that it raises is one of ours.
    It never retries on its own once text was sent, and it logs no key and no text of the book.
    """

    name: str
    revision: int
    """Raised when the adapter changes what comes out of the same wishes; part of every key."""

    @property
    def capabilities(self) -> Capabilities:
        """Known without a connection; `check` may learn more of `concurrency` and `languages`."""
        ...

    @property
    def sound_options(self) -> Mapping[str, str]:
        """The options that change the sound, part of every key; by which transport it comes is not one."""
        ...

    @property
    def voice(self) -> str:
        """The voice that speaks: the one asked for, or the provider's default."""
        ...

    @property
    def model(self) -> str:
        """The model that speaks, '' where the provider has no such notion."""
        ...

    def digest_of(self, voice: str) -> str:
        """SHA-256 of what a local voice is made of, its model file above all; '' for a remote voice.

        Raises:
            UnknownVoice: it is known, without asking anybody, that there is no such voice.
        """
        ...

    @property
    def account(self) -> str:
        """Names who pays and who is limited, with nothing secret in it."""
        ...

    async def voices(self) -> Sequence[Voice]:
        """What `narrator voices` lists; [] where the service cannot tell.

        Raises:
            RunError: the service refuses the key or cannot be reached.
        """
        ...

    async def check(self, voices: Collection[str] = ()) -> None:
        """Find out, before any text is sent, what would make requests fail.

        `voices` are those that will speak besides its own.

        Raises:
            RunError: no key, a refused key, an unknown voice or model, a service that cannot be reached.
        """
        ...

    def speak(self, request: SpeechRequest, transport: str = "") -> AsyncGenerator[SpeechEvent, None]:
        """Speak one text: AudioChunks in order, and WordTimes and one SpeechReceipt where known.

        `transport` is one of `capabilities.transports`, '' for the preferred one. Ends normally only when the
        protocol's own terminator came, so an end is a whole answer. Closing the generator early aborts the
        request.

        Raises:
            AttemptError: this call failed; it may be sent again.
            SegmentError: this text is refused.
            RunError: nothing further can succeed.
        """
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


@runtime_checkable
class LiveProvider(Protocol):
    """A provider that takes a text as it arrives, and speaks it meanwhile. A Provider may be this, too."""

    def speak_live(
        self, texts: AsyncIterable[str], request: SpeechRequest
    ) -> AsyncGenerator[SpeechEvent, None]:
        """Speak the pieces of one text as they come, cut anywhere; `request` says all but the text.

        Events and errors are as of `Provider.speak`; nothing can be sent again.
        """
        ...


@runtime_checkable
class MeteredProvider(Protocol):
    """A provider whose account has so much and no more. A Provider may be this, too."""

    async def allowance(self) -> Allowance | None:
        """What the account has left; None where the service does not tell.

        Raises:
            SpeechError: it refuses the key or cannot be reached.
        """
        ...


@runtime_checkable
class ModelLister(Protocol):
    """A provider that knows which models there are. A Provider may be this, too."""

    async def models(self) -> Sequence[SpeechModel]:
        """What `narrator models` lists.

        Raises:
            SpeechError: the service refuses the key or cannot be reached.
        """
        ...


@runtime_checkable
class VoiceCloner(Protocol):
    """A provider that makes a voice from a recording. A Provider may be this, too."""

    async def clone(self, name: str, sample: Path, *, language: str = "") -> Voice:
        """Send a recording of a person speaking, and have a voice made of it, under a name that is new.

        Raises:
            UsageError: the sample cannot be read, or is nothing that the service takes.
            SpeechError: the service refuses it or cannot be reached.
        """
        ...


class TakeStore(Protocol):
    """The finished takes of a project, by key.

    All methods block. Several threads may call them, but `save` never for one key at once.
    """

    def keys(self) -> frozenset[TakeKey]:
        """The takes that are there, by names and sizes alone: nothing is hashed."""
        ...

    def has(self, key: TakeKey) -> bool:
        """Whether a take is there now.

        Raises:
            DiskError: it cannot be looked for.
        """
        ...

    def load(self, key: TakeKey) -> Take | None:
        """A take of `keys()`, by its sidecar; a damaged one is quarantined, and None returned."""
        ...

    def save(self, draft: Draft) -> Take:
        """Store a take durably and atomically, on any thread; the first take of a key wins.

        Raises:
            DiskError: nothing is left of it.
        """
        ...

    def unsealed(self, draft: Draft) -> tuple[Path, bytes]:
        """For who writes a draft in place of `save`: where its PCM goes, and its sidecar without the SHA-256.

        Does no I/O, and neither does `sealed`.
        """
        ...

    def sealed(self, draft: Draft, sha256: str) -> Take:
        """The take of a draft that was written so; `sha256` is that of its PCM."""
        ...

    def probe(self) -> None:
        """Find out whether takes can be stored, before the first is paid for.

        Raises:
            DiskError: they cannot.
        """
        ...

    def quarantine(self, key: TakeKey) -> None:
        """Put a bad take away; its key is missing from then on."""
        ...


class Ledger(Protocol):
    """What was asked of a provider, and what it cost, over all runs of a project.

    `intend` and `settle` do no I/O and are called on the event loop; `commit` blocks and is called on the
    writer's thread. What nobody committed is lost with the process, so a paid request is sent only after a
    `commit` that began after its `intend` has ended.
    """

    @property
    def needs_intents(self) -> bool:
        """Whether requests may cost something: then each is committed before it is sent."""
        ...

    def intend(self, request: SpeechRequest) -> int:
        """Note that this request is about to be sent; the call's number.

        Raises:
            BudgetReached: it would pass a limit: it must not be sent.
        """
        ...

    def settle(self, call: int, outcome: Outcome, *, characters_billed: int = 0) -> None:
        """Note what a call came to. `characters_billed` counts with TAKE and WASTED."""
        ...

    def commit(self) -> None:
        """Make durable, in one transaction, all that was noted before.

        Raises:
            DiskError: it could not be written; it is tried again with the next commit.
        """
        ...


class Reader(Protocol):
    """Reads one format of manuscript.

    Raises:
        ManuscriptError: broken, protected or empty.
    """

    def __call__(self, path: Path, /) -> Manuscript: ...


class Encoder(Protocol):
    """Takes a chapter's master as float32 mono blocks (full scale 1.0) in order, and writes one file.

    The blocks are at `rate_hz`. `headroom_db` is how far the file's true peak may come out above the master's.
    """

    rate_hz: int

    @property
    def headroom_db(self) -> float: ...

    @property
    def frames(self) -> int:
        """Once it is closed, how many frames at `rate_hz` a player makes of the file: what was written, or some
        more of silence where the format's frames are longer.
        """
        ...

    @property
    def true_peak_dbtp(self) -> float:
        """The true peak of the closed file as it is decoded, or one that is not above what is listened for;
        -inf for a file that is the master itself.
        """
        ...

    def listen_above(self, peak_dbtp: float) -> None:
        """From now on find only true peaks above this one, which costs less."""
        ...

    def write(self, block: npt.NDArray[np.float32]) -> None: ...

    def close(self) -> None:
        """Finish the file: headers final, every frame written. Closing again does nothing.

        Raises:
            DiskError: it could not be written.
        """
        ...
