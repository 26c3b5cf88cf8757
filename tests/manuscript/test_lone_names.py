"""Plays whose names stand in paragraphs of their own, as French ones have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from narrator.manuscript.html import read_html
from narrator.model import Block, Role

SCENE = (
    "<p>Un salon. Une table, deux chaises.</p><p>PAUL, MARIE, LE COMTE</p><p>Le jour baisse, et il pleut.</p>"
)
SAID = "<p>Vous savez bien que je n’ai rien dit.</p>"


def blocks_of(folder: Path, markup: str) -> list[Block]:
    path = folder / "a.html"
    path.write_text(f"<html lang='fr'><body><h2>Acte I</h2>{markup}</body></html>", encoding="utf-8")
    return [block for chapter in read_html(path).chapters for block in chapter.blocks]


@pytest.mark.parametrize(
    "second", ["MARIE.", "MARIE, riant.", "MARIE (riant).", "MARIE, à part", "MARIE [bas]"]
)
def test_lone_names_speak_what_stands_below_them(tmp_path: Path, second: str) -> None:
    blocks = blocks_of(tmp_path, (SCENE + f"<p>PAUL.</p>{SAID}<p>{second}</p>{SAID}" * 2) * 2)
    said = [block.speaker for block in blocks if block.text.startswith("Vous savez")]
    assert said == ["PAUL", "MARIE"] * 4
    assert second in [block.text for block in blocks]
    assert not any(
        block.speaker for block in blocks if block.text.startswith(("Un salon", "PAUL, MARIE", "Le jour"))
    )


def test_a_few_lines_in_capitals_make_no_play(tmp_path: Path) -> None:
    blocks = blocks_of(tmp_path, (f"<p>PAUL.</p>{SAID}" + SAID * 3) * 8)
    assert {block.role for block in blocks[1:]} == {Role.PARAGRAPH}


def test_a_name_and_what_it_says_after_a_comma_is_not_alone(tmp_path: Path) -> None:
    scene = f"<p>PAUL.</p>{SAID}<p>MARIE.</p>{SAID}"
    blocks = blocks_of(tmp_path, scene * 4 + "<p>MARIE, viens! Il est tard, tu sais.</p><p>Il pleut.</p>")
    assert blocks[-1].speaker == ""
