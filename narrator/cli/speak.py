"""`narrator speak`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from narrator.cli.endings import ending
from narrator.cli.group import verbose_option
from narrator.cli.options import key_and_value
from narrator.cli.streams import complain, say
from narrator.durable import reading
from narrator.errors import ExitCode, NarratorError, UsageError

if TYPE_CHECKING:  # these import all that is heavy
    from narrator.speaking.outlets import Outlet
    from narrator.speaking.stream import Speaking

_CONTAINERS = {"": "wav", ".wav": "wav", ".wave": "wav", ".pcm": "pcm", ".raw": "pcm"}
"""What the name of a file asks for."""


@click.command()
@click.argument("words", nargs=-1, metavar="[TEXT | -]")
@click.option("-f", "--file", metavar="FILE", help="Speak the text of this file, in UTF-8.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Write the sound to FILE.wav, or bare to FILE.pcm; '-': to standard output.",
)
@click.option(
    "--format",
    "container",
    type=click.Choice(["wav", "pcm"]),
    help="WAV, or bare PCM of 16 bits, little-endian, mono.  [default: by the name of FILE, or wav]",
)
@click.option("--play", is_flag=True, help="Play it through the loudspeakers, whatever else is done with it.")
@click.option("--provider", help="Who speaks; `narrator providers` lists them.  [default: hibari, embedded]")
@click.option("--voice", help="A voice of the provider; `narrator voices` lists them.")
@click.option("--model", help="A model of the provider.")
@click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="An option of the provider.")
@click.option("--base-url", help="Root of the provider's server, for one of your own.")
@click.option("--language", help="Language of the text, such as en or pt-BR.")
@click.option("--speed", type=float, help="Pace of the voice; 1.0 is its own.")
@click.option("--concurrency", type=int, help="Requests at once.  [default: what suits the provider]")
@click.option("--rate", metavar="N/s", help="Requests a period at the most: 5/s, 100/m, 20/10s.")
@click.option("--json", "as_json", is_flag=True, help="With -o FILE: one JSON object on stdout at the end.")
@verbose_option
def speak(
    words: tuple[str, ...],
    *,
    file: str | None,
    output: str | None,
    container: str | None,
    play: bool,
    as_json: bool,
    **voice: Any,
) -> None:
    """Speak TEXT aloud, or what comes on standard input as it comes.

    Every sentence is spoken as soon as it is whole, and heard while the next ones are made. On a terminal the
    sound is played; into a pipe or a redirection goes a WAV; -o names a file, which grows as the sound is made.
    What was spoken before Ctrl-C, or before an error, is kept.

    As in: llm "Tell me a story." | narrator speak
    """
    voice["options"] = dict(key_and_value("--option KEY=VALUE", written) for written in voice["options"])
    target = _target(output, container, play=play)
    if as_json and (target.to_stdout or target.path is None):
        raise UsageError(
            "--json prints on standard output when all is done.", advice="Name a file: -o speech.wav"
        )
    done = _Done(target)
    try:
        _speak(words, file, voice, done)
    except KeyboardInterrupt as exc:
        # To run the same command again, as is said elsewhere, would begin anew, and write over what is kept.
        stopped = type(ending(exc))("Stopped.", advice=done.kept())
        if as_json:
            say(json.dumps(done.result(stopped)))
        raise stopped from exc
    except Exception as exc:
        if as_json:
            say(json.dumps(done.result(ending(exc))))
        elif kept := done.kept():
            complain(kept)
        raise
    if as_json:
        say(json.dumps(done.result(None)))


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the sound goes, and whether it is wrapped."""

    path: Path | None
    to_stdout: bool
    to_loudspeaker: bool
    is_wav: bool


@dataclass(slots=True)
class _Done:
    """What became of it. There is no `speaking` where the options were refused."""

    target: _Target
    speaking: Speaking | None = None

    def kept(self) -> str:
        """Which file has what was spoken before it broke off, '' for none."""
        if not (self.speaking and self.speaking.seconds and self.target.path):
            return ""
        from narrator.progress import clock  # noqa: PLC0415 - imports tqdm

        return f"{clock(self.speaking.seconds)} of sound is in {self.target.path}."

    def result(self, error: NarratorError | None) -> dict[str, Any]:
        """The one line of `--json`."""
        speaking, path = self.speaking, self.target.path
        file = {
            "path": str(path),
            "format": "wav" if self.target.is_wav else "pcm",
            "duration_s": round(speaking.seconds, 3) if speaking else 0.0,
        }
        return {
            "event": "result",
            "exit_code": error.exit_code if error else ExitCode.DONE,
            "files": [file] if speaking and speaking.seconds else [],
            "characters": speaking.characters if speaking else 0,
            "billed_characters": speaking.billed_characters if speaking else 0,
            "cost_usd": speaking.cost_usd if speaking else None,
            **({"error": error.what, "advice": error.advice} if error else {}),
        }


def _speak(words: tuple[str, ...], file: str | None, voice: dict[str, Any], done: _Done) -> None:
    from narrator.speaking.stream import BlockingSpeaking  # noqa: PLC0415 - all that is heavy comes with it

    with ExitStack() as stack:
        sound = stack.enter_context(BlockingSpeaking(_text(words, file, stack), **voice))
        done.speaking = sound.speaking
        outlets = [stack.enter_context(each) for each in _outlets(done.target, sound.rate_hz)]
        for pcm in sound:
            for outlet in outlets:
                outlet.write(pcm)


def _text(words: tuple[str, ...], file: str | None, stack: ExitStack) -> str | Iterable[str]:
    """The text, or what comes of it."""
    from narrator.speaking.arrivals import decoded  # noqa: PLC0415 - as above

    is_from_stdin = words == ("-",) or file == "-" or not (words or file)
    if file and words:
        raise UsageError("There are a text and a file.", advice="Name one of them.")
    if is_from_stdin and not words and not file and sys.stdin.isatty():
        raise UsageError(
            "There is nothing to speak.", advice="Give a text, -f FILE, or - for what you type until Ctrl-D."
        )
    if is_from_stdin:
        return decoded(sys.stdin.buffer, "standard input")
    if not file:
        # Bytes that are no text in this locale.
        return " ".join(words).encode("utf-8", "replace").decode()
    try:
        with reading(Path(file)):
            return decoded(stack.enter_context(Path(file).open("rb")), file)
    except FileNotFoundError:
        raise UsageError(f"There is no file {file}.", advice="Check the path.") from None


def _target(output: str | None, container: str | None, *, play: bool) -> _Target:
    """Where the sound is wanted; on a terminal it is played, unless a file is named."""
    is_terminal = sys.stdout.isatty()
    to_stdout = output == "-" or (output is None and not play and not is_terminal)
    if output == "-" and is_terminal:
        raise UsageError(
            "Standard output is a terminal, which cannot show sound.",
            advice="Leave out -o to hear it, or name a file: -o speech.wav",
        )
    path = Path(output) if output and not to_stdout else None
    suffix = path.suffix.lower() if path else ""
    if container is None and suffix not in _CONTAINERS:
        raise UsageError(
            f"{path} cannot be written: speak makes WAV and bare PCM.",
            advice="Name it .wav or .pcm, or say which with --format.",
        )
    is_wav = (container or _CONTAINERS[suffix]) == "wav"
    return _Target(path, to_stdout, play or (output is None and is_terminal), is_wav)


def _outlets(target: _Target, rate_hz: int) -> Iterator[Outlet]:
    from narrator.speaking.outlets import SoundFile, StandardOutput  # noqa: PLC0415 - as above

    if target.to_stdout:
        yield StandardOutput(sys.stdout.fileno(), rate_hz, is_wav=target.is_wav)
    if target.path:
        yield SoundFile(target.path, rate_hz, is_wav=target.is_wav)
    if target.to_loudspeaker:
        from narrator.audio.loudspeaker import Loudspeaker  # noqa: PLC0415 - needs the extra `play`

        yield Loudspeaker(rate_hz)
