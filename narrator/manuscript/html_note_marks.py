"""The marks of notes on a page as they are met: which note each leads to, and which of them open one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from narrator.manuscript.html_marks import (
    is_note_mark,
    is_reference,
    is_return_sign,
    opening_marks,
    shown_text,
)

Naming = Callable[[str], str]
"""The name of the place that an address on a page leads to; '' where it leads out of the book."""

MARK_TAGS = {"a", "sup"}
"""Elements that may be marks though no term says so."""


@dataclass(frozen=True, slots=True)
class NoteMark:
    """The mark of a note, or the way back from one.

    `note` names the place that it leads to, '' where it is a way back. `anchor` is a name for the place where
    it stands, if the note that it opens has no other. `is_text`: it is read as text, too.
    """

    note: str = ""
    opens_note: bool = False
    anchor: str = ""
    is_text: bool = False


class NoteMarks:
    """The marks of one page. Raised ones that are no links lead to the next note that opens with the same."""

    def __init__(self, body: etree._Element, naming: Naming) -> None:
        self._naming = naming
        self._raised = opening_marks(body)  # how often each opens a note on this page
        self._opened: Counter[str] = Counter()  # how often each has until now

    def met(
        self,
        node: etree._Element,
        tag: str,
        terms: tuple[str, ...],
        *,
        opens_block: bool,
        is_in_note: bool,
        in_heading: bool,
    ) -> NoteMark | None:
        """The mark that an element is; None where it is none."""
        opens_text = opens_block and not is_in_note
        if is_reference(terms) or (
            tag == "a" and is_note_mark(node, opens_block=opens_text, in_heading=in_heading)
        ):
            is_way_back = (opens_block and is_in_note) or is_return_sign(shown_text(node))
            return NoteMark("" if is_way_back else self._note_of(node), opens_note=opens_block)
        if tag == "sup" and self._raised and (mark := shown_text(node)) in self._raised:
            return self._raised_mark(mark, opens_block=opens_block, is_in_note=is_in_note)
        return None

    def _note_of(self, mark: etree._Element) -> str:
        address = next((href for node in mark.iter() if (href := node.get("href"))), "")
        return self._naming(address) if address else ""

    def _raised_mark(self, mark: str, *, opens_block: bool, is_in_note: bool) -> NoteMark:
        if opens_block:
            self._opened[mark] += 1
            anchor = f"{mark} {self._opened[mark]}"
            return NoteMark(opens_note=True, anchor=anchor, is_text=not is_in_note)
        following = min(self._opened[mark] + 1, self._raised[mark])
        return NoteMark(self._naming(f"#{mark} {following}"))
