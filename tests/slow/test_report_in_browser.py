"""The report as a person meets it: opened from the disk in a real browser, looked at, and listened to."""

from __future__ import annotations

import math
import wave
from array import array
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from narrator.publishing.report import Remark, Report, ReportGap, ReportSkip
from narrator.publishing.report_page import write_report
from tests.publishing.reports import chapter_of, file_of, finding_of, report_with
from tests.slow.browser import Browser, missing_browser, open_browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing_browser()), reason=missing_browser()),
]

RATE_HZ = 8000
ENTER, ARROW_RIGHT = "\ue007", "\ue014"  # by their code points in WebDriver, 17.4.2

NASTY = "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 1'>\" onclick=\""

IS_HEARD = "!audio.seeking && audio.currentTime > 0"

LOW_CONTRAST = """
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const shade = ([r, g, b]) => {
    const light = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [x, y, z] = [r, g, b].map((c) => light(c / 255));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const under = (element) => {
    const [r, g, b, a = 1] = numbers(getComputedStyle(element).backgroundColor);
    if (a === 1) return [r, g, b];
    const below = under(element.parentElement);
    return [r, g, b].map((c, i) => c * a + below[i] * (1 - a));
  };
  return [...document.querySelectorAll("body *")].filter((element) =>
    element.checkVisibility() && !element.closest("svg, script") &&
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
  ).map((element) => {
    const [a, b] = [shade(numbers(getComputedStyle(element).color)), shade(under(element))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.outerHTML.slice(0, 80)];
  }).filter(([ratio]) => ratio < 4.5);
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two files of sound, of which the second has two chapters, and their report."""
    made = tmp_path_factory.mktemp("out")
    for name, seconds in (("01 - Öne & two.wav", 60), ("volume.wav", 120)):
        with wave.open(str(made / name), "wb") as file:
            file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            tone = (round(3000 * math.sin(n / 9)) for n in range(RATE_HZ))
            file.writeframes(array("h", tone).tobytes() * seconds)
    write_report(made / "report.html", _report())
    return made


def _report() -> Report:
    chapters = (
        chapter_of(1, title="Öne & two", link="01%20-%20%C3%96ne%20%26%20two.wav"),
        chapter_of(2, link="volume.wav"),
        chapter_of(3, link="volume.wav", begins_s=60.0, title=f"{NASTY} {'long ' * 90}", text=NASTY),
        replace(chapter_of(4), link="is-gone.wav"),
    )
    return report_with(
        *chapters,
        title=f"A Book {NASTY}",
        files=(file_of("01.mp3"), file_of(f"{'x' * 200}.mp3", rms="−24.9", passed=False)),
        findings=(finding_of(chapter=3, place=4, at_s=24.3), finding_of(Remark.LONG_PAUSE, place=8)),
        skipped=(ReportSkip("Two", "footnote", 1, 5, NASTY),),
        gaps=(ReportGap("Two", NASTY, "refused"),),
        notices=(NASTY,),
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, folder: Path) -> Iterator[Browser]:
    """The page, opened afresh; at the end the browser has complained of nothing."""
    browser.open(folder / "report.html")
    browser.run("window.audio = document.querySelector('audio')")
    yield browser
    assert [line for line in browser.console() if "is-gone.wav" not in line] == []
    assert browser.run("return window.broken") is None


def test_what_matters_is_seen(page: Browser) -> None:
    text = page.run("return document.body.innerText")
    for said in ("1 of 2 files fails acx", "1 text is missing", "Spoken fast", "Öne & two", "footnote"):
        assert said in text
    assert page.run("return document.querySelector('.player').hidden")


@pytest.mark.parametrize("is_dark", [False, True])
def test_text_is_legible_in_light_and_dark(folder: Path, is_dark: bool) -> None:  # noqa: FBT001 - a parameter
    with open_browser(dark=is_dark) as browser:
        browser.open(folder / "report.html")
        browser.run("for (const each of document.querySelectorAll('details')) each.open = true")
        assert browser.run(LOW_CONTRAST) == []
        paper = browser.run("return getComputedStyle(document.body).backgroundColor")
        assert (int(paper.removeprefix("rgb(").partition(",")[0]) < 128) is is_dark


@pytest.mark.parametrize("width", [320, 400, 1400])
def test_nothing_runs_out_of_the_page(browser: Browser, folder: Path, width: int) -> None:
    browser.open(folder / "report.html", width=width)
    browser.run("for (const each of document.querySelectorAll('details')) each.open = true")
    assert browser.run("return document.documentElement.scrollWidth") == width
    wave_width = browser.run("return document.querySelector('.wave').getBoundingClientRect().width")
    assert wave_width > 0.7 * width


def test_a_click_on_the_waveform_plays_that_place(page: Browser) -> None:
    page.click("#c1 .wave", share=0.52)
    page.wait_until(IS_HEARD)
    assert page.run("return audio.currentTime") == pytest.approx(31.2, abs=2.0)
    assert not page.run("return audio.paused")
    shown = page.run("return document.querySelector('.player').innerText")
    assert "Öne & two" in shown
    assert "A line that is said. (5)" in shown
    assert page.run("return document.querySelector('#c1 .head').style.left").startswith("5")


def test_pointing_at_the_waveform_shows_what_is_said_there(page: Browser) -> None:
    page.run("document.querySelector('#c2').scrollIntoView()")
    page.point("#c2 .wave", share=0.85)
    said = page.run("return document.querySelector('#c2 .said').textContent")
    assert said == "0:48 to 0:53 · A line that is said. (8)"
    assert page.run("return audio.paused")


def test_the_keyboard_plays_goes_on_and_stops(page: Browser) -> None:
    page.run("document.querySelector('#c1 .wave').focus()")
    page.press(ENTER)
    page.wait_until(IS_HEARD)
    page.press(ARROW_RIGHT)
    page.wait_until("!audio.seeking && audio.currentTime > 5")
    assert page.run("return audio.currentTime") < 10
    assert page.run("return document.querySelector('#c1 .wave').getAttribute('aria-valuetext')").startswith(
        "0:0"
    )
    page.press(ENTER)
    page.wait_until("audio.paused")


def test_a_finding_is_played_where_its_chapter_lies_in_the_file(page: Browser) -> None:
    page.click(".play[data-c='3']")
    page.wait_until(IS_HEARD)
    assert page.run("return audio.currentTime") == pytest.approx(84.3, abs=2.0)
    assert page.run("return document.querySelector('.player b').textContent").startswith("</script>")


def test_the_next_chapter_of_a_file_is_shown_once_it_is_heard(page: Browser) -> None:
    page.click("#c2 .wave", share=0.99)
    page.wait_until("document.querySelector('.player b').textContent.startsWith('</script>')")
    assert page.run("return audio.currentTime") >= 60.0
    assert page.run("return document.querySelector('#c2 .head').hidden")


def test_a_segment_of_the_text_is_played(page: Browser) -> None:
    page.run("document.querySelector('#c1 details').open = true")
    page.click("#c1 li:nth-child(4) button")
    page.wait_until(IS_HEARD)
    assert page.run("return audio.currentTime") == pytest.approx(18.3, abs=2.0)
    assert page.run("return document.querySelector('li.now span').textContent") == "A line that is said. (3)"


def test_a_file_that_is_gone_is_said_to_be(page: Browser) -> None:
    page.click("#c4 .wave")
    page.wait_until("document.querySelector('.player .trouble')")
    assert "cannot play the file" in page.run("return document.querySelector('.player .trouble').textContent")


def test_three_hundred_chapters_open_in_a_moment(browser: Browser, tmp_path: Path) -> None:
    chapters = [chapter_of(n, segments=35, duration_s=360.0, text="It was said. " * 12) for n in range(1, 301)]
    write_report(tmp_path / "report.html", report_with(*chapters))
    browser.open(tmp_path / "report.html")
    (ready_ms,) = browser.run(
        "return performance.getEntriesByType('navigation').map((each) => each.loadEventEnd)"
    )
    assert ready_ms < 10_000  # 600 on a machine that has nothing else to do
