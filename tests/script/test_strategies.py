from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import accumulate

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from narrator.model import Block, Manuscript, Role
from narrator.script.policy import is_speakable
from narrator.script.strategies import (
    STRATEGIES,
    Limit,
    Seam,
    Strategy,
    Unit,
    cut,
    fixed,
    merged,
    paragraph,
    seams,
    sentence,
    strategy_for,
    verse,
    word,
)
from tests.cpu_time import cpu_s_at_most

ALL = [*STRATEGIES.values(), verse]
TRAPS = [
    *"ab .,;!?\n—…\"'“”’»«、。」「漢か각กำ\u0301\u200d👨👩🇫🇷\r\u00a0\u0600", "Mr. ", "。」", ".” ", "，”",
]  # fmt: skip

texts = st.lists(st.sampled_from(TRAPS) | st.characters(), max_size=150).map("".join)
limits = st.builds(Limit, st.integers(20, 150) | st.integers(20, 10_000), st.sampled_from(Unit))
languages = st.sampled_from(["en", "ja", "fr", "zh-Hant", "xx", ""])


@lru_cache(maxsize=8192)
def borders(text: str) -> frozenset[int]:
    return frozenset(match.end() for match in regex.finditer(r"\X", text))


def broken_law(text: str, pieces: list[str], limit: Limit) -> str:
    """What is wrong with these pieces of the text; '' if nothing."""
    if "".join(pieces) != text or (text and not all(pieces)):
        return "the pieces are not the text"
    if not borders(text).issuperset(list(accumulate(map(len, pieces)))[:-1]):
        return "a grapheme is cut apart"
    large = [piece for piece in pieces if not limit.holds(piece)]
    whole = all(len(regex.findall(r"\X", piece)) == 1 for piece in large)
    return "" if whole else f"too long: {large}"


@pytest.mark.parametrize("strategy", ALL)
@given(text=texts, language=languages, limit=limits)
def test_pieces_are_the_text_within_the_limit(
    strategy: Strategy, text: str, language: str, limit: Limit
) -> None:
    assert not broken_law(text, strategy(text, language, limit), limit)


@given(texts, languages, st.sampled_from(ALL), st.lists(limits, min_size=1, max_size=3))
def test_every_limit_is_kept_where_there_are_several(
    text: str, language: str, strategy: Strategy, several: list[Limit]
) -> None:
    pieces = cut(text, language, strategy, several)
    assert not any(broken_law(text, pieces, limit) for limit in several)


@pytest.fixture(scope="module")
def real_blocks(real_book: Callable[[str], Manuscript]) -> list[tuple[str, str]]:
    return [
        (block.text, block.language or book.language)
        for name in ("alice.epub", "candide-fr.txt", "earnest.epub", "kusamakura-ja.epub", "purvis-poetry.epub")
        for book in [real_book(name)]
        for chapter in book.chapters
        for block in chapter.blocks
        if block.text
    ]


@pytest.mark.parametrize(
    "number", [200, *(pytest.param(number, marks=pytest.mark.slow) for number in (20, 1_000, 10_000))]
)
def test_real_books_keep_every_character(real_blocks: list[tuple[str, str]], number: int) -> None:
    for unit in Unit:
        limit = Limit(number, unit)
        for text, language in real_blocks:
            for strategy in ALL:
                assert not broken_law(text, strategy(text, language, limit), limit)


def test_bytes_count_where_the_provider_counts_bytes() -> None:
    assert Limit(3, Unit.UTF8_BYTES).holds("猫 ")
    assert not Limit(3, Unit.UTF8_BYTES).holds("猫a")
    text = "吾輩は猫である。名前はまだ無い。"
    assert paragraph(text, "ja", Limit(24, Unit.UTF8_BYTES)) == ["吾輩は猫である。", "名前はまだ無い。"]


def test_each_sentence_stands_alone_and_brief_ones_lean_on_a_neighbour() -> None:
    text = "No. I will never go back there again. The rain had not stopped for a week. She wept."
    assert sentence(text, "en", Limit(200)) == [
        "No. I will never go back there again. ",
        "The rain had not stopped for a week. She wept.",
    ]


def test_a_brief_sentence_that_fits_nowhere_else_joins_the_one_before() -> None:
    text = "It was a very long night. Yes. " + "Nobody in the village had ever seen anything like this."
    pieces = sentence(text, "en", Limit(56))
    assert pieces == ["It was a very long night. Yes. ", text[31:]]


def test_closing_marks_stay_with_what_they_close() -> None:
    speech = '"Curiouser and curiouser, as they say," cried Alice; "but never mind the 1,000 cats at 10:30."'
    for limit in range(20, 90):
        for piece in sentence(speech, "en", Limit(limit)):
            assert not piece.startswith(('" ', "000", "30"))


def test_japanese_is_cut_after_its_own_marks() -> None:
    text = (
        "あるいは雲と水が自然に近づいて、舵をとるさえ懶き海の上を、いつ流れたとも心づかぬ間に、白い帆が見えた。"
    )
    for strategy in (sentence, word):
        *cuts, last = strategy(text, "ja", Limit(20))
        assert len(cuts) == 3
        assert all(piece.endswith("、") for piece in cuts)
        assert last == "白い帆が見えた。"


def test_words_stay_whole_and_a_near_end_of_a_sentence_is_taken() -> None:
    text = "The old house stood on the hill above town. Nobody had lived there for many years, they said."
    assert word(text, "en", Limit(60))[0] == "The old house stood on the hill above town. "
    assert fixed(text, "en", Limit(60))[0] == "The old house stood on the hill above town. Nobody had lived "


def test_fixed_breaks_only_words_of_more_than_half_the_limit() -> None:
    assert fixed("abcdefghijkl " * 3, "en", Limit(20)) == ["abcdefghijkl abcdefg", "hijkl abcdefghijkl "]
    assert fixed("abcdefgh " * 3, "en", Limit(20)) == ["abcdefgh abcdefgh ", "abcdefgh "]


def test_french_marks_are_not_parted_from_their_words() -> None:
    text = "« Vraiment ! » dit-il ; « mais pourquoi donc ? »"
    for limit in range(20, 48):
        for piece in word(text, "fr", Limit(limit)):
            assert piece[0] not in "!?;»"
            assert piece.strip()[-1] != "«"


def test_verse_is_cut_at_the_ends_of_lines() -> None:
    stanza = (
        "Tell me not, in mournful numbers,\nLife is but an empty dream!\nFor the soul is dead that slumbers"
    )
    assert verse(stanza, "en", Limit(70)) == [stanza[:62], stanza[62:]]
    assert strategy_for(Role.VERSE, "word") is verse


def test_headings_stay_whole_and_paragraphs_know_no_exceptions() -> None:
    assert strategy_for(Role.HEADING, "sentence") is paragraph
    assert strategy_for(Role.VERSE, "paragraph") is paragraph
    assert strategy_for(Role.PARAGRAPH, "word") is word


def test_seams_tell_sentences_from_clauses_and_words() -> None:
    pieces = ["He came late. ", "When the rain stopped, ", "he went out ", "again."]
    assert seams(pieces, "en", Limit(40)) == [Seam.SENTENCE, Seam.CLAUSE, Seam.WORD, Seam.SENTENCE]


def blocks(*texts: str, role: Role = Role.PARAGRAPH) -> list[Block]:
    return [Block(role, text) for text in texts]


def likeness(block: Block) -> Role | None:
    return block.role if block.role is Role.PARAGRAPH and is_speakable(block.text) else None


def test_short_paragraphs_are_merged_and_all_else_stands_alone() -> None:
    chapter = [
        *blocks("One", role=Role.HEADING),
        *blocks("“Yes?”", "“No.”", "x" * 50, "“Why?”"),
        *blocks("", role=Role.SCENE_BREAK),
        *blocks("“So.”", "***", "“Oh.”"),
        *blocks("Roses are red", "Violets are blue", role=Role.VERSE),
    ]
    runs = merged(chapter, Limit(40), likeness)
    assert [run for run in runs if len(run) > 1] == [range(1, 3)]
    assert list(flat(runs)) == list(range(len(chapter)))


@given(st.lists(st.builds(Block, st.sampled_from(Role), st.text(max_size=30)), max_size=20), limits)
def test_merging_keeps_every_block_once_and_the_limit(chapter: list[Block], limit: Limit) -> None:
    runs = merged(chapter, limit, likeness)
    assert list(flat(runs)) == list(range(len(chapter)))
    for run in runs:
        joined = "\n".join(chapter[number].text.strip() for number in run)
        assert len(run) == 1 or limit.holds(joined)


def flat(runs: list[range]) -> Iterator[int]:
    return (number for run in runs for number in run)


@pytest.mark.parametrize("length", [15_000, pytest.param(100_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("mark", ["a", "a ", "漢", ".”", ", ", "No. ", "\n", "'", "»", ". »", ",'", "a\u0301"])
def test_time_grows_with_the_text_and_not_with_its_square(mark: str, length: int) -> None:
    text = mark * (length // len(mark))
    for strategy in ALL:
        for number in (20, 10_000):
            with cpu_s_at_most(length / 100_000):
                strategy(text, "en", Limit(number))
