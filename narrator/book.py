"""A book at work: its project, its wishes, its voice and its script, opened together and checked together."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from narrator.config import Config
from narrator.errors import ManuscriptError, UsageError
from narrator.model import Manuscript, Normalization, Script, Span, TakeKey
from narrator.ports import Provider
from narrator.project import Project, digest_of, find_project, named_project, open_project, read_source
from narrator.providers.keys import find_key
from narrator.publishing.cover import chosen_cover
from narrator.publishing.record import Skipped
from narrator.rendering.languages import ensure_language_is_spoken
from narrator.rendering.plan import Plan, Selection, make_plan
from narrator.rendering.reasons import ranges
from narrator.script.accepted import AcceptedScript
from narrator.script.compose import Accepted, compose
from narrator.script.credits import asked_before, asked_titles, check_templates, credit_titles
from narrator.script.edits import edit_words
from narrator.script.notes import with_notes
from narrator.script.script_text import SourceOf, edited
from narrator.script.skipped import skipped_texts, source_texts
from narrator.script.treatment import Cut, Treatment
from narrator.script.wording import Wording, read_lexicons
from narrator.speakers import Speaker, open_failover, speakers_of
from narrator.wiring import check_delivery, open_provider, read_manuscript
from narrator.wishes import Settings, Wishes

CHARACTERS_PER_S = 15.0
"""Printed characters that a narrator says in a second, white space and all, in novels in English."""


@dataclass(frozen=True, slots=True)
class Book:
    """All that a use case works with. Nothing of it is on disk before `keep`.

    `manuscript`, and `skipped`, what of it is not spoken, are there where this run had to read it. `notices`
    are what a person should know of it.
    """

    project: Project
    config: Config
    provider: Provider
    failover: Provider | None
    treatment: Treatment
    manuscript_path: Path
    manuscript_data: bytes
    script: Script
    is_script_new: bool
    manuscript: Manuscript | None
    selection: Selection
    notices: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] | None = None

    @property
    def title(self) -> str:
        return self.config.book.title or self.script.title

    @property
    def authors(self) -> tuple[str, ...]:
        return self.config.book.authors or self.script.authors

    @property
    def language(self) -> str:
        return self.config.book.language or self.script.language

    @property
    def narrator(self) -> str:
        """Who speaks, for the tags: provider and voice."""
        return " ".join(filter(None, (self.provider.name, self.provider.voice)))

    @property
    def speakers(self) -> tuple[Speaker, ...]:
        """Who may speak it; see `speakers_of`."""
        return speakers_of(self.config, self.provider, self.failover, self.language)

    def source_of(self) -> SourceOf:
        """A way from the script back to the text of the manuscript.

        Raises:
            ManuscriptError: it cannot be read.
        """
        return source_texts(self.read_again(), self.script)

    def read_again(self) -> Manuscript:
        """The manuscript, with its notes where the script has them.

        Raises:
            ManuscriptError: it cannot be read.
        """
        manuscript = self.manuscript or read_manuscript(self.manuscript_path)
        return with_notes(manuscript, self.treatment.reading)

    @property
    def cast_voices(self) -> tuple[str, ...]:
        """The voices that speak besides the narrator's, in alphabetical order."""
        spoken = (segment.voice for chapter in self.script.spoken for segment in chapter.segments)
        return tuple(sorted(set(spoken) - {""}))

    def plan(
        self, have: frozenset[TakeKey], *, failed: Collection[int] = (), given_up: Collection[TakeKey] = ()
    ) -> Plan:
        """What of the wanted part is left to be spoken, with the takes that there are, and by whom.

        `failed` are the speakers that cannot be asked, and `given_up` what cannot be had.

        Raises:
            UsageError: a chapter is wanted that the book has not.
        """
        return make_plan(self.script, self.speakers, have, self.selection, failed=failed, given_up=given_up)

    def cost_usd(self, plan: Plan) -> float | None:
        """What the orders of a plan cost; None where a price is not known."""
        prices = [speaker.provider.capabilities.usd_per_million_characters for speaker in self.speakers]
        sums = [(prices[order.speaker], len(order.request.text)) for order in plan.orders]
        if any(price is None for price, _ in sums):
            return None
        return round(sum((price or 0.0) * characters for price, characters in sums) / 1e6, 4)

    def ensure_it_can_be_spoken(self) -> None:
        """Ask, before any text is sent, whether the voice speaks the language, and whether the others exist.

        Raises:
            LanguageUnspoken: it does not.
            UnknownVoice: the provider knows that it does not have one.
        """
        for speaker in self.speakers:
            ensure_language_is_spoken(self.script, self.language, speaker.provider)
        for voice in self.cast_voices:
            self.provider.digest_of(voice)

    def ensure_cover_is_there(self) -> None:
        """Find out before any work whether the chosen cover can be put into the files.

        Raises:
            UsageError: it is gone, or is no picture.
        """
        if self.config.book.cover:
            chosen_cover(self.config.book.cover, self.project.folder)

    def keep(self) -> None:
        """Write to the project the manuscript that this run read. Call it under the project's lock.

        Raises:
            DiskError: it could not be written.
        """
        sha256 = digest_of(self.manuscript_data)
        source = self.project.source
        if source is None or source.sha256 != sha256:
            cover = self.manuscript.cover if self.manuscript else None
            self.project.keep_manuscript(self.manuscript_path, self.manuscript_data, cover)

    def accept(self, settings: Settings) -> None:
        """Write to the project what will be spoken and what this run was told, once a provider accepted both.

        Raises:
            DiskError: it could not be written.
        """
        if self.is_script_new:
            sha256 = digest_of(self.manuscript_data)
            AcceptedScript(self.project.script_folder).write(self.script, sha256, self.treatment)
        self.keep_wishes(settings)

    def keep_wishes(self, settings: Settings) -> None:
        """Write to the project what this run was told, and whose voice it is even where nobody named one.

        Another version's default voice must not take over a book. Call it under the project's lock.

        Raises:
            DiskError: it could not be written.
        """
        voice = {"provider": self.provider.name, "model": self.provider.model, "voice": self.provider.voice}
        speech = {key: value for key, value in voice.items() if value} | dict(settings.get("speech", {}))
        copied = {**self._book_wishes(settings), **self._lexicon_wishes(settings)}
        self.project.keep_wishes({**settings, "speech": speech, **copied})

    def _book_wishes(self, settings: Settings) -> Settings:
        """What is wished of the book's facts; a cover from elsewhere is copied: the folder is whole alone."""
        wishes = dict(settings.get("book", {}))
        if not wishes:
            return {}
        chosen = wishes.get("cover")
        if chosen and Path(chosen).is_absolute():
            cover = chosen_cover(chosen, self.project.folder)
            wishes["cover"] = self.project.keep_cover(cover) if cover else chosen
        return {"book": wishes}

    def _lexicon_wishes(self, settings: Settings) -> Settings:
        """What is wished of the text's wording; lexicons from elsewhere are copied, too."""
        wishes = dict(settings.get("speech_text", {}))
        if not wishes.get("lexicons"):
            return {}
        return {"speech_text": {**wishes, "lexicons": self.project.keep_lexicons(wishes["lexicons"])}}


@dataclass(frozen=True, slots=True)
class Source:
    """What a person named: a project, and the manuscript that it is of, with its bytes."""

    project: Project
    path: Path
    data: bytes


def locate(source: Path, wishes: Wishes) -> Source:
    """Find the project of a manuscript, which may not exist yet, or the manuscript of a project.

    Raises:
        UsageError: there is no such file, or the folder is no project.
    """
    if source.is_dir():
        project = open_project(source)
        path = project.manuscript_file()
        return Source(project, path, read_source(path))
    data = read_source(source)
    return Source(project_of(source, data, wishes), source, data)


def project_of(source: Path, data: bytes, wishes: Wishes) -> Project:
    """The project of a manuscript with these bytes, as things stand now.

    Raises:
        UsageError: the named project is of another book, or the folder is no project.
    """
    if source.is_dir():
        return open_project(source)
    if wishes.project:
        return named_project(wishes.project, source, data)
    return find_project(source, data, wishes.projects)


@dataclass(frozen=True, slots=True)
class Preparation:
    """What is known of a book before it is read: who speaks it, how it is treated, and its script of before."""

    source: Source
    wishes: Wishes
    config: Config
    provider: Provider
    failover: Provider | None
    treatment: Treatment
    accepted: Accepted | None

    @property
    def must_read(self) -> bool:
        """Whether the manuscript itself has to be read: no script of it, made like this, was accepted."""
        accepted, book = self.accepted, self.config.book
        if accepted is None or accepted.source_sha256 != digest_of(self.source.data):
            return True
        if not (accepted.is_cut_by(self.treatment) and accepted.is_worded_by(self.treatment)):
            return True
        script = accepted.script
        facts = (
            book.title or script.title,
            book.authors or script.authors,
            book.language or script.language,
        )
        return asked_titles(self.config.titles, *facts) != asked_before(script, *facts)

    def open(self) -> Book:
        """Read or recall the script. Writes nothing.

        Raises:
            ManuscriptError: the book cannot be read, or has nothing to say.
            UsageError: a line of a script that somebody edited cannot be understood.
        """
        script, manuscript, is_new = self._script()
        notices: tuple[str, ...] = ()
        if self.wishes.text:
            before, script, is_new = script, self._edited(script, manuscript, self.wishes.text), True
            edits = edit_words(before, script) or "nothing that is not in the script already"
            notices = (f"Read from {self.wishes.text}: {edits}.",)
        if not any(chapter.spoken for chapter in script.chapters):
            raise ManuscriptError(
                f"{self.source.path} has no text to speak.",
                advice="If it is a book of pictures or scanned pages, it has no text layer that could be read.",
            )
        if self.config.delivery.credits == "files":
            script = replace(script, credits_as=credit_titles(self.config.book.language or script.language))
        return Book(
            project=self.source.project,
            config=self.config,
            provider=self.provider,
            failover=self.failover,
            treatment=self.treatment,
            manuscript_path=self.source.path,
            manuscript_data=self.source.data,
            script=script,
            is_script_new=is_new,
            manuscript=manuscript,
            skipped=tuple(self._skipped(script, manuscript)) if manuscript else None,
            selection=_selection(self.wishes, self.config.speech.speed),
            notices=(*notices, *_about_failover(self.config, self.failover, script)),
        )

    def _edited(self, script: Script, manuscript: Manuscript | None, path: Path) -> Script:
        """The script as a person edited its text."""

        @cache
        def texts() -> SourceOf:
            read = manuscript or read_manuscript(self.source.path)
            return source_texts(with_notes(read, self.treatment.reading), script)

        def source_of(number: int, span: Span) -> str | None:  # the manuscript is read only where it is needed
            return texts()(number, span)

        try:
            text = read_source(path).decode("utf-8-sig")
        except UnicodeDecodeError as exc:
            raise UsageError(f"{path} is no text in UTF-8.", advice="Save it as UTF-8.") from exc
        try:
            return edited(text, script, self.treatment.cut.limits, source_of)
        except UsageError as exc:
            raise UsageError(f"{path}: {exc.what}", advice=exc.advice) from exc

    def _skipped(self, script: Script, manuscript: Manuscript) -> Iterator[Skipped]:
        source_of = source_texts(with_notes(manuscript, self.treatment.reading), script)
        for number, chapter in enumerate(script.chapters):
            for each in skipped_texts(chapter, number, source_of):
                yield Skipped(chapter.title, each.rule, each.places, each.words, each.begins)

    def _script(self) -> tuple[Script, Manuscript | None, bool]:
        """The accepted script where it still holds, else a new one that keeps the cuts of unchanged chapters.

        With it the manuscript, where it was read for it, and whether the script is new.
        """
        source = self.source
        if self.accepted and not self.must_read:
            # The manuscript is not read again, unless its cover was lost with the kept copy.
            manuscript = None if source.project.source else read_manuscript(source.path)
            return self.accepted.script, manuscript, False
        manuscript = read_manuscript(source.path)
        # A file's name, where it stands in for a title, may hold bytes that are no text.
        read = replace(manuscript, title=manuscript.title.encode("utf-8", "replace").decode())
        book = self.config.book
        said = replace(
            read,
            title=book.title or read.title,
            authors=book.authors or read.authors,
            language=book.language or read.language,
        )
        script = compose(said, self.treatment, self.accepted, titles=self.config.titles)
        kept = replace(script, title=read.title, authors=read.authors, language=read.language)
        return kept, manuscript, True


def _about_failover(config: Config, failover: Provider | None, script: Script) -> Iterator[str]:
    """What a person should know now of who stands by, and not only when it is needed."""
    if failover is None:
        return
    variable = config.failover.key_variable
    if variable and find_key(variable) is None:
        yield f"{failover.name} could not go on where the provider fails: there is no key in {variable}."
    longest = failover.capabilities.max_characters
    chapters = [
        number
        for number, chapter in enumerate(script.spoken, 1)
        if any(len(segment.text) > longest for segment in chapter.segments)
    ]
    if chapters:
        yield (
            f"{failover.name} takes {longest} characters at once: it could not go on with the chapters "
            f"{ranges(chapters)}, which have longer segments. --max-chars {longest} cuts them shorter."
        )


def prepare_book(source: Source, wishes: Wishes) -> Preparation:
    """Check the wishes and choose the voice. Reads no manuscript, and writes nothing.

    Raises:
        ConfigError: an option, `project.toml` or a lexicon is wrong.
        UsageError: the accepted script is damaged.
    """
    config = source.project.config(wishes.all_settings)
    check_templates(config.titles, where=str(source.project.folder / "project.toml"))
    provider = open_provider(config)
    failover = open_failover(config)
    if (
        failover
        and failover.capabilities.usd_per_million_characters is None
        and config.rendering.max_cost_usd is not None
    ):
        raise UsageError(
            f"--max-cost needs to know what {failover.name} costs, too.",
            advice="Say so in project.toml: failover.usd_per_million_characters; or use --max-characters.",
        )
    check_delivery(config, provider.capabilities.rate_hz)
    accepted = None if wishes.replan else AcceptedScript(source.project.script_folder).read()
    treatment = _treatment(source.project, config, provider, accepted)
    return Preparation(source, wishes, config, provider, failover, treatment, accepted)


def _treatment(project: Project, config: Config, provider: Provider, accepted: Accepted | None) -> Treatment:
    """How the manuscript becomes a script for this provider. The project's own lexicon comes before others."""
    capabilities = provider.capabilities
    own = project.folder / "lexicon.toml"
    named = [project.path_of(name) for name in config.speech_text.lexicons]
    cut = Cut(
        config.cutting.strategy,
        min(config.cutting.max_chars, capabilities.max_characters),
        capabilities.max_bytes,
        config.cutting.merge_chars,
    )
    automatic = capabilities.normalization if config.speech_text.normalize == "auto" else None
    wording = Wording(
        _usual(automatic, accepted) if automatic else Normalization(config.speech_text.normalize),
        read_lexicons([own, *named] if own.exists() else named),
        voice=provider.voice,
        language=config.book.language,
        automatic=automatic,
    )
    return Treatment(cut, config.reading, config.cast, wording)


def _usual(automatic: Normalization, accepted: Accepted | None) -> Normalization:
    """What suits the provider, unless the book is being spoken as an earlier version did for such a one.

    Nobody pays for what a new version writes out in another way before he asks for it.
    """
    if accepted is None:
        return automatic
    if accepted.is_early:
        return Normalization.OFF
    return (
        Normalization(accepted.wording["normalize"]) if accepted.wording.get("auto") == automatic else automatic
    )


def open_book(source: Source, wishes: Wishes) -> Book:
    """Check the wishes, choose the voice, and read or recall the script. Writes nothing.

    Raises:
        ConfigError: an option or `project.toml` is wrong.
        ManuscriptError: the book cannot be read, or has nothing to say.
    """
    return prepare_book(source, wishes).open()


def _selection(wishes: Wishes, speed: float) -> Selection:
    minutes = wishes.preview_minutes
    characters = None if minutes is None else round(60 * minutes * CHARACTERS_PER_S * speed)
    return Selection(wishes.chapters, characters)
