"""A book from EPUB to script, against the same book unzipped, parsed and joined to text, and nothing more.

    python benchmarks/reading.py [--megabytes 1.0] [--book FILE]

`narrator plan` runs in a process of its own, its start included. Figures: 1 CPU second and 150 MB for an EPUB
of a megabyte; a larger one may take as much more as it is larger.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

CPU_S_A_MB, MEMORY_MB = 1.0, 150
SAMPLE = Path(__file__).parents[1] / "samples" / "eleven-minutes.txt"
PARAGRAPHS = 90
COVER_SHARE = 0.3
"""Of an EPUB of a megabyte some 0.3 are its cover and pictures, which do not become smaller in the zip."""

CONTAINER = (
    '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--megabytes", type=float, default=1.0)
    asked.add_argument("--book", type=Path)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        book = options.book or made_book(Path(folder) / "book.epub", options.megabytes)
        return compare(book, Path(folder))


def compare(book: Path, folder: Path) -> int:
    """Plan the book, parse it bare, and print both; 1 where a figure is missed."""
    began = time.process_time()
    characters = bare(book)
    bare_s = time.process_time() - began
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "narrator", "plan", str(book), "--projects", str(folder / "projects")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    memory_mb = after.ru_maxrss / 1024
    size_mb = book.stat().st_size / 1e6
    limit_s = CPU_S_A_MB * max(1.0, size_mb)
    print(f"{size_mb:.2f} MB, {characters:,} characters; bare unzip, parse and join {bare_s:.2f} CPU s")
    print(f"CPU    {cpu_s:.2f} s of {limit_s:.2f}: {'pass' if cpu_s <= limit_s else 'MISSED'}")
    print(f"memory {memory_mb:.0f} MB of {MEMORY_MB}: {'pass' if memory_mb <= MEMORY_MB else 'MISSED'}")
    return int(cpu_s > limit_s or memory_mb > MEMORY_MB)


def bare(book: Path) -> int:
    """All the text of an EPUB by zipfile and lxml; how many characters it has."""
    from lxml import etree  # noqa: PLC0415 - its loading is not compared

    characters = 0
    with zipfile.ZipFile(book) as archive:
        for name in archive.namelist():
            if name.endswith((".xhtml", ".html", ".htm")):
                root = etree.fromstring(archive.read(name), etree.XMLParser(recover=True))
                characters += sum(map(len, root.itertext()))
    return characters


def made_book(path: Path, megabytes: float) -> Path:
    """An EPUB of about this size: chapters of paragraphs of the sample's words, and a cover."""
    words = re.findall(r"\w+", SAMPLE.read_text(encoding="utf-8"))
    chance = random.Random(1)  # noqa: S311 - no secret
    pages: list[str] = []
    size = 0.0
    while size < megabytes * 1e6 * (1 - COVER_SHARE):
        pages.append(page(len(pages) + 1, words, chance))
        size += len(pages[-1]) * 0.42  # what is left of such text in a zip
    items = [f"c{number}" for number in range(len(pages))]
    manifest = "".join(f'<item id="{i}" href="{i}.xhtml" media-type="application/xhtml+xml"/>' for i in items)
    spine = "".join(f'<itemref idref="{i}"/>' for i in items)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">x</dc:identifier>'
        f"<dc:title>Many Minutes</dc:title><dc:language>en</dc:language></metadata><manifest>{manifest}"
        '<item id="cover" href="cover.jpg" media-type="image/jpeg" properties="cover-image"/></manifest>'
        f"<spine>{spine}</spine></package>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("book.opf", package)
        archive.writestr("cover.jpg", b"\xff\xd8\xff" + chance.randbytes(int(megabytes * 1e6 * COVER_SHARE)))
        for item, text in zip(items, pages, strict=True):
            archive.writestr(f"{item}.xhtml", text)
    return path


def page(number: int, words: list[str], chance: random.Random) -> str:
    """A chapter."""
    paragraphs = "".join(f"<p>{paragraph(words, chance)}</p>\n" for _ in range(PARAGRAPHS))
    head = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>a</title></head>'
    return f"{head}<body><h2>Chapter {number}</h2>\n{paragraphs}</body></html>"


def paragraph(words: list[str], chance: random.Random) -> str:
    """Two to eight sentences."""
    sentences = (
        " ".join(chance.choices(words, k=chance.randint(6, 25))).capitalize()
        for _ in range(chance.randint(2, 8))
    )
    return " ".join(f"{sentence}{chance.choice('.?!')}" for sentence in sentences)


if __name__ == "__main__":
    sys.exit(main())
