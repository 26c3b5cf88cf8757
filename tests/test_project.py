from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from narrator.config import read_config
from narrator.errors import ConfigError, ProjectLocked, UsageError
from narrator.model import Cover
from narrator.project import Project, find_project, open_project, slug_of


def kept(folder: Path, origin: Path, data: bytes) -> Project:
    project = Project(folder)
    project.keep_wishes({})
    project.keep_manuscript(origin, data, None)
    return project


def test_a_book_finds_its_project_by_its_path_or_by_its_bytes(tmp_path: Path) -> None:
    book = tmp_path / "My Book.md"
    first = find_project(book, b"text", tmp_path / "projects")
    assert first.folder.name == "my-book"
    kept(first.folder, book, b"text")
    assert find_project(book, b"edited", tmp_path / "projects") == first
    assert find_project(tmp_path / "moved" / "My Book.md", b"text", tmp_path / "projects") == first


def test_another_book_of_the_same_name_gets_a_project_of_its_own(tmp_path: Path) -> None:
    first = find_project(tmp_path / "a" / "book.md", b"one", tmp_path)
    kept(first.folder, tmp_path / "a" / "book.md", b"one")
    second = find_project(tmp_path / "b" / "book.md", b"two", tmp_path)
    assert second.folder.name == "book-2"
    kept(second.folder, tmp_path / "b" / "book.md", b"two")
    assert find_project(tmp_path / "c" / "book.md", b"three", tmp_path).folder.name == "book-3"


@pytest.mark.parametrize(
    ("stem", "slug"),
    [
        ("Alice's Adventures", "alice-s-adventures"),
        ("草枕", "草枕"),
        ("...", "book"),
        ("CON", "con_"),
        ("a" * 300, "a" * 80),
    ],
)
def test_slugs_are_folder_names_everywhere(stem: str, slug: str) -> None:
    assert slug_of(stem) == slug


def test_the_folder_is_whole_without_the_original(tmp_path: Path) -> None:
    book = tmp_path / "book.md"
    book.write_bytes(b"text")
    project = Project(tmp_path / "project")
    project.keep_wishes({})
    project.keep_manuscript(book, b"text", Cover("image/png", b"\x89PNG"))
    book.unlink()
    moved = project.folder.rename(tmp_path / "elsewhere")
    assert open_project(moved).manuscript_file().read_bytes() == b"text"
    assert open_project(moved).cover() == Cover("image/png", b"\x89PNG")


def test_wishes_are_kept_and_a_person_s_comments_with_them(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.keep_wishes({"speech": {"voice": "heart"}, "delivery": {"formats": ("mp3", "wav")}})
    text = project.config_file.read_text(encoding="utf-8")
    project.config_file.write_text(text + "\n# mine\n[pauses]\nheading = 1200 # longer\n", encoding="utf-8")
    project.keep_wishes({"speech": {"voice": "other"}})
    text = project.config_file.read_text(encoding="utf-8")
    assert "# mine" in text
    assert "1200 # longer" in text
    config = read_config(project.config_file)
    assert (config.speech.voice, config.delivery.formats, config.pauses.heading) == (
        "other",
        ("mp3", "wav"),
        1200,
    )


def test_wishes_of_a_run_go_over_those_of_the_file_and_are_checked(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.keep_wishes({"speech": {"speed": 1.5, "voice": "heart"}})
    assert project.config({"speech": {"speed": 0.8}}).speech.speed == 0.8
    assert project.config({}).speech.speed == 1.5
    with pytest.raises(ConfigError, match=r"speech\.speed"):
        project.config({"speech": {"speed": 99}})


def test_a_wish_inside_a_table_leaves_the_rest_of_the_table(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.config_file.write_text(
        '# who speaks\n[cast.speakers]\nHAMLET = "george" # of Denmark\nGHOST = "emma"\n', encoding="utf-8"
    )
    wishes = {"cast.speakers": {"GHOST": "lewis", "DR. WATSON": "heart"}, "cast": {"quotes": "emma"}}
    assert project.config({"cast.speakers": {"GHOST": "lewis"}}).cast.speakers["HAMLET"] == "george"
    project.keep_wishes(wishes)
    assert "# of Denmark" in project.config_file.read_text(encoding="utf-8")
    cast = read_config(project.config_file).cast
    assert cast.quotes == "emma"
    assert cast.speakers == {"HAMLET": "george", "GHOST": "lewis", "DR. WATSON": "heart"}
    assert project.config(wishes).cast == cast
    project.keep_wishes({"cast": {"speakers": {}}})
    assert read_config(project.config_file).cast.speakers == {}


def test_a_table_of_wishes_is_begun_where_there_is_none(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.keep_wishes({"cast.languages": {"fr": "siwis"}})
    project.keep_wishes({"pauses": {"word": 50}})
    project.keep_wishes({"cast.speakers": {"HAMLET": "george"}, "speech.options": {"format": "wav"}})
    config = read_config(project.config_file)
    assert (config.cast.languages, config.cast.speakers) == ({"fr": "siwis"}, {"HAMLET": "george"})
    assert (config.pauses.word, config.speech.options) == (50, {"format": "wav"})


@pytest.mark.parametrize(
    "text",
    [
        'cast = { headings = "nova" }\nspeech = { provider = "openai" }\n',
        'cast.headings = "nova"\nspeech.provider = "openai"\n',
        '# mine\nspeech = { provider = "openai" } # too\n\n[cast]\nspeakers = { OTTO = "b" }\nquotes = "y"\n',
        '[cast.speakers]\nOTTO = "x"\n\n[speech]\nprovider = "openai"\n\n[cast]\nquotes = "z"\n',
    ],
)
def test_tables_are_put_in_however_a_person_wrote_what_is_there(tmp_path: Path, text: str) -> None:
    project = Project(tmp_path)
    project.config_file.write_text(text, encoding="utf-8")
    wanted = tomllib.loads(text)
    wanted["cast"].setdefault("speakers", {})["HAMLET"] = "fable"
    wanted["speech"]["options"] = {"format": "wav"}
    for _ in range(2):
        project.keep_wishes({"cast.speakers": {"HAMLET": "fable"}, "speech": {"options": {"format": "wav"}}})
        assert tomllib.loads(project.config_file.read_text(encoding="utf-8")) == wanted


def test_lexicons_of_one_name_are_kept_beside_each_other(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    (tmp_path / "project" / "lexicons").mkdir(parents=True)
    named = [tmp_path / "a" / "x.toml", tmp_path / "b" / "x.toml", tmp_path / "project" / "lexicons" / "x.toml"]
    for number, path in enumerate(named):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{number}", encoding="utf-8")
    kept = project.keep_lexicons([*map(str, named)])
    assert kept == ("lexicons/x-2.toml", "lexicons/x-3.toml", "lexicons/x.toml")
    assert [(project.folder / name).read_text(encoding="utf-8") for name in kept] == ["0", "1", "2"]
    assert project.keep_lexicons([*map(str, named)]) == kept


@pytest.mark.parametrize("written", ["~nosuchuser/x.toml", "a\0b"])
def test_what_can_be_no_path_in_project_toml_is_told(tmp_path: Path, written: str) -> None:
    with pytest.raises(UsageError):
        Project(tmp_path).path_of(written)


def test_another_provider_takes_nothing_over_from_the_one_before(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.keep_wishes({"speech": {"provider": "hibari", "voice": "heart", "speed": 1.2}})
    wishes = {"speech": {"provider": "openai", "model": "tts-1"}}
    assert project.config(wishes).speech.voice == ""
    project.keep_wishes(wishes)
    speech = read_config(project.config_file).speech
    assert (speech.provider, speech.model, speech.voice, speech.speed) == ("openai", "tts-1", "", 1.2)


def test_a_folder_without_project_toml_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no project\.toml"):
        open_project(tmp_path)
    with pytest.raises(UsageError, match="no folder"):
        open_project(tmp_path / "nowhere")


def test_a_lost_manuscript_is_told_with_the_way_back(tmp_path: Path) -> None:
    project = kept(tmp_path / "p", tmp_path / "book.md", b"text")
    project.manuscript_file().unlink()
    with pytest.raises(UsageError, match="narrator render BOOK --project"):
        project.manuscript_file()


_HOLD = """
import sys
import tomllib
from pathlib import Path
from narrator.project import Project
with Project(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_who_holds_the_project_and_a_killed_one_frees_it(tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    command = [sys.executable, "-c", _HOLD, str(project.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ProjectLocked, match=f"process {holder.pid} on "), project.lock():
            pass
        holder.kill()
        holder.wait()
        with project.lock():
            assert f"process {holder.pid}" not in (project.folder / ".lock-holder").read_text(encoding="utf-8")
    assert not (project.folder / ".lock-holder").exists()
