"""The tale that ships with narrator is what its source says."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from lxml import etree

SAMPLES = Path(__file__).parents[2] / "samples"
SLUG = "eleven-minutes"


@pytest.mark.parametrize("name", [f"{SLUG}.txt", f"{SLUG}.epub"])
def test_building_a_sample_again_gives_the_committed_bytes(name: str, tmp_path: Path) -> None:
    for source in ("build.py", f"{SLUG}.md", "cover.png"):
        shutil.copy(SAMPLES / source, tmp_path)
    subprocess.run([sys.executable, "build.py"], cwd=tmp_path, check=True)
    assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes()


def test_the_epub_is_a_package_whose_every_file_is_declared_and_well_formed() -> None:
    with zipfile.ZipFile(SAMPLES / f"{SLUG}.epub") as archive:
        names = archive.namelist()
        package = etree.fromstring(archive.read("EPUB/package.opf"))
        declared = {f"EPUB/{item.get('href')}" for item in package.iterfind(".//{*}manifest/{*}item")}
        assert names[0] == "mimetype"
        assert archive.read("mimetype") == b"application/epub+zip"
        assert declared == {name for name in names if name.startswith("EPUB/")} - {"EPUB/package.opf"}
        for name in names:
            if name.endswith((".xhtml", ".ncx", ".xml")):
                etree.fromstring(archive.read(name))
