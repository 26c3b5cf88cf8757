"""Front, body or back, and what kind of page: told from structural terms, or from the words of a title.

Kinds are terms of the EPUB Structural Semantics Vocabulary (https://www.w3.org/TR/epub-ssv-11/), and a few of
our own where it has none: 'frontispiece', 'dramatis-personae', 'about-the-author', 'advertisement',
'uncopyright', 'gutenberg-header', 'gutenberg-license', 'transcribers-note'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from narrator.manuscript.headings import Rank, label_of
from narrator.model import Matter

_FRONT = (
    "cover frontispiece titlepage halftitlepage toc landmarks loi lot loa lov imprint copyright-page "
    "dedication epigraph foreword preface preamble introduction seriespage dramatis-personae "
    "gutenberg-header advertisement"
)
_BODY = "chapter part volume prologue epilogue conclusion"
_BACK = (
    "afterword acknowledgments appendix glossary bibliography index index-headnotes endnotes footnotes "
    "colophon uncopyright errata contributors other-credits about-the-author gutenberg-license "
    "transcribers-note"
)
_MATTER = {
    kind: matter
    for kinds, matter in ((_FRONT, Matter.FRONT), (_BODY, Matter.BODY), (_BACK, Matter.BACK))
    for kind in kinds.split()
}
_BRIEF = {
    "cover", "frontispiece", "titlepage", "halftitlepage", "copyright-page", "imprint", "dedication",
    "epigraph", "colophon", "uncopyright", "advertisement", "dramatis-personae",
}  # fmt: skip
_TAILS = {
    "about-the-author", "advertisement", "bibliography", "colophon", "contributors", "endnotes", "errata",
    "footnotes", "gutenberg-license", "index", "other-credits", "transcribers-note",
}  # fmt: skip
_DIVISIONS = {"part", "volume", "chapter"}
_CONTAINERS = {"part", "volume"}

_SAME_TERM = {
    "acknowledgements": "acknowledgments",
    "contents": "toc",
    "copyright": "copyright-page",
    "copyrightpage": "copyright-page",
    "copyright-notice": "copyright-page",
    "halftitle": "halftitlepage",
    "half-title-page": "halftitlepage",
    "notes": "endnotes",
    "rearnotes": "endnotes",
    "title-page": "titlepage",
}
_MATTER_TERMS = {"frontmatter": Matter.FRONT, "bodymatter": Matter.BODY, "backmatter": Matter.BACK}

# Whole titles, folded: no punctuation, lower case. English first, then the larger languages of Europe.
_TITLES = {
    "cover": "cover|couverture|umschlag|titelbild|cubierta|portada|copertina|capa|表紙",
    "frontispiece": "frontispiece",
    "titlepage": "title page|titlepage|title|page de titre|titelblatt|titelseite|titel|portadilla|frontespizio"
    "|página de título|titelpagina",
    "halftitlepage": "half title|half title page|halftitle|halftitle page|schmutztitel|faux titre",
    "toc": "contents|table of contents|list of contents|the contents|table des matières|table des chapitres"
    "|sommaire|inhalt|inhaltsverzeichnis|inhaltsübersicht|índice de contenidos|contenido|tabla de contenidos"
    "|indice generale|sommario|sumário|conteúdo|inhoud|inhoudsopgave|innehåll|indhold|sisällys|spis treści"
    "|содержание|оглавление|目次",
    "loi": "illustrations|list of illustrations|list of plates|list of figures|list of maps|plates"
    "|table des illustrations|table des gravures|abbildungsverzeichnis|verzeichnis der abbildungen"
    "|lista de ilustraciones|indice delle illustrazioni",
    "lot": "list of tables|tabellenverzeichnis|liste des tableaux",
    "imprint": "imprint|impressum",
    "copyright-page": "copyright|copyright page|copyright information|copyright notice|legal notice|rights"
    "|mentions légales|créditos|derechos de autor|diritti d autore",
    "uncopyright": "uncopyright",
    "colophon": "colophon|kolophon|colofón|colofon|この文書について|奥付",
    "dedication": "dedication|dédicace|widmung|dedicatoria|dedica|dedicatória|opdracht",
    "epigraph": "epigraph|epigraphs|épigraphe|motto|epígrafe|epigrafe",
    "foreword": "foreword|avant propos|avantpropos|geleitwort|zum geleit|prefazione dell editore|avant-propos",
    "preface": "preface|author s preface|the author s preface|publisher s preface|prefatory note|author s note"
    "|préface|vorwort|vorrede|vorbemerkung|prefacio|prefácio|prefazione|prólogo del autor|voorwoord|förord"
    "|forord|esipuhe|przedmowa|предисловие|avertissement|au lecteur|to the reader|an den leser",
    "introduction": "introduction|general introduction|introductory|einleitung|einführung|introducción"
    "|introduzione|introdução|inleiding|inledning|indledning|johdanto|wstęp|введение",
    "prologue": "prologue|prolog|prólogo|prologo|пролог|proloog",
    "epilogue": "epilogue|epilog|épilogue|epílogo|epilogo|эпилог|epiloog",
    "conclusion": "conclusion|conclusión|conclusione|conclusão|schluss|schluß|l envoi|envoi",
    "afterword": "afterword|postface|nachwort|posfacio|postfazione|posfácio|nawoord|efterord|послесловие",
    "acknowledgments": "acknowledgments|acknowledgements|remerciements|danksagung|dank|agradecimientos"
    "|ringraziamenti|agradecimentos|dankwoord",
    "appendix": "appendix|appendices|appendixes|annexe|annexes|appendice|anhang|apéndice|apêndice|bijlage",
    "glossary": "glossary|glossaire|glossar|glosario|glossario|glossário|begriffe",
    "bibliography": "bibliography|works cited|further reading|references|bibliographie|literatur"
    "|literaturverzeichnis|quellenverzeichnis|bibliografía|bibliografia|литература",
    "index": "index|general index|index of names|subject index|register|sachregister|personenregister"
    "|namensregister|índice alfabético|índice onomástico|indice analitico|indice dei nomi",
    "endnotes": "endnotes|end notes|notes|notes and references|note|anmerkungen|endnoten|notas|nota|noten"
    "|aantekeningen|примечания",
    "footnotes": "footnotes|foot notes|fußnoten|fussnoten|notes de bas de page|note a piè di pagina|voetnoten",
    "errata": "errata|erratum|corrigenda",
    "contributors": "contributors|about the contributors|notes on contributors|notes on the contributors"
    "|list of contributors|mitwirkende",
    "other-credits": "credits|text credits|photo credits|image credits|picture credits|illustration credits"
    "|permissions|bildnachweis|crédits|créditos",
    "about-the-author": "about the author|about the authors|about the translator|about the publisher"
    "|à propos de l auteur|über den autor|über die autorin|sobre el autor|sull autore|sobre o autor",
    "advertisement": "advertisement|advertisements|newsletter|praise|advance praise|publisher s advertisements"
    "|by the same author|by the same writer|du même auteur|von derselben autorin|vom selben autor",
    "dramatis-personae": "dramatis personae|dramatis personæ|persons of the play|the persons of the play"
    "|persons represented|characters|personnages|personen|personaggi|personajes",
    "gutenberg-license": "the full project gutenberg license|full project gutenberg license"
    "|project gutenberg license|the project gutenberg license",
    "transcribers-note": "transcriber s note|transcriber s notes|transcribers note|transcribers notes"
    "|transcriber note|transcription notes|note du transcripteur|notes du transcripteur|notes de transcription"
    "|anmerkungen zur transkription|nota del transcriptor|bemerkungen zur textgestalt",
}  # fmt: skip
_KIND_OF_TITLE = {title: kind for kind, titles in _TITLES.items() for title in titles.split("|")}

# A kind may be followed by what it is about: 'Preface to the Second Edition', 'Introduction by A. N. Other'.
_OPENINGS = (
    (r"(?:author|editor|publisher|translator)s? s (?:preface|foreword|introduction|note)", "preface"),
    (r"pr[eé]face (?:to|by|of|de|du|à|pour)", "preface"),
    (r"vorwort (?:zur|zum|des|der|von)", "preface"),
    (r"(?:foreword|geleitwort) (?:to|by|von)", "foreword"),
    (r"(?:introduction|introductory note|einleitung) (?:to|by|of|von|zur|zum|par)", "introduction"),
    (r"afterword (?:to|by)", "afterword"),
    (r"(?:appendix|anhang|ap[ée]ndice|appendice) (?:\d+|[a-z]|[ivx]+)(?: |$)", "appendix"),
    (r"(?:also|other books|other titles|more|books) (?:by|from) ", "advertisement"),
    (r"(?:praise|advance praise) for ", "advertisement"),
    (r"about (?:the author|this e?book|the publisher)", "about-the-author"),
    (r"index (?:of|to) (?:first lines|titles|names|persons|people|places|authors|subjects|the )", "index"),
    (r"(?:list of|table of) (?:illustrations|plates|figures|maps)", "loi"),
    (r"the project gutenberg e(?:book|text) ", "gutenberg-header"),
    (r"transcribers? (?:s )?notes? ", "transcribers-note"),
)
_KIND_OF_OPENING = tuple((re.compile(pattern), kind) for pattern, kind in _OPENINGS)


def kind_of_terms(terms: Iterable[str]) -> str:
    """The kind that structural terms name (`epub:type`, a role without 'doc-', a guide's type), else ''."""
    for term in terms:
        kind = _SAME_TERM.get(term, term)
        if kind in _MATTER:
            return kind
    return ""


def matter_of_terms(terms: Iterable[str]) -> Matter | None:
    """Front, body or back where a structural term says it outright."""
    return next((_MATTER_TERMS[term] for term in terms if term in _MATTER_TERMS), None)


def kind_of_title(title: str) -> str:
    """The kind that a title names, else ''. 'Contents' is a toc; 'The Contents of the Box' is not."""
    folded = " ".join(re.findall(r"[^\W_]+", title.casefold()))
    if kind := _KIND_OF_TITLE.get(folded):
        return kind
    if label := label_of(title):
        return "part" if label.rank is Rank.PART else "chapter"
    return next((kind for pattern, kind in _KIND_OF_OPENING if pattern.match(folded)), "")


def matter_of_kind(kind: str) -> Matter | None:
    """Where such a page stands in a book, None where the kind does not say."""
    return _MATTER.get(kind)


def is_page_apart(kind: str) -> bool:
    """Whether this kind stands apart from the chapters, as a chapter of its own wherever it occurs."""
    return kind in _MATTER and kind not in _DIVISIONS


def is_brief(kind: str) -> bool:
    """Whether pages of this kind are short, so that a long chapter of such a title is none."""
    return kind in _BRIEF


def is_tail(kind: str) -> bool:
    """Whether pages of this kind also stand at the end of a chapter, under a heading of their own."""
    return kind in _TAILS


def is_container(kind: str) -> bool:
    """Whether this kind holds chapters."""
    return kind in _CONTAINERS
