"""Real Word files: what is read of them against what a person finds in them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from narrator.manuscript.docx import read_docx
from narrator.model import Chapter, Manuscript, Matter, Role

# The file holds the whole handbook four times: twice in Word's styles, twice as unstyled text.
COPIES = 4
CHAPTERS = [
    "CHAPTER 1 – INTRODUCTION",
    "CHAPTER 2 – APPOINTMENT, QUALIFICATIONS, PERCENTAGE FEE AND COMPENSATION OF THE STANDING TRUSTEE",
    "CHAPTER 3 - ADMINISTRATION OF CHAPTER 13 CASES",
    "CHAPTER 4 – FINANCIAL AND OPERATIONAL POLICIES, PROCEDURES AND REPORTING REQUIREMENTS",
    "CHAPTER 5 – ADDITIONAL STANDING TRUSTEE RESPONSIBILITIES",
    "CHAPTER 6 - BUDGETS",
    "CHAPTER 7 – REPORTS, AUDITS, COMPLIANCE",
]


@pytest.fixture(scope="module")
def handbook(corpus: Callable[[str], Path]) -> Manuscript:
    return read_docx(corpus("trustee-handbook.docx"))


def text_of(chapter: Chapter) -> str:
    return " ".join(block.text for block in chapter.blocks)


def test_handbook_has_its_chapters_and_no_others(handbook: Manuscript) -> None:
    body = [chapter for chapter in handbook.chapters if chapter.matter is Matter.BODY]
    assert [chapter.title for chapter in body] == CHAPTERS * COPIES
    assert text_of(body[5]).startswith("CHAPTER 6 BUDGETS CHAPTER 6 - BUDGETS A. ANNUAL AND AMENDED BUDGETS")
    assert text_of(body[-1]).endswith("28 C.F.R. § 58.6 Procedures for Suspension and Termination")


def test_handbook_s_contents_are_apart(handbook: Manuscript) -> None:
    contents = [chapter for chapter in handbook.chapters if chapter.kind == "toc"]
    assert [chapter.title for chapter in contents] == ["Table of Contents"] * COPIES
    assert all(text_of(chapter).endswith("2. REMEDIAL AND ENFORCEMENT ACTIONS7-4") for chapter in contents)


def test_handbook_s_title_is_on_its_first_page(handbook: Manuscript) -> None:
    assert (handbook.title, handbook.authors, handbook.language) == (
        "Handbook for Chapter 13 Standing Trustees", (), "en-US",
    )  # fmt: skip


def test_handbook_keeps_every_word(handbook: Manuscript, corpus: Callable[[str], Path]) -> None:
    with zipfile.ZipFile(corpus("trustee-handbook.docx")) as archive:
        markup = archive.read("word/document.xml").decode()
    runs = re.sub(r"<w:pPr>.*?</w:pPr>|<w:sectPr.*?</w:sectPr>", "", markup, flags=re.DOTALL)
    expected = re.sub(r"<[^>]+>", "", re.sub(r"</w:p>|<w:(?:br|tab)\b[^>]*>", " ", runs)).split()
    found = [
        word
        for chapter in handbook.chapters
        for block in chapter.blocks
        if block.role is not Role.NOTE
        for word in block.text.split()
    ]
    assert len(found) == len(expected)


def test_handbook_s_notes_are_notes(handbook: Manuscript) -> None:
    notes = [block for chapter in handbook.chapters for block in chapter.blocks if block.role is Role.NOTE]
    assert len(notes) == 6
    assert notes[1].text.startswith("References to “continue” in this Handbook")
