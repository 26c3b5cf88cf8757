"""`project.toml` as a frozen Config: every wish, checked at the edge, all mistakes at once."""

from __future__ import annotations

import datetime as dt
import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, get_args

import langcodes
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from narrator.errors import ConfigError
from narrator.isbn import isbn_of
from narrator.profiles import laid_over, profile_of
from narrator.sections import Delivered, Levels, Limits, Pauses, Profile, Section


def _language_tag(value: str) -> str:
    if value and not langcodes.tag_is_valid(value):
        raise ValueError(f"{value!r} is not a language tag such as 'en' or 'pt-BR'")
    return value


def _option_text(value: object) -> object:
    # TOML has booleans and numbers; adapters take text, as it comes from --option K=V.
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _date(value: str) -> str:
    """'1865', '1865-11' or '1865-11-26', and a day that there was."""
    if value and not (_DATE.fullmatch(value) and _is_in_the_calendar(value)):
        raise ValueError(f"{value!r} is not a date such as '1865', '1865-11' or '1865-11-26'")
    return value


def _part(value: str) -> str:
    if value and not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        raise ValueError(f"{value!r} is not a place in a series such as '3' or '3.5'")
    return value


def _isbn(value: str) -> str:
    if value and not isbn_of(value):
        raise ValueError(f"{value!r} is not an ISBN: its digits do not fit together")
    return isbn_of(value)


def _key_variable(value: str) -> str:
    # The names that a shell can set. Somebody may have put the key itself here: it is not repeated.
    if value and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", value):
        raise ValueError("must be the name of an environment variable such as 'ELEVENLABS_API_KEY_2'")
    return value


def _is_in_the_calendar(value: str) -> bool:
    first_day = value + "-01-01"[len(value) - len("1865") :]
    try:
        dt.date.fromisoformat(first_day)
    except ValueError:
        return False
    return True


_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
KeyVariable = Annotated[str, AfterValidator(_key_variable)]
BookDate = Annotated[str, AfterValidator(_date)]
LanguageTag = Annotated[str, AfterValidator(_language_tag)]

# '5/s', '100/m', '20/1.5s'; neither the count nor the period is 0.
_ABOVE_0 = r"0*[1-9][0-9]{0,5}"
_RATE = rf"^({_ABOVE_0}/({_ABOVE_0}(\.[0-9]+)?|0+\.[0-9]*[1-9][0-9]*)?[smh])?$"


class Book(Section):
    """What is said of the book, where it differs from what the manuscript says of itself."""

    title: str = ""
    authors: tuple[str, ...] = Field(default=(), strict=False)
    language: LanguageTag = ""
    date: BookDate = ""
    series: str = ""
    part: Annotated[str, AfterValidator(_part)] = ""
    cover: str = ""
    isbn: Annotated[str, AfterValidator(_isbn)] = ""
    publisher: str = ""
    description: str = ""


class Speech(Section):
    """Who speaks, and how.

    `key_variable` is the environment variable, or the entry of the keyring, that holds the key; '' for the
    provider's usual one.
    """

    provider: str = "hibari"
    model: str = ""
    voice: str = ""
    speed: Annotated[float, Field(ge=0.25, le=4.0)] = 1.0
    base_url: str = ""
    key_variable: KeyVariable = ""
    options: Mapping[str, Annotated[str, BeforeValidator(_option_text)]] = Field(default_factory=dict)
    usd_per_million_characters: Annotated[float, Field(ge=0, le=100_000)] | None = None


class Failover(Section):
    """Who goes on, from a chapter on, where the provider fails for good: another provider, or another account.

    With neither a `provider` nor a `base_url` it is the same one by the key in `key_variable`. `voices` are
    what it has in the place of the voices of `[cast]`.
    """

    provider: str = ""
    model: str = ""
    voice: str = ""
    base_url: str = ""
    key_variable: KeyVariable = ""
    options: Mapping[str, Annotated[str, BeforeValidator(_option_text)]] = Field(default_factory=dict)
    usd_per_million_characters: Annotated[float, Field(ge=0, le=100_000)] | None = None
    voices: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_somebody(self) -> Failover:
        if (
            self.model_fields_set
            and self != Failover()
            and not (self.provider or self.base_url or self.key_variable)
        ):
            raise ValueError("name who goes on: a provider, a base_url or a key_variable")
        return self


class Titles(Section):
    """What is spoken of the book's titles where the text does not show them; '' for nothing.

    {title} and {authors} are the book's, {chapter} is a chapter's title. "auto" is in the book's language.
    """

    opening: str = "auto"
    closing: str = "auto"
    chapter: str = "{chapter}"


class Reading(Section):
    """What of a book is spoken.

    `speak` and `skip` name kinds of matter ('preface', 'dedication', 'bibliography'; 'front', 'body' and 'back'
    for all of it) or chapters by their titles, and win over what is spoken by default; `skip` wins over
    `speak`.
    """

    speak: tuple[str, ...] = Field(default=(), strict=False)
    skip: tuple[str, ...] = Field(default=(), strict=False)
    notes: Literal["skip", "end", "place"] = "skip"
    tables: Literal["speak", "skip"] = "speak"
    captions: Literal["speak", "skip"] = "skip"
    alt_texts: Literal["speak", "skip"] = "skip"
    code: Literal["speak", "skip"] = "skip"
    urls: Literal["speak", "skip"] = "speak"
    speakers: Literal["speak", "skip"] = "speak"
    stage_directions: Literal["speak", "skip"] = "speak"


class SpeechText(Section):
    """How printed text is written out for the voice, and lexicons beside the project's own `lexicon.toml`."""

    normalize: Literal["auto", "off", "light", "full"] = "auto"
    lexicons: tuple[str, ...] = Field(default=(), strict=False)


class Cast(Section):
    """Voices besides the narrator's, by the names that the provider has for them; '' for the narrator's.

    `speakers` are names as the book writes them, in any case, and `languages` BCP 47 tags.
    """

    headings: str = ""
    quotes: str = ""
    notes: str = ""
    speakers: Mapping[str, str] = Field(default_factory=dict)
    languages: Mapping[LanguageTag, str] = Field(default_factory=dict)


class Cutting(Section):
    """How chapters are cut into segments.

    Paragraphs that together are no longer than `merge_chars` are spoken in one go; 0 merges none.
    """

    strategy: Literal["paragraph", "sentence", "word", "fixed"] = "paragraph"
    max_chars: Annotated[int, Field(ge=20, le=100_000)] = 1000
    merge_chars: Annotated[int, Field(ge=0, le=100_000)] = 0


class Rendering(Section):
    """How hard the provider is driven. 0 means: what suits the provider."""

    concurrency: Annotated[int, Field(ge=0, le=256)] = 0
    rate: str = Field(default="", pattern=_RATE)
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 300.0
    deadline_s: Annotated[float, Field(gt=0, le=86_400)] = 3600.0
    max_cost_usd: Annotated[float, Field(ge=0)] | None = None
    max_characters: Annotated[int, Field(ge=0)] | None = None
    allow_gaps: bool = False


class Config(Section):
    """All of `project.toml`. The field names are the keys of the file."""

    book: Book = Book()
    speech: Speech = Speech()
    failover: Failover = Failover()
    titles: Titles = Titles()
    reading: Reading = Reading()
    speech_text: SpeechText = SpeechText()
    cast: Cast = Cast()
    cutting: Cutting = Cutting()
    pauses: Pauses = Pauses()
    levels: Levels = Levels()
    delivery: Delivered = Delivered()
    rendering: Rendering = Rendering()
    profiles: Mapping[str, Profile] = Field(default_factory=dict)


def read_config(path: Path) -> Config:
    """Read and check a `project.toml`.

    Raises:
        ConfigError: it cannot be read, it is no TOML, or some keys or values are wrong: each is named.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors on Windows put a BOM in front
    except OSError as exc:
        advice = "Make it a file that you may read."
        raise ConfigError(str(path), (f"it cannot be read: {exc.strerror}",), advice=advice) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigError(str(path), (f"this is not TOML: {exc}",), advice="Mend the line it names.") from exc
    return check_config(raw, where=str(path))


def check_config(raw: Mapping[str, Any], *, where: str) -> Config:
    """Plain data to Config.

    Raises:
        ConfigError: with every mistake at once, by dotted key.
    """
    try:
        return Config.model_validate(raw)
    except ValidationError as exc:
        advice = "Correct these keys and run the same command again."
        raise ConfigError(where, problems_of(exc, Config), advice=advice) from exc


def with_profile(config: Config) -> Config:
    """The configuration with what its profile brings, where it says nothing itself.

    Raises:
        ConfigError: there is no profile of that name, or one is like itself.
    """
    if not config.delivery.profile:
        return config
    profile = profile_of(config.delivery.profile, config.profiles)
    return config.model_copy(
        update={
            "levels": laid_over(config.levels, profile.levels),
            "pauses": laid_over(config.pauses, profile.pauses),
            "delivery": laid_over(config.delivery, profile.delivery),
        }
    )


def limits_of(config: Config) -> Limits | None:
    """What finished files are held against; None for nothing.

    Raises:
        ConfigError: as `with_profile`.
    """
    name = config.delivery.profile
    return profile_of(name, config.profiles).limits if name else None


_WORDS = {
    "missing": "is missing",
    "dict_type": "must be a table",
    "mapping_type": "must be a table",
    "model_type": "must be a table",
    "tuple_type": "must be a list",
    "string_type": "must be text, in quotes",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "literal_error": "must be one of {expected}",
    "string_pattern_mismatch": "must be a number of requests and a period, such as 5/s, 100/m or 20/10s",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "value_error": "{error}",
}
"""What pydantic's kinds of errors, which are an interface of it, mean to whoever writes `project.toml`."""


def problems_of(error: ValidationError, root: type[BaseModel]) -> tuple[str, ...]:
    """What is wrong with plain data that should have been a `root`, key by key."""
    errors = error.errors()
    # A list of which no entry is right is not said to be empty, too.
    inside = {each["loc"][:-1] for each in errors}
    told = [each for each in errors if each["type"] != "too_short" or each["loc"] not in inside]
    return tuple(_problem(each, root) for each in told)


def _problem(error: ErrorDetails, root: type[BaseModel]) -> str:
    location, kind = error["loc"], error["type"]
    key = ".".join(str(part) for part in location)
    if kind != "extra_forbidden":
        context = error.get("ctx", {})
        if "expected" in context:
            context = {"expected": context["expected"].replace("'", "").replace(" or ", ", ")}
        return f"{key}: {_WORDS[kind].format_map(context) if kind in _WORDS else error['msg']}"
    known = _names_at(location[:-1], root)
    nearest = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
    meant = f"did you mean {nearest[0]!r}?" if nearest else f"known here: {', '.join(known)}"
    return f"{key}: there is no such key; {meant}"


def _names_at(location: tuple[int | str, ...], root: type[BaseModel]) -> list[str]:
    section = root
    for part in location:
        annotation: Any = section.model_fields[str(part)].annotation
        kinds = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
        sections = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not sections:
            return []
        section = sections[0]
    return list(section.model_fields)
