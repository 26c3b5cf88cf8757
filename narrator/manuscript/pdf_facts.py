"""What a PDF says of itself, where that is a fact and not a trace of the program that made it."""

from __future__ import annotations

import re

_PROGRAM = re.compile(r"(?:microsoft (?:word|powerpoint|excel|publisher)|print preview)\s*-\s*", re.IGNORECASE)
_FILE_NAME = re.compile(
    r"\S*[\\/]\S*|.*\.(?:docx?|dotx?|rtf|odt|tex|dvi|indd|indb|qxp|qxd|pmd|pages|fm|pdf|txt|html?|epub|md|wpd|ps)",
    re.IGNORECASE,
)
_NO_TITLE = {
    "", "untitled", "untitled document", "untitled1", "new document", "document", "document1", "layout 1",
    "book", "title", "pdf", "none", "unknown", "powerpoint presentation", "full page photo",
    "sans titre", "unbenannt", "ohne titel", "sin título",
}  # fmt: skip
_NO_AUTHOR = {
    "", "unknown", "unknown author", "anonymous", "various", "none", "author", "default", "user", "owner",
    "administrator", "admin", "root", "pc", "home", "customer", "microsoft office user", "windows user",
}  # fmt: skip
_BETWEEN = re.compile(r"\s*(?:;|&|\band\b|\bund\b|\bet\b)\s*")
_SURNAME_FIRST = re.compile(r"([^,\d]+), ([^,\d]+)")


def title_in(declared: str) -> str:
    """The declared title, '' where it is a file's name or a program's."""
    title = _PROGRAM.sub("", declared).strip()
    if title.casefold() in _NO_TITLE or _FILE_NAME.fullmatch(title) or not any(map(str.isalpha, title)):
        return ""
    return title


def authors_in(declared: str) -> tuple[str, ...]:
    """The declared authors; a name with its surname first is turned round."""
    names: list[str] = []
    for name in _BETWEEN.split(declared):
        turned = _SURNAME_FIRST.fullmatch(name)
        names += [f"{turned[2]} {turned[1]}"] if turned else [part.strip() for part in name.split(",")]
    return tuple(name for name in names if name.casefold() not in _NO_AUTHOR)
