"""What a person wishes of a render, by the names that the command line and the Python functions share."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence, Sized
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypedDict, Unpack

from narrator.errors import UsageError

Settings = Mapping[str, Mapping[str, Any]]
"""Wishes over `project.toml`: section to key to value.

A table inside a section is named as TOML does it, 'cast.speakers': a key of it leaves its others as they are.
"""


class Options(TypedDict, total=False):
    """All options; those left out, None or empty wish for nothing. The help of the commands explains each."""

    projects: str | Path | None
    project: str | Path | None
    output: str | Path | None
    provider: str | None
    voice: str | None
    model: str | None
    base_url: str | None
    options: Mapping[str, str] | None
    title: str | None
    authors: Sequence[str] | None
    language: str | None
    date: str | None
    series: str | None
    part: str | None
    cover: str | Path | None
    speed: float | None
    quality: str | None
    strategy: str | None
    max_chars: int | None
    concurrency: int | None
    rate: str | None
    formats: Sequence[str] | None
    profile: str | None
    extras: Sequence[str] | None
    one_file: bool
    settings: Mapping[str, object] | None
    template: str | Path | None
    text: str | Path | None
    price: float | None
    replan: bool
    allow_gaps: bool
    chapters: str | None
    preview: float | None
    max_cost: float | None
    max_characters: int | None


QUALITIES: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "fast": {"strategy": "word", "max_chars": 100},
        "balanced": {"strategy": "sentence", "max_chars": 200},
        "high": {"strategy": "paragraph", "max_chars": 300},
    }
)
"""Cuttings by one name: the quicker the first sound, the less of its surroundings a voice knows."""

_SETTINGS = {
    "provider": ("speech", "provider"),
    "voice": ("speech", "voice"),
    "model": ("speech", "model"),
    "base_url": ("speech", "base_url"),
    "options": ("speech", "options"),
    "speed": ("speech", "speed"),
    "price": ("speech", "usd_per_million_characters"),
    "title": ("book", "title"),
    "authors": ("book", "authors"),
    "language": ("book", "language"),
    "date": ("book", "date"),
    "series": ("book", "series"),
    "part": ("book", "part"),
    "cover": ("book", "cover"),
    "strategy": ("cutting", "strategy"),
    "max_chars": ("cutting", "max_chars"),
    "concurrency": ("rendering", "concurrency"),
    "rate": ("rendering", "rate"),
    "formats": ("delivery", "formats"),
    "profile": ("delivery", "profile"),
    "extras": ("delivery", "extras"),
    "one_file": ("delivery", "one_file"),
    "output": ("delivery", "output"),
}


_FOR_THIS_RUN: Mapping[Literal["allow_gaps", "max_cost", "max_characters"], str] = {
    "allow_gaps": "allow_gaps",
    "max_cost": "max_cost_usd",
    "max_characters": "max_characters",
}
MOST_PREVIEW_MINUTES = 60
NO_PROFILE = "none"
"""What takes a profile off again."""

_NUMBERS = re.compile(r"(\d{1,5})(?:\s*[-–]\s*(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Wishes:
    """Where projects live, and settings, which the project keeps.

    The rest is for this run alone: `for_this_run` are settings that the project does not keep, `chapters` the
    numbers of those that are wanted (None: all), `preview_minutes` how much of the opening (None: all), and
    `text` a script that a person edited (None: the accepted one).
    """

    projects: Path = Path("projects")
    project: Path | None = None
    settings: Settings = field(default_factory=dict)
    for_this_run: Settings = field(default_factory=dict)
    replan: bool = False
    chapters: frozenset[int] | None = None
    preview_minutes: float | None = None
    text: Path | None = None

    @property
    def all_settings(self) -> Settings:
        """What the project keeps, under what is for this run alone."""
        sections = dict.fromkeys((*self.settings, *self.for_this_run))
        return {name: {**self.settings.get(name, {}), **self.for_this_run.get(name, {})} for name in sections}

    def among_many(self, book: Path) -> Wishes:
        """The wishes for one of many books: each in a folder of its own under the output folder.

        Raises:
            UsageError: a project is named, which is of one book, or what is true of one book only.
        """
        if self.project:
            raise UsageError(
                f"--project {self.project} is one book's folder, and there are many books.",
                advice="Name the folder for all of their projects with --projects.",
            )
        of_one = sorted({"title", "part", "cover"} & self.settings.get("book", {}).keys())
        if of_one := of_one or ["text"] * (self.text is not None):
            raise UsageError(
                f"--{of_one[0]} is of one book, and there are many books.",
                advice="Leave it out, and give it to that book alone.",
            )
        delivery = self.settings.get("delivery", {})
        if "output" not in delivery:
            return self
        delivery = {**delivery, "output": str(Path(delivery["output"]) / book.stem)}
        return replace(self, settings={**self.settings, "delivery": delivery})


def wishes_of(**options: Unpack[Options]) -> Wishes:
    """Options to wishes.

    Raises:
        UsageError: there is no such option, a path cannot be one, or a cover is no picture.
    """
    if unknown := sorted(set(options) - set(Options.__annotations__)):
        raise UsageError(
            f"There is no option {unknown[0]!r}.", advice=f"There are: {', '.join(Options.__annotations__)}."
        )
    template = options.get("template")
    settings = _template(_path(template)) if template else {}
    for section, key, value in _wished(options):
        settings.setdefault(section, {})[key] = _plain(f"{section}.{key}", value)
    for_this_run = {
        key: options[name]
        for name, key in _FOR_THIS_RUN.items()
        if name in options and options[name] is not None and options[name] is not False
    }
    projects, project = options.get("projects"), options.get("project")
    preview, text = options.get("preview"), options.get("text")
    if preview is not None and not 0 < preview <= MOST_PREVIEW_MINUTES:
        raise UsageError(
            f"A preview of {preview:g} minutes cannot be made.", advice=f"Ask for 1 to {MOST_PREVIEW_MINUTES}."
        )
    return Wishes(
        projects=_path(projects or "projects"),
        project=_path(project) if project else None,
        settings=settings,
        for_this_run={"rendering": for_this_run} if for_this_run else {},
        replan=options.get("replan", False),
        chapters=chapter_numbers(options.get("chapters") or ""),
        preview_minutes=preview,
        text=_path(text) if text else None,
    )


def _template(path: Path) -> dict[str, dict[str, Any]]:
    """The settings of another book's project.toml; its relative paths are relative to where it is.

    Raises:
        UsageError: there is no such file.
        ConfigError: it has mistakes.
    """
    from narrator.config import read_config  # noqa: PLC0415 - slow to import

    if not path.is_file():
        raise UsageError(f"There is no file {path}.", advice="Name a project.toml to begin with.")
    settings: dict[str, dict[str, Any]] = read_config(path).model_dump(exclude_unset=True)
    for section, key in (("delivery", "output"), ("book", "cover"), ("speech_text", "lexicons")):
        value = settings.get(section, {}).get(key)
        if value and (key, value) != ("cover", "none"):
            is_list = not isinstance(value, str)
            inside = tuple(str(path.absolute().parent / each) for each in (value if is_list else (value,)))
            settings[section][key] = _plain(f"{section}.{key}", inside if is_list else inside[0])
    # What is said of some names is no wish about others. Options belong to one provider, and go together.
    for section, values in [*settings.items()]:
        for key in [key for key, value in values.items() if isinstance(value, Mapping) and key != "options"]:
            settings[f"{section}.{key}"] = dict(values.pop(key))
    return settings


def chapter_numbers(written: str) -> frozenset[int] | None:
    """'1-3,7' to numbers; None for ''.

    Raises:
        UsageError: it is written in another way.
    """
    numbers: set[int] = set()
    for part in filter(None, (part.strip() for part in written.split(","))):
        match = _NUMBERS.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 0 < first <= last:
            raise UsageError(
                f"--chapters {written} names no chapters.", advice="Write numbers and ranges, as in 1-3,7."
            )
        numbers.update(range(first, last + 1))
    return frozenset(numbers) or None


def _wished(options: Options) -> Iterator[tuple[str, str, object]]:
    """Section, key and value of all that the project keeps; of what is named twice, the last is meant."""
    if quality := options.get("quality"):
        if quality not in QUALITIES:
            raise UsageError(f"There is no quality {quality!r}.", advice=f"There are: {', '.join(QUALITIES)}.")
        for key, value in QUALITIES[quality].items():
            yield "cutting", key, value
    for name, (section, key) in _SETTINGS.items():
        wish = options.get(name)
        if wish is not None and wish is not False and not (isinstance(wish, Sized) and len(wish) == 0):
            yield section, key, "" if (name, wish) == ("profile", NO_PROFILE) else wish
    for dotted, written in (options.get("settings") or {}).items():
        section, key = _section_and_key(dotted)
        yield section, key, _typed(section, key, written) if isinstance(written, str) else written


def _section_and_key(dotted: str) -> tuple[str, str]:
    """'cast.speakers.DR. WATSON' to 'cast.speakers' and 'DR. WATSON'."""
    names = dotted.split(".", maxsplit=2)
    if len(names) < 2 or not all(names):
        raise UsageError(f"--set {dotted} names no setting.", advice="Write it as SECTION.KEY=VALUE.")
    *section, key = names
    return ".".join(section), key


def _typed(section: str, key: str, written: str) -> object:
    """What was written, as TOML where that is of the key's type, else as text, else as a list with commas."""
    candidates: list[object] = [written, [part.strip() for part in written.split(",") if part.strip()]]
    # It is no TOML, a number of more digits than Python takes, or brackets deeper than it reads.
    with suppress(ValueError, RecursionError):
        candidates.insert(0, tomllib.loads(f"value = {written}")["value"])
    return next((each for each in candidates if _is_of_its_type(section, key, each)), candidates[0])


def _is_of_its_type(section: str, key: str, value: object) -> bool:
    """Whether a value is of the type that its key has; whether it may have it is not asked here."""
    from pydantic import ValidationError  # noqa: PLC0415 - slow to import

    from narrator.config import Config  # noqa: PLC0415 - as above

    names = section.split(".")
    if len(names) > 1 and not isinstance(value, str):  # a name's value is text, though it look like a number
        return False
    raw: dict[str, object] = {key: value}
    for name in reversed(names):
        raw = {name: raw}
    try:
        Config.model_validate(raw)
    except ValidationError as exc:
        return not any(error["type"].endswith("_type") for error in exc.errors())
    return True


def _plain(setting: str, value: object) -> object:
    """A value as `project.toml` has it."""
    if setting == "delivery.output":
        return _typed_path(value) if value else value
    if setting == "book.cover":
        return _cover(value) if value else value
    if setting == "speech_text.lexicons" and isinstance(value, list | tuple):
        return tuple(_typed_path(each) if isinstance(each, str | Path) and each else each for each in value)
    if setting == "speech.speed":
        try:
            return float(str(value))
        except ValueError:
            return value  # the check of all settings says what is wrong with it
    return tuple(value) if isinstance(value, list) else value


def _typed_path(value: object) -> str:
    # A path typed at the prompt is relative to where it is typed; one in project.toml, to the project.
    return str(_path(str(value)).absolute())


def _cover(value: object) -> str:
    from narrator.publishing.cover import NO_COVER, chosen_cover  # noqa: PLC0415 - brings all of the model

    if value == NO_COVER:
        return NO_COVER
    path = _typed_path(value)
    chosen_cover(path, Path())
    return path


def _path(written: str | Path) -> Path:
    if "\0" in str(written):
        raise UsageError(f"{str(written)!r} has a NUL, which no path has.", advice="Name another path.")
    try:
        return Path(written).expanduser()
    except RuntimeError as exc:
        advice = "Check the name after ~, or write the path in full."
        raise UsageError(f"{written}: there is no such person's folder here.", advice=advice) from exc
