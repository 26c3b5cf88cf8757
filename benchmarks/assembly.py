"""Assembly alone against the bare encoders, from one hour to ten; and a finished book rendered again.

    python benchmarks/assembly.py [--hours 10] [--segments 5000]

Some minutes of the embedded voice are spoken once; they become the takes of made-up books, at other gains, in
chapters of twenty minutes. `narrator render` has nothing to speak then, and only assembles; the encoders alone
get the same sound, chapters side by side on two threads. Each is a process of its own, of which the CPU time
(without its start, for the encoders), the time on the clock and the highest memory count. Against the encoders'
CPU: MP3 at most 1.25, with every file decoded and measured 1.8, MP3 and M4B together 1.3; against their time on
the clock 1.2. Memory for all hours at most 1.2 times that for one, and under 250 MB; a finished book of 5,000
segments costs at most 2 s of CPU. Where ffmpeg-normalize is installed, an hour to MP3 at 44.1 kHz and 192
kbit/s takes a quarter of its CPU at most.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import lameenc
import numpy as np
import numpy.typing as npt

from narrator.audio.measure import measure
from narrator.audio.pcm import to_float, to_pcm
from narrator.book import Book, locate, open_book
from narrator.model import Draft
from narrator.publishing.record import DeliveredChapter, load_record
from narrator.rendering.plan import Plan
from narrator.testing.speechlike import speech_pcm
from narrator.wiring import open_takes
from narrator.wishes import Wishes

CPU_LIMIT, CHECKED_LIMIT, BOTH_LIMIT, WALL_LIMIT = 1.25, 1.8, 1.3, 1.2
GROWTH_LIMIT, MEMORY_LIMIT_MB, AGAIN_LIMIT_S = 1.2, 250, 2.0
PROFILE = "[profiles.measured]\nlimits = { true_peak_dbtp = -3.0 }\n"
CHECKED = ("--profile", "measured")
BOTH = ("--format", "mp3,m4b")
AS_A_SHOP = ("--set", "delivery.rate_hz=44100", "--set", "delivery.mp3_kbps=192")
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
Steps = npt.NDArray[np.int16]
GAINS = np.geomspace(0.7, 1.0, 9)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a child process spent, and what it wrote on its standard output."""

    cpu_s: float
    wall_s: float
    memory_mb: float
    out: str


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--hours", type=float, default=10.0)
    asked.add_argument("--segments", type=int, default=5000)
    asked.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    asked.add_argument("--formats", default="mp3", help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.bare:
        print(*bare(options.bare, options.formats.split(",")))
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder, voice = Path(name), spoken()
        small = assembled(book_of(folder / "one", voice, min(1.0, options.hours)))
        large = book_of(folder / "all", voice, options.hours)
        plain, checked, both = (assembled(large, *wishes) for wishes in ((), CHECKED, BOTH))
        mp3, mp3_and_aac = bare_child(large, "mp3"), bare_child(large, "mp3,m4b")
        verdicts = [
            verdict("MP3: CPU against lameenc's", plain.cpu_s / mp3.cpu_s, CPU_LIMIT),
            verdict("MP3: time against two threads of lameenc", plain.wall_s / mp3.wall_s, WALL_LIMIT),
            verdict("MP3, decoded and measured: CPU", checked.cpu_s / mp3.cpu_s, CHECKED_LIMIT),
            verdict("MP3 and M4B: CPU against both encoders'", both.cpu_s / mp3_and_aac.cpu_s, BOTH_LIMIT),
            verdict("memory against that of an hour", plain.memory_mb / small.memory_mb, GROWTH_LIMIT),
            verdict("memory, MB", max(plain.memory_mb, checked.memory_mb, both.memory_mb), MEMORY_LIMIT_MB),
            verdict("a finished book again, CPU s", again_cpu_s(folder, options.segments), AGAIN_LIMIT_S),
        ]
        if shutil.which("ffmpeg-normalize"):
            one = folder / "one" / "projects" / "book"
            share = assembled(one, *AS_A_SHOP).cpu_s / normalized_cpu_s(one)
            verdicts.append(verdict("MP3 192 of an hour: CPU against ffmpeg-normalize's", share, 0.25))
    return int(not all(verdicts))


def verdict(what: str, figure: float, limit: float) -> bool:
    print(f"{what}: {figure:.3f} of {limit}: {'pass' if figure <= limit else 'MISSED'}", flush=True)
    return figure <= limit


def book_of(folder: Path, voice: list[bytes], hours: float) -> Path:
    """The project of a book of so many hours, of which every take is there and no file."""
    chapters = max(2, round(hours * 3600 / CHAPTER_S))
    each_s = np.mean([len(pcm) for pcm in voice]) / 2 / RATE_HZ + 0.6
    book = made_book(folder, chapters, round(hours * 3600 / chapters / each_s))
    takes = open_takes(book.project)
    for number, order in enumerate(plan_of(book).orders):
        samples = to_float(voice[number % len(voice)])
        pcm = to_pcm(samples, gain=GAINS[number % len(GAINS)])
        takes.save(Draft(order.request, pcm, measure(pcm, RATE_HZ)))
    return book.project.folder


def assembled(project: Path, *wishes: str) -> Spent:
    """What it takes to make all files of a book anew, with these options."""
    for rest in ("out", "master"):
        shutil.rmtree(project / rest, ignore_errors=True)
    (project / "book.json").unlink(missing_ok=True)
    (project / "project.toml").write_text(PROFILE, encoding="utf-8")
    spent = child(["-m", "narrator", "render", str(project), "--json", *wishes])
    record = load_record(project / "book.json")
    audio_h = sum(chapter.duration_s for chapter in record.chapters) / 3600 if record else 0.0
    took = f"{spent.cpu_s:.2f} CPU s, {spent.wall_s:.2f} s, {spent.memory_mb:.0f} MB"
    print(f"{audio_h:.2f} h {' '.join(wishes)}: {took}")
    return spent


def bare_child(project: Path, formats: str) -> Spent:
    """What the encoders alone take."""
    cpu_s, wall_s = child([__file__, "--bare", str(project), "--formats", formats]).out.split()
    print(f"the encoders alone, {formats}: {cpu_s} CPU s, {wall_s} s on two threads")
    return Spent(float(cpu_s), float(wall_s), 0.0, "")


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


def bare(project: Path, formats: list[str]) -> tuple[float, float]:
    """The CPU seconds, and the seconds, that encoders alone take for a delivered book, two chapters at once."""
    record = load_record(project / "book.json")
    encode = {"mp3": encode_mp3, "m4b": encode_aac}
    cpu_s = wall_s = 0.0
    with ThreadPoolExecutor(2) as threads:
        for pair in pairs(record.chapters if record else ()):
            masters = [master_of(project, chapter) for chapter in pair]
            cpu_before, before = time.process_time(), time.perf_counter()
            for name in formats:
                list(threads.map(encode[name], masters))
            cpu_s, wall_s = cpu_s + time.process_time() - cpu_before, wall_s + time.perf_counter() - before
    return cpu_s, wall_s


def pairs(chapters: Sequence[DeliveredChapter]) -> Iterator[Sequence[DeliveredChapter]]:
    for first in range(0, len(chapters), 2):
        yield chapters[first : first + 2]


def master_of(project: Path, chapter: DeliveredChapter) -> Steps:
    """The sound of a chapter, its limiter aside."""
    master = np.zeros(chapter.frames, np.int16)
    gain = 10.0 ** (chapter.gain_db / 20.0)
    for segment in chapter.segments:
        pcm = (project / "takes" / segment.key[:2] / f"{segment.key}.pcm").read_bytes()
        heard = np.frombuffer(to_pcm(to_float(pcm), gain=gain), "<i2")[: segment.end - segment.start]
        master[segment.start : segment.start + len(heard)] = heard
    return master


def encode_mp3(master: Steps) -> None:
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(RATE_HZ)
    encoder.set_out_sample_rate(RATE_HZ)
    encoder.set_bit_rate(KBPS)
    encoder.set_quality(QUALITY)
    encoder.encode(master.tobytes())
    encoder.flush()


def encode_aac(master: Steps) -> None:
    codec = av.CodecContext.create("aac", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = RATE_HZ, "mono", "fltp", KBPS * 1000
    codec.options = {"aac_coder": "fast"}
    codec.time_base = Fraction(1, RATE_HZ)
    codec.open()
    sound = master.astype(np.float32) / 32768
    for first in range(0, len(sound) - 1023, 1024):
        frame = av.AudioFrame.from_ndarray(sound[None, first : first + 1024], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, first, codec.time_base
        codec.encode(frame)
    codec.encode(None)


def normalized_cpu_s(project: Path) -> float:
    """The CPU seconds of ffmpeg-normalize for the same book as one WAV."""
    record = load_record(project / "book.json")
    path = project / "whole.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        for chapter in record.chapters if record else ():
            file.writeframes(master_of(project, chapter).tobytes())
    command = ["ffmpeg-normalize", str(path), "-t", "-20", "-tp", "-3", "-ar", "44100"]
    command += ["-c:a", "libmp3lame", "-b:a", "192k", "-f", "-o", str(project / "whole.mp3")]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"ffmpeg-normalize: {spent_s:.2f} CPU s")
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
    before = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu_s, resident = done.stderr.split()
    return Spent(float(cpu_s), time.perf_counter() - before, int(resident) / RESIDENT_MB, done.stdout)


if __name__ == "__main__":
    sys.exit(main())
