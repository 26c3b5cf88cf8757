from __future__ import annotations

from pathlib import Path

import pytest

from narrator.manuscript.plain_text import read_plain_text
from narrator.model import Block, MarkKind, Role


def blocks_of(folder: Path, text: str) -> list[Block]:
    path = folder / "a.txt"
    path.write_text(text, encoding="utf-8")
    return [block for chapter in read_plain_text(path).chapters for block in chapter.blocks]


def directions_of(block: Block) -> list[str]:
    return [block.text[mark.start : mark.end] for mark in block.marks if mark.kind is MarkKind.DIRECTION]


@pytest.mark.parametrize(
    ("one", "two", "names"),
    [
        ("JOHN. {}", "MARY. {}", ("JOHN", "MARY")),
        ("LANE: {}", "LADY BRACKNELL: {}", ("LANE", "LADY BRACKNELL")),
        ("_Algernon_. {}", "_Lane_. {}", ("Algernon", "Lane")),
        ("_Algernon._ {}", "_Lane:_ {}", ("Algernon", "Lane")),
    ],
)
def test_names_that_recur_and_open_most_paragraphs_speak(
    tmp_path: Path, one: str, two: str, names: tuple[str, str]
) -> None:
    said = "I never said so, and you know it as well as I do, my dear; but the\nsea is grey all the same."
    text = "ACT I\n\n" + f"{one.format(said)}\n\n{two.format(said)}\n\n" * 5
    heading, *blocks = blocks_of(tmp_path, text)
    assert heading.text == "ACT I"
    assert {block.role for block in blocks} == {Role.SPEECH}
    assert [block.speaker for block in blocks] == list(names) * 5
    assert blocks[0].text == one.format(said).replace("_", "").replace("\n", " ")
    (name,) = (mark for mark in blocks[0].marks if mark.kind is MarkKind.NAME)
    assert blocks[0].text[name.start : name.end] == names[0]


def test_stage_directions_of_a_play_are_known(tmp_path: Path) -> None:
    speeches = (
        "JOHN. (_Aside_.) I never said so. (_Rises._) Good night (to you).\n\nMARY. Yes [_laughs_], dear.\n\n"
        * 5
    )
    text = f"ACT I\n\n_Enter John and Mary._\n\n Enter two soldiers.\n\n{speeches}[_Exit._]\n"
    blocks = blocks_of(tmp_path, text)
    assert [block.role for block in (*blocks[1:3], blocks[-1])] == [Role.STAGE_DIRECTION] * 3
    assert directions_of(blocks[3]) == ["(Aside.)", "(Rises.)"]
    assert blocks[3].text == "JOHN. (Aside.) I never said so. (Rises.) Good night (to you)."
    assert directions_of(blocks[4]) == ["[laughs]"]


@pytest.mark.parametrize(
    "paragraph",
    [
        "YES. I never said so, and you know it.",
        "_Never._ She went to the window (_slowly_).",
        "_Enter_ he wrote.",
    ],
)
def test_a_novel_is_no_play(tmp_path: Path, paragraph: str) -> None:
    prose = "She went to the window, as she had always done, and looked out at the sea.\n\n" * 3
    blocks = blocks_of(tmp_path, "Chapter 1\n\n" + f"{paragraph}\n\n{prose}" * 8)
    assert {block.role for block in blocks[1:]} == {Role.PARAGRAPH}
    assert not any(block.marks or block.speaker for block in blocks)


def test_direction_in_capitals_is_one_where_no_one_is_named_so(tmp_path: Path) -> None:
    speeches = "JOHN. I never said so.\n\nMARY. Yes, dear.\n\n" * 5
    blocks = blocks_of(tmp_path, f"ACT I\n\n{speeches}[_ENTER LANE._]\n\n_ENTER A SOLDIER._\n\n{speeches}")
    assert [block.role for block in blocks if "ENTER" in block.text] == [Role.STAGE_DIRECTION] * 2
