"""The script as a text: what a person reads, and what of an edit becomes of the script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from narrator.errors import UsageError
from narrator.model import Matter, Pause, Script, ScriptChapter, Segment, Skip, Span
from narrator.script.script_text import edited, written
from narrator.script.strategies import Limit, Unit
from tests.cpu_time import cpu_s_at_most

SIGNS = (
    "# 1", "#", "— ", "== Part", "=== 3. Title", "=", "* * *", "***", "* * * *", "[voice=x] Yes",
    "[Exit.]", "[ a =", "/", "and /", "or //\n///", "http://a.b/", "\\", "\\n", "\\u{41}", " ", "\u00a0",
    "\u200b", "\ufeff", "\n", "a\n\nb", "Tyger,\nburning", "a\n# b\n=== c", " a \n b ", "\r", "a\r\nb",
    "\u2028", "\x85", "\x0c", "\t",
)  # fmt: skip
LATIN = st.text(alphabet="abc \n", min_size=1, max_size=12)
texts = (
    st.sampled_from(SIGNS)
    | LATIN
    | st.text(min_size=1, max_size=20)
    | st.lists(st.sampled_from(SIGNS), min_size=1, max_size=3).map("".join)
)
names = st.just("") | st.sampled_from(["bm_george", "fr", "pt-BR"]) | st.text(max_size=8)


def spans(*blocks: int) -> tuple[Span, ...]:
    return tuple(Span(block, 0, 9) for block in blocks)


@st.composite
def chapters(draw: st.DrawFn, words: st.SearchStrategy[str] = texts) -> ScriptChapter:
    segments, skipped, block = [], [], 0
    for text in draw(st.lists(words, max_size=6)):
        covered = draw(st.integers(0, 2))
        here, block = spans(*range(block, block + covered)), block + covered
        pause = draw(st.sampled_from(Pause))
        segments.append(Segment(text, here, pause, draw(names), draw(names), draw(st.sampled_from(["", "ab"]))))
        if draw(st.booleans()):
            skipped.append(Skip(draw(texts), spans(block)))
            block += 1
    return ScriptChapter(draw(texts), Matter.BODY, "chapter", "0" * 64, 10, 2, tuple(segments), tuple(skipped))


both_credits = st.lists(st.builds(Segment, texts, st.just(()), st.sampled_from(Pause)), max_size=2).map(tuple)
scripts = st.builds(
    Script, texts, st.lists(texts, max_size=2).map(tuple), names, st.lists(chapters(), max_size=3).map(tuple),
    both_credits, both_credits,
)  # fmt: skip


def chapter(*texts: str | Segment, title: str = "One") -> ScriptChapter:
    parts = [
        text if isinstance(text, Segment) else Segment(text, spans(at), made="00")
        for at, text in enumerate(texts)
    ]
    if parts:
        parts[-1] = replace(parts[-1], pause=Pause.CHAPTER)
    return ScriptChapter(title, Matter.BODY, "chapter", "0" * 64, 10, 2, tuple(parts))


def book(*chapters: ScriptChapter) -> Script:
    return Script("A Book", ("Somebody",), "en", chapters)


def covered(chapter: ScriptChapter) -> set[Span]:
    parts: list[Segment | Skip] = [*chapter.segments, *chapter.skipped]
    return {span for part in parts for span in part.spans}


def body(text: str) -> str:
    """The text without its comments."""
    lines = [line for line in text.split("\n") if not line.startswith("#")]
    return "\n".join(lines).strip()


def after(edit: Callable[[str], str], *texts: str | Segment) -> ScriptChapter:
    script = book(chapter(*texts))
    text = written(script)
    assert edit(text) != text
    return edited(edit(text), script).chapters[0]


def said(chapter: ScriptChapter) -> list[tuple[str, list[int]]]:
    return [(part.text, [span.block for span in part.spans]) for part in chapter.segments]


@given(scripts)
def test_a_text_that_nobody_edited_is_the_script(script: Script) -> None:
    assert edited(written(script), script) == script


@given(scripts, st.sampled_from(["\r\n", " \n", "\t\n", "\r"]))
def test_what_editors_do_to_line_ends_is_no_edit(script: Script, line_end: str) -> None:
    assert edited("\ufeff" + written(script).replace("\n", line_end), script) == script


@given(scripts)
def test_a_text_can_be_kept_in_any_file(script: Script) -> None:
    text = written(script, lambda _, span: "\ud800\r" * span.end)
    assert text.encode().decode() == text
    assert text.splitlines() == text.split("\n")[:-1]
    assert edited(text, script) == script


def test_a_text_reads_like_a_book() -> None:
    verse = Segment("Tyger Tyger,\nburning bright", spans(3), Pause.SCENE_BREAK)
    script = replace(
        book(
            replace(chapter(title="Contents"), words=12, skipped=(Skip("toc", spans(0, 1)),)),
            replace(
                chapter(
                    Segment("Chapter One", (), Pause.HEADING),
                    Segment("It rained,", (Span(0, 0, 10),), Pause.CLAUSE),
                    Segment("and rained.", (Span(0, 10, 21),)),
                    verse,
                    Segment("« Oui. »", spans(4), voice="Zoé B", language="fr"),
                    Segment("[1] #\\", spans(5)),
                    title="Rain",
                ),
                skipped=(Skip("note", spans(1)),),
            ),
        ),
        opening=(Segment("A Book, by Somebody.", (), Pause.SCENE_BREAK),),
        closing=(Segment("The end.", (), Pause.CHAPTER),),
    )
    assert written(script).startswith("# narrator script, revision 1\n")
    assert "\n# A Book, by Somebody (en)\n" in written(script)
    _, text = written(script, lambda index, span: f"Note {index}.{span.block}").split("=== Opening credits", 1)
    assert (
        text
        == r"""

A Book, by Somebody.


# Not spoken (toc): the chapter “Contents”, 12 words


=== 1. Rain

== Chapter One

It rained, //

and rained.

# Not spoken (note): Note 1.1

Tyger Tyger,
burning bright

* * *

[voice="Zoé B" lang=fr] « Oui. »

[1] #\\


=== Closing credits

The end.
"""
    )


def test_what_is_skipped_is_shown_by_its_first_words() -> None:
    script = book(replace(chapter("Yes."), skipped=(Skip("note", spans(1)), Skip("code", spans(2)))))
    text = written(script, lambda _, span: "word " * 40 if span.block == 1 else None)
    assert "# Not spoken (note): word word" in text
    assert "… (40 words)\n" in text
    assert "# Not spoken (code)\n" in text


def test_changed_words_keep_their_place_in_the_source() -> None:
    result = after(lambda text: text.replace("May 3.", "the third of May."), "One.", "On May 3.", "Two.")
    assert said(result) == [("One.", [0]), ("On the third of May.", [1]), ("Two.", [2])]
    assert [part.made for part in result.segments] == ["00"] * 3


def test_a_paragraph_of_wholly_other_words_is_in_the_same_place() -> None:
    result = after(lambda text: text.replace("Yes.", "Never!"), "One.", "Yes.", "Two.")
    assert said(result) == [("One.", [0]), ("Never!", [1]), ("Two.", [2])]


def test_a_deleted_paragraph_is_skipped_as_edited() -> None:
    result = after(lambda text: text.replace("Two is gone.\n", ""), "One.", "Two is gone.", "Three.")
    assert said(result) == [("One.", [0]), ("Three.", [2])]
    assert result.skipped == (Skip("edited", spans(1)),)


def test_a_deleted_title_that_the_source_has_not_leaves_nothing() -> None:
    result = after(lambda text: text.replace("== Title.\n", ""), Segment("Title.", (), Pause.HEADING), "Two.")
    assert said(result) == [("Two.", [1])]
    assert result.skipped == ()


def test_the_last_paragraph_ends_the_chapter_whichever_it_is() -> None:
    result = after(
        lambda text: text.replace("Three.", ""), "One.", Segment("Two", spans(1), Pause.WORD), "Three."
    )
    assert [part.pause for part in result.segments] == [Pause.PARAGRAPH, Pause.CHAPTER]
    longer = after(lambda text: text + "\nTwo.\n", "One.")
    assert [part.pause for part in longer.segments] == [Pause.PARAGRAPH, Pause.CHAPTER]


def test_a_new_paragraph_stands_for_nothing_in_the_source() -> None:
    result = after(lambda text: text.replace("Two.", "Listen!\n\nTwo."), "One.", "Two.")
    assert said(result) == [("One.", [0]), ("Listen!", []), ("Two.", [1])]
    assert result.segments[1].made == ""


def test_joined_paragraphs_stand_for_both() -> None:
    result = after(lambda text: text.replace("Yes.\n\nYes.", "Yes. Yes."), "One.", "Yes.", "Yes.", "Two.")
    assert said(result) == [("One.", [0]), ("Yes. Yes.", [1, 2]), ("Two.", [3])]


def test_of_a_split_paragraph_the_first_part_stands_for_all() -> None:
    long = "It rained. The rain went on all day, and in the night it still rained."
    result = after(lambda text: text.replace("rained. The", "rained.\n\nThe"), "One.", long, "Two.")
    assert [blocks for _, blocks in said(result)] == [[0], [1], [], [2]]


def test_neighbours_that_were_all_edited_are_told_apart_by_their_words() -> None:
    before = ["The cat sat on the mat.", "A dog barked at the moon.", "Rain fell on the sea.", "He slept."]
    new = "The cat sat on a mat.\n\nNobody knew why.\n\nRain fell on the lake, and he slept."
    result = after(lambda text: text.replace("\n\n".join(before), new), *before)
    assert said(result) == [
        ("The cat sat on a mat.", [0]),
        ("Nobody knew why.", [1]),
        ("Rain fell on the lake, and he slept.", [2, 3]),
    ]


def test_paragraphs_in_japanese_are_told_apart_by_their_characters() -> None:
    before = ["吾輩は猫である。", "名前はまだ無い。"]
    result = after(lambda text: text.replace("\n\n".join(before), "新しい。\n\n名前はもう有る。"), *before)
    assert said(result) == [("新しい。", [0]), ("名前はもう有る。", [1])]


def test_pauses_voices_and_languages_can_be_edited() -> None:
    def edit(text: str) -> str:
        text = text.replace("One.", "== [voice=am_adam] One.").replace("Two.", "Two. ///")
        return text.replace("Three.", "Three.\n***\n[lang=fr]\nQuatre.").replace(
            "Five.", "[pause=heading] Five."
        )

    result = after(edit, "One.", "Two.", "Three.", "Five.", "Six.")
    assert [(part.text, part.pause, part.voice, part.language) for part in result.segments] == [
        ("One.", Pause.HEADING, "am_adam", ""),
        ("Two.", Pause.SENTENCE, "", ""),
        ("Three.", Pause.SCENE_BREAK, "", ""),
        ("Quatre.", Pause.PARAGRAPH, "", "fr"),
        ("Five.", Pause.HEADING, "", ""),
        ("Six.", Pause.CHAPTER, "", ""),
    ]


def test_a_scene_break_before_the_first_paragraph_is_nothing() -> None:
    result = after(lambda text: text.replace("One.", "* * *"), "One.", "Two.")
    assert said(result) == [("Two.", [1])]


def test_a_chapter_without_paragraphs_is_not_spoken() -> None:
    script = book(chapter("One.", "Two."), chapter("Three."))
    result = edited(written(script).replace("One.", "").replace("Two.", "# cut"), script)
    assert [part.spoken for part in result.chapters] == [False, True]
    assert covered(result.chapters[0]) == covered(script.chapters[0])
    assert {skip.rule for skip in result.chapters[0].skipped} == {"edited"}


def test_a_chapter_that_was_taken_out_can_be_put_back() -> None:
    script = book(chapter("One."), chapter("Two.", title="Two"))
    text = written(script).replace("One.", "")
    silent = edited(text, script)
    assert edited(text, silent) == silent
    again = edited(written(silent).replace("=== 1. One", "=== 1. One\n\nAgain."), silent)
    assert [said(part) for part in again.chapters] == [[("Again.", [])], [("Two.", [0])]]


def _source(*texts: str) -> Callable[[int, Span], str]:
    return lambda _, span: texts[span.block]


def test_what_was_taken_out_stands_for_its_source_again_when_it_is_put_back() -> None:
    before = ["It rained all day.", "The ferry came at noon.", "Nobody got off.", "He slept."]
    script = book(chapter(*before))
    text = written(script)
    silent = edited(text.replace(before[1], "").replace(before[2], ""), script)
    assert {skip.spans for skip in silent.chapters[0].skipped} == {spans(1), spans(2)}
    for put_back in (text, text.replace("came at noon", "came in at noon")):
        result = edited(put_back, silent, source_of=_source(*before)).chapters[0]
        assert [blocks for _, blocks in said(result)] == [[0], [1], [2], [3]]
        assert result.skipped == ()


def test_what_is_put_in_elsewhere_is_not_what_was_taken_out() -> None:
    before = ["It rained all day.", "The ferry came at noon.", "He slept."]
    script = book(chapter(*before))
    silent = edited(written(script).replace(before[1], ""), script)
    for new in ("Listen to me!", before[1]):
        text = written(silent).replace("=== 1. One\n", f"=== 1. One\n\n{new}\n")
        result = edited(text, silent, source_of=_source(*before)).chapters[0]
        assert said(result) == [(new, []), (before[0], [0]), (before[2], [2])]
        assert result.skipped == (Skip("edited", spans(1)),)


@given(st.lists(LATIN.filter(str.strip), min_size=1, max_size=8), st.data())
def test_a_text_of_before_brings_everything_back(some: list[str], data: st.DataObject) -> None:
    texts = [f"w{text.strip()}" for text in some]
    script = book(chapter(*texts))
    kept = [text for text in texts if data.draw(st.booleans())]
    silent = edited("=== 1. One\n\n" + "\n\n".join(kept), script)
    again = edited(written(script), silent, source_of=_source(*texts)).chapters[0]
    order = [span for part in again.segments for span in part.spans]
    assert [part.text for part in again.segments] == [part.text for part in script.chapters[0].segments]
    assert order == sorted(order, key=lambda span: span.block)
    assert covered(again) == covered(script.chapters[0])


def _of_source(digest: str, *texts: str, title: str) -> ScriptChapter:
    return replace(chapter(*texts, title=title), source_digest=digest, title_read=title)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (("a", "x", "c"), ["chapter 2 “Two” was changed"]),
        (("a", "b", "c", "d"), ["chapter 4 “Four” is new"]),
        (("a", "c"), ["its chapter 2 “Second” is gone"]),
        (("x", "a", "b", "y"), ["chapter 1 “One” is new", "chapter 4 “Four” was changed"]),
    ],
)
def test_a_text_of_the_book_before_it_changed_is_refused(now: tuple[str, ...], told: list[str]) -> None:
    titles = {"a": "One", "b": "Two", "c": "Three", "d": "Four", "y": "Four"}
    then = book(*(_of_source(each, f"{each} said.", title=titles[each]) for each in "abc"))
    titles["x"] = "Two" if now[1] == "x" else "One"
    script = book(*(_of_source(each, f"{each} said.", title=titles[each]) for each in now))
    text = written(then).replace("=== 2. Two", "=== 2. Second")
    with pytest.raises(UsageError, match="not as it was") as caught:
        edited(text, script)
    assert all(each in caught.value.what for each in told), caught.value.what
    without = "\n".join(line for line in text.split("\n") if not line.startswith("# Source:"))
    if len(now) == 3:
        assert edited(without, script).chapters[1].title == "Second"


def test_an_edited_text_is_accepted_as_often_as_it_is_given() -> None:
    script = book(*(_of_source(f"{at}", f"{at} said.", title=f"Nr {at}") for at in range(40)))
    text = written(script).replace("7 said.", "Seven sang.").replace("=== 4. Nr 3", "=== 4. Nr three")
    assert text.count("# Source: ") == 4
    once = edited(text, script)
    assert edited(text, once) == once
    assert edited(written(once), script) == once


def test_titles_and_credits_can_be_edited() -> None:
    script = replace(
        book(chapter("One.")),
        opening=(Segment("A Book.", (), Pause.SCENE_BREAK, made="ab"),),
        closing=(Segment("The end.", (), Pause.CHAPTER),),
    )
    text = written(script).replace("=== 1. One", "=== 1. The First").replace("A Book.", "An Old Book.")
    result = edited(text.partition("=== Closing")[0], script)
    assert result.chapters[0].title == "The First"
    assert result.opening == (Segment("An Old Book.", (), Pause.SCENE_BREAK, made="ab"),)
    assert result.closing == ()
    again = edited(written(result) + "\n=== closing credits\nFin.", result)
    assert [part.text for part in again.closing] == ["Fin."]


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("=== 2. Two", "", "last", "chapter 2 is missing"),
        ("=== 1. One", "", "One.", "before the first chapter"),
        ("=== 1. One\n\nOne.", "", "=== 2", "chapter 1 is missing"),
        ("=== 2. Two", "=== 1. Two", "=== 1. Two", "behind chapter 1"),
        ("=== 2. Two", "=== 3. Two", "=== 3", "no chapter 3"),
        ("=== 2. Two", "=== Two", "=== Two", "no chapter"),
        ("One.", "=== Opening credits\n=== Opening credits", "second", "again"),
        ("One.", "[voice=x speed=2] One.", "[voice", "[speed=2] is no mark"),
        ("One.", "[voice=Old George] One.", "[voice", "is no mark"),
        ("One.", "[pause=long] One.", "[pause", "no pause 'long'"),
        ("One.", "[lang=french1234] One.", "[lang", "no language tag"),
        ("One.", "[voice=x]", "[voice", "marks no text"),
        ("One.", "==\n", "==\n", "marks no text"),
        ("One.", "///", "///", "marks no text"),
        ("One.", "— !", "— !", "nothing that could be spoken"),
        ("One.", "C:\\windows", "C:", "no escape"),
        ("One.", "\\u{110000}", "\\u", "no escape"),
        ("One.", "\\u{D800}", "\\u", "no escape"),
        ("One.", "One. " * 30, "One. One.", "149 characters, and 100"),
        ("revision 1", "revision 2", "# narrator", "revision 2"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_line(old: str, new: str, line: str, what: str) -> None:
    script = book(chapter("One.", title="One"), chapter("Two.", title="Two"))
    text = written(script)
    assert old in text
    text = text.replace(old, new, 1)
    lines = text.split("\n")
    if line == "last":
        number = len(lines)
    elif line == "second":
        number = lines.index("=== Opening credits") + 2
    else:
        number = next(at for at, written_line in enumerate(lines, 1) if f"{written_line}\n".startswith(line))
    with pytest.raises(UsageError) as caught:
        edited(text, script, [Limit(100)])
    assert caught.value.what.startswith(f"Line {number} ")
    assert what in caught.value.what
    assert caught.value.advice


def test_limits_hold_for_what_was_changed_and_not_for_what_was_accepted() -> None:
    script = book(chapter("ä" * 60, "Two."))
    assert edited(written(script), script, [Limit(50)]) == script
    with pytest.raises(UsageError, match="102 utf-8 bytes"):
        edited(written(script).replace("Two.", "ö" * 51), script, [Limit(100), Limit(100, Unit.UTF8_BYTES)])


EDITS = st.sampled_from(["keep", "keep", "delete", "join", "split", "change", "add"])


@given(st.lists(LATIN.filter(str.strip), min_size=1, max_size=12), st.data())
def test_no_edit_loses_a_character_of_the_source(some: list[str], data: st.DataObject) -> None:
    script = book(chapter(*(f"w{text.strip()}" for text in some)))
    paragraphs: list[str] = []
    for part in script.chapters[0].segments:
        edit = data.draw(EDITS)
        words = part.text.split()
        if edit == "join" and paragraphs:
            paragraphs[-1] += " " + part.text
        elif edit == "split" and len(words) > 1:
            paragraphs += [f"a{words[0]}", "b".join(words[1:])]
        elif edit != "delete":
            paragraphs.append({"change": f"x{part.text}", "add": f"{part.text}\n\nnew"}.get(edit, part.text))
    text = "=== 1. One\n\n" + "\n\n".join(paragraphs)
    once = edited(text, script)
    assert edited(text, once) == once, "the same command goes on"
    result = once.chapters[0]
    assert covered(result) == covered(script.chapters[0])
    order = [span.block for part in result.segments for span in part.spans]
    assert order == sorted(set(order))


def _every_second(texts: Sequence[str]) -> list[str]:
    return [text.replace("the", "that") if at % 2 else text for at, text in enumerate(texts)]


@pytest.mark.parametrize(
    "edit", [_every_second, lambda texts: [text.replace("the", "that") for text in texts[1:]]]
)
def test_a_long_chapter_that_was_edited_everywhere_is_read_soon(
    edit: Callable[[Sequence[str]], list[str]],
) -> None:
    before = [f"It was the {at}th day of the rain, and nobody in the house spoke." for at in range(5000)]
    script = book(chapter(*before))
    text = "=== 1. One\n\n" + "\n\n".join(edit(before))
    with cpu_s_at_most(10):
        result = edited(text, script).chapters[0]
    assert len(result.segments) + len(result.skipped) == 5000
    assert all(f" {part.spans[0].block}th " in part.text for part in result.segments)


def test_a_long_book_of_phrases_that_return_is_read_soon() -> None:
    phrases = [f"phrase number {at} is said" for at in range(100)]
    before = [phrases[at * 7919 % 100] if at % 2 else f"text {at} is here once" for at in range(16_000)]
    after = (f"{text} now" if at % 10 == 0 else text for at, text in enumerate(before))
    with cpu_s_at_most(10):
        result = edited("=== 1. One\n\n" + "\n\n".join(after), book(chapter(*before))).chapters[0]
    assert [part.spans for part in result.segments] == [spans(at) for at in range(16_000)]


def test_phrases_that_are_nowhere_just_once_are_read_soon() -> None:
    before = [f"phrase {at * at % 97} is said" for at in range(4000)]
    with cpu_s_at_most(10):
        edited("=== 1. One\n\n" + "\n\n".join([*before[9::2], *before[::3]]), book(chapter(*before)))
