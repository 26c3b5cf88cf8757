"""A book on the embedded voice, from manuscript to tagged MP3, against the bare voice and the bare encoder.

    python benchmarks/embedded.py [--characters 60000] [--book FILE]

The command renders in a process of its own, with its workers. Then the same segments are spoken by hibari alone
and the same takes encoded by lameenc alone, each on one thread, in a process of its own whose start and loading
do not count. Figures: CPU at most 1.25 times theirs, wall time at most 1.35 times half of theirs (two cores).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

CPU_LIMIT, WALL_LIMIT = 1.25, 1.35
CHAPTERS = 12
KBPS, QUALITY, RATE_HZ = 64, 5, 24_000
SAMPLE = Path(__file__).parents[1] / "samples" / "eleven-minutes.txt"


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--characters", type=int, default=60_000)
    asked.add_argument("--book", type=Path)
    asked.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.bare:
        print(json.dumps(bare(options.bare)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        book = options.book or made_book(Path(folder), options.characters)
        return compare(book, Path(folder))


def compare(book: Path, folder: Path) -> int:
    """Render, do the same bare, and print both; 1 where a figure is missed."""
    projects = folder / "projects"
    ours = measured([sys.executable, "-m", "narrator", "render", str(book), "--projects", str(projects)])
    (project,) = projects.iterdir()
    told = subprocess.run(
        [sys.executable, __file__, "--bare", str(project)], check=True, capture_output=True, text=True
    )
    theirs = json.loads(told.stdout)
    bare_cpu_s = theirs["voice_cpu_s"] + theirs["encoder_cpu_s"]
    cpu, wall = ours["cpu_s"] / bare_cpu_s, ours["wall_s"] / (bare_cpu_s / 2)
    print(f"segments {theirs['segments']}, characters {theirs['characters']}, audio {theirs['audio_s']:.0f} s")
    print(f"bare voice {theirs['voice_cpu_s']:.2f} CPU s, bare lameenc {theirs['encoder_cpu_s']:.2f} CPU s")
    print(f"narrator   {ours['cpu_s']:.2f} CPU s, {ours['wall_s']:.2f} s on the clock")
    print(f"CPU  {cpu:.3f} of {CPU_LIMIT}: {'pass' if cpu <= CPU_LIMIT else 'MISSED'}")
    print(f"wall {wall:.3f} of {WALL_LIMIT}: {'pass' if wall <= WALL_LIMIT else 'MISSED'}")
    return int(cpu > CPU_LIMIT or wall > WALL_LIMIT)


def measured(command: list[str]) -> dict[str, float]:
    """Run a command; its CPU time, that of its children included, and its time on the clock."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall_s, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {"cpu_s": cpu_s, "wall_s": wall_s}


def bare(project: Path) -> dict[str, float]:
    """Speak the project's segments by hibari alone, and encode its takes by lameenc alone."""
    import lameenc  # noqa: PLC0415 - only the child pays for these
    from hibari import Hibari  # noqa: PLC0415 - as above

    texts = list(segment_texts(project))
    voice = Hibari(threads=1)
    voice("Warm up.")
    began = time.process_time()
    for text in texts:
        voice(text, seed=0)
    voice_cpu_s = time.process_time() - began
    takes = [path.read_bytes() for path in sorted((project / "takes").glob("*/*.pcm"))]
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(RATE_HZ)
    encoder.set_bit_rate(KBPS)
    encoder.set_quality(QUALITY)
    began = time.process_time()
    for pcm in takes:
        encoder.encode(pcm)
    encoder.flush()
    return {
        "segments": len(texts),
        "characters": sum(map(len, texts)),
        "audio_s": sum(map(len, takes)) / 2 / RATE_HZ,
        "voice_cpu_s": voice_cpu_s,
        "encoder_cpu_s": time.process_time() - began,
    }


def segment_texts(project: Path) -> Iterator[str]:
    """What the takes of a project say."""
    for sidecar in sorted((project / "takes").glob("*/*.json")):
        yield json.loads(sidecar.read_text(encoding="utf-8"))["request"]["text"]


def made_book(folder: Path, characters: int) -> Path:
    """A Markdown book of the sample's paragraphs, no two alike, in chapters."""
    paragraphs = [text for text in SAMPLE.read_text(encoding="utf-8").split("\n\n") if len(text) > 80]
    said: list[str] = []
    count = 0
    while count < characters:
        text = f"This is number {len(said) + 1}. {paragraphs[len(said) % len(paragraphs)]}"
        said.append(" ".join(text.split()))
        count += len(said[-1])
    size = -(-len(said) // CHAPTERS)
    parts = ["# The Long Ferry"]
    for number, first in enumerate(range(0, len(said), size), 1):
        parts += [f"## Chapter {number}", *said[first : first + size]]
    book = folder / "book.md"
    book.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return book


if __name__ == "__main__":
    sys.exit(main())
