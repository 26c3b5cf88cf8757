from __future__ import annotations

from dataclasses import replace

from narrator.model import TakeKey
from narrator.publishing.report import Remark, ReportFinding
from narrator.publishing.report_findings import Heard, TakeFacts, findings

TEXT = "The quick brown fox jumps over the lazy dog and then goes home again."  # 55 letters


def _said(place: int, *, takes_s: float = 4.0, pause_s: float = 0.6) -> Heard:
    """A segment of a reader who is even, but for a little."""
    start_s = place * (4.0 + pause_s)
    return Heard(
        chapter=1,
        place=place,
        text=TEXT,
        voice="heart",
        key=TakeKey(f"{place:064}"),
        from_s=start_s,
        to_s=start_s + takes_s + 0.05 * (place % 3),
        lufs=-24.0 + 0.3 * (place % 4),
        over_db=1.0,
        quiet_s=0.3,
        quiet_at_s=start_s + 1.0,
        facts=TakeFacts(took_s=0.5, characters_billed=len(TEXT), cost_usd=0.0, attempts=1),
    )


BOOK = [_said(place) for place in range(20)]


def _found(
    remark: Remark, *changed: Heard, book: list[Heard] | None = None, longest_pause_s: float = 1.5
) -> list[ReportFinding]:
    heard = list(book or BOOK)
    for each in changed:
        heard[each.place] = each
    return [finding for finding in findings(heard, longest_pause_s) if finding.remark is remark]


def test_an_even_book_has_nothing_to_listen_to_but_what_took_longest() -> None:
    assert {finding.remark for finding in findings(BOOK, 1.5)} == {Remark.LONG_WAIT}


def test_a_hasty_and_a_slow_segment_are_found_with_the_usual_pace() -> None:
    hasty = replace(BOOK[5], to_s=BOOK[5].from_s + 2.0)
    slow = replace(BOOK[9], to_s=BOOK[9].from_s + 8.0)
    (fast_found,) = _found(Remark.FAST, hasty, slow)
    (slow_found,) = _found(Remark.SLOW, hasty, slow)
    assert (fast_found.place, slow_found.place) == (5, 9)
    assert fast_found.what == "27.5 letters a second; usually 13.6"
    assert fast_found.at_s == hasty.from_s


def test_the_oddest_stands_first() -> None:
    paces = [replace(BOOK[n], to_s=BOOK[n].from_s + s) for n, s in ((2, 2.2), (3, 1.2), (4, 1.7))]
    assert [finding.place for finding in _found(Remark.FAST, *paces)] == [3, 4, 2]


def test_each_voice_is_held_against_itself() -> None:
    other = [replace(_said(n), voice="slow", to_s=_said(n).from_s + 4.5, lufs=-31.0) for n in range(20, 40)]
    book = [*BOOK, *other]
    assert not [
        finding
        for finding in findings(book, 1.5)
        if finding.remark in {Remark.FAST, Remark.SLOW, Remark.LOUD, Remark.QUIET}
    ]


def test_short_texts_and_figures_have_no_pace() -> None:
    brief = replace(BOOK[5], text="No, never.", to_s=BOOK[5].from_s + 3.5)
    figures = replace(
        BOOK[6], text="1865 1866 1867 1868 1869 1870 1871 1872 1873 1874 1875", to_s=BOOK[6].from_s + 20
    )
    assert not _found(Remark.SLOW, brief, figures)


def test_few_takes_have_no_usual_way() -> None:
    assert not _found(Remark.FAST, replace(BOOK[2], to_s=BOOK[2].from_s + 1.0), book=BOOK[:7])


def test_ideograms_take_the_time_of_several_letters() -> None:
    japanese = replace(BOOK[5], text="吾輩は猫である。名前はまだ無い。どこで生れたか", voice="heart")
    assert not _found(Remark.SLOW, japanese)


def test_a_loud_and_a_quiet_take_are_found() -> None:
    loud, quiet = replace(BOOK[3], lufs=-17.0), replace(BOOK[7], lufs=-33.0)
    assert [finding.what for finding in _found(Remark.LOUD, loud, quiet)] == [
        "6.7 LU above the usual, before balance"
    ]
    assert [finding.place for finding in _found(Remark.QUIET, loud, quiet)] == [7]


def test_a_silent_take_is_found_and_is_nothing_else() -> None:
    silent = replace(BOOK[4], to_s=BOOK[4].from_s, lufs=float("-inf"))
    every = [finding for finding in findings([*BOOK[:4], silent, *BOOK[5:]], 9.0) if finding.place == 4]
    assert {finding.remark for finding in every} - {Remark.LONG_WAIT} == {Remark.UNHEARD}


def test_a_pause_inside_a_take_is_long_where_none_was_asked_for_of_that_length() -> None:
    still = replace(BOOK[6], quiet_s=2.4, quiet_at_s=BOOK[6].from_s + 2.5)
    (found,) = _found(Remark.LONG_PAUSE, still)
    assert found.what == "2.4 s of silence inside it"
    assert found.at_s == still.quiet_at_s - 2.0, "one hears how it comes"
    assert not _found(Remark.LONG_PAUSE, still, longest_pause_s=3.0)


def test_pauses_between_segments_are_measured_from_sound_to_sound() -> None:
    ends_early = replace(BOOK[6], text="Well.", to_s=BOOK[6].from_s + 1.0)
    assert [finding.what for finding in _found(Remark.LONG_PAUSE, ends_early)] == ["3.6 s of silence after it"]
    joined = replace(BOOK[6], to_s=BOOK[7].from_s - 0.06)
    (found,) = _found(Remark.CLOSE, joined)
    assert (found.place, found.what) == (6, "60 ms: a sentence was too long for one request")
    assert not _found(Remark.CLOSE, joined, replace(BOOK[7], voice="another"))


def test_the_end_of_a_chapter_is_no_pause() -> None:
    earlier = 4.6 * 10
    next_chapter = [
        replace(each, chapter=2, from_s=each.from_s - earlier, to_s=each.to_s - earlier) for each in BOOK[10:]
    ]
    assert not _found(Remark.CLOSE, book=[*BOOK[:10], *next_chapter])


def test_takes_that_are_limited_hardest_are_told() -> None:
    hard = [replace(BOOK[n], over_db=6.0 + n) for n in range(8)]
    found = _found(Remark.LIMITED, *hard)
    assert [finding.place for finding in found] == [7, 6, 5, 4, 3]
    assert found[0].what == "its highest peak was brought down by 13.0 dB"


def test_a_take_that_is_heard_twice_took_its_time_once() -> None:
    slow = replace(BOOK[2].facts, took_s=30.0)
    first, again = replace(BOOK[2], facts=slow), replace(BOOK[8], key=BOOK[2].key, facts=slow)
    found = _found(Remark.LONG_WAIT, first, again)
    assert [finding.place for finding in found].count(8) == 0
    assert (found[0].place, found[0].what) == (2, "30.0 s to render; usually 0.5 s")


def test_nothing_is_dear_of_a_free_voice() -> None:
    assert not _found(Remark.DEAR)


def test_the_dearest_are_told_by_price_or_else_by_characters() -> None:
    priced = [replace(each, facts=replace(each.facts, cost_usd=0.001 * each.place)) for each in BOOK]
    found = _found(Remark.DEAR, book=priced)
    assert [finding.place for finding in found] == [19, 18, 17, 16, 15]
    assert found[0].what == "0.0190 USD, 69 characters billed"
    unpriced = [
        replace(each, facts=TakeFacts(characters_billed=100 + each.place, cost_usd=None)) for each in BOOK
    ]
    assert _found(Remark.DEAR, book=unpriced)[0].what == "119 characters billed"


def test_what_was_asked_more_than_once_is_told() -> None:
    tried = replace(BOOK[3], facts=replace(BOOK[3].facts, attempts=3))
    assert [finding.what for finding in _found(Remark.REPEATED, tried)] == ["asked 3 times"]


def test_nothing_is_said_of_takes_of_which_nothing_is_known() -> None:
    unknown = [replace(each, facts=TakeFacts()) for each in BOOK]
    assert not list(findings(unknown, 1.5))
