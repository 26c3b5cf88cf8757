from __future__ import annotations

import pytest

from narrator.manuscript.headings import Rank, is_bare_label, joined_heading, label_of
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
    ],
)
def test_part_labels_are_understood(text: str) -> None:
    label = label_of(text)
    assert label is not None
    assert label.rank is Rank.PART


@pytest.mark.parametrize(
    "text",
    ["Chapter 1 was long", "Part of it", "Book I ever read", "CHAPTER IVAN", "First scene was set", "MIX", ""],
)
def test_sentences_are_no_labels(text: str) -> None:
    assert label_of(text) is None
    assert not is_bare_label(text)


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
