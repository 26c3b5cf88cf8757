"""Plays, letters and pictures in pages: roles that are settled when the chapters are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from narrator.manuscript.epub import read_epub
from narrator.manuscript.html import read_html
from narrator.model import Block, Manuscript, Mark, MarkKind, Role
from tests.manuscript.epub_maker import make_epub


def epub(tmp_path: Path, *bodies: str) -> Manuscript:
    pages = {f"{number}.xhtml": body for number, body in enumerate(bodies)}
    return read_epub(make_epub(tmp_path / "a.epub", pages))


def blocks_of(book: Manuscript) -> list[Block]:
    return [block for chapter in book.chapters for block in chapter.blocks if block.role is not Role.HEADING]


def html(tmp_path: Path, body: str) -> list[Block]:
    path = tmp_path / "book.html"
    path.write_text(f"<html lang='en'><body><h2>Act I</h2>{body}</body></html>", encoding="utf-8")
    return blocks_of(read_html(path))


def told(block: Block) -> tuple[Role, str, list[tuple[MarkKind, str]]]:
    return block.role, block.speaker, [(mark.kind, block.text[mark.start : mark.end]) for mark in block.marks]


NAME, DIRECTION = MarkKind.NAME, MarkKind.DIRECTION

# --- plays -------------------------------------------------------------------------------------------------


def row(name: str, said: str) -> str:
    return f'<tr><td epub:type="z3998:persona">{name}</td><td>{said}</td></tr>'


def test_rows_of_a_play_are_speeches_and_directions(tmp_path: Path) -> None:
    aside = '<i epub:type="z3998:stage-direction">Aside.</i>'
    entry = '<i epub:type="z3998:stage-direction">Enter <b epub:type="z3998:persona">Moth</b>.</i>'
    rows = row("Moth", f"{aside} Good day.") + f"<tr><td/><td>{entry}</td></tr>" + row("Thorn", "Good night.")
    found = blocks_of(epub(tmp_path, f"<h2>Act I</h2><p>A room.</p><table>{rows}</table>"))
    assert [block.text for block in found] == [
        "A room.",
        "Moth: Aside. Good day.",
        "Enter Moth.",
        "Thorn: Good night.",
    ]
    assert [told(block) for block in found] == [
        (Role.PARAGRAPH, "", []),
        (Role.SPEECH, "Moth", [(NAME, "Moth"), (DIRECTION, "Aside.")]),
        (Role.STAGE_DIRECTION, "", []),
        (Role.SPEECH, "Thorn", [(NAME, "Thorn")]),
    ]


def test_a_list_of_the_people_of_a_play_has_no_speeches(tmp_path: Path) -> None:
    people = "".join(f'<li><b epub:type="z3998:persona">{name}</b>: a moth</li>' for name in ("Ann", "Ben"))
    book = epub(
        tmp_path,
        f'<section epub:type="z3998:dramatis-personae"><h2>Dramatis Personae</h2><ul>{people}</ul></section>',
        f"<h2>Act I</h2><table>{row('Ann', 'Well.')}</table>",
    )
    assert [block.role for block in blocks_of(book)] == [Role.LIST_ITEM, Role.LIST_ITEM, Role.SPEECH]


LINES = [("Moth", "Who is there?"), ("Thorn", "It is I, and nobody else.")] * 4


@pytest.mark.parametrize(
    "shape",
    [
        "<p><b>{0}</b>. {1}</p>",
        "<p><strong>{0}:</strong> {1}</p>",
        '<p><span class="smcap">{0}.</span> {1}</p>',
        "<p><i>{0}.</i>—{1}</p>",
        '<p class="hanging"><span class="small-caps">{0}</span> (<i>aside</i>). {1}</p>',
    ],
)
def test_names_that_open_most_paragraphs_and_recur_are_speakers(tmp_path: Path, shape: str) -> None:
    found = html(tmp_path, "<p>A room.</p>" + "".join(shape.format(*line) for line in LINES))
    assert [block.role for block in found] == [Role.PARAGRAPH, *[Role.SPEECH] * 8]
    assert [block.speaker for block in found[1:3]] == ["Moth", "Thorn"]
    assert all(block.marks[0] == Mark(NAME, 0, len(block.speaker)) for block in found[1:])
    assert found[1].text.startswith("Moth")
    assert found[1].text.endswith("Who is there?")
    if "aside" in shape:
        assert (DIRECTION, "aside") in told(found[1])[2]


@pytest.mark.parametrize("shape", ["<p>{0}. {1}</p>", "<p>{0}: {1}</p>", "<p>{0} [Aside] {1}</p>"])
def test_names_in_capitals_that_recur_are_speakers(tmp_path: Path, shape: str) -> None:
    lines = [("LADY MOTH", "Who is there?"), ("MR. THORN", "It is I, and nobody else.")] * 5
    found = html(tmp_path, "".join(shape.format(*line) for line in lines) + "<p>[Exit.]</p>")
    assert [block.speaker for block in found[:2]] == ["LADY MOTH", "MR. THORN"]
    assert [block.role for block in found] == [*[Role.SPEECH] * 10, Role.STAGE_DIRECTION]


def test_a_name_on_a_line_of_its_own_speaks_what_follows(tmp_path: Path) -> None:
    lined = "".join(f"<p>{name.upper()}.<br/>{said}</p>" for name, said in LINES)
    apart = "".join(f'<p class="speaker">{name}</p><p>{said}</p>' for name, said in LINES)
    for found in (html(tmp_path, lined), html(tmp_path, apart)):
        assert [block.speaker.title() for block in found if "?" in block.text] == ["Moth"] * 4
        assert [block.speaker.title() for block in found if "else" in block.text] == ["Thorn"] * 4
    parted = html(tmp_path, apart)
    assert {block.role for block in parted} == {Role.SPEECH}
    assert told(parted[0]) == (Role.SPEECH, "Moth", [(NAME, "Moth")])


def test_the_first_name_may_be_marked_and_the_others_printed_alike(tmp_path: Path) -> None:
    first = '<p><span class="charname">MOTH.</span> Who is there?</p>'
    found = html(tmp_path, first + "".join(f"<p>{name.upper()}. {said}</p>" for name, said in LINES))
    assert [block.speaker for block in found] == ["MOTH", *["MOTH", "THORN"] * 4]


def test_a_stage_class_counts_in_a_play_alone(tmp_path: Path) -> None:
    stage = '<p class="stage">The wind is heard.</p>'
    spoken = "".join(f'<p><span class="speaker">{name}.</span> {said}</p>' for name, said in LINES)
    assert told(html(tmp_path, stage + spoken)[0])[0] is Role.STAGE_DIRECTION
    assert told(html(tmp_path, stage + "<p>Nobody speaks.</p>" * 9)[0])[0] is Role.PARAGRAPH


@pytest.mark.parametrize(
    "body",
    [
        # a glossary: each name once
        "".join(f"<p><b>Word {letter}.</b> What it means.</p>" for letter in "abcdefghijkl"),
        # a novel in which few paragraphs begin so
        "<p><b>Note.</b> A note.</p>" * 9 + "<p>A paragraph of the novel.</p>" * 30,
        # an opening in small capitals
        '<p><span class="smcap">It was</span> a dark night.</p>' + "<p>It rained.</p>" * 9,
        # too few to be sure
        "<p>MOTH. Who is there?</p><p>THORN. It is I.</p>" * 2,
        # slanted paragraphs and words in brackets
        "<p><i>A whole thought.</i></p><p>He said [sic] so (<i>he did</i>).</p>" * 9,
    ],
)
def test_what_only_looks_like_a_play_has_no_speeches(tmp_path: Path, body: str) -> None:
    found = html(tmp_path, body)
    assert {block.role for block in found} == {Role.PARAGRAPH}
    assert not any(block.marks or block.speaker for block in found)


def test_the_words_of_a_play_are_the_same_whatever_is_told_of_it(tmp_path: Path) -> None:
    plain = "".join(f"<p>{name}. <span>[Aside.]</span> {said}</p>" for name, said in LINES)
    played = plain.replace("<p>", "<p class='speech'>").replace("<span>", "<i class='stage'>")
    played = played.replace("</span>", "</i>").replace("Moth.", "<b class='speaker'>Moth.</b>")
    assert [block.text for block in html(tmp_path, plain)] == [block.text for block in html(tmp_path, played)]


# --- letters -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "opening",
    ['<blockquote epub:type="z3998:letter">', '<div class="letter">', '<section epub:type="z3998:letter">'],
)
def test_the_paragraphs_of_a_letter_are_its_own(tmp_path: Path, opening: str) -> None:
    tag = opening[1:].partition(" ")[0]
    letter = (
        f"{opening}<p>Dear Moth,</p><p>I quote:</p><blockquote><p>Nothing.</p></blockquote>"
        f'<blockquote epub:type="z3998:verse"><p>A line<br/>and a line</p></blockquote><p>Thorn</p></{tag}>'
    )
    found = blocks_of(epub(tmp_path, f"<h2>One</h2><p>He wrote.</p>{letter}<p>She read it.</p>"))
    assert [block.role for block in found] == [
        Role.PARAGRAPH,
        Role.LETTER,
        Role.LETTER,
        Role.QUOTATION,
        Role.VERSE,
        Role.LETTER,
        Role.PARAGRAPH,
    ]


def test_the_number_of_a_chapter_in_a_letter_is_still_its_heading(tmp_path: Path) -> None:
    pages = {"1.xhtml": '<div class="letter"><p>Letter I</p><p>Dear Moth, it rains here.</p></div>'}
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=[("Letter I", "1.xhtml")]))
    assert [block.role for block in book.chapters[0].blocks] == [Role.HEADING, Role.LETTER]


# --- pictures ----------------------------------------------------------------------------------------------


def test_a_picture_is_described_where_it_stands(tmp_path: Path) -> None:
    found = html(
        tmp_path,
        '<p>Before <img src="a.jpg" alt="A moth on a thorn."/> it.</p>'
        '<p><img src="b.jpg" alt="[Illustration: The  same moth]"/></p><p>After it.</p>',
    )
    assert [(block.role, block.text) for block in found] == [
        (Role.PARAGRAPH, "Before it."),
        (Role.ALT_TEXT, "A moth on a thorn."),
        (Role.ALT_TEXT, "The same moth"),
        (Role.PARAGRAPH, "After it."),
    ]


def test_a_picture_in_the_first_paragraph_of_a_page_stands_after_it_and_one_above_before_it(
    tmp_path: Path,
) -> None:
    above = '<p><img src="a.jpg" alt="A thorn in bloom"/></p>'
    stanzas = "It rained<br/>and rained.<br/><br/>And then"
    body = f'{above}<p>{stanzas} <img src="b.jpg" alt="A moth at rest"/> it stopped.</p>'
    found = blocks_of(epub(tmp_path, body, "<p>More.</p>"))
    assert [block.text for block in found] == [
        "A thorn in bloom",
        "It rained\nand rained.",
        "And then it stopped.",
        "A moth at rest",
        "More.",
    ]


@pytest.mark.parametrize(
    "image",
    [
        '<img alt="" src="a.jpg"/>',
        '<img alt="cover" src="a.jpg"/>',
        '<img alt="Cover image" src="a.jpg"/>',
        '<img alt="Illustration" src="a.jpg"/>',
        '<img alt="[Illustration]" src="a.jpg"/>',
        '<img alt="Fig. 3" src="a.jpg"/>',
        '<img alt="moth_03.jpg" src="a.jpg"/>',
        '<img alt="moths" src="img/moths.png"/>',
        '<img alt="i012" src="a.jpg"/>',
        '<img alt="* * *" src="a.jpg"/>',
        '<img alt="A row of flowers" class="ornament" src="a.jpg"/>',
        '<img alt="A row of flowers" role="presentation" src="a.jpg"/>',
        '<img alt="The Moth Press logo" src="a.jpg"/>',
    ],
)
def test_what_shows_nothing_is_not_described(tmp_path: Path, image: str) -> None:
    assert Role.ALT_TEXT not in {
        block.role for block in html(tmp_path, f"<p>Text.</p><p>{image}</p><p>More.</p>")
    }


def test_a_caption_is_not_said_again(tmp_path: Path) -> None:
    figure = '<figure><img src="a.jpg" alt="A moth at rest."/><figcaption>A moth at rest</figcaption></figure>'
    found = html(tmp_path, f"<p>Text.</p>{figure}")
    assert [block.role for block in found] == [Role.PARAGRAPH, Role.CAPTION]


def test_pictures_move_no_chapter_and_no_heading(tmp_path: Path) -> None:
    plate = '<p><img src="a.jpg" alt="Two moths in the rain"/></p>'
    prose = "<p>It rained all day on the moor.</p>" * 9

    def read(picture: str) -> Manuscript:
        part = f"{picture}<h1>Part One</h1>{picture}"
        return epub(
            tmp_path, picture, part, f"{picture}<h2>1</h2>{picture}<h3>Rain</h3>{picture}{prose}", prose
        )

    plain, pictured = read(""), read(plate)
    assert [(one.title, one.matter, one.kind) for one in plain.chapters] == [
        (one.title, one.matter, one.kind) for one in pictured.chapters
    ]
    for one, other in zip(plain.chapters, pictured.chapters, strict=True):
        assert [(block.role, block.text) for block in one.blocks] == [
            (block.role, block.text) for block in other.blocks if block.role is not Role.ALT_TEXT
        ]
        roles = [block.role for block in other.blocks]
        assert Role.HEADING not in roles[roles.index(Role.ALT_TEXT) :] if Role.ALT_TEXT in roles else True


# --- verse -------------------------------------------------------------------------------------------------


def test_lines_of_a_stanza_are_one_verse_however_they_are_indented(tmp_path: Path) -> None:
    stanza = (
        '<div class="stanza">\n  <div class="verse">One line</div>\n  <div class="verse">and one</div>\n</div>'
    )
    found = html(tmp_path, f'<div class="poetry">{stanza}{stanza}</div>')
    assert [(block.role, block.text) for block in found] == [(Role.VERSE, "One line\nand one")] * 2


# --- tables and changes ------------------------------------------------------------------------------------


def test_cell_over_several_rows_is_in_each(tmp_path: Path) -> None:
    blocks = html(
        tmp_path,
        "<table><tr><th>Who</th><th>Age</th></tr><tr><td rowspan='2'>Bob</td><td>7</td></tr>"
        "<tr><td>8</td></tr><tr><td> </td></tr><tr><td rowspan='0'>Ann</td><td>9</td></tr>"
        "<tr><td rowspan='9'>10</td></tr><tr><td>11</td></tr></table>",
    )
    assert [block.text for block in blocks] == [
        "Who: Age", "Bob: 7", "Bob: 8", "Ann: 9", "Ann: 10", "Ann: 11",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "key", ["A text of so many words that nobody would hear it twice.", "<a href='#'>x</a>"]
)
def test_cell_of_text_over_several_rows_is_read_once(tmp_path: Path, key: str) -> None:
    blocks = html(tmp_path, f"<table><tr><td rowspan='2'>{key}</td><td>7</td></tr><tr><td>8</td></tr></table>")
    assert blocks[-1].text == "8"


def test_who_speaks_in_several_rows_speaks_in_each(tmp_path: Path) -> None:
    name = "<td epub:type='z3998:persona' rowspan='2'>Moth</td>"
    blocks = blocks_of(epub(tmp_path, f"<table><tr>{name}<td>Yes.</td></tr><tr><td>No.</td></tr></table>"))
    assert [(block.speaker, block.text) for block in blocks] == [("Moth", "Moth: Yes."), ("Moth", "Moth: No.")]


def test_deleted_words_are_not_read_and_struck_ones_are(tmp_path: Path) -> None:
    blocks = html(
        tmp_path, "<p>It <s>was</s> <del>had been</del> is <ins>now</ins>.</p><del><p>Gone.</p></del>"
    )
    assert [block.text for block in blocks] == ["It was is now."]
