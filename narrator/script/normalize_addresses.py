"""Addresses of the web and of mail, as people say them.

Of a web address the host is said, and the path where it is one word or two; the protocol, 'www.' and all
that machines added are not: nobody can write them down while listening.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import regex

from narrator.script.normalize_gates import only_where, only_with

_SIGNS = {  # '.', '/' and '@'
    "de": ("Punkt", "Schrägstrich", "at"),
    "en": ("dot", "slash", "at"),
    "es": ("punto", "barra", "arroba"),
    "fr": ("point", "barre oblique", "arobase"),
    "it": ("punto", "barra", "chiocciola"),
    "nl": ("punt", "schuine streep", "apenstaartje"),
    "pt": ("ponto", "barra", "arroba"),
}
_HOST = r"(?P<host>[\p{L}\p{N}](?:[\p{L}\p{N}-]*+\.)+\p{L}{2,}+)"
_WEB = regex.compile(
    rf"(?<![\w@/.:-])(?:https?://(?:www\.)?|www\.){_HOST}(?::[0-9]++)?(?P<path>/[^\s<>\"”»’)\]]*+)?(?![\w@])",
    regex.IGNORECASE,
)
_WEB_SIGN = re.compile(r"://|www\.", re.IGNORECASE)
_SAID_PATH = regex.compile(r"(?:/\p{L}{2,12}){1,2}")
_PUNCTUATION = regex.compile(r"[.,;:!?…'*_]+$")
_MAIL = regex.compile(rf"(?<![\w@/.:+-])(?:mailto:)?(?P<name>[\p{{L}}\p{{N}}][\w.-]{{0,63}})@{_HOST}(?![\w@-])")


def address_rules(primary: str) -> tuple[Callable[[str], str], ...]:
    if primary not in _SIGNS:
        return ()
    dot, slash, at = (f" {word} " for word in _SIGNS[primary])
    return (
        only_with("@", partial(_MAIL.sub, partial(_mail_said, dot=dot, at=at))),
        only_where(_WEB_SIGN, partial(_WEB.sub, partial(_web_said, dot=dot, slash=slash))),
    )


def _web_said(match: regex.Match[str], *, dot: str, slash: str) -> str:
    path = match["path"] or ""
    after = _PUNCTUATION.search(path)
    path = path.removesuffix(after[0]) if after else path
    said = path.removesuffix("/") if _SAID_PATH.fullmatch(path.removesuffix("/")) else ""
    return match["host"].replace(".", dot) + said.replace("/", slash) + (after[0] if after else "")


def _mail_said(match: regex.Match[str], *, dot: str, at: str) -> str:
    return match["name"].replace(".", dot) + at + match["host"].replace(".", dot)
