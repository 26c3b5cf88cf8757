from __future__ import annotations

from pathlib import Path

import pytest

from narrator.manuscript.markdown import read_markdown
from narrator.model import Block, Manuscript, MarkKind, Role


def book_of(folder: Path, source: str) -> Manuscript:
    path = folder / "a.md"
    path.write_text(source, encoding="utf-8")
    return read_markdown(path)


def blocks_of(folder: Path, source: str) -> list[Block]:
    return [block for chapter in book_of(folder, source).chapters for block in chapter.blocks]


def told(folder: Path, source: str) -> list[tuple[Role, str]]:
    return [(block.role, block.text) for block in blocks_of(folder, source)]


def marks_of(block: Block) -> list[tuple[MarkKind, str]]:
    return [(mark.kind, block.text[mark.start : mark.end]) for mark in block.marks]


# --- inline -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("[Small]{.smallcaps} and [x]{#id .class key=v}", "Small and x"),
        ("`code`{.py}, [link](http://a.example){.x}", "code, link"),
        ("[a]{lang=nonsense1} and [b *c*]{x=1}", "a and b c"),
        ("H~2~O and x^2^ and 1^st^", "H2O and x2 and 1st"),
        ("a^b, 5 ~ 6 ~ 7, about ~10 to ~20, ^_^", "a^b, 5 ~ 6 ~ 7, about ~10 to ~20, ^_^"),
        ("$$E = mc^2$$ and $a_1*b*c$ or $n$", "E = mc^2 and a_1*b*c or n"),
        (
            "It was $5 (or A$), $5m for US$, $5-$6 and $8$; $2x$.",
            "It was $5 (or A$), $5m for US$, $5-$6 and $8$; 2x.",
        ),
        ("Gone ~~was *this*~~ <s>and</s> <del>that <b>too</b></del> now", "Gone and now"),
        ("<del>Open and ~~open", "Open and ~~open"),
    ],
)
def test_markup_is_not_read_but_its_text(tmp_path: Path, source: str, text: str) -> None:
    assert told(tmp_path, source) == [(Role.PARAGRAPH, text)]


def test_inline_notes_are_notes(tmp_path: Path) -> None:
    blocks = blocks_of(
        tmp_path, "One^[Of *two*.] and[^a] more^[Of three.].\n\nA word ^[ and ^[] stay.\n\n[^a]: Named.\n"
    )
    first, *notes, last, _ = blocks
    assert first.text == "One and more."
    assert [note.text for note in notes] == ["Of two.", "Of three."]
    assert {note.role for note in notes} == {Role.NOTE}
    assert first.notes == (notes[0].note, "a", notes[1].note)
    assert len(set(first.notes)) == 3
    assert last.text == "A word ^[ and ^[] stay."


def test_tasks_are_read_without_their_boxes(tmp_path: Path) -> None:
    source = "- [ ] To *do*\n- [x] Done\n- [y] Other\n"
    assert [text for _, text in told(tmp_path, source)] == ["To do", "Done", "[y] Other"]


# --- lines --------------------------------------------------------------------------------------------


def test_fences_of_divs_are_not_read(tmp_path: Path) -> None:
    source = (
        "::: warning\nOne.\n:::\nTwo.\n\n:::: {.a #b}\n::: tip A title\nThree.\n:::\n::::\n\n::: open\nFour.\n"
    )
    assert [text for _, text in told(tmp_path, source)] == ["One.", "Two.", "A title Three.", "::: open Four."]


def test_line_blocks_are_verse(tmp_path: Path) -> None:
    source = (
        "Word.\n\n| Roses are *red*\n|   Violets are blue\n  and go on\n|\n| Sugar is sweet\n\n| no | verse |\n"
    )
    assert told(tmp_path, source) == [
        (Role.PARAGRAPH, "Word."),
        (Role.VERSE, "Roses are red\nViolets are blue and go on"),
        (Role.VERSE, "Sugar is sweet"),
        (Role.PARAGRAPH, "| no | verse |"),
    ]


def test_definitions_follow_their_terms(tmp_path: Path) -> None:
    source = (
        "A term\n:   Its meaning,\ngoing *on*.\n\n    More of it.\n\nOther term\n\n:   One.\n:   Two.\n\n"
        "Third\n~ Three.\nFourth\n~ Four.\n\nHe said\nat last\n: never.\n\n~ Five ~\n"
    )
    assert [text for _, text in told(tmp_path, source)] == [
        "A term", "Its meaning, going on.", "More of it.", "Other term", "One.", "Two.", "Third", "Three.",
        "Fourth", "Four.", "He said at last : never.", "~ Five ~",
    ]  # fmt: skip


@pytest.mark.parametrize("gap", ["", "\n"])
def test_line_below_a_table_is_its_caption(tmp_path: Path, gap: str) -> None:
    source = f"| Name | Age |\n|---|---|\n| Bob | 7 |\n{gap}: Table 1: *Ages* {{#t:ages}}\n\nWord.\n"
    assert told(tmp_path, source)[1:] == [
        (Role.TABLE, "Bob: 7"),
        (Role.CAPTION, "Table 1: Ages"),
        (Role.PARAGRAPH, "Word."),
    ]


# --- speakers -----------------------------------------------------------------------------------------


def test_how_it_is_said_is_no_part_of_the_name(tmp_path: Path) -> None:
    blocks = blocks_of(
        tmp_path,
        "**Hamlet (aside):** Mad.\n\n**OPHELIA.** Good day.\n\n**Hamlet** [to her]: No.\n\n**GHOST.** Swear.\n",
    )
    assert [(block.speaker, block.text) for block in blocks] == [
        ("Hamlet", "Hamlet (aside): Mad."),
        ("OPHELIA", "OPHELIA. Good day."),
        ("Hamlet", "Hamlet [to her]: No."),
        ("GHOST", "GHOST. Swear."),
    ]
    assert marks_of(blocks[0]) == [(MarkKind.NAME, "Hamlet"), (MarkKind.DIRECTION, "(aside)")]
    assert marks_of(blocks[1]) == [(MarkKind.NAME, "OPHELIA")]
    assert marks_of(blocks[2]) == [(MarkKind.NAME, "Hamlet"), (MarkKind.DIRECTION, "[to her]")]


def test_name_and_direction_are_both_known_or_neither(tmp_path: Path) -> None:
    *_, known, unknown = blocks_of(
        tmp_path, "**OPHELIA:** Oh.\n\nOPHELIA. [Aside] He is mad.\n\nGERTRUDE. [Aside] He is mad.\n"
    )
    assert (known.speaker, unknown.speaker) == ("OPHELIA", "")
    assert marks_of(known) == [(MarkKind.NAME, "OPHELIA"), (MarkKind.DIRECTION, "[Aside]")]
    assert marks_of(unknown) == []


# --- front matter -------------------------------------------------------------------------------------


def test_front_matter_of_toml_is_read(tmp_path: Path) -> None:
    book = book_of(
        tmp_path,
        '+++\ntitle = "The Sea"\ndate = 2020-05-06T07:00:00Z\nlanguageCode = "fr-FR"\nseries = ["Seas"]\n'
        'volume = 2\n[[params.authors]]\nname = "Ann Other"\n+++\n\nLe mot.\n',
    )
    assert (book.title, book.authors, book.language, book.date, book.series, book.part) == (
        "The Sea", ("Ann Other",), "fr-FR", "2020-05-06", "Seas", "2",
    )  # fmt: skip
    assert [block.text for block in book.chapters[0].blocks] == ["Le mot."]


@pytest.mark.parametrize("gap", ["", "\n"])
def test_front_matter_without_end_takes_no_text_with_it(tmp_path: Path, gap: str) -> None:
    book = book_of(tmp_path, f"---\ntitle: The Sea\nauthor: Ann\n{gap}It was grey.\n\n---\n\nIt was blue.\n")
    assert (book.title, book.authors) == ("The Sea", ("Ann",))
    assert [block.text for block in book.chapters[0].blocks] == ["It was grey.", "", "It was blue."]


@pytest.mark.parametrize(
    "opening",
    ["---\nAnn: Hello.\n\n", "+++\nHello, he said.\n+++\n\n", "---\nIt was: grey.\nAnd blue.\n\n---\n\n"],
)
def test_text_that_only_opens_as_front_matter_stays(tmp_path: Path, opening: str) -> None:
    text = " ".join(block.text for block in book_of(tmp_path, f"{opening}Word.\n").chapters[0].blocks)
    assert all(word.strip("-+") in text for word in opening.split())
