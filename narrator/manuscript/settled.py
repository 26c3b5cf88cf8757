"""What the blocks of pages are, once the chapters are known: letters, speeches, foreign words, pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from narrator.manuscript.characters import same_words
from narrator.manuscript.drama import with_speeches
from narrator.manuscript.matter import is_page_apart
from narrator.manuscript.page_blocks import PageBlock
from narrator.model import Block, Chapter, Mark, MarkKind, Role

_LETTERS = {Role.PARAGRAPH, Role.QUOTATION}


def settled(chapters: Iterable[Chapter], language: str) -> tuple[Chapter, ...]:
    """The chapters with the last that is told of their blocks, which are plain from then on.

    No block is lost and none is added but pictures, which are said to nobody. `language` is the book's.
    """
    return tuple(replace(chapter, blocks=tuple(_settled(chapter, language))) for chapter in chapters)


def _settled(chapter: Chapter, language: str) -> Iterator[Block]:
    # Lists of people and the like are printed as speeches are.
    blocks = [_with_own_marks(block) for block in chapter.blocks]
    told = blocks if is_page_apart(chapter.kind) else with_speeches(blocks)
    return _with_pictures([_letter(_in_language(block, language)) for block in told])


def _with_own_marks(block: Block) -> Block:
    """The block without marks that belong to a text of another length."""
    if not isinstance(block, PageBlock) or block.length in {-1, len(block.text)}:
        return block
    return replace(block, marks=(), hints=())


def _letter(block: Block) -> Block:
    is_letter = isinstance(block, PageBlock) and block.is_letter and block.role in _LETTERS
    return replace(block, role=Role.LETTER) if is_letter else block


def _in_language(block: Block, language: str) -> Block:
    """The block without marks of its own language, but where these stand in a stretch of another one."""
    if not block.marks:
        return block
    own = _primary(block.language or language)
    kept: list[Mark] = []
    around: list[Mark] = []  # the marks of languages that have not ended yet, the innermost last
    for mark in block.marks:
        if mark.kind is MarkKind.LANGUAGE:
            while around and around[-1].end < mark.end:
                around.pop()
            if _primary(mark.value) == (_primary(around[-1].value) if around else own):
                continue
            around.append(mark)
        kept.append(mark)
    return replace(block, marks=tuple(kept)) if len(kept) < len(block.marks) else block


def _primary(tag: str) -> str:
    return tag.partition("-")[0].lower()


def _with_pictures(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks, plain, with what the pictures show after the block where each stands.

    A chapter still begins with its headings, and a picture is not described by its caption and again.
    """
    if not any(isinstance(block, PageBlock) and (block.pictures or block.pictures_before) for block in blocks):
        yield from map(_plain, blocks)
        return
    texts = {same_words(block.text) for block in blocks}
    waiting: list[Block] = []
    is_head = True
    for block in blocks:
        is_head = is_head and block.role is Role.HEADING
        before, after = (block.pictures_before, block.pictures) if isinstance(block, PageBlock) else ((), ())
        waiting += _alt_texts(block, before, texts)
        if not is_head:
            yield from waiting
            waiting.clear()
        yield _plain(block)
        waiting += _alt_texts(block, after, texts)
        if not is_head:
            yield from waiting
            waiting.clear()
    yield from waiting


def _alt_texts(block: Block, pictures: Iterable[str], texts: set[str]) -> list[Block]:
    return [
        Block(Role.ALT_TEXT, text, block.source, block.language)
        for text in pictures
        if same_words(text) not in texts
    ]


def _plain(block: Block) -> Block:
    if not isinstance(block, PageBlock):
        return block
    return Block(
        block.role,
        block.text,
        block.source,
        block.language,
        block.speaker,
        block.marks,
        block.notes,
        block.note,
    )
