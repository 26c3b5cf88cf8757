"""Small FictionBooks, built in code."""

from __future__ import annotations

import zipfile
from pathlib import Path

INFO = (
    "<author><first-name>Ada</first-name><middle-name>B.</middle-name><last-name>Author</last-name></author>"
    "<book-title>A Book</book-title><lang>en</lang>"
)


def make_fb2(
    path: Path, bodies: str, *, info: str = INFO, binaries: str = "", encoding: str = "utf-8", head: str = ""
) -> Path:
    """A FictionBook; a name that ends in .zip or .fbz makes it a zip of one."""
    source = (
        f'<?xml version="1.0" encoding="{encoding}"?>{head}'
        '<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0" xmlns:l="http://www.w3.org/1999/xlink">'
        f"<description><title-info>{info}</title-info>"
        "<document-info><author><nickname>scanner</nickname></author></document-info></description>"
        f"{bodies}{binaries}</FictionBook>"
    )
    data = source.encode(encoding)
    if path.suffix in {".zip", ".fbz"}:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("book.fb2", data)
    else:
        path.write_bytes(data)
    return path


def section(title: str, *content: str, attributes: str = "") -> str:
    """A section; its content is elements, or text that becomes paragraphs."""
    head = "".join(f"<p>{line}</p>" for line in title.split("\n"))
    body = "".join(part if part.startswith("<") else f"<p>{part}</p>" for part in content)
    return f"<section{attributes}>" + (f"<title>{head}</title>" if title else "") + body + "</section>"


def body(*sections: str) -> str:
    return f"<body>{''.join(sections)}</body>"
