from __future__ import annotations

import pytest

from narrator.manuscript.headings import (
    Rank,
    is_bare_label,
    is_bare_number,
    is_numbered_title,
    is_section_title,
    joined_heading,
    label_of,
)
from narrator.manuscript.matter import kind_of_title


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("CHAPTER I", ""),
        ("Chapter 12: Down the Rabbit-Hole", "Down the Rabbit-Hole"),
        ("CHAPTER I. LOOMINGS", "LOOMINGS"),
        ("CHAPTER 2 - THE SCIENCE OF DEDUCTION", "THE SCIENCE OF DEDUCTION"),
        ("Chapter Twenty-One", ""),
        ("CHAPITRE XXII", ""),
        ("Erstes Kapitel", ""),
        ("Kapitel 3 – Der Wald", "Der Wald"),
        ("Capítulo 4", ""),
        ("CHAPTER THE FIRST", ""),
        ("CHAPITRE PREMIER", ""),
        ("Act II", ""),
        ("Letter 4", ""),
        ("第三章", ""),
        ("Глава 5", ""),
        ("CHAPTER THE TWENTY-FIRST", ""),
        ("ADVENTURE I. A SCANDAL", "A SCANDAL"),
        ("Fit the First", ""),
        ("CHAPITRE DIX-SEPTIÈME", ""),
        ("Chapitre vingt et un", ""),
        ("Chant premier", ""),
        ("TWAALFDE HOOFDSTUK", ""),
        ("Hoofdstuk zeven", ""),
        ("Eerste bedrijf", ""),
        ("第三話　雨の日", "雨の日"),
        ("第一夜", ""),
        ("1章　春", "春"),
        ("第３章春の海", "春の海"),
    ],
)
def test_chapter_labels_are_understood(text: str, title: str) -> None:
    label = label_of(text)
    assert label is not None
    assert (label.rank, label.title) == (Rank.CHAPTER, title)


@pytest.mark.parametrize(
    "text",
    [
        "PART ONE",
        "Book II",
        "PREMIÈRE PARTIE",
        "Zweiter Teil",
        "VOLUME I.",
        "Parte 2",
        "BOOK FIRST",
        "Book the Second—the Golden Thread",
        "第二部　帰郷",
        "下　先生の家",
        "前編",
    ],
)
def test_part_labels_are_understood(text: str) -> None:
    label = label_of(text)
    assert label is not None
    assert label.rank is Rank.PART


@pytest.mark.parametrize(
    "text",
    [
        "上に立つ人",
        "中世の話",
        "Fit for a king",
        "Sermon on the mount",
        "Chapter 1 was long",
        "Part of it",
        "Book I ever read",
        "CHAPTER IVAN",
        "First scene was set",
        "MIX",
        "",
    ],
)
def test_sentences_are_no_labels(text: str) -> None:
    assert label_of(text) is None
    assert not is_bare_label(text)


@pytest.mark.parametrize(
    "text", ["IV", "IV.", "12", "Twelve", "Zestien", "二十三", "（二）", "其の三", "Ⅳ", "３"]
)
def test_numbers_of_chapters_are_known(text: str) -> None:
    assert is_bare_number(text)


@pytest.mark.parametrize("text", ["IV. The Garden", "12 - Home", "四　山路", "1. はじめに"])
def test_numbers_with_titles_are_known(text: str) -> None:
    assert is_numbered_title(text)
    assert not is_section_title(text)


@pytest.mark.parametrize("text", ["2.1 Pumps", "2.1. Pumps", "§ 4.10 Taps", "B.2 Tables", "1.4.1 Wells"])
def test_numbers_of_sections_are_known(text: str) -> None:
    assert is_section_title(text)


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Contents", "toc"),
        ("TABLE OF CONTENTS.", "toc"),
        ("Table des matières", "toc"),
        ("Inhalt", "toc"),
        ("The Contents of the Box", ""),
        ("Author’s Note", "preface"),
        ("Preface to the Second Edition", "preface"),
        ("Vorwort", "preface"),
        ("Introduction", "introduction"),
        ("Transcriber's Notes:", "transcribers-note"),
        ("THE FULL PROJECT GUTENBERG LICENSE", "gutenberg-license"),
        ("The Project Gutenberg eBook of Dracula, by Bram Stoker", "gutenberg-header"),
        ("Notes", "endnotes"),
        ("Notes on Winter Resorts", ""),
        ("Also by the Author", "advertisement"),
        ("Appendix B", "appendix"),
        ("Loved this book? Others read", "advertisement"),
        ("À propos de cette édition électronique", "colophon"),
        ("AANTEEKENINGEN.", "endnotes"),
        ("あとがき", "afterword"),
        ("参考文献", "bibliography"),
        ("目　次", "toc"),
        ("Note", ""),
        ("Metadata", ""),
        ("Recommendations", ""),
        ("Epilogue", "epilogue"),
        ("PART TWO", "part"),
        ("CHAPTER VII NOTES ON WINTER RESORTS", "chapter"),
    ],
)
def test_titles_name_their_kind(title: str, kind: str) -> None:
    assert kind_of_title(title) == kind


@pytest.mark.parametrize(
    ("lines", "heading"),
    [
        (("CHAPTER I", "", "THE SUN-SEEKER"), "CHAPTER I. THE SUN-SEEKER"),
        (("IV.", "Home"), "IV. Home"),
        (("WINTER SPORTS", "IN SWITZERLAND"), "WINTER SPORTS IN SWITZERLAND"),
    ],
)
def test_headings_of_several_lines_are_one(lines: tuple[str, ...], heading: str) -> None:
    assert joined_heading(lines) == heading
