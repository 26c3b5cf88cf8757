from __future__ import annotations

import errno
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from narrator.errors import DiskError
from narrator.publishing.report import Remark, Report, ReportGap, ReportSkip
from narrator.publishing.report_page import report_html, write_report
from narrator.publishing.report_words import clock, counted, link, shortened, signed
from tests.publishing.reports import chapter_of, file_of, finding_of, report_with

NASTY = (
    "</script><script>alert(1)</script>",
    "\" onmouseover='alert(1)' x=\"",
    "<!--",
    "]]>&amp;&lt;",
    "🦉 \u202eright to left\u202c שלום",
    "\x00\x1b[31m\x85\ud800",
    "word " * 100,
    "x" * 500,
)


class Page(HTMLParser):
    """The elements of a page, with their attributes, and its text; scripts and styles apart."""

    def __init__(self, report: Report) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.code: list[str] = []
        self._text: list[str] = []
        self.html = report_html(report)
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        (self.code if self.cdata_elem else self._text).append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._text).split())

    def all(self, attribute: str) -> list[str]:
        return [value for _, attrs in self.elements if (value := attrs.get(attribute))]


def test_a_page_says_what_the_book_is_and_how_long() -> None:
    page = Page(report_with(chapter_of(1, duration_s=3600), chapter_of(2, duration_s=61)))
    for said in ("A Book", "An Author", "hibari heart", "1:01:01", "acx", "1865", "narrator 1.0"):
        assert said in page.text


def test_a_page_needs_nothing_but_the_sound_beside_it() -> None:
    page = Page(report_with(chapter_of(), files=(file_of("01.mp3"),), findings=(finding_of(),)))
    leads_to = {unquote(where) for name in ("href", "src", "data-src") for where in page.all(name)}
    assert all(where.startswith(("#", "data:,", "01.mp3")) for where in leads_to)
    assert not re.search(r"url\(|@import|https?:", page.html)


def test_no_script_but_the_page_s_own_may_run() -> None:
    page = Page(report_with(chapter_of()))
    (policy,) = [value for value in page.all("content") if "default-src" in value]
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[\w+/]{43}='$", policy)


@pytest.mark.parametrize("text", NASTY)
def test_whatever_a_book_says_stays_text(text: str) -> None:
    plain = Page(_full_report("p" * len(text)))
    page = Page(_full_report(text))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]
    assert [sorted(attrs) for _, attrs in page.elements] == [sorted(attrs) for _, attrs in plain.elements]
    assert page.code == plain.code
    assert " ".join(re.sub(r"[\x00-\x1f\x80-\x9f\ud800]", "\ufffd", text).split()) in page.text
    page.html.encode("utf-8")


def _full_report(text: str) -> Report:
    return report_with(
        chapter_of(title=text, text=text),
        title=text,
        authors=(text,),
        # A language of such a form is none, but a person may have written it.
        language=text,
        profile=text,
        files=(file_of(text, passed=False),),
        findings=(finding_of(),),
        skipped=(ReportSkip(text, text, 1, 2, text),),
        gaps=(ReportGap(text, text, text),),
        notices=(text,),
    )


def test_the_verdict_is_that_all_files_pass() -> None:
    page = Page(report_with(chapter_of(), files=(file_of("01.mp3"), file_of("02.mp3"))))
    assert "All 2 files pass acx." in page.text
    assert "FAIL" not in page.text


def test_the_verdict_names_the_files_that_fail_and_why() -> None:
    files = (file_of("01.mp3"), file_of("02.mp3", rms="−24.1", passed=False))
    page = Page(report_with(chapter_of(), files=files))
    assert "1 of 2 files fails acx. 02.mp3 : RMS −24.1 dB, wanted −23 to −18" in page.text
    assert page.text.count("FAIL") == 1


def test_a_file_that_nobody_measured_is_not_said_to_pass() -> None:
    unknown = file_of("02.mp3", passed=None)
    assert "1 other nobody has measured" in Page(report_with(files=(file_of("01.mp3"), unknown))).text
    assert "Not held against acx." in Page(report_with(files=(unknown,))).text
    assert "Not held against a profile." in Page(report_with(files=(unknown,), profile="")).text


def test_each_file_stands_beside_each_figure_and_its_limit() -> None:
    page = Page(report_with(chapter_of(), files=(file_of("01.mp3"), file_of("02.mp3", rms="−19.9"))))
    for said in ("RMS dB −23 to −18", "Loudness LUFS –", "01.mp3 1:00 pass −20.1", "02.mp3 1:00 pass −19.9"):
        assert said in page.text
    assert page.all("scope").count("row") == 2


def test_a_finding_plays_its_place_in_the_file_of_the_chapter() -> None:
    volume = chapter_of(2, title="Part Two", link="book%20one.m4b", begins_s=100.0)
    page = Page(report_with(chapter_of(), volume, findings=(finding_of(chapter=2),)))
    assert "book%20one.m4b#t=112.30" in page.all("href")
    assert "fast, by a lot · Part Two" in page.text


def test_what_is_heard_is_marked_in_the_picture_and_how_it_came_is_not() -> None:
    heard = (finding_of(Remark.FAST), finding_of(Remark.LOUD, place=3))
    page = Page(report_with(chapter_of(), findings=(*heard, finding_of(Remark.LONG_WAIT, place=4))))
    assert page.all("class").count("m") == 1 + len(heard)  # and in the legend
    assert "2 places to listen to" in page.text
    assert (
        page.text.index("Listen here") < page.text.index("Time and cost") < page.text.index("Longest to render")
    )


def test_many_findings_of_a_kind_are_counted_where_they_are_not_listed() -> None:
    page = Page(report_with(chapter_of(segments=30), findings=tuple(finding_of(place=n) for n in range(30))))
    assert "and 20 others, marked in the pictures" in page.text
    assert page.all("class").count("play") == 10


def test_a_missing_text_is_said_with_the_reason() -> None:
    page = Page(report_with(chapter_of(), gaps=(ReportGap("Two", "The lost words.", "refused: content"),)))
    assert "1 text is missing Two : The lost words. refused: content" in page.text


def test_what_is_not_spoken_is_counted_rule_by_rule() -> None:
    skips = (
        ReportSkip("One", "footnote", 3, 40, "See the map"),
        ReportSkip("Two", "footnote", 1, 2, "Ibid."),
        ReportSkip("Two", "table", 1, 9, "Year Price"),
    )
    page = Page(report_with(chapter_of(), skipped=skips))
    assert "footnote : 4 places, 42 words" in page.text
    assert "One 3 40 See the map" in page.text
    assert "table : 1 place, 9 words" in page.text


def test_a_book_that_has_nothing_to_say_has_a_page() -> None:
    page = Page(report_with())
    assert "Nothing stands out" in page.text
    assert "0:00" in page.text


def test_a_chapter_that_no_browser_plays_offers_no_link() -> None:
    silent = replace(chapter_of(), link="")
    page = Page(report_with(silent, findings=(finding_of(),)))
    assert "no file of it that a browser plays" in page.text
    assert "play" not in page.all("class")


def test_the_book_s_texts_are_in_its_language() -> None:
    page = Page(report_with(chapter_of(), language="ja", findings=(finding_of(),)))
    assert {tag for tag, attrs in page.elements if attrs.get("lang") == "ja"} == {"h1", "h3", "q", "p", "ol"}


def test_equal_reports_are_equal_pages(tmp_path: Path) -> None:
    report = report_with(chapter_of(), chapter_of(2), files=(file_of("01.mp3"),), findings=(finding_of(),))
    write_report(tmp_path / "report.html", report)
    assert (tmp_path / "report.html").read_text("utf-8") == report_html(report)


def test_thirty_hours_in_three_hundred_chapters_are_under_six_megabytes() -> None:
    text = "The quick brown fox jumps over the lazy dog and goes home. " * 3
    chapters = [chapter_of(n, text=text, segments=35, duration_s=360) for n in range(1, 301)]
    files = tuple(file_of(f"{n:03} - A title that is about as long as titles are.mp3") for n in range(300))
    assert len(report_html(report_with(*chapters, files=files))) < 6e6


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_is_said_to_be_full() -> None:
    with pytest.raises(DiskError) as full:
        write_report(Path("/dev/full"), report_with(chapter_of()))
    assert isinstance(full.value.__cause__, OSError)
    assert full.value.__cause__.errno == errno.ENOSPC


def test_numbers_are_written_for_people() -> None:
    assert [clock(s) for s in (0, 59.99, 61, 3600, 360_000)] == ["0:00", "0:59", "1:01", "1:00:00", "100:00:00"]
    assert [signed(n) for n in (-20.04, 0.04, -0.04, 3.25)] == ["−20.0", "0.0", "0.0", "3.2"]
    assert [counted(1, "file"), counted(1200, "file")] == ["1 file", "1,200 files"]
    assert shortened("one two  three", 8) == "one two…"
    assert shortened("x" * 20, 8) == "x" * 7 + "…"


def test_links_lead_to_files_of_any_name(tmp_path: Path) -> None:
    page = tmp_path / "out" / "report.html"
    assert link(tmp_path / "out" / "01 - Why? 100% #1: «é».mp3", page) == (
        "01%20-%20Why%3F%20100%25%20%231%3A%20%C2%AB%C3%A9%C2%BB.mp3"
    )
    assert link(tmp_path / "elsewhere" / "\udcff.mp3", page) == "../elsewhere/%FF.mp3"
