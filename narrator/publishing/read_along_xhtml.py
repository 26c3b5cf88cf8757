"""A chapter's blocks as a page of XHTML, with an id on all that is heard."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby, takewhile

from narrator.model import Block, Role
from narrator.publishing.read_along_book import ReadAlongChapter
from narrator.publishing.read_along_letters import is_shown
from narrator.publishing.read_along_overlay import SegmentId, Spot

# https://www.w3.org/TR/xml/#charsets
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACE = re.compile(r"\s+")
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_KINDS = {
    "abstract", "acknowledgments", "afterword", "appendix", "bibliography", "chapter", "colophon", "conclusion",
    "contributors", "copyright-page", "dedication", "endnotes", "epigraph", "epilogue", "errata", "footnotes",
    "foreword", "glossary", "halftitlepage", "imprint", "index", "introduction", "part", "preamble", "preface",
    "prologue", "titlepage", "volume",
}  # fmt: skip
"""Of https://www.w3.org/TR/epub-ssv/, what a chapter can be."""
_TITLE_ID = "title"
_FRAMES = {Role.LIST_ITEM: "ul", Role.QUOTATION: "blockquote", Role.LETTER: "blockquote"}
"""What stands around blocks of one role that follow one another."""
_CLASSES = {
    Role.VERSE: "verse",
    Role.TABLE: "row",
    Role.CAPTION: "caption",
    Role.ALT_TEXT: "picture",
    Role.CODE: "code",
    Role.SPEECH: "speech",
    Role.STAGE_DIRECTION: "direction",
}

STYLE = """\
body { margin: 5%; line-height: 1.4; }
h1, h2 { line-height: 1.2; margin: 2em 0 1em; text-align: center; }
p { margin: 0; text-indent: 1.2em; }
h1 + p, h2 + p, hr + p, blockquote p, .verse, .row, .caption, .picture, .code { text-indent: 0; }
blockquote, ul, aside, .verse, .caption, .picture, .code { margin: 1em 0 1em 1.5em; }
hr { border: 0; border-top: 1px solid; margin: 2em auto; width: 25%; }
aside, .caption, .picture { font-size: 0.9em; }
.direction, .picture { font-style: italic; }
.code { font-family: monospace; }
.cover { margin: 0; padding: 0; text-align: center; }
.cover img { max-height: 100vh; max-width: 100%; }
.title { text-align: center; text-indent: 0; }
"""


def page(title: str, language: str, body: str, *, styles: Sequence[str]) -> bytes:
    """An XHTML page. `styles` are the addresses of its stylesheets, `body` is markup and the rest is text."""
    links = "".join(f'<link rel="stylesheet" type="text/css" href="{address}"/>\n' for address in styles)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
        f"{language_attributes(language)}>\n<head>\n<title>{line(title)}</title>\n{links}</head>\n{body}\n</html>\n"
    ).encode()


def text(string: str) -> str:
    """A text as markup, without the characters that XML does not have."""
    return escape(_NO_XML.sub("", string), quote=False)


def line(string: str) -> str:
    """A text on one line as markup."""
    return _SPACE.sub(" ", text(string)).strip()


def language_attributes(language: str) -> str:
    """Attributes that say so; '' where it is no language tag."""
    return f' lang="{language}" xml:lang="{language}"' if is_language(language) else ""


def is_language(tag: str) -> bool:
    """Whether this has the form of a language tag."""
    return _TAG.fullmatch(tag) is not None


class ChapterPage:
    """A chapter as the body of the page of this name; `number` is its place among all chapters."""

    def __init__(self, name: str, number: int, chapter: ReadAlongChapter) -> None:
        self.spots: dict[SegmentId, list[Spot]] = defaultdict(list)
        self._name = name
        self._chapter = chapter
        self._number = number
        self._ids = 0
        self._heard: defaultdict[int, list[tuple[int, int, SegmentId]]] = defaultdict(list)
        for at, segment in enumerate(chapter.segments):
            for span in segment.spans:
                self._heard[span.block].append((span.start, span.end, (number, at)))
        self.body = self._body()

    def _body(self) -> str:
        kind = self._chapter.kind
        typed = f' epub:type="{kind}"' if kind in _KINDS else ""
        return f"<body>\n<section{typed}>\n{''.join(self._parts())}</section>\n</body>"

    def _parts(self) -> Iterator[str]:
        blocks = self._chapter.blocks
        if not self._shows_heading():
            yield self._heading()
        for role, run in groupby(enumerate(blocks), lambda numbered: numbered[1].role):
            frame = _FRAMES.get(role)
            inside = "".join(self._block(at, block) for at, block in run)
            yield f"<{frame}>\n{inside}</{frame}>\n" if frame else inside

    def _shows_heading(self) -> bool:
        return any(block.role is Role.HEADING and line(block.text) for block in self._chapter.blocks[:1])

    def _heading(self) -> str:
        """The title that the text does not show; what is said before the text is heard with it."""
        title = line(self._chapter.title)
        said = list(takewhile(lambda segment: not segment.spans, self._chapter.segments))
        if not said:
            return f"<h1>{title}</h1>\n"
        for at in range(len(said)):
            self.spots[self._number, at].append(Spot(self._name, _TITLE_ID, 1))
        return f'<h1 id="{_TITLE_ID}">{title}</h1>\n'

    def _block(self, at: int, block: Block) -> str:
        if block.role is Role.SCENE_BREAK:
            return "<hr/>\n"
        if not line(block.text):
            return ""
        own, inside = self._marked(at, block)
        attributes = own + language_attributes(block.language or "")
        if block.role is Role.HEADING:
            tag = "h1" if at == 0 else "h2"
            return f"<{tag}{attributes}>{inside}</{tag}>\n"
        if block.role is Role.LIST_ITEM:
            return f"<li{attributes}>{inside}</li>\n"
        if block.role is Role.NOTE:
            return f'<aside epub:type="footnote"><p{attributes}>{inside}</p></aside>\n'
        named = f' class="{_CLASSES[block.role]}"' if block.role in _CLASSES else ""
        return f"<p{named}{attributes}>{inside}</p>\n"

    # --- what is heard ---------------------------------------------------------------------------------

    def _marked(self, at: int, block: Block) -> tuple[str, str]:
        """The attribute of a block that is heard in one piece, and its text, with spans where it is not."""
        heard = self._heard.get(at, [])
        if len(heard) == 1:
            start, end, segment = heard[0]
            if _characters(block.text) == _characters(block.text[start:end]):
                return f' id="{self._spot(block, segment, block.text)}"', _lines(block.text)
        parts: list[str] = []
        done = 0
        for start, end, segment in sorted(heard):
            words = block.text[max(start, done) : end]
            if not _characters(words):
                continue
            before = block.text[done : max(start, done)]
            parts += [_lines(before), f'<span id="{self._spot(block, segment, words)}">{_lines(words)}</span>']
            done = max(done, end)
        return "", "".join([*parts, _lines(block.text[done:])])

    def _spot(self, block: Block, segment: SegmentId, words: str) -> str:
        self._ids += 1
        name = f"heard-{self._ids}"
        spot = Spot(self._name, name, _characters(words), is_note=block.role is Role.NOTE)
        self.spots[segment].append(spot)
        return name


def _characters(words: str) -> int:
    return sum(map(is_shown, words))


def _lines(words: str) -> str:
    """Text as markup, whose line feeds are lines."""
    return text(words).replace("\n", "<br/>\n")
