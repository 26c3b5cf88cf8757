"""The text of Word's paragraphs: what is read of it, and what is only there for the eye or the editor."""

from __future__ import annotations

from pathlib import Path

import pytest

from narrator.model import MarkKind, Role
from tests.manuscript.docx_maker import blocks, field, h, make_docx, note, p, prose, r, style, table, texts

RAISED = '<w:vertAlign w:val="superscript"/>'


def text(folder: Path, *content: str) -> str:
    """What is read of one paragraph."""
    (found,) = texts(make_docx(folder / "a.docx", p(*content)))
    return found


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (r("one") + "<w:r><w:tab/></w:r>" + r("two"), "one two"),
        (r("non") + "<w:r><w:noBreakHyphen/></w:r>" + r("stop"), "non-stop"),
        (r("hy") + "<w:r><w:softHyphen/></w:r>" + r("phen"), "hyphen"),
        (r("one") + "<w:r><w:ptab/></w:r>" + r("two"), "one two"),
        (r("lost in") + "<w:r><w:lastRenderedPageBreak/></w:r>" + r(" a page"), "lost in a page"),
        (r("a ") + '<w:r><w:sym w:font="Symbol" w:char="F061"/></w:r>' + r(" ray"), "a α ray"),
        (r("yes ") + '<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>' + r("done"), "yes done"),
        (r("one") + '<w:r><w:br w:type="page"/></w:r>' + r(" and the rest"), "one and the rest"),
        (r("a") + '<w:r><w:sym w:font="X" w:char="-5"/><w:sym w:font="X" w:char="D800"/></w:r>', "a"),
        (r("a") + '<w:r><w:sym w:font="X" w:char="no"/></w:r>', "a"),
        ("<w:smartTag><w:smartTagPr/>" + r("Paris") + "</w:smartTag>" + r(" in May"), "Paris in May"),
        ('<w:customXml w:element="x">' + r("wrapped") + "</w:customXml>", "wrapped"),
        ("<w:bdo>" + r("turned") + "</w:bdo>", "turned"),
        ("<m:oMath><m:r><m:t>x = 2</m:t></m:r></m:oMath>", "x = 2"),
        (r("seen") + r(" hidden", "<w:vanish/>"), "seen"),
        (r("seen") + r(" too", '<w:vanish w:val="0"/>'), "seen too"),
        ("<w:commentRangeStart w:id='1'/>" + r("said") + "<w:r><w:commentReference w:id='1'/></w:r>", "said"),
        (r("O", RAISED) + r("ne"), "One"),
        (r("x is 10") + r("3", RAISED) + r(" or so"), "x is 103 or so"),
        (r("typed by hand.") + r("12", RAISED) + r(" Next"), "typed by hand. Next"),
        (
            r("linked") + '<w:hyperlink w:anchor="_ftn3">' + r("[3]") + "</w:hyperlink>" + r(" to notes"),
            "linked to notes",
        ),
        ("<w:hyperlink w:anchor='x'>" + r("a link") + "</w:hyperlink>", "a link"),
    ],
)
def test_run_is_read_as_it_is_heard(tmp_path: Path, content: str, read: str) -> None:
    assert text(tmp_path, content) == read


def test_white_space_inside_text_is_no_line_break(tmp_path: Path) -> None:
    assert text(tmp_path, "<w:r><w:t>\n  one\n  two\n</w:t></w:r>") == "one two"


def test_tracked_changes_are_accepted(tmp_path: Path) -> None:
    changed = (
        r("The ")
        + "<w:del>" + "<w:r><w:delText>old </w:delText></w:r>" + "</w:del>"
        + "<w:ins>" + r("new ") + "</w:ins>"
        + "<w:moveFrom>" + r("moved ") + "</w:moveFrom>"
        + r("house ")
        + "<w:moveTo>" + r("moved") + "</w:moveTo>"
    )  # fmt: skip
    assert text(tmp_path, changed) == "The new house moved"


def test_paragraph_whose_end_was_deleted_goes_on_in_the_next(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx", p("One half ", marks="<w:rPr><w:del/></w:rPr>"), p("and the other."), p("Next.")
    )
    assert texts(path) == ["One half and the other.", "Next."]


def test_deleted_row_and_cell_are_gone(tmp_path: Path) -> None:
    cell = "<w:tc><w:tcPr>{}</w:tcPr>" + p("{}") + "</w:tc>"
    rows = (
        f"<w:tr><w:trPr><w:del/></w:trPr>{cell.format('', 'gone')}{cell.format('', 'too')}</w:tr>"
        f"<w:tr>{cell.format('', 'one')}{cell.format('<w:cellDel/>', 'gone')}{cell.format('', 'two')}</w:tr>"
    )
    assert texts(make_docx(tmp_path / "a.docx", f"<w:tbl>{rows}</w:tbl>")) == ["one: two"]


def test_formatting_before_a_tracked_change_of_it_does_not_count(tmp_path: Path) -> None:
    changed = "<w:rPrChange><w:rPr><w:vanish/></w:rPr></w:rPrChange>"
    assert text(tmp_path, r("shown", changed)) == "shown"


def test_codes_of_fields_are_silent_and_results_are_read(tmp_path: Path) -> None:
    content = field(' HYPERLINK "http://a" ', "our site") + r(" on page ") + field(" PAGE ", "12") + r("!")
    assert text(tmp_path, content) == "our site on page !"


def test_field_inside_the_code_of_a_field_is_silent(tmp_path: Path) -> None:
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    nested = (
        mark.format("begin") + "<w:r><w:instrText>IF </w:instrText></w:r>" + field(" X ", "inner")
        + mark.format("separate") + r("shown") + mark.format("end")
    )  # fmt: skip
    assert text(tmp_path, nested) == "shown"


def test_simple_field_is_read_unless_it_is_a_page_number(tmp_path: Path) -> None:
    content = (
        r("Figure ")
        + f'<w:fldSimple w:instr=" SEQ Figure ">{r("3")}</w:fldSimple>'
        + f'<w:fldSimple w:instr=" PAGEREF x ">{r("99")}</w:fldSimple>'
    )
    assert text(tmp_path, content) == "Figure 3"


def test_field_that_never_ends_swallows_no_more_than_its_paragraph(tmp_path: Path) -> None:
    begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
    assert texts(make_docx(tmp_path / "a.docx", p(begin, r("code")), p("The story."))) == ["The story."]


def test_hidden_styles_hide(tmp_path: Path) -> None:
    styles = style("Secret", "secret", run="<w:vanish/>") + (
        '<w:style w:type="character" w:styleId="Ghost"><w:name w:val="ghost"/>'
        "<w:rPr><w:vanish/></w:rPr></w:style>"
    )
    path = make_docx(
        tmp_path / "a.docx",
        p("No.", style="Secret"),
        p(r("Yes."), r("No.", '<w:rStyle w:val="Ghost"/>')),
        styles=styles,
    )
    assert texts(path) == ["Yes."]


def test_alternatives_are_read_once(tmp_path: Path) -> None:
    box = "<w:txbxContent>" + p("In a box.") + "</w:txbxContent>"
    drawn = (
        "<w:r><mc:AlternateContent>"
        f'<mc:Choice Requires="wps"><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )
    path = make_docx(tmp_path / "a.docx", p(r("Before the box."), drawn), p("After it."))
    assert texts(path) == ["Before the box.", "In a box.", "After it."]


_BOX = "<w:txbxContent>" + p("In a box.") + "</w:txbxContent>"
_DRAWN = f'<mc:Choice Requires="wps"><w:drawing><wps:txbx>{_BOX}</wps:txbx></w:drawing></mc:Choice>'
_OLDER = f"<mc:Fallback><w:pict><v:shape><v:textbox>{_BOX}</v:textbox></v:shape></w:pict></mc:Fallback>"


@pytest.mark.parametrize(
    "box",
    [
        f"<w:r><mc:AlternateContent>{_DRAWN}{_OLDER}</mc:AlternateContent></w:r>",
        f"<mc:AlternateContent>{_DRAWN}{_OLDER}</mc:AlternateContent>",
        f"<w:r><mc:AlternateContent>{_OLDER}</mc:AlternateContent></w:r>",
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wpg"/>{_OLDER}</mc:AlternateContent></w:r>',
        f"<w:r><w:pict><v:textbox>{_BOX}</v:textbox></w:pict></w:r>",
        f"<w:pict><v:textbox>{_BOX}</v:textbox></w:pict>",
        f"<w:r><wps:wsp><wps:txbx>{_BOX}</wps:txbx></wps:wsp></w:r>",
    ],
)
def test_text_box_is_read_once_after_its_paragraph(tmp_path: Path, box: str) -> None:
    path = make_docx(tmp_path / "a.docx", p(r("Left "), box, r("right.")), p("After it."))
    assert texts(path) == ["Left right.", "In a box.", "After it."]


def test_alternatives_around_paragraphs_are_read_once(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx",
        f"<mc:AlternateContent><mc:Choice Requires='x'>{p('New.')}</mc:Choice>"
        f"<mc:Fallback>{p('Old.')}</mc:Fallback></mc:AlternateContent>",
    )
    assert texts(path) == ["New."]


def test_drop_cap_is_part_of_its_word(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx", p("O", marks='<w:framePr w:dropCap="drop" w:lines="3"/>'), p("nce upon a time.")
    )
    assert texts(path) == ["Once upon a time."]


def test_ruby_is_read_by_its_base(tmp_path: Path) -> None:
    base, reading = f"<w:rubyBase>{r('東京')}</w:rubyBase>", f"<w:rt>{r('とうきょう')}</w:rt>"
    ruby = f"<w:r><w:ruby><w:rubyPr/>{reading}{base}</w:ruby></w:r>"
    assert text(tmp_path, ruby, r("へ行く。")) == "東京へ行く。"


def test_prompt_to_type_something_is_not_read(tmp_path: Path) -> None:
    prompt = (
        f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{r('Click here')}</w:sdtContent></w:sdt>"
    )
    filled = f"<w:sdt><w:sdtPr/><w:sdtContent>{r('filled in')}</w:sdtContent></w:sdt>"
    assert text(tmp_path, r("A form "), prompt, filled) == "A form filled in"


FOOTNOTES = note(
    1, p("<w:r><w:footnoteRef/></w:r>", r(". What it means."), style="FootnoteText"), p("And more.")
) + note(2, p("Never referred to."))


def test_note_follows_its_paragraph_and_its_mark_is_gone(tmp_path: Path) -> None:
    mark = '<w:r><w:footnoteReference w:id="1"/></w:r>'
    path = make_docx(tmp_path / "a.docx", p(r("A word"), mark, r(" here.")), p("Next."), footnotes=FOOTNOTES)
    assert [(block.role, block.text) for block in blocks(path)] == [
        (Role.PARAGRAPH, "A word here."),
        (Role.NOTE, "What it means."),
        (Role.NOTE, "And more."),
        (Role.PARAGRAPH, "Next."),
    ]


def test_mark_of_ones_own_is_gone_too(tmp_path: Path) -> None:
    mark = '<w:r><w:footnoteReference w:customMarkFollows="1" w:id="1"/><w:t>*</w:t></w:r>'
    found = texts(make_docx(tmp_path / "a.docx", p(r("A word"), mark, r(" here.")), footnotes=FOOTNOTES))
    assert found[0] == "A word here."


def test_endnotes_are_notes(tmp_path: Path) -> None:
    endnotes = f'<w:endnote w:id="7">{p(r("At the end."))}</w:endnote>'
    mark = '<w:r><w:endnoteReference w:id="7"/></w:r>'
    found = blocks(make_docx(tmp_path / "a.docx", p(r("Text."), mark), endnotes=endnotes))
    assert [(block.role, block.text) for block in found] == [
        (Role.PARAGRAPH, "Text."),
        (Role.NOTE, "At the end."),
    ]


def test_note_that_was_deleted_is_gone(tmp_path: Path) -> None:
    mark = '<w:del><w:r><w:footnoteReference w:id="1"/></w:r></w:del>'
    assert texts(make_docx(tmp_path / "a.docx", p(r("Text."), mark), footnotes=FOOTNOTES)) == ["Text."]


def test_note_that_refers_to_itself_is_read_once(tmp_path: Path) -> None:
    mark = '<w:r><w:footnoteReference w:id="1"/></w:r>'
    found = texts(make_docx(tmp_path / "a.docx", p(r("Text."), mark), footnotes=note(1, p(r("Again"), mark))))
    assert found == ["Text.", "Again"]


def test_paragraph_in_another_language_says_so(tmp_path: Path) -> None:
    english, french = '<w:lang w:val="en-GB"/>', '<w:lang w:val="fr-FR"/>'
    story = " ".join(["He said that it was the end of the day and she was not there."] * 5)
    found = blocks(
        make_docx(
            tmp_path / "a.docx",
            p(r(story, english)),
            p(r("Il est dans la maison avec un ami qui ne sait pas.", french)),
            p(r("He said that it was not so, and she was the one.", french)),
            p(r("Oui.", french)),
        )
    )
    assert [block.language for block in found] == [None, "fr-FR", None, None]


def test_heading_with_a_line_break_is_one_line(tmp_path: Path) -> None:
    path = make_docx(tmp_path / "a.docx", h("CHAPTER I</w:t><w:br/><w:t>LOOMINGS"), prose())
    assert texts(path)[0] == "CHAPTER I. LOOMINGS"


# --- notes, languages and ruby --------------------------------------------------------------------------------


def ref(number: int) -> str:
    return f'<w:r><w:footnoteReference w:id="{number}"/></w:r>'


def test_notes_are_told_by_name_where_their_marks_stood(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx",
        p(r("One."), ref(2), r(" Two."), ref(3)), p("Between."), p(r("Three."), ref(9)),
        table(("a", p(r("b"), ref(4)))),
        footnotes=note(2, p("First."), p("And more.")) + note(3, p("Second.")) + note(4, p("Third.")),
    )  # fmt: skip
    found = [(block.text, block.notes, block.note) for block in blocks(path)]
    assert found == [
        ("One. Two.", ("footnote-2", "footnote-3"), ""),
        ("First.", (), "footnote-2"),
        ("And more.", (), "footnote-2"),
        ("Second.", (), "footnote-3"),
        ("Between.", (), ""),
        ("Three.", (), ""),  # its note is not there
        ("a: b", ("footnote-4",), ""),
        ("Third.", (), "footnote-4"),
    ]


ENGLISH = "It was the end of the day and she was not there with him, but he had said that it was his. " * 3


def lang(text: str, tag: str) -> str:
    return r(text, f'<w:lang w:val="{tag}"/>')


def test_words_in_another_language_are_marked(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx",
        p(lang(ENGLISH, "en-GB")),
        p(lang("He said: ", "en-GB"), lang("il est ", "fr-FR"), lang("dans la maison", "fr-CA"),
          lang(", and left.", "en-US")),
        p(lang("Mon ", "fr-FR"), lang("Dieu", "fr-FR")),
    )  # fmt: skip
    _, mixed, whole = blocks(path)
    assert mixed.text == "He said: il est dans la maison, and left."
    assert [(mark.kind, mixed.text[mark.start : mark.end], mark.value) for mark in mixed.marks] == [
        (MarkKind.LANGUAGE, "il est", "fr-FR"),
        (MarkKind.LANGUAGE, "dans la maison", "fr-CA"),
    ]
    assert whole.marks == ()  # nothing to tell it from


def test_languages_that_a_keyboard_set_are_not_believed(tmp_path: Path) -> None:
    path = make_docx(
        tmp_path / "a.docx",
        p(lang(ENGLISH, "en-GB")),
        *(p(lang("He went ", "en-GB"), lang("to the end of the day and it was not", "nl-NL"),
            lang(" his.", "en-GB")) for _ in range(3)),
        p(lang("He went ", "en-GB"), lang("home", "nl-NL")),
        p(lang("Nothing ", "en-GB"), lang("— 17 —", "fr-FR"), lang(" at all", "x-none")),
    )  # fmt: skip
    assert [block.marks for block in blocks(path)] == [()] * 6


def test_ruby_is_a_reading_of_its_base(tmp_path: Path) -> None:
    def ruby(base: str, reading: str) -> str:
        return f"<w:r><w:ruby><w:rt>{r(reading)}</w:rt><w:rubyBase>{r(base)}</w:rubyBase></w:ruby></w:r>"

    path = make_docx(tmp_path / "a.docx", p(r("彼は"), ruby("漢", "かん"), ruby("字", "じ"), r("を書く。")))
    (block,) = blocks(path)
    assert block.text == "彼は漢字を書く。"
    assert [(mark.kind, mark.start, mark.end, mark.value) for mark in block.marks] == [
        (MarkKind.READING, 2, 3, "かん"),
        (MarkKind.READING, 3, 4, "じ"),
    ]
