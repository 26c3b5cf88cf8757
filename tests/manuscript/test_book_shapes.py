"""Outlines of many kinds of books, rebuilt small: what is a chapter, and what only stands inside one."""

from __future__ import annotations

from pathlib import Path

from narrator.manuscript.epub import read_epub
from narrator.manuscript.html import read_html
from narrator.model import Manuscript, Matter
from tests.manuscript.epub_maker import Entry, make_epub, prose


def body(book: Manuscript) -> list[str]:
    return [chapter.title for chapter in book.chapters if chapter.matter is Matter.BODY]


def kinds(book: Manuscript) -> list[tuple[str, str]]:
    return [(chapter.matter.value, chapter.kind) for chapter in book.chapters]


def html_book(path: Path, markup: str) -> Manuscript:
    path.write_text(f"<html lang='en'><head><title>A Book</title></head><body>{markup}</body></html>")
    return read_html(path)


def part(level: int, title: str, words: int, anchor: str = "") -> str:
    """A heading and so many words below it."""
    return f"<h{level} id='{anchor}'>{title}</h{level}>{prose(words)}"


def pages_of(*texts: tuple[str, int]) -> tuple[dict[str, str], list[Entry]]:
    """Files and contents of a book whose chapters have these titles and numbers of words."""
    pages = {f"{at}.xhtml": f"<h2>{title}</h2>{prose(words)}" for at, (title, words) in enumerate(texts)}
    return pages, [(title, f"{at}.xhtml") for at, (title, _) in enumerate(texts)]


# --- sections of manuals ----------------------------------------------------------------------------------


def test_sections_with_numbers_of_two_parts_stand_inside_chapters(tmp_path: Path) -> None:
    pages = {
        "1.xhtml": f"<h1>1 Pumps</h1>{part(2, '1.1 Wells', 1800, 'a')}{part(2, '1.2 Pipes', 1700, 'b')}",
        "2.xhtml": f"<h1>2 Taps</h1>{part(2, '2.1 Brass', 1800, 'a')}",
    }
    toc: list[Entry] = [
        ("1 Pumps", "1.xhtml", [("1.1 Wells", "1.xhtml#a"), ("1.2 Pipes", "1.xhtml#b")]),
        ("2 Taps", "2.xhtml", [("2.1 Brass", "2.xhtml#a")]),
    ]
    assert body(read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))) == ["1 Pumps", "2 Taps"]


def test_numbered_sections_right_below_chapters_are_no_chapters_without_contents(tmp_path: Path) -> None:
    markup = "".join(
        f"<h1>{name}</h1><p>In short</p>{part(2, f'{number}.1. First', 900)}{part(2, f'{number}.2. Then', 900)}"
        for number, name in enumerate(["Wells", "Pumps", "Taps"], 1)
    )
    assert body(html_book(tmp_path / "a.html", markup)) == ["Wells", "Pumps", "Taps"]


def test_chapters_that_open_with_a_section_are_no_parts(tmp_path: Path) -> None:
    markup = "".join(
        f"<h1>{chapter}</h1><p>In short.</p>{part(2, 'Tools', 300)}{part(2, 'Steps', 300)}"
        for chapter in ["Wells", "Pumps", "Taps"]
    )
    assert body(html_book(tmp_path / "a.html", markup)) == ["Wells", "Pumps", "Taps"]


def test_numbered_chapters_below_parts_with_names_are_chapters(tmp_path: Path) -> None:
    front = "<h1>A Book</h1><h2>An Author</h2><p>LONDON</p><h2>CONTENTS</h2><p>I. Salt</p><p>II. Foam</p>"
    front += part(2, "PREFACE", 200)
    markup = (
        f"{front}<h2>THE SEA</h2>{part(3, 'I. Salt', 400)}{part(3, 'II. Foam', 400)}"
        f"<h2>THE LAND</h2>{part(3, 'III. Clay', 400)}{part(3, 'IV. Sand', 400)}<h2>INDEX</h2><p>Clay, 3</p>"
    )
    assert body(html_book(tmp_path / "a.html", markup)) == ["I. Salt", "II. Foam", "III. Clay", "IV. Sand"]


def test_long_tales_below_groups_are_chapters(tmp_path: Path) -> None:
    markup = (
        f"<h2>Tales of the Sea</h2>{part(3, 'The Net', 1200)}{part(3, 'The Oar', 1200)}"
        f"<h2>Tales of the Land</h2>{part(3, 'The Plough', 1200)}{part(3, 'The Spade', 1200)}"
    )
    assert body(html_book(tmp_path / "a.html", markup)) == ["The Net", "The Oar", "The Plough", "The Spade"]


def test_entry_that_comes_again_inside_itself_is_the_chapter(tmp_path: Path) -> None:
    files = {f"{name}.xhtml": f"<h1>{name}</h1>{part(2, 'Tools', 300, 't')}" for name in ("Wells", "Pumps")}
    ncx: list[Entry] = [
        (name, f"{name}.xhtml", [(name, f"{name}.xhtml"), ("Tools", f"{name}.xhtml#t")])
        for name in ("Wells", "Pumps")
    ]
    assert body(read_epub(make_epub(tmp_path / "a.epub", files, ncx=ncx))) == ["Wells", "Pumps"]


def test_sections_in_the_file_of_a_chapter_that_has_text_are_no_chapters(tmp_path: Path) -> None:
    pages = {
        f"{name}.xhtml": f"{part(1, name, 80)}{part(2, 'Tools', 700, 't')}{part(2, 'Steps', 700, 's')}"
        for name in ("Wells", "Pumps", "Taps")
    }
    toc: list[Entry] = [
        (name.partition(".")[0], name, [("Tools", f"{name}#t"), ("Steps", f"{name}#s")]) for name in pages
    ]
    assert body(read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))) == ["Wells", "Pumps", "Taps"]


def test_one_chapter_that_opens_with_a_section_is_as_its_peers(tmp_path: Path) -> None:
    pages = {
        f"{name}.xhtml": part(1, name, words) for name, words in (("Wells", 0), ("Pumps", 200), ("Taps", 300))
    }
    pages = {
        inner: text
        for name, opening in pages.items()
        for inner, text in (
            (name, opening),
            (f"s{name}", part(2, "Tools", 500)),
            (f"t{name}", part(2, "Steps", 500)),
        )
    }
    toc: list[Entry] = [
        (name, f"{name}.xhtml", [("Tools", f"s{name}.xhtml"), ("Steps", f"t{name}.xhtml")])
        for name in ("Wells", "Pumps", "Taps")
    ]
    assert body(read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))) == ["Wells", "Pumps", "Taps"]


def test_what_is_called_notes_in_the_midst_of_a_chapter_is_a_section(tmp_path: Path) -> None:
    pages = {
        "1.xhtml": f"{part(1, 'Chapter 1', 300)}{part(2, 'Notes', 200, 'n')}{part(2, 'Tunes', 200, 'm')}",
        "2.xhtml": f"{part(1, 'Chapter 2', 300)}",
    }
    toc: list[Entry] = [
        ("Chapter 1", "1.xhtml", [("Notes", "1.xhtml#n"), ("Tunes", "1.xhtml#m")]),
        ("Chapter 2", "2.xhtml"),
    ]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
    assert [chapter.title for chapter in book.chapters] == ["Chapter 1", "Chapter 2"]


def test_text_under_the_heading_notes_is_read_and_notes_are_not(tmp_path: Path) -> None:
    tunes = f"{part(2, 'Chapter 1', 300)}{part(3, 'Notes', 120)}{prose(120)}{prose(120)}"
    trees = f"{part(2, 'Chapter 2', 300)}<h3>Notes</h3><p>1. See there.</p><p>2. And {'far ' * 120}here.</p>"
    book = html_book(tmp_path / "a.html", tunes + trees)
    assert [chapter.title for chapter in book.chapters] == ["Chapter 1", "Chapter 2", "Notes"]


def test_warnings_called_note_are_no_endnotes(tmp_path: Path) -> None:
    markup = "".join(
        f"<h1>{name}</h1>{prose(200)}<h3>Note</h3><p>Mind the pump.</p>{prose(200)}"
        for name in ("Wells", "Pumps")
    )
    book = html_book(tmp_path / "a.html", markup)
    assert [chapter.title for chapter in book.chapters] == ["Wells", "Pumps"]


def test_page_called_note_is_a_preface_before_the_chapters_and_notes_after_them(tmp_path: Path) -> None:
    for texts, kind in (
        ([("Note", 60), ("Salt", 300), ("Foam", 300)], ("front", "preface")),
        ([("Salt", 300), ("Foam", 300), ("Note", 60)], ("back", "endnotes")),
    ):
        pages, toc = pages_of(*texts)
        book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
        assert body(book) == ["Salt", "Foam"]
        assert kind in kinds(book)


# --- pages that hold a heading ----------------------------------------------------------------------------


def test_page_with_a_heading_alone_heads_the_chapter_below_it(tmp_path: Path) -> None:
    pages = {
        "p.xhtml": "<h1>Users</h1>",
        "h.xhtml": "<h1>Installing</h1>",
        "1.xhtml": f"{part(1, '1. Installing', 300)}",
    }
    pages |= {
        "i.xhtml": "<h1>Running</h1>",
        "2.xhtml": f"{part(1, '2. Daily use', 300)}<h2 id='s'>2.1 Keys</h2>",
    }
    pages |= {"3.xhtml": f"{part(1, '3. Ending', 300)}"}
    ncx: list[Entry] = [
        ("Users", "p.xhtml"),
        ("Installing", "h.xhtml", [("1. Installing", "1.xhtml")]),
        ("Running", "i.xhtml", [("2. Daily use", "2.xhtml", [("2.1 Keys", "2.xhtml#s")])]),
        ("3. Ending", "3.xhtml"),
    ]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, ncx=ncx))
    assert body(book) == ["1. Installing", "2. Daily use", "3. Ending"]
    assert [block.text for block in book.chapters[0].blocks[:3]] == ["Users", "Installing", "1. Installing"]


def test_parts_of_a_flat_list_head_chapters_and_their_introductions_are_of_the_body(tmp_path: Path) -> None:
    pages, toc = pages_of(
        ("Preface", 100),
        ("1 Wires", 300),
        ("(PART) Copper", 0),
        ("Introduction", 150),
        ("2 Red", 300),
        ("3 Brown", 300),
    )
    pages["2.xhtml"] = "<h1>(PART) Copper</h1>"
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
    assert body(book) == ["1 Wires", "Introduction", "2 Red", "3 Brown"]
    assert kinds(book)[0] == ("front", "preface")


def test_pictures_under_titles_are_chapters(tmp_path: Path) -> None:
    names = ["The Cat", "The Dog", "The Hen", "The Cow"]
    pages = {f"{at}.xhtml": f"<h1>{name}</h1>" for at, name in enumerate(names)}
    toc: list[Entry] = [(name, f"{at}.xhtml") for at, name in enumerate(names)]
    assert body(read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))) == names


# --- stories, poems and plays -----------------------------------------------------------------------------


def test_pages_without_text_at_one_place_do_no_harm(tmp_path: Path) -> None:
    pages = {
        "0.xhtml": "<p><img src='a.png'/></p>",
        "1.xhtml": part(1, "The Net", 300),
        "2.xhtml": part(1, "End", 9),
    }
    toc: list[Entry] = [
        ("Tales", "0.xhtml", [("Sea", "0.xhtml"), ("Net", "1.xhtml")]),
        ("Ebb", "1.xhtml"),
        ("E", "2.xhtml"),
    ]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
    assert book.chapters[0].blocks[0].text == "The Net"


def test_numbered_tales_beside_one_without_a_number_are_chapters(tmp_path: Path) -> None:
    inner = "<h3>Of nets</h3><p>word</p><h3>Of oars</h3><p>word</p>"
    markup = f"{part(2, 'The Sea', 300)}{inner}{part(2, 'I. The Net', 300)}{inner}{part(2, 'II. The Oar', 300)}"
    assert body(html_book(tmp_path / "a.html", markup)) == ["The Sea", "I. The Net", "II. The Oar"]


def test_numerals_inside_one_story_of_many_are_no_chapters(tmp_path: Path) -> None:
    pages, toc = pages_of(("Salt", 900), ("Bread", 900), ("Wine", 900))
    pages["m.xhtml"] = "<h2>Matilda</h2>" + "".join(
        f"<h3 id='{n}'>{n}</h3>{prose(1700)}" for n in ("I", "II", "III")
    )
    toc.append(("Matilda", "m.xhtml", [(n, f"m.xhtml#{n}") for n in ("I", "II", "III")]))
    assert body(read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))) == [
        "Salt",
        "Bread",
        "Wine",
        "Matilda",
    ]


def test_numerals_that_begin_anew_under_many_titles_are_parts_of_stories(tmp_path: Path) -> None:
    names = ["Salt", "Bread", "Wine", "Oil", "Honey"]
    inner = [("I", 300), ("II", 300)]
    markup = "".join(f"<h2>{name}</h2>" + "".join(part(3, n, words) for n, words in inner) for name in names)
    assert body(html_book(tmp_path / "a.html", markup)) == names
    pages = {
        f"{name}.xhtml": f"<h2>{name}</h2>" + "".join(part(3, n, 300, n) for n, _ in inner) for name in names
    }
    toc: list[Entry] = [(name, f"{name}.xhtml", [(n, f"{name}.xhtml#{n}") for n, _ in inner]) for name in names]
    assert body(read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))) == names


def test_numerals_inside_every_part_are_chapters(tmp_path: Path) -> None:
    pages = {
        f"{part}.xhtml": f"<h2>{part}</h2>" + "".join(f"<h3 id='{n}'>{n}</h3>{prose(500)}" for n in ("I", "II"))
        for part in ("Flood", "Ebb")
    }
    toc: list[Entry] = [
        (p, f"{p}.xhtml", [(n, f"{p}.xhtml#{n}") for n in ("I", "II")]) for p in ("Flood", "Ebb")
    ]
    assert body(read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))) == ["I", "II", "I", "II"]


def test_poem_with_a_note_before_it_is_one_chapter(tmp_path: Path) -> None:
    names = ["The Seeress", "The High One", "The Hooded"]
    pages = {
        f"{at}.xhtml": f"<h2>{name}</h2>{part(3, 'Of its age', 1700, 'i')}{part(3, name, 1700, 'p')}"
        for at, name in enumerate(names)
    }
    toc: list[Entry] = [
        (name, f"{at}.xhtml", [("Of its age", f"{at}.xhtml#i"), (name, f"{at}.xhtml#p")])
        for at, name in enumerate(names)
    ]
    assert body(read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))) == names


def test_title_in_several_headings_hides_no_acts(tmp_path: Path) -> None:
    title = "<h1>THE</h1><h1>TIN</h1><h1>GIRL</h1><h5>A COMEDY</h5>"
    cast = "<h4>THE PERSONS OF THE PLAY</h4><p>Anna, a smith</p>"
    acts = "".join(part(3, f"THE {number} ACT", 400) for number in ("FIRST", "SECOND", "THIRD"))
    book = html_book(tmp_path / "a.html", f"{title}<p>LONDON</p>{title}{cast}<h2>THE TIN<br/>GIRL</h2>{acts}")
    assert body(book) == ["THE FIRST ACT", "THE SECOND ACT", "THE THIRD ACT"]


def test_scenes_of_the_level_of_acts_stand_inside_acts(tmp_path: Path) -> None:
    acts = "".join(
        f"<h2>ACT {act}.</h2>{part(2, 'SCENE I. A forge.', 200)}{part(2, 'SCENE II. A mill.', 200)}"
        for act in ("I", "II")
    )
    markup = f"<h1>A Book</h1><h2>DRAMATIS PERSONÆ</h2><p>Anna, a smith</p>{acts}"
    assert body(html_book(tmp_path / "a.html", markup)) == ["ACT I.", "ACT II."]


# --- headings in several lines ----------------------------------------------------------------------------


def test_number_above_its_title_begins_the_chapter_whatever_their_levels(tmp_path: Path) -> None:
    for number, title in ((3, 2), (2, 3), (2, 2)):
        markup = "<h1>A Book</h1>" + "".join(
            f"<h{number}>CHAPTER {n}.</h{number}>{part(title, name, 300)}"
            for n, name in (("I", "The Start"), ("II", "The Middle"), ("III", "The Rest"))
        )
        book = html_book(tmp_path / "a.html", markup)
        assert body(book) == ["CHAPTER I: The Start", "CHAPTER II: The Middle", "CHAPTER III: The Rest"]
        assert [block.text for block in book.chapters[-1].blocks[:2]] == ["CHAPTER III.", "The Rest"]


def test_part_and_its_first_chapter_on_one_level_are_two_headings(tmp_path: Path) -> None:
    markup = f"<h2>PART ONE</h2>{part(2, 'The Net', 300)}{part(2, 'The Oar', 300)}"
    assert body(html_book(tmp_path / "a.html", markup)) == ["The Net", "The Oar"]


def test_title_that_comes_twice_hides_no_chapters(tmp_path: Path) -> None:
    tales = part(2, "The Net", 300) + part(2, "The Oar", 300)
    notes = f"<h1>FOOTNOTES</h1><p>1. See {'far ' * 60}there.</p>"
    markup = f"<h1>A Book</h1><h2>CONTENTS</h2><p>The Net</p><h1>A Book</h1>{tales}{notes}"
    book = html_book(tmp_path / "a.html", markup)
    assert body(book) == ["The Net", "The Oar"]
    assert kinds(book)[-1] == ("back", "footnotes")


def test_the_end_is_no_chapter(tmp_path: Path) -> None:
    pages, toc = pages_of(("Salt", 300), ("The End", 300), ("THE END", 0))
    pages["2.xhtml"] = "<h3>THE END</h3>"
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
    assert body(book) == ["Salt", "The End"]
    assert book.chapters[-1].blocks[-1].text == "THE END"


def test_lines_of_the_title_page_are_no_chapters(tmp_path: Path) -> None:
    title = "<h1>A Book</h1><h3>BY</h3><h3>JANE DOE</h3><h3>AUTHOR OF OTHER BOOKS</h3>"
    markup = title + part(3, "The Net", 300) + part(3, "The Oar", 300)
    assert body(html_book(tmp_path / "a.html", markup)) == ["The Net", "The Oar"]


# --- what is no part of the text --------------------------------------------------------------------------


def test_numbers_of_paragraphs_are_not_read(tmp_path: Path) -> None:
    def numbered(start: int, text: str) -> str:
        return "".join(
            f"<div><label><a href='#o{at}'>{at}</a></label><p id='o{at}'>{text}</p></div>"
            for at in range(start, start + 15)
        )

    pages = {
        "1.xhtml": f"<h1>Salt</h1>{numbered(1, 'The sea.')}",
        "2.xhtml": f"<h1>Clay</h1>{numbered(16, 'A field.')}",
    }
    toc: list[Entry] = [("Salt", "1.xhtml"), ("Clay", "2.xhtml"), ("End", "2.xhtml#o30")]
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
    texts = [[block.text for block in chapter.blocks] for chapter in book.chapters]
    assert texts == [["Salt", *["The sea."] * 15], ["Clay", *["A field."] * 14], ["A field."]]


def test_numbers_that_do_not_rise_through_the_book_are_read(tmp_path: Path) -> None:
    sums = "".join(f"<p><a href='#x'>{at % 7}</a></p><p>apples</p>" for at in range(30))
    book = read_epub(make_epub(tmp_path / "a.epub", {"1.xhtml": f"<h1>Sums</h1>{sums}"}))
    assert sum(block.text.isdigit() for block in book.chapters[0].blocks) == 30


def test_headings_outside_the_reading_order_are_no_chapters(tmp_path: Path) -> None:
    pages, _ = pages_of(("Salt", 300), ("Clay", 300), ("Sel", 300), ("Argile", 300))
    spine = ['<itemref idref="p0"/>', '<itemref idref="p1"/>']
    spine += ['<itemref idref="p2" linear="no"/>', '<itemref idref="p3" linear="no"/>']
    book = read_epub(make_epub(tmp_path / "a.epub", pages, spine=spine))
    assert body(book) == ["Salt", "Clay"]


def test_recommended_books_are_an_advertisement(tmp_path: Path) -> None:
    pages, toc = pages_of(("Chapter 1", 300), ("Chapter 2", 300), ("Recommendations", 300))
    pages["2.xhtml"] = f"<h3>Loved this book?<br/>Others read</h3>{prose(300)}"
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
    assert body(book) == ["Chapter 1", "Chapter 2"]
    assert kinds(book)[-1] == ("back", "advertisement")


# --- other languages --------------------------------------------------------------------------------------


def test_japanese_book_has_its_chapters(tmp_path: Path) -> None:
    titles = [
        "表紙",
        "目次",
        "はじめに",
        "序章",
        "第一話　雨の日",
        "第二話　晴れの日",
        "終章",
        "あとがき",
        "奥付",
    ]
    pages, toc = pages_of(*((title, 30) for title in titles))
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
    assert body(book) == ["序章", "第一話 雨の日", "第二話 晴れの日", "終章"]
    assert [kind for _, kind in kinds(book)][-2:] == ["afterword", "colophon"]


def test_japanese_parts_head_their_numbered_chapters(tmp_path: Path) -> None:
    pages, toc = pages_of(
        ("上　海辺の家", 0), ("一", 200), ("二", 200), ("下　山の家", 0), ("三", 200), ("四", 200)
    )
    pages |= {"0.xhtml": "<h2>上　海辺の家</h2>", "3.xhtml": "<h2>下　山の家</h2>"}
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
    assert body(book) == ["一", "二", "三", "四"]
    assert book.chapters[2].blocks[0].text == "下 山の家"


def test_french_electronic_edition_ends_with_its_imprint(tmp_path: Path) -> None:
    colophon = "À propos de cette édition électronique"
    pages, toc = pages_of(("Préface", 100), ("I", 300), ("II", 300), (colophon, 100))
    book = read_epub(make_epub(tmp_path / "a.epub", pages, toc=toc))
    assert body(book) == ["I", "II"]
    assert kinds(book)[-1] == ("back", "colophon")


def test_dutch_book_has_its_chapters(tmp_path: Path) -> None:
    markup = (
        f"<h1>Een boek</h1>{part(2, 'VOORREDE.', 100)}<h2>ZESDE HOOFDSTUK.</h2><h3>Waarin iemand vertrekt.</h3>"
        f"{prose(400)}<h2>ZEVENDE HOOFDSTUK.</h2>{part(3, 'Waarin iemand terugkomt.', 400)}"
        f"<h2>AANTEEKENINGEN.</h2><p>1 Zie daar.</p><h2>Colofon</h2>{part(3, 'Codering', 60)}"
    )
    book = html_book(tmp_path / "a.html", markup)
    assert body(book) == [
        "ZESDE HOOFDSTUK: Waarin iemand vertrekt.",
        "ZEVENDE HOOFDSTUK: Waarin iemand terugkomt.",
    ]
    assert [kind for _, kind in kinds(book)][-2:] == ["endnotes", "colophon"]
