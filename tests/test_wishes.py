from __future__ import annotations

from pathlib import Path

import pytest

from narrator.config import check_config
from narrator.errors import ConfigError, UsageError
from narrator.project import Project, config_of
from narrator.wishes import QUALITIES, Wishes, wishes_of
from tests.drawing import drawn


def test_what_is_empty_wishes_for_nothing() -> None:
    wishes = wishes_of(
        project="", projects="", output="", voice="", speed=None, authors=(), cover="", settings={}
    )
    assert wishes == Wishes()


def test_paths_are_taken_as_text_or_as_paths(tmp_path: Path) -> None:
    assert wishes_of(output=tmp_path) == wishes_of(output=str(tmp_path))
    assert wishes_of(project=tmp_path).project == tmp_path


def test_a_quality_is_a_cutting_of_which_each_part_can_be_named_otherwise() -> None:
    assert wishes_of(quality="balanced").settings["cutting"] == {"strategy": "sentence", "max_chars": 200}
    other = wishes_of(quality="fast", max_chars=150).settings["cutting"]
    assert other == {"strategy": "word", "max_chars": 150}
    with pytest.raises(UsageError, match="best"):
        wishes_of(quality="best")
    for name, cutting in QUALITIES.items():
        assert check_config({"cutting": cutting}, where=name).cutting.model_dump(exclude_unset=True) == cutting


@pytest.mark.parametrize("written", ["~nosuchuser/x", "a\0b"])
def test_what_can_be_no_path_is_told(written: str) -> None:
    with pytest.raises(UsageError, match=r"nosuchuser|NUL"):
        wishes_of(output=written)
    with pytest.raises(UsageError):
        wishes_of(project=written)


@pytest.mark.parametrize(
    ("written", "numbers"), [("", None), ("3", {3}), ("1-3,7", {1, 2, 3, 7}), (" 2 - 3 , 3 ", {2, 3})]
)
def test_chapters_are_numbers_and_ranges(written: str, numbers: set[int] | None) -> None:
    assert wishes_of(chapters=written).chapters == numbers


@pytest.mark.parametrize("minutes", [0.0, -1.0, 1e9])
def test_a_preview_of_no_time_or_all_time_is_refused(minutes: float) -> None:
    with pytest.raises(UsageError, match="preview"):
        wishes_of(preview=minutes)


def test_limits_are_for_one_run_and_a_price_is_kept() -> None:
    wishes = wishes_of(max_cost=5.0, max_characters=0, allow_gaps=True, price=15.0)
    assert wishes.settings == {"speech": {"usd_per_million_characters": 15.0}}
    assert wishes.for_this_run == {"rendering": {"max_cost_usd": 5.0, "max_characters": 0, "allow_gaps": True}}
    assert wishes.all_settings == {**wishes.settings, **wishes.for_this_run}


def test_facts_of_the_book_are_settings_of_it() -> None:
    wishes = wishes_of(title="Alice", authors=["A", "B"], date="1865", series="Alice", part="1")
    book = check_config(wishes.settings, where="x").book
    assert (book.title, book.authors, book.date) == ("Alice", ("A", "B"), "1865")
    assert (book.series, book.part) == ("Alice", "1")


def test_a_cover_is_known_by_where_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cover.png").write_bytes(drawn())
    monkeypatch.chdir(tmp_path)
    kept = {"book": {"cover": str(tmp_path / "cover.png")}}
    assert wishes_of(cover="cover.png").settings == kept
    assert wishes_of(cover=Path("cover.png")).settings == kept
    assert wishes_of(settings={"book.cover": "cover.png"}).settings == kept
    assert wishes_of(cover="none").settings == {"book": {"cover": "none"}}


def test_lexicons_are_known_by_where_they_were_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept = {"speech_text": {"lexicons": (str(tmp_path / "my.toml"), "/their.pls")}}
    for typed in ("my.toml, /their.pls", '["my.toml", "/their.pls"]', ["my.toml", "/their.pls"]):
        assert wishes_of(settings={"speech_text.lexicons": typed}).settings == kept
    with pytest.raises(UsageError, match="no such person"):
        wishes_of(settings={"speech_text.lexicons": "~nosuchuser/my.toml"})


def test_brackets_without_end_are_a_text() -> None:
    assert wishes_of(settings={"book.title": "[" * 5000}).settings == {"book": {"title": "[" * 5000}}


@pytest.mark.parametrize("written", ["gone.png", "words.txt", "a\0b"])
def test_a_cover_that_is_none_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    (tmp_path / "words.txt").write_text("no picture", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        wishes_of(cover=written)
    with pytest.raises(UsageError):
        wishes_of(settings={"book.cover": written})


@pytest.mark.parametrize(
    ("setting", "written", "value"),
    [
        ("reading.notes", "end", "end"),
        ("reading.notes", '"end"', "end"),
        ("reading.skip", "Preface,  Chapter #5 ,", ("Preface", "Chapter #5")),
        ("reading.skip", '["One, Two"]', ("One, Two",)),
        ("reading.skip", "", ()),
        ("cutting.merge_chars", "300", 300),
        ("levels.loudness_lufs", "-18", -18.0),
        ("rendering.allow_gaps", "true", True),
        ("delivery.formats", "mp3,wav", ("mp3", "wav")),
        ("delivery.mp3_kbps", "96", 96),
        ("book.title", "1984", "1984"),
        ("book.title", "Heart, and Darkness", "Heart, and Darkness"),
        ("book.title", "", ""),
        ("book.authors", "Ann, Bob", ("Ann", "Bob")),
        ("book.date", "1865-11-26", "1865-11-26"),
        ("book.part", "3.50", "3.50"),
        ("cast.quotes", "true", "true"),
        ("speech.base_url", "http://127.0.0.1:1/?a=b", "http://127.0.0.1:1/?a=b"),
    ],
)
def test_a_setting_is_toml_where_that_fits_its_key_else_text_or_a_list(
    setting: str, written: str, value: object
) -> None:
    section, key = setting.split(".")
    config = check_config(wishes_of(settings={setting: written}).settings, where="x")
    assert getattr(getattr(config, section), key) == value


def test_what_people_name_themselves_may_have_dots_and_is_text() -> None:
    settings = {"cast.speakers.DR. WATSON": "7", "speech.options.pitch": "1.10"}
    assert wishes_of(settings=settings).settings == {
        "cast.speakers": {"DR. WATSON": "7"},
        "speech.options": {"pitch": "1.10"},
    }


def test_a_setting_goes_over_the_option_that_says_the_same() -> None:
    wishes = wishes_of(quality="fast", max_chars=200, settings={"cutting.max_chars": "300"})
    assert wishes.settings == {"cutting": {"strategy": "word", "max_chars": 300}}


def test_values_from_python_are_taken_as_they_are() -> None:
    wishes = wishes_of(settings={"reading.skip": ["One, Two"], "cutting.merge_chars": 300})
    assert wishes.settings == {"reading": {"skip": ("One, Two",)}, "cutting": {"merge_chars": 300}}


@pytest.mark.parametrize(
    ("setting", "written", "told"),
    [
        ("reading.notez", "end", "reading.notez: there is no such key; did you mean 'notes'?"),
        ("reeding.notes", "end", "reeding: there is no such key; did you mean 'reading'?"),
        ("reading.notes", "elsewhere", "reading.notes: must be one of skip, end, place"),
        ("reading.notes.x", "end", "reading.notes: must be one of skip, end, place"),
        ("cutting.max_chars", "many", "cutting.max_chars: must be a whole number"),
        ("cutting.max_chars", "5", "cutting.max_chars: must be 20 or more"),
        ("delivery.formats", "mp3,ogg", "delivery.formats.1: must be one of mp3, m4b, opus, flac, wav"),
    ],
)
def test_a_mistaken_setting_is_told_as_in_project_toml(
    tmp_path: Path, setting: str, written: str, told: str
) -> None:
    project = Project(tmp_path)
    project.keep_wishes({"reading": {"notes": "skip"}})
    with pytest.raises(ConfigError) as caught:
        project.config(wishes_of(settings={setting: written}).settings)
    assert caught.value.problems == (told,)


@pytest.mark.parametrize("setting", ["reading", "reading.", ".notes", "cast.speakers."])
def test_what_names_no_setting_is_told(setting: str) -> None:
    with pytest.raises(UsageError, match=f"--set {setting} names no setting"):
        wishes_of(settings={setting: "x"})


@pytest.mark.parametrize("of_one", ["title", "part"])
def test_what_is_true_of_one_book_is_not_said_of_many(of_one: str) -> None:
    with pytest.raises(UsageError, match=f"--{of_one}"):
        wishes_of(settings={f"book.{of_one}": "Alice"}).among_many(Path("x/ferry.epub"))
    assert wishes_of(authors=("A",), series="B").among_many(Path("x/ferry.epub")).settings


def test_of_many_books_each_has_a_folder_in_the_output(tmp_path: Path) -> None:
    wishes = wishes_of(output=tmp_path).among_many(Path("x/ferry.epub"))
    assert wishes.settings["delivery"]["output"] == str(tmp_path / "ferry")


def test_a_profile_is_taken_off_by_none() -> None:
    assert wishes_of(profile="none").settings == {"delivery": {"profile": ""}}
    assert wishes_of(profile="acx").settings == {"delivery": {"profile": "acx"}}


def _template(folder: Path) -> Path:
    folder.mkdir()
    (folder / "words.toml").write_text('[[entry]]\nword = "a"\nsay = "b"\n', encoding="utf-8")
    path = folder / "house.toml"
    text = '[speech]\nvoice = "nova"\n[cast.speakers]\nANN = "x"\n[speech_text]\nlexicons = ["words.toml"]\n'
    path.write_text(text, encoding="utf-8")
    return path


def test_a_template_is_wished_for_where_nothing_else_is_said(tmp_path: Path) -> None:
    template = _template(tmp_path / "house")
    project = Project(tmp_path / "project")
    config = project.config(wishes_of(template=template, voice="echo").settings)
    assert config.speech.voice == "echo"
    assert config.cast.speakers == {"ANN": "x"}
    assert config.speech_text.lexicons == (str(tmp_path / "house" / "words.toml"),)


def test_names_of_a_template_leave_other_names_as_they_are(tmp_path: Path) -> None:
    template = tmp_path / "house.toml"
    template.write_text('[cast.speakers]\nAnn = "alloy"\nBob = "echo"\n')
    wishes = wishes_of(template=template, settings={"cast.speakers.Ann": "nova"})
    config = config_of(wishes.all_settings, {"cast": {"speakers": {"Cid": "fable", "Bob": "onyx"}}})
    assert config.cast.speakers == {"Ann": "nova", "Bob": "echo", "Cid": "fable"}


def test_a_template_that_is_wrong_is_told_by_its_own_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"house\.toml"):
        wishes_of(template=tmp_path / "house.toml")
    (tmp_path / "house.toml").write_text("[speach]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"house\.toml"):
        wishes_of(template=tmp_path / "house.toml")
