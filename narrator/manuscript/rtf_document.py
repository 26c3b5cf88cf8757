r"""RTF to paragraphs: groups and their state, destinations, fonts, styles, fields, notes.

The format: Microsoft, RTF Specification 1.9.1. A group `{...}` inherits the state around it and ends with its
own changes undone; a destination such as `\footnote` sends the text of its group elsewhere; one after `\*` may
be left out by who does not know it. Programs that only strip control words lose headings, notes and encodings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from narrator.manuscript.characters import clean
from narrator.manuscript.inline import Marker
from narrator.manuscript.odt_and_rtf_headings import Written
from narrator.manuscript.rtf_encodings import decoded
from narrator.manuscript.rtf_flow import Flow
from narrator.manuscript.rtf_format import Format, copied, format_words
from narrator.manuscript.rtf_header import Header
from narrator.manuscript.rtf_tokens import Is, Token, tokens
from narrator.manuscript.rtf_words import KIND_OF_FIELD, NOT_READ, RUBY, SIGNS, SYMBOLS, UNREAD_FIELDS

_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Document:
    r"""The paragraphs of an RTF file, and what its `\info` group says; `language` is a Windows LCID or 0."""

    paragraphs: tuple[Written, ...]
    title: str
    author: str
    language: int


def read_document(source: str, marker: Marker) -> Document:
    """The document in a file that is decoded as Latin-1. It is read to its end, whatever is broken in it."""
    return _Reading(marker).read(source)


class _Group:
    """An open group: the format around it, where its text goes, and what is done at its end."""

    __slots__ = ("around", "at_end", "field", "sink")

    def __init__(self, around: Format, sink: Flow | list[str], field: list[str]) -> None:
        self.around = around
        self.sink = sink
        self.field = field
        self.at_end: Callable[[], None] | None = None


class _Reading:
    def __init__(self, marker: Marker) -> None:
        self._marker = marker
        self._header = Header()
        self._form = Format()
        self._body = Flow(self._header.styles, marker)
        self._notes = 0
        self._sink: Flow | list[str] = self._body
        self._field: list[str] = []  # the instruction of the innermost field, once it is known
        self._groups: list[_Group] = []
        self._bytes: list[str] = []
        self._skip = 0  # characters that stand for the last \u where Unicode is not known
        self._is_starred = False
        self._unread_below = 0  # the number of open groups at which text is read again; 0 when it is
        self._words = self._known_words()

    def read(self, source: str) -> Document:
        act = {
            Is.TEXT: self._text,
            Is.BYTE: self._byte,
            Is.SYMBOL: self._symbol,
            Is.OPENING: self._open,
            Is.CLOSING: self._close,
            Is.WORD: self._word,
        }
        for token in tokens(source):
            if self._unread_below and token.what not in {Is.OPENING, Is.CLOSING}:
                continue
            act[token.what](token)
        while self._groups:
            self._close(Token(Is.CLOSING, "}"))
        self._flush()
        paragraphs = [
            replace(paragraph, text=_whole(paragraph.text), signed=_whole(paragraph.signed))
            if _SURROGATES.search(paragraph.text)
            else paragraph
            for paragraph in self._body.finish(self._form)
        ]
        facts = self._header.facts
        return Document(
            tuple(paragraphs), facts.get("title", ""), facts.get("author", ""), self._header.language
        )

    # --- groups ---------------------------------------------------------------------------------------

    def _open(self, _: Token) -> None:
        self._flush()
        self._skip = 0
        self._groups.append(_Group(self._form, self._sink, self._field))
        if self._unread_below:
            return
        self._is_starred = False
        if self._header.table == "stylesheet":
            form = self._own()
            form.make_paragraph_plain()
            self._gather(lambda text: self._header.define_style(text, form))

    def _close(self, _: Token) -> None:
        if not self._groups:
            return
        self._flush()
        self._skip, self._is_starred = 0, False
        group = self._groups.pop()
        if self._unread_below:
            if len(self._groups) >= self._unread_below:
                return
            self._unread_below = 0
        self._form, self._sink, self._field = group.around, group.sink, group.field
        if group.at_end is not None:
            group.at_end()

    def _leave_out(self) -> None:
        """Read nothing more of the group that is open."""
        self._unread_below = max(1, len(self._groups))

    def _gather(self, at_end: Callable[[str], None]) -> None:
        """Give the text of the open group to `at_end`, and not to the book."""
        if not self._groups:
            return
        gathered: list[str] = []
        self._sink = gathered
        self._groups[-1].at_end = lambda: at_end("".join(gathered))

    def _hang(self, *, is_note: bool) -> None:
        """Read the open group as paragraphs of their own, after the one that they hang on."""
        parent = self._groups[-1].sink if self._groups else None
        if not isinstance(parent, Flow):
            self._leave_out()
            return
        self._notes += is_note
        note = f"note-{self._notes}" if is_note else ""
        flow, form = Flow(self._header.styles, self._marker, note=note), self._own()
        self._sink = flow
        form.is_silent = form.is_raised = False
        form.make_paragraph_plain()
        self._groups[-1].at_end = lambda: parent.hang(flow.finish(form), note=note)

    def _own(self) -> Format:
        """The format of the open group, to be changed: until now it may be the very one around the group."""
        if self._groups and self._form is self._groups[-1].around:
            self._form = copied(self._form)
        return self._form

    def _silence(self, *, is_silent: bool) -> None:
        self._own().is_silent = is_silent

    # --- text -----------------------------------------------------------------------------------------

    def _text(self, token: Token) -> None:
        text = token.text
        if self._skip:
            text, self._skip = text[self._skip :], max(0, self._skip - len(text))
        self._bytes.append(text)

    def _byte(self, token: Token) -> None:
        if self._skip:
            self._skip -= 1
        else:
            self._bytes.append(token.text)

    def _symbol(self, token: Token) -> None:
        if token.text == "*":
            self._is_starred = True
        elif self._skip:
            self._skip -= 1
        elif token.text in "\r\n":
            self._end_paragraph()
        elif token.text in SYMBOLS:
            self._say(SYMBOLS[token.text])

    def _flush(self) -> None:
        """Decode the bytes that gathered: some code pages write a character in two."""
        if self._bytes:
            data = "".join(self._bytes)
            self._bytes.clear()
            self._put(decoded(data, self._header.codec_of(self._form.font)))

    def _say(self, text: str) -> None:
        self._flush()
        self._put(text)

    def _put(self, text: str) -> None:
        if isinstance(self._sink, list):
            self._sink.append(text)
        elif self._form.is_seen:
            self._sink.add(text, self._form)

    def _unicode(self, number: int) -> None:
        code = number + 0x10000 if number < 0 else number
        self._flush()
        if 0xF000 <= code <= 0xF0FF:
            self._put("•")  # a sign of a symbol font
        elif code <= 0x10FFFF:
            self._put(chr(code))
        self._skip = self._form.unicode_skip

    # --- control words --------------------------------------------------------------------------------

    def _word(self, token: Token) -> None:
        word, is_starred = token.text, self._is_starred
        self._is_starred = False
        if self._skip and word in SIGNS:
            self._skip -= 1
            return
        self._skip = 0
        known = self._words.get(word)
        if known is not None:
            if self._bytes:
                self._flush()
            known(1 if token.number is None else token.number)
        elif word in SIGNS:
            self._say(SIGNS[word])
        elif word in NOT_READ or is_starred:
            self._flush()
            self._leave_out()
        else:
            self._header.name_codec(word)

    def _known_words(self) -> dict[str, Callable[[int], None]]:
        return {
            **format_words(self._own),
            "par": lambda _: self._end_paragraph(),
            "sect": lambda _: self._end_page(),
            "page": lambda _: self._end_page(),
            "cell": lambda _: self._end_cell(),
            "row": lambda _: self._end_row(),
            "u": self._unicode,
            "f": self._set_font,
            **self._header.words(),
            "fonttbl": lambda _: self._begin_table("fonttbl"),
            "stylesheet": lambda _: self._begin_table("stylesheet"),
            "info": lambda _: self._begin_info(),
            "title": lambda _: self._begin_fact("title"),
            "author": lambda _: self._begin_fact("author"),
            "footnote": lambda _: self._hang(is_note=True),
            "shpinst": lambda _: self._silence(is_silent=True),
            "do": lambda _: self._silence(is_silent=True),
            "shptxt": lambda _: self._hang(is_note=False),
            "dptxbxtext": lambda _: self._hang(is_note=False),
            "upr": lambda _: self._silence(is_silent=True),
            "ud": lambda _: self._silence(is_silent=False),
            "listtext": lambda _: self._gather(self._number),
            "pntext": lambda _: self._gather(self._number),
            "field": lambda _: self._begin_field(),
            "fldinst": lambda _: self._gather(self._instruct),
            "fldrslt": lambda _: self._begin_result(),
        }

    # --- paragraphs, cells and pages ------------------------------------------------------------------

    def _end_paragraph(self) -> None:
        self._flush()
        if isinstance(self._sink, Flow):
            if self._form.is_seen:
                self._sink.end_paragraph(self._form)
        else:
            self._sink.append(" ")

    def _end_cell(self) -> None:
        if isinstance(self._sink, Flow) and not self._form.is_silent:
            self._sink.end_cell(self._form)

    def _end_row(self) -> None:
        if isinstance(self._sink, Flow) and not self._form.is_silent:
            self._sink.end_row()

    def _end_page(self) -> None:
        if isinstance(self._sink, Flow) and not self._form.is_silent:
            self._sink.end_page(self._form)

    # --- tables of the header, information, fields ------------------------------------------------------

    def _begin_table(self, name: str) -> None:
        self._header.table = name
        self._gather(lambda _: self._header.end_table())

    def _set_font(self, number: int) -> None:
        if self._header.table == "fonttbl":
            self._header.begin_font(number)
        else:
            self._own().font = number

    def _begin_info(self) -> None:
        self._own().in_info = True
        self._gather(lambda _: None)

    def _begin_fact(self, name: str) -> None:
        def keep(text: str) -> None:
            if found := clean(_whole(text)):
                self._header.facts[name] = found

        if self._form.in_info:
            self._gather(keep)

    def _number(self, text: str) -> None:
        if isinstance(self._sink, Flow):
            self._sink.number(text)

    def _begin_field(self) -> None:
        self._field = []

    def _instruct(self, text: str) -> None:
        self._field.append(text.strip())
        if ruby := RUBY.search(text):
            self._put(ruby[1])

    def _begin_result(self) -> None:
        instruction = (self._field[0] if self._field else "").split(maxsplit=1)
        name = instruction[0].upper() if instruction else ""
        if name in UNREAD_FIELDS:
            self._leave_out()
        elif kind := KIND_OF_FIELD.get(name):
            self._own().kind = kind


def _whole(text: str) -> str:
    r"""The text with characters that two `\u` wrote as one."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
