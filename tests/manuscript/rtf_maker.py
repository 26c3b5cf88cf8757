"""Small RTF files, built in code as different programs write them."""

from __future__ import annotations

from pathlib import Path

WORD = (
    r"{\rtf1\adeflang1025\ansi\ansicpg1252\uc1\adeff0\deff0\deflang1033"
    r"{\fonttbl{\f0\fbidi \froman\fcharset0\fprq2{\*\panose 02020603050405020304}Times New Roman;}"
    r"{\f1\fbidi \fswiss\fcharset204\fprq2 Arial Cyr;}{\f3\froman\fcharset2\fprq2 Symbol;}"
    r"{\f5\fcharset128 MS Mincho;}}"
    r"{\colortbl;\red0\green0\blue0;}{\*\defchp \fs22 }"
    r"{\stylesheet{\ql \li0\ri0\sa160 \fs22 \snext0 \sqformat Normal;}"
    r"{\s1\ql\keepn\outlinelevel0 \b\fs32 \sbasedon0 \snext0 heading 1;}"
    r"{\s2\ql\keepn \b\fs28 \sbasedon0 \snext0 heading 2,\'fc2;}"
    r"{\s3\qc \fs56 \sbasedon0 \snext0 Title;}{\s4\fs22 \sbasedon0 toc 1;}{\s5\fs22 \sbasedon0 Quote;}"
    r"{\s6\sbasedon1 \snext0 Kapitel;}{\s7\sbasedon0 \snext0 Chapter Title;}"
    r"{\*\cs10 \additive \ssemihidden Default Paragraph Font;}}"
    r"{\*\rsidtbl \rsid1\rsid2}{\info{\title %s}{\author %s}{\operator Someone}{\*\company A Firm}}"
    r"{\header \pard\plain A running head\par}{\footerf \pard\plain 17\par}\paperw12240\widowctrl\pard\plain "
)
TEXTEDIT = (
    "{\\rtf1\\ansi\\ansicpg1252\\cocoartf2822\n\\cocoatextscaling0"
    "{\\fonttbl\\f0\\froman\\fcharset0 Times-Roman;}\n{\\colortbl;\\red255\\green255\\blue255;}\n"
    "{\\*\\expandedcolortbl;;}\n\\pard\\tx720\\pardirnatural\\partightenfactor0\n\n\\f0\\fs24 \\cf0 "
)
WORDPAD = (
    r"{\rtf1\ansi\ansicpg1252\deff0\nouicompat\deflang1031{\fonttbl{\f0\fnil\fcharset0 Calibri;}}"
    r"{\*\generator Riched20 10.0}\viewkind4\uc1 " + "\r\n" + r"\pard\sa200\sl276\slmult1\f0\fs22\lang7 "
)


def make_rtf(path: Path, body: str, *, head: str = WORD, title: str = "", author: str = "") -> Path:
    """An RTF file; the body is RTF after the head of a program, whose letters above 255 are escaped."""
    start = head % (title, author) if "%s" in head else head
    path.write_bytes(escaped(start + body + "}").encode("cp1252"))
    return path


def paragraphs(*texts: str) -> str:
    """Plain paragraphs, as Word writes them."""
    return "".join(rf"\pard\plain {text}\par " for text in texts)


def heading(text: str, *, style: int = 1) -> str:
    return rf"\pard\plain \s{style}\b\fs32 {text}\par "


def escaped(text: str) -> str:
    """The text with what Windows-1252 has not as escapes that carry a '?' for old programs."""
    return "".join(char if ord(char) < 256 else "".join(map(_escape, _units(char))) for char in text)


def _units(char: str) -> list[int]:
    """The UTF-16 units of a character, signed as RTF has them."""
    data = char.encode("utf-16-le")
    return [int.from_bytes(data[at : at + 2], "little", signed=True) for at in range(0, len(data), 2)]


def _escape(unit: int) -> str:
    return f"\\u{unit}?"
