"""The chapters of plain texts as Project Gutenberg and others have printed them since 1971."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from narrator.manuscript.plain_text import read_plain_text
from narrator.model import Chapter, Manuscript, Matter, Role

PROSE = (
    "The rain had fallen all night upon the roofs of the old town, and in the\n"
    "morning the streets were full of water. Nobody spoke of it. She went to the\n"
    "window, as she had always done, and looked out at the grey sea.\n\n"
)
FRENCH = (
    "La pluie était tombée toute la nuit sur les toits de la vieille ville, et\n"
    "le matin les rues étaient pleines d'eau. Personne n'en parlait. Elle alla à\n"
    "la fenêtre, comme elle l'avait toujours fait, et regarda la mer grise.\n\n"
)
GERMAN = (
    "Es hatte die ganze Nacht auf die Dächer der alten Stadt geregnet, und am\n"
    "Morgen waren die Straßen voll Wasser. Niemand sprach davon. Sie ging ans\n"
    "Fenster, wie sie es immer getan hatte, und sah auf das graue Meer.\n\n"
)
DUTCH = (
    "Het had de hele nacht op de daken van de oude stad geregend, en in de\n"
    "morgen stonden de straten vol water. Niemand sprak erover. Zij ging naar\n"
    "het venster, zoals zij altijd had gedaan, en keek uit over de grijze zee.\n\n"
)
JAPANESE = (
    "　夜のあいだずっと、古い町の屋根に雨が降っていた。朝になると通りは水でいっぱいだった。\n"
    "　彼女はいつものように窓のところへ行って、灰色の海を眺めた。\n「そんなことは言わなかった」と彼は答えた。\n"
)
CHINESE = "　　話說那夜大雨不止，城中屋瓦盡濕。次日清晨，街上皆是水，無人言及。\n"
TITLE_PAGE = "THE GREY SEA\n\nby A. N. Other\n\n\n\n"


def book_of(folder: Path, text: str) -> Manuscript:
    path = folder / "a.txt"
    path.write_text(text, encoding="utf-8")
    return read_plain_text(path)


def body_of(book: Manuscript) -> list[Chapter]:
    return [chapter for chapter in book.chapters if chapter.matter is Matter.BODY]


def titles_of(folder: Path, text: str) -> list[str]:
    return [chapter.title for chapter in body_of(book_of(folder, text))]


def set_out(headings: Iterable[str], prose: str = PROSE * 2, *, gap: int = 4) -> str:
    """Each heading above the prose, `gap` empty lines before it."""
    return "".join(f"{chr(10) * gap}{heading}\n\n\n{prose}" for heading in headings)


# --- what is a chapter --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headings", "prose"),
    [
        (["I.--THE LAMP", "II.--THE STORM", "III.--THE SHIP"], PROSE),
        (["§ 1", "§ 2", "§ 3"], PROSE),
        (["LETTER I.", "LETTER II.", "LETTER III."], PROSE),
        (["Letter 1", "Letter 2", "Chapter 1", "Chapter 2"], PROSE),
        (["Chapter 1 PETER BREAKS THROUGH", "Chapter 2 THE SHADOW", "Chapter 3 COME AWAY!"], PROSE),
        (["CHAPTER I.", "CHAPTER II.", "CHAPTER THE LAST"], PROSE),
        (["PROLOGUE", "CHAPTER ONE", "CHAPTER TWO", "EPILOGUE"], PROSE),
        (["Erstes Kapitel.", "Zweites Kapitel.", "Drittes Kapitel."], GERMAN),
        (["EERSTE HOOFDSTUK.", "TWEEDE HOOFDSTUK.", "DERDE HOOFDSTUK.", "ELFDE HOOFDSTUK."], DUTCH),
        (["CHAPITRE PREMIER", "CHAPITRE II", "CHAPITRE III"], FRENCH),
        (["一", "二", "三", "四"], JAPANESE),
        (["　　　　　一", "　　　　　二", "　　　　　三"], JAPANESE),
        (["其の一", "其の二", "其の三"], JAPANESE),
        (["（一）", "（二）", "（十）"], JAPANESE),
        (["第一章　窓", "第二章　海", "第三章　雨"], JAPANESE),
        (["第一回　燈上人不知夜雨", "第二回　海邊客初聞曉鐘"], CHINESE * 6),
    ],
)
def test_labels_and_numbers_head_chapters(tmp_path: Path, headings: list[str], prose: str) -> None:
    expected = [heading.replace("\u3000", " ").strip() for heading in headings]
    assert titles_of(tmp_path, TITLE_PAGE + set_out(headings, prose * 3)) == expected


@pytest.mark.parametrize("number", ["CHAPTER {}.", "CHAPTER {}", "{}.", " {}."])
def test_title_on_the_line_below_the_number_is_part_of_it(tmp_path: Path, number: str) -> None:
    headings = [(number.format("I"), "The Lamp"), (number.format("II"), "The Storm")]
    book = book_of(tmp_path, TITLE_PAGE + set_out(f"{above}\n {below}" for above, below in headings))
    expected = [f"{above.strip(' .')}. {below}" for above, below in headings]
    assert [chapter.title for chapter in body_of(book)] == expected
    assert [chapter.blocks[0].text for chapter in body_of(book)] == expected


@pytest.mark.parametrize("sign", "=-~")
def test_underlined_lines_head_chapters(tmp_path: Path, sign: str) -> None:
    names = ["The Lamp", "The Storm", "The Ship"]
    book = book_of(tmp_path, "".join(f"{name}\n{sign * len(name)}\n\n{PROSE}" for name in names))
    assert [chapter.title for chapter in book.chapters] == names
    assert not any(sign * 3 in block.text for chapter in book.chapters for block in chapter.blocks)


def test_numbers_under_chapters_are_sections(tmp_path: Path) -> None:
    headings = ["ADVENTURE I. A SCANDAL AT SEA", "ADVENTURE II. THE RED LAMP", "ADVENTURE III. THE STORM"]
    sections = "".join(f"{number}.\n\n{PROSE}" for number in ("I", "II", "III"))
    assert titles_of(tmp_path, set_out(headings, sections)) == headings


def test_numbers_that_go_on_from_a_chapter_are_chapters(tmp_path: Path) -> None:
    headings = ["CHAPITRE PREMIER", "II", "III"] * 2
    assert titles_of(tmp_path, set_out(headings, FRENCH * 3)) == headings


def test_boxes_in_chapters_that_are_called_as_pages_are_no_chapters(tmp_path: Path) -> None:
    boxed = f"{PROSE * 2}\n\nForeword\n\n{PROSE}\n\n1.1. Pumps\n\n{PROSE}"
    chapters = [f"Chapter {number}" for number in range(1, 5)]
    text = set_out(chapters[:-1], boxed) + set_out(chapters[-1:])
    assert [chapter.title for chapter in book_of(tmp_path, text).chapters] == chapters


def test_acts_are_chapters_and_scenes_headings_in_them(tmp_path: Path) -> None:
    scene = "JOHN. I never said so, and you know it as well as I do.\n\nMARY. That is true.\n\n" * 4
    acts = "".join(
        f"\n\n\n{act}\n\nSCENE I. A room.\n\n{scene}\nSCENE II. The harbour.\n\n{scene}"
        for act in ("ACT I", "ACT II")
    )
    chapters = body_of(book_of(tmp_path, f"THE GREY SEA\n\nA Play in Two Acts\n{acts}"))
    assert [chapter.title for chapter in chapters] == ["ACT I", "ACT II"]
    headings = [block.text for block in chapters[0].blocks if block.role is Role.HEADING]
    assert headings == ["ACT I", "SCENE I. A room.", "SCENE II. The harbour."]


def test_scenes_that_name_their_act_again_are_no_chapters(tmp_path: Path) -> None:
    headings = ["ACT I. Scene I.\nA platform.", "ACT I. Scene II.\nA room.", "ACT II. Scene I.\nA room."]
    assert titles_of(tmp_path, TITLE_PAGE + set_out(headings)) == [
        "ACT I. Scene I. A platform.",
        "ACT II. Scene I. A room.",
    ]


# --- lists of contents --------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", ["", "\n"])
def test_contents_of_parts_whose_numbers_begin_anew_are_no_chapters(tmp_path: Path, gap: str) -> None:
    chapters = [f"CHAPTER {number}" for number in ("I", "II", "III")]
    parts = ("PART FIRST", "PART SECOND")
    contents = "".join(
        f"{part}\n{gap}" + gap.join(f"{chapter}\n" for chapter in chapters) + "\n\n" for part in parts
    )
    text = "".join(f"\n\n\n{part}\n{set_out(chapters, gap=2)}" for part in parts)
    assert titles_of(tmp_path, f"{TITLE_PAGE}CONTENTS\n\n{contents}\n{text}") == chapters * 2


def test_volumes_books_and_chapters_nest(tmp_path: Path) -> None:
    contents = (
        "VOLUME I—FANTINE\n\nBOOK FIRST—A JUST MAN\n\n     CHAPTER I—MYRIEL\n     CHAPTER II—WELCOME\n\n"
        "BOOK SECOND—THE FALL\n\n     CHAPTER I—EVENING\n     CHAPTER II—PRUDENCE\n\n"
        "VOLUME II—COSETTE\n\nBOOK FIRST—WATERLOO\n\n     CHAPTER I—WHAT IS MET\n     CHAPTER II—HOUGOMONT\n"
    )
    first = set_out(["CHAPTER I—MYRIEL", "CHAPTER II—WELCOME"])
    second = set_out(["CHAPTER I—EVENING", "CHAPTER II—PRUDENCE"])
    third = set_out(["CHAPTER I—WHAT IS MET", "CHAPTER II—HOUGOMONT"])
    text = (
        f"{TITLE_PAGE}CONTENTS\n\n{contents}\n\n\nPREFACE\n\n{PROSE}\n\nVOLUME I\nFANTINE\n\n\n"
        f"BOOK FIRST—A JUST MAN\n{first}\n\nBOOK SECOND—THE FALL\n{second}\n\n"
        f"VOLUME II\nCOSETTE\n\n\nBOOK FIRST—WATERLOO\n{third}"
    )
    assert titles_of(tmp_path, text) == [
        "CHAPTER I—MYRIEL", "CHAPTER II—WELCOME", "CHAPTER I—EVENING", "CHAPTER II—PRUDENCE",
        "CHAPTER I—WHAT IS MET", "CHAPTER II—HOUGOMONT",
    ]  # fmt: skip


@pytest.mark.parametrize("style", [str, str.upper])
@pytest.mark.parametrize("gap", [2, 5])
def test_stories_are_known_from_the_contents(tmp_path: Path, style: type[str], gap: int) -> None:
    names = ["The Red House", "A Question of Time", "The Man Who Laughed", "Mrs. Grey's Parrot"]
    listed = "".join(f"{name}  {page}\n\n" for page, name in enumerate(names, 1))
    stories = [style(name) for name in names]
    sections = f"I\n\n{PROSE}\n\nII\n\n{PROSE}"
    text = f"{TITLE_PAGE}CONTENTS\n\n          PAGE\n\n{listed}{set_out(stories, sections, gap=gap)}"
    assert titles_of(tmp_path, text) == stories


def test_contents_at_the_end_name_the_stories_too(tmp_path: Path) -> None:
    names = ["La lampe", "Le navire", "Un homme à la mer"]
    listed = "".join(f"{name}   {page}\n" for page, name in enumerate(names, 1))
    text = f"CONTES GRIS\n{set_out(names, FRENCH * 4)}\n\n\n\nTABLE DES MATIÈRES\n\n{listed}"
    assert titles_of(tmp_path, text) == names


def test_numbers_in_a_story_are_no_chapters_where_stories_are_numbered(tmp_path: Path) -> None:
    names = ["A Scandal at Sea", "The Red-Headed Gull", "A Case of Rain"]
    listed = "".join(
        f"   {number:6} {name}\n" for number, name in zip(["I.", "II.", "III."], names, strict=True)
    )
    stories = [f"{number} {name.upper()}" for number, name in zip(["I.", "II.", "III."], names, strict=True)]
    first = "".join(f"{number}\n\n{PROSE}" for number in ("I.", "II.", "III."))
    text = f"{TITLE_PAGE}Contents\n\n{listed}\n{set_out(stories[:1], first)}{set_out(stories[1:])}"
    assert titles_of(tmp_path, text) == stories


def test_titles_that_the_contents_name_before_the_first_chapter_head_chapters(tmp_path: Path) -> None:
    text = f"{TITLE_PAGE}CONTENTS\n\nETYMOLOGY.\n\nCHAPTER 1. Loomings.\n\nCHAPTER 2. The Inn.\n\nEpilogue\n"
    headings = ["ETYMOLOGY.", "CHAPTER 1. Loomings.", "CHAPTER 2. The Inn.", "Epilogue"]
    assert titles_of(tmp_path, text + set_out(headings)) == headings


def test_contents_without_dots_are_known_by_their_chapters(tmp_path: Path) -> None:
    text = f"{TITLE_PAGE}CONTENTS\n\n I Introduction\n II The Machine\n III The Return\n\n"
    headings = [" I.\n Introduction", " II.\n The Machine", " III.\n The Return"]
    assert titles_of(tmp_path, text + set_out(headings)) == [
        "I. Introduction",
        "II. The Machine",
        "III. The Return",
    ]


# --- whole books --------------------------------------------------------------------------------------


def test_book_with_all_its_pages_is_read(tmp_path: Path) -> None:
    chapters = set_out(["CHAPTER I\n\nTHE LAMP", "CHAPTER II\n\nTHE STORM", "CHAPTER III\n\nTHE SHIP"])
    book = book_of(
        tmp_path,
        "Title: The Grey Sea\n\nAuthor: A. N. Other\n\nRelease date: May 1, 2003 [eBook #1]\n\n"
        "Language: English\n\n"
        "Original publication: London: Grey & Co.,\n                1897, second edition 1903\n\n\n"
        "*** START OF THE PROJECT GUTENBERG EBOOK THE GREY SEA ***\n\n\n"
        "Transcriber's Note: Italics are _so_.\n\n\n\n"
        f"THE GREY SEA\n\nBY\nA. N. OTHER\n\nLONDON\n1897\n\n\n\n\nPREFACE\n\n{PROSE}\n\n\nCONTENTS\n\n"
        "CHAP.             PAGE\n   I. THE LAMP      1\n  II. THE STORM    20\n III. THE SHIP     31\n\n\n\n"
        f"LIST OF ILLUSTRATIONS\n\nThe Lamp    _Frontispiece_\n\n\n{chapters}\nTHE END\n\n\n\n"
        f"APPENDIX\n\n{PROSE}\n\n\nINDEX\n\nLamp, 1\nShip, 31\n\n\n"
        "*** END OF THE PROJECT GUTENBERG EBOOK THE GREY SEA ***\n\nLicence.\n",
    )
    assert (book.title, book.date) == ("The Grey Sea", "1897")
    assert [chapter.kind for chapter in book.chapters] == [
        "gutenberg-header", "transcribers-note", "preface", "toc", "loi", "chapter", "chapter", "chapter",
        "appendix", "index", "gutenberg-license",
    ]  # fmt: skip
    assert [chapter.title for chapter in body_of(book)] == [
        "CHAPTER I: THE LAMP", "CHAPTER II: THE STORM", "CHAPTER III: THE SHIP",
    ]  # fmt: skip
    words = sum(len(block.text.split()) for block in body_of(book)[0].blocks)
    assert words == 4 + 2 * len(PROSE.split())


def test_notes_and_what_refers_to_them_share_a_name(tmp_path: Path) -> None:
    notes = "[1] He had counted.\n\n[Footnote 2: Nobody knows.]\n\n"
    text = set_out(["CHAPTER I", "CHAPTER II"], f"It was so.[1] And so.[2]\n\n{PROSE}{notes}{PROSE}")
    blocks = [block for chapter in book_of(tmp_path, text).chapters for block in chapter.blocks]
    found = [block.note for block in blocks if block.role is Role.NOTE]
    assert len(set(found)) == 4
    assert [block.notes for block in blocks if block.notes] == [tuple(found[:2]), tuple(found[2:])]
    assert blocks[1].text == "It was so. And so."


def test_notes_and_pictures_go_on_to_the_end_of_their_brackets(tmp_path: Path) -> None:
    text = (
        f"CHAPTER I\n\nIt was so.[3]\n\n[Footnote 3: He had [as they say] counted.\n\nTwice.]\n\n{PROSE}"
        f"[Illustration]\n\n[Illustration: The gull\n\n_page 3_]\n\n[Illustration: THE LAMP]\n\n{PROSE}"
    )
    (chapter,) = book_of(tmp_path, text).chapters
    assert [(block.role, block.text) for block in chapter.blocks if block.role is not Role.PARAGRAPH] == [
        (Role.HEADING, "CHAPTER I"),
        (Role.NOTE, "He had [as they say] counted."),
        (Role.NOTE, "Twice."),
        (Role.CAPTION, "The gull"),
        (Role.CAPTION, "page 3"),
        (Role.CAPTION, "THE LAMP"),
    ]
    assert len({block.note for block in chapter.blocks if block.role is Role.NOTE}) == 1


# --- Japanese -----------------------------------------------------------------------------------------

AOZORA = (
    "灰色の海\n山田太郎\n\n-------------------------------------------------------\n【テキスト中に現れる記号について】\n\n"
    "《》：ルビ\n（例）私《わたくし》\n-------------------------------------------------------\n\n"
    "［＃５字下げ］一　窓［＃「一　窓」は中見出し］\n\n"
    "　私《わたくし》は｜灰色の海《はいいろのうみ》を見た。"
    "※［＃「魚＋鑞」、U+9C72、77-7］だ［＃「だ」に傍点］。\n"
    f"{JAPANESE}\n［＃５字下げ］二　海［＃「二　海」は中見出し］\n\n{JAPANESE}"
    "\n\n\n底本：「灰色の海」どこか文庫\n　　　1950（昭和25）年1月1日発行\n青空文庫作成ファイル：\n"
)


def test_text_of_aozora_is_read_without_its_notes(tmp_path: Path) -> None:
    book = book_of(tmp_path, AOZORA)
    assert (book.title, book.authors, book.language) == ("灰色の海", ("山田太郎",), "ja")
    assert [chapter.kind for chapter in book.chapters] == ["titlepage", "transcribers-note", "", "", "colophon"]
    first, second = body_of(book)
    assert (first.title, second.title) == ("一 窓", "二 海")
    block = first.blocks[1]
    assert block.text == "私は灰色の海を見た。鱲だ。"
    assert [(block.text[mark.start : mark.end], mark.value) for mark in block.marks] == [
        ("私", "わたくし"),
        ("灰色の海", "はいいろのうみ"),
    ]
    assert len(first.blocks) == 5


def test_ruby_is_told_from_titles_in_angle_brackets(tmp_path: Path) -> None:
    (japanese,) = book_of(tmp_path, "私《わたし》は君《きみ》と海《うみ》を見た。\n").chapters
    assert (japanese.blocks[0].text, len(japanese.blocks[0].marks)) == ("私は君と海を見た。", 3)
    (chinese,) = book_of(tmp_path, "他讀《紅樓夢》、《西遊記》和《水滸傳》。\n").chapters
    assert chinese.blocks[0].text == "他讀《紅樓夢》、《西遊記》和《水滸傳》。"


def test_wrapped_chinese_is_joined_without_spaces(tmp_path: Path) -> None:
    line = "話說那夜大雨不止，城中屋瓦盡濕。次日清晨，街上皆是水，無人言及此事也罷了她卻"
    (chapter,) = book_of(tmp_path, f"　　{line}\n{line}\n{line}。\n　　{line}\n{line}。\n").chapters
    assert [block.text for block in chapter.blocks] == [f"{line * 3}。", f"{line * 2}。"]
