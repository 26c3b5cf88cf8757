"""Assembly alone against the bare encoder, from one hour to ten; and a finished book rendered again.

    python benchmarks/assembly.py [--hours 10] [--segments 5000]

Some minutes of the embedded voice are spoken once; they become the takes of made-up books, at other gains, in
chapters of twenty minutes. `narrator render` has nothing to speak then, and only assembles; lameenc encodes the
same sound. Each is a process of its own, of which the CPU time (without its start, for lameenc) and the highest
memory count. Figures: CPU at most 1.25 times lameenc's; memory for all hours at most 1.2 times that
for one, and under 250 MB; a finished book of 5,000 segments costs at most 2 s of CPU.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import lameenc
import numpy as np

from narrator.audio.measure import measure
from narrator.audio.pcm import to_float, to_pcm
from narrator.book import Book, locate, open_book
from narrator.model import Draft
from narrator.publishing.record import load_record
from narrator.rendering.plan import Plan
from narrator.testing.speechlike import speech_pcm
from narrator.wiring import open_takes
from narrator.wishes import Wishes

CPU_LIMIT, GROWTH_LIMIT, MEMORY_LIMIT_MB, AGAIN_LIMIT_S = 1.25, 1.2, 250, 2.0
CHAPTER_S = 1200
RATE_HZ, KBPS, QUALITY = 24_000, 64, 5
SAMPLE = Path(__file__).parents[1] / "samples" / "eleven-minutes.txt"
SPOKEN = 20  # paragraphs of the sample
LAUNCHER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stderr=subprocess.DEVNULL)
spent = resource.getrusage(resource.RUSAGE_CHILDREN)
print(spent.ru_utime + spent.ru_stime, spent.ru_maxrss, file=sys.stderr)
sys.exit(code)
"""
RESIDENT_MB = 1024**2 if sys.platform == "darwin" else 1024  # macOS has it in bytes, Linux in kilobytes
GAINS = np.geomspace(0.7, 1.0, 9)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a child process spent, and what it wrote on its standard output."""

    cpu_s: float
    memory_mb: float
    out: str


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--hours", type=float, default=10.0)
    asked.add_argument("--segments", type=int, default=5000)
    asked.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.bare:
        print(bare_cpu_s(options.bare))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        voice = spoken()
        small = compared(Path(folder, "one"), voice, min(1.0, options.hours))
        large = compared(Path(folder, "all"), voice, options.hours) if options.hours > 1 else small
        verdicts = [
            verdict("CPU against lameenc's", large[0], CPU_LIMIT),
            verdict("memory against that of an hour", large[1] / small[1], GROWTH_LIMIT),
            verdict("memory, MB", large[1], MEMORY_LIMIT_MB),
            verdict("a finished book again, CPU s", again_cpu_s(Path(folder), options.segments), AGAIN_LIMIT_S),
        ]
    return int(not all(verdicts))


def verdict(what: str, figure: float, limit: float) -> bool:
    print(f"{what}: {figure:.3f} of {limit}: {'pass' if figure <= limit else 'MISSED'}", flush=True)
    return figure <= limit


def compared(folder: Path, voice: list[bytes], hours: float) -> tuple[float, float]:
    """Assembly's CPU time as a multiple of lameenc's, and its memory in MB."""
    chapters = max(2, round(hours * 3600 / CHAPTER_S))
    each_s = np.mean([len(pcm) for pcm in voice]) / 2 / RATE_HZ + 0.6
    book = made_book(folder, chapters, round(hours * 3600 / chapters / each_s))
    takes = open_takes(book.project)
    for number, order in enumerate(plan_of(book).orders):
        samples = to_float(voice[number % len(voice)])
        pcm = to_pcm(samples, gain=GAINS[number % len(GAINS)])
        takes.save(Draft(order.request, pcm, measure(pcm, RATE_HZ)))
    ours = child(["-m", "narrator", "render", str(book.project.folder), "--json"])
    theirs_s = float(child([__file__, "--bare", str(book.project.folder)]).out)
    record = load_record(book.project.record_file)
    audio_h = sum(chapter.duration_s for chapter in record.chapters) / 3600 if record else 0.0
    print(f"{audio_h:.2f} h: lameenc {theirs_s:.2f} CPU s; assembly {ours.cpu_s:.2f}, {ours.memory_mb:.0f} MB")
    return ours.cpu_s / theirs_s, ours.memory_mb


def spoken() -> list[bytes]:
    """Paragraphs by the embedded voice, s16le at 24 kHz."""
    from hibari import Hibari  # noqa: PLC0415 - its engine would count as memory of assembly

    voice = Hibari(threads=1)
    paragraphs = [each for each in SAMPLE.read_text(encoding="utf-8").split("\n\n") if len(each) > 200]
    texts = (" ".join(each.split()) for each in paragraphs[:SPOKEN])
    return [to_pcm(np.concatenate(list(voice.stream(text, seed=0)))) for text in texts]


def made_book(folder: Path, chapters: int, paragraphs: int) -> Book:
    """A book of paragraphs that are all different, opened, in a project of its own."""
    folder.mkdir()
    source = folder / "book.md"
    text = (
        f"# Part {chapter}\n\n" + "\n\n".join(f"Paragraph {chapter} and {each}." for each in range(paragraphs))
        for chapter in range(chapters)
    )
    source.write_text("\n\n".join(text), encoding="utf-8")
    wishes = Wishes(projects=folder / "projects")
    book = open_book(locate(source, wishes), wishes)
    book.keep_wishes({})
    book.keep()
    return book


def plan_of(book: Book) -> Plan:
    return book.plan(open_takes(book.project).keys())


def bare_cpu_s(project: Path) -> float:
    """The CPU seconds that lameenc alone takes for the sound of a delivered book, a chapter at a time."""
    record = load_record(project / "book.json")
    spent_s = 0.0
    for chapter in record.chapters if record else ():
        master = np.zeros(chapter.frames, np.int16)
        gain = 10.0 ** (chapter.gain_db / 20.0)
        for segment in chapter.segments:
            pcm = (project / "takes" / segment.key[:2] / f"{segment.key}.pcm").read_bytes()
            heard = np.frombuffer(to_pcm(to_float(pcm), gain=gain), "<i2")[: segment.end - segment.start]
            master[segment.start : segment.start + len(heard)] = heard
        encoder = lameenc.Encoder()
        encoder.silence()
        encoder.set_channels(1)
        encoder.set_in_sample_rate(RATE_HZ)
        encoder.set_out_sample_rate(RATE_HZ)
        encoder.set_bit_rate(KBPS)
        encoder.set_quality(QUALITY)
        pcm, before_s = master.tobytes(), time.process_time()
        encoder.encode(pcm)
        encoder.flush()
        spent_s += time.process_time() - before_s
    return spent_s


def again_cpu_s(folder: Path, segments: int) -> float:
    """The CPU seconds of `narrator render` for a book of which all is delivered."""
    book = made_book(folder / "finished", 20, segments // 20 - 1)
    takes = open_takes(book.project)
    for order in plan_of(book).orders:
        pcm = speech_pcm(order.key, RATE_HZ, RATE_HZ // 4)
        takes.save(Draft(order.request, pcm, measure(pcm, RATE_HZ)))
    command = ["-m", "narrator", "render", str(book.project.folder), "--json"]
    child(command)
    again = child(command)
    told = json.loads(again.out.splitlines()[-1])["segments"]
    print(f"a finished book of {told['total']} segments: {told['rendered']} rendered")
    return again.cpu_s


def child(arguments: list[str]) -> Spent:
    """Run Python to its end, out of a small process: what a parent holds counts as its child's highest memory.

    Raises CalledProcessError.
    """
    command = [sys.executable, "-c", LAUNCHER, sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu_s, resident = done.stderr.split()
    return Spent(float(cpu_s), int(resident) / RESIDENT_MB, done.stdout)


if __name__ == "__main__":
    sys.exit(main())
