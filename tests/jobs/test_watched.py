from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from narrator.errors import UsageError
from narrator.jobs.history import Found, Item, ItemRecord, ItemState
from narrator.jobs.job import After, Job, JobName, OnChange, Podcast, Source, SourceKind
from narrator.jobs.quiet import Looks
from narrator.jobs.watched import has_news, look_at_files, next_quiet_s
from tests.cpu_time import cpu_s_at_most

QUIET_S = 10.0
LATER_S = 60.0


def is_book(path: Path) -> bool:
    return path.suffix.lower() in {".md", ".epub"}


class Watch:
    """A job that watches, what is known of its files, and two clocks that a test moves."""

    def __init__(self, place: Path | str, kind: SourceKind = SourceKind.FOLDER) -> None:
        self.job = Job(JobName("inbox"), Source(kind, str(place), QUIET_S), OnChange(), "UTC")
        self.known: dict[str, ItemRecord] = {}
        self.settings = "settings"
        self.wall_s = time.time() + LATER_S
        self.steady_s = 0.0
        self.looks = Looks(lambda: self.steady_s)

    def pass_s(self, seconds: float) -> None:
        self.wall_s += seconds
        self.steady_s += seconds

    def look(self) -> Found:
        found = look_at_files(self.job, self.known, self.settings, is_book, self.wall_s, self.looks)
        self.known |= {record.identity: record for record in found.settled}
        return found

    def names(self) -> list[str]:
        return [item.source.name for item in self.look().items]

    def has_news(self) -> bool:
        return has_news(self.job, self.known, self.settings, is_book, self.wall_s, self.looks)

    def render(self, state: ItemState = ItemState.DONE) -> list[str]:
        """Look, and take all that is found for rendered; the names of it."""
        items = self.look().items
        for item in items:
            self.known[item.identity] = record_of(item, self.settings, state)
        return [item.source.name for item in items]


def record_of(item: Item, settings: str, state: ItemState) -> ItemRecord:
    return ItemRecord(JobName("inbox"), item.identity, item.digest, settings, item.stat, state)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def book(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or f"# {path.name}\n")
    return path


# --- what is new -----------------------------------------------------------------------------------


def test_all_books_of_a_folder_are_found_by_name_and_only_once(inbox: Path) -> None:
    for name in ("c.md", "a.epub", "b.MD", "cover.jpg", "notes"):
        book(inbox / name)
    watch = Watch(inbox)
    found = watch.look()
    assert [item.source for item in found.items] == [inbox / "a.epub", inbox / "b.MD", inbox / "c.md"]
    assert found.items[0].identity == str(inbox / "a.epub")
    assert found.items[0].digest == hashlib.sha256((inbox / "a.epub").read_bytes()).hexdigest()
    assert watch.has_news()
    watch.render()
    assert not watch.has_news()
    assert watch.look() == Found()


def test_a_changed_book_is_found_again(inbox: Path) -> None:
    path = book(inbox / "a.md", "one")
    watch = Watch(inbox)
    watch.render()
    path.write_text("two")
    assert watch.has_news()
    assert watch.render() == ["a.md"]
    assert not watch.has_news()


def test_a_book_that_was_only_touched_is_read_once_and_not_rendered(inbox: Path) -> None:
    path = book(inbox / "a.md")
    watch = Watch(inbox)
    watch.render()
    os.utime(path, (1, 1))
    assert watch.has_news()
    assert watch.names() == []
    assert not watch.has_news()


def test_a_broken_book_comes_back_only_when_it_changes(inbox: Path) -> None:
    path = book(inbox / "broken.epub")
    watch = Watch(inbox)
    watch.render(ItemState.FAILED)
    assert not watch.has_news()
    assert watch.names() == []
    path.write_text("whole now")
    assert watch.has_news()
    assert watch.names() == ["broken.epub"]


@pytest.mark.parametrize("state", [ItemState.DONE, ItemState.FAILED])
def test_other_settings_have_a_book_rendered_again(inbox: Path, state: ItemState) -> None:
    book(inbox / "a.md")
    watch = Watch(inbox)
    watch.render(state)
    watch.settings = "another voice"
    assert watch.has_news()
    assert watch.names() == ["a.md"]


def test_an_unfinished_book_is_found_at_each_look_and_is_no_news(inbox: Path) -> None:
    book(inbox / "a.md")
    watch = Watch(inbox)
    watch.render(ItemState.OPEN)
    assert not watch.has_news()
    assert watch.names() == ["a.md"]


def test_a_removed_book_is_nothing(inbox: Path) -> None:
    path = book(inbox / "a.md")
    watch = Watch(inbox)
    watch.render()
    path.unlink()
    assert not watch.has_news()
    assert watch.look() == Found()


def test_a_book_with_a_new_name_is_not_rendered_again(inbox: Path) -> None:
    path = book(inbox / "draft.md")
    watch = Watch(inbox)
    watch.render()
    watch.known[str(path)] = replace(watch.known[str(path)], project=Path("projects/draft"))
    path.rename(inbox / "final.md")
    assert watch.has_news()
    assert watch.names() == []
    assert watch.known[str(inbox / "final.md")].project == Path("projects/draft")
    assert not watch.has_news()


def test_an_unfinished_book_with_a_new_name_goes_on_in_its_project(inbox: Path) -> None:
    path = book(inbox / "draft.md")
    watch = Watch(inbox)
    watch.render(ItemState.OPEN)
    watch.known[str(path)] = replace(watch.known[str(path)], project=Path("projects/draft"))
    path.rename(inbox / "final.md")
    assert watch.names() == ["final.md"]
    assert watch.known[str(inbox / "final.md")].project == Path("projects/draft")


def test_a_copy_is_a_book_of_its_own(inbox: Path) -> None:
    book(inbox / "a.md", "same")
    watch = Watch(inbox)
    watch.render()
    book(inbox / "b.md", "same")
    assert watch.render() == ["b.md"]


def test_of_two_copies_of_a_book_that_is_gone_one_is_it(inbox: Path) -> None:
    path = book(inbox / "a.md", "same")
    watch = Watch(inbox)
    watch.render()
    path.unlink()
    book(inbox / "b.md", "same")
    book(inbox / "c.md", "same")
    assert watch.render() == ["c.md"]
    assert watch.look() == Found()


def test_a_broken_book_with_a_new_name_is_tried_again(inbox: Path) -> None:
    path = book(inbox / "broken.epub")
    watch = Watch(inbox)
    watch.render(ItemState.FAILED)
    path.rename(inbox / "broken.md")
    assert watch.names() == ["broken.md"]


# --- what is still being written --------------------------------------------------------------------


def test_a_file_that_was_just_written_is_left_alone_until_it_is_quiet(inbox: Path) -> None:
    path = book(inbox / "a.md")
    watch = Watch(inbox)
    watch.wall_s = path.stat().st_mtime + 4
    found = watch.look()
    assert (found.items, found.unquiet) == ((), (path,))
    assert not watch.has_news()
    wait_s = next_quiet_s(found.unquiet, QUIET_S, watch.wall_s, watch.looks)
    assert wait_s == pytest.approx(6, abs=0.1)
    watch.pass_s(6.1)
    assert watch.has_news()
    assert watch.names() == ["a.md"]


def test_a_copy_with_the_times_of_its_original_is_new(inbox: Path) -> None:
    path = book(inbox / "a.md")
    os.utime(path, (1, 1))
    watch = Watch(inbox)
    watch.wall_s = time.time()
    assert watch.look().unquiet == (path,)


def test_a_book_that_grows_slowly_is_never_read_half(inbox: Path) -> None:
    path = book(inbox / "slow.md", "x")
    watch = Watch(inbox)
    for _ in range(12):
        with path.open("a") as file:
            file.write("x" * 100)
        watch.wall_s = path.stat().st_mtime + 9.9
        watch.steady_s += 9.9
        assert not watch.has_news()
        assert watch.look().items == ()
    watch.pass_s(10.1)
    (item,) = watch.look().items
    assert item.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_of_the_future_is_quiet_once_it_was_seen_unchanged(inbox: Path) -> None:
    path = book(inbox / "a.md")
    os.utime(path, (time.time() + 1e6,) * 2)
    watch = Watch(inbox)
    assert watch.look().unquiet == (path,)
    assert next_quiet_s([path], QUIET_S, watch.wall_s, watch.looks) == QUIET_S
    watch.pass_s(QUIET_S)
    assert watch.has_news()
    assert watch.names() == ["a.md"]


def test_a_file_of_the_future_is_news_to_one_who_looks_but_once(inbox: Path) -> None:
    os.utime(book(inbox / "a.md"), (time.time() + 1e6,) * 2)
    for _ in range(2):  # as `run-due` does, each minute in another process
        assert Watch(inbox).has_news()


def test_a_clock_that_is_set_forward_makes_no_growing_file_quiet(inbox: Path) -> None:
    path = book(inbox / "a.md", "one")
    watch = Watch(inbox)
    watch.wall_s = path.stat().st_mtime + 1
    assert not watch.has_news()
    path.write_text("one, two")
    watch.wall_s += 86_400
    watch.steady_s += 1
    assert not watch.has_news()
    watch.pass_s(QUIET_S)
    assert watch.has_news()


def test_a_clock_that_is_set_back_does_not_hide_a_book(inbox: Path) -> None:
    book(inbox / "a.md")
    watch = Watch(inbox)
    watch.wall_s = 0
    assert watch.names() == []
    watch.pass_s(QUIET_S)
    assert watch.names() == ["a.md"]


def test_files_that_are_gone_are_not_waited_for(inbox: Path) -> None:
    watch = Watch(inbox)
    assert next_quiet_s([inbox / "gone.md"], QUIET_S, watch.wall_s, watch.looks) is None
    assert next_quiet_s([], QUIET_S, watch.wall_s, watch.looks) is None


def test_a_file_that_changes_while_it_is_read_is_left_for_later(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = book(inbox / "a.md", "one")
    watch = Watch(inbox)

    def read_too_early(file: object, name: str) -> object:
        digest = hashlib.new(name)
        path.write_text("one, two")
        return digest

    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "file_digest", read_too_early)
        found = watch.look()
    assert (found.items, found.unquiet) == ((), (path,))
    assert next_quiet_s(found.unquiet, QUIET_S, watch.wall_s, watch.looks) == QUIET_S
    watch.pass_s(QUIET_S)
    assert watch.names() == ["a.md"]


# --- where is looked --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("", ["A.md", "b.epub"]),
        ("*.epub", ["b.epub"]),
        ("*.EPUB", ["b.epub"]),
        ("[ab].*", ["A.md", "b.epub"]),
        ("*/*.md", ["c.md"]),
        ("**/*.md", ["A.md", "c.md", "d.md"]),
        ("**", ["A.md", "b.epub", "c.md", "d.md"]),
        ("one/**/d.md", ["d.md"]),
        ("one/**/two/*", ["d.md"]),
        ("**/**/t*/**", ["d.md"]),
        ("*/../*.md", []),
        ("none/*.md", UsageError),
    ],
)
def test_a_glob_says_which_files(inbox: Path, glob: str, found: list[str] | type[UsageError]) -> None:
    for name in ("A.md", "b.epub", "one/c.md", "one/two/d.md"):
        book(inbox / name)
    watch = Watch(inbox / glob)
    if isinstance(found, list):
        assert sorted(watch.names()) == found
    else:
        with pytest.raises(found):
            watch.look()


def test_brackets_in_the_name_of_a_folder_are_no_glob(tmp_path: Path) -> None:
    book(tmp_path / "[new] books*" / "a.md")
    assert Watch(tmp_path / "[new] books*").names() == ["a.md"]
    assert Watch(tmp_path / "[new] books*" / "*.md").names() == ["a.md"]


def test_names_are_the_same_however_their_letters_are_composed(inbox: Path) -> None:
    book(inbox / "cafe\u0301.md")
    assert Watch(inbox / "caf\u00e9*").names() == ["cafe\u0301.md"]


def test_what_is_hidden_temporary_or_not_there_yet_is_ignored(inbox: Path) -> None:
    for name in (".a.md", "b.md.part", "c.epub.crdownload", "~$d.md", "e.md~", ".git/f.md", "g.md.tmp"):
        book(inbox / name)
    for name in ("h.epub.part", "i.epub.aria2"):  # Firefox and aria2 at work
        book(inbox / name)
    (inbox / "h.epub").touch()
    book(inbox / "i.epub")
    os.mkfifo(inbox / "pipe.md")
    (inbox / "nowhere.md").symlink_to("nothing.md")
    (inbox / "itself.md").symlink_to("itself.md")
    watch = Watch(inbox / "**")
    assert look_at_files(watch.job, {}, "", Path.is_file, watch.wall_s, watch.looks) == Found()


def test_an_empty_file_is_a_book_that_will_fail(inbox: Path) -> None:
    (inbox / "empty.epub").touch()
    assert Watch(inbox).names() == ["empty.epub"]


def test_narrator_s_own_folders_are_not_watched(inbox: Path) -> None:
    book(inbox / "a.md")
    book(inbox / "project" / "project.toml")
    book(inbox / "project" / "source" / "b.md")
    book(inbox / "copies" / "c.epub")
    book(inbox / "feed" / "d.epub")
    watch = Watch(inbox / "**")
    podcast = Podcast(inbox / "feed", "https://example.org/")
    watch.job = replace(watch.job, after=After(copy_to=inbox / "copies", podcast=podcast))
    assert watch.names() == ["a.md"]


def test_works_are_never_put_where_they_would_be_sources(inbox: Path) -> None:
    book(inbox / "a.md")
    after = After(copy_to=inbox)
    watch = Watch(inbox / "**")
    watch.job = replace(watch.job, after=after)
    with pytest.raises(UsageError, match="finished books are put there"):
        watch.look()
    watch = Watch(inbox)
    watch.job = replace(watch.job, after=after)
    assert watch.names() == ["a.md"]


def test_a_wild_glob_takes_no_time(inbox: Path) -> None:
    book(inbox / ("x" * 200 + ".md"))
    assert Watch(inbox / ("x*" * 100 + "y")).look() == Found()


def test_links_in_a_circle_end_and_a_folder_is_seen_by_its_own_path(inbox: Path) -> None:
    book(inbox / "real" / "a.md")
    (inbox / "again").symlink_to("real")
    (inbox / "real" / "up").symlink_to(inbox)
    (inbox / "real" / "here").symlink_to(".")
    found = Watch(inbox / "**").look()
    assert [item.source for item in found.items] == [inbox / "real" / "a.md"]


def test_a_linked_folder_from_elsewhere_is_watched(inbox: Path, tmp_path: Path) -> None:
    book(tmp_path / "shelf" / "a.md")
    (inbox / "shelf").symlink_to(tmp_path / "shelf")
    assert [item.source for item in Watch(inbox / "**").look().items] == [inbox / "shelf" / "a.md"]


def test_a_name_that_is_no_text_is_told_and_the_others_go_on(inbox: Path) -> None:
    book(inbox / "a.md")
    try:
        (inbox / os.fsdecode(b"caf\xe9.md")).touch()
    except OSError:
        pytest.skip("this file system has no such names")
    found = Watch(inbox).look()
    assert [item.source.name for item in found.items] == ["a.md"]
    assert "caf\ufffd.md" in found.notices[0]


# --- what is not there, or cannot be read -----------------------------------------------------------


def test_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "unmounted" / "*.epub")
    with pytest.raises(UsageError, match=r"no folder .*unmounted") as caught:
        watch.look()
    assert "disk" in caught.value.advice
    with pytest.raises(UsageError):
        watch.has_news()


@pytest.mark.parametrize("kind", [SourceKind.MANUSCRIPT, SourceKind.PROJECT, SourceKind.FOLDER])
@pytest.mark.parametrize("end", ["y", "*.md"])
def test_a_name_that_is_too_long_is_one_clear_line(inbox: Path, kind: SourceKind, end: str) -> None:
    watch = Watch(inbox / ("x" * 300) / end, kind)
    with pytest.raises(UsageError):
        watch.look()
    with pytest.raises(UsageError):
        watch.has_news()


def test_a_file_in_the_place_of_a_folder_is_one_clear_line(inbox: Path) -> None:
    with pytest.raises(UsageError, match="is a file, not a folder"):
        Watch(book(inbox / "a.md")).look()


@pytest.fixture
def unreadable(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book that cannot be read, whoever runs the tests: root reads everything."""
    path = book(inbox / "b.md")
    open_it = Path.open

    def guarded(self: Path, *args: str, **options: str) -> object:
        if self == path and not self.stat().st_mode & 0o400:
            raise PermissionError(13, "Permission denied", str(self))
        return open_it(self, *args, **options)  # type: ignore[call-overload]  # handed on as it came

    path.chmod(0)
    monkeypatch.setattr(Path, "open", guarded)
    return path


def test_a_file_that_cannot_be_read_fails_alone_and_once(inbox: Path, unreadable: Path) -> None:
    book(inbox / "a.md")
    watch = Watch(inbox)
    found = watch.look()
    assert [item.source.name for item in found.items] == ["a.md"]
    assert found.notices == (f"{unreadable} cannot be read: Permission denied.",)
    assert [(each.identity, each.state) for each in found.settled] == [(str(unreadable), ItemState.FAILED)]
    assert [each.reason for each in found.settled] == list(found.notices)
    watch.render()
    assert not watch.has_news()
    assert watch.look() == Found()
    unreadable.chmod(0o600)
    assert watch.has_news()
    assert watch.names() == ["b.md"]


def test_a_finished_book_that_cannot_be_read_any_more_stays_finished(inbox: Path, unreadable: Path) -> None:
    unreadable.chmod(0o600)
    watch = Watch(inbox)
    watch.render()
    unreadable.chmod(0)
    found = watch.look()
    assert len(found.notices) == 1
    assert watch.known[str(unreadable)].state is ItemState.DONE
    assert not watch.has_news()
    assert watch.look() == Found()
    unreadable.chmod(0o600)
    assert watch.names() == []


def test_a_folder_in_it_that_cannot_be_read_is_told_and_the_others_go_on(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book(inbox / "a.md")
    book(inbox / "lost" / "b.md")
    scandir = os.scandir

    def guarded(path: Path) -> object:
        if path.name == "lost":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    watch = Watch(inbox / "**")
    found = watch.look()
    assert [item.source.name for item in found.items] == ["a.md"]
    assert found.notices == (f"The folder {inbox / 'lost'} cannot be read: Permission denied.",)


# --- one manuscript, one project --------------------------------------------------------------------


def test_a_manuscript_is_rendered_when_it_changes(inbox: Path) -> None:
    path = book(inbox / "serial.anything", "one")
    watch = Watch(path, SourceKind.MANUSCRIPT)
    assert watch.render() == ["serial.anything"]
    assert not watch.has_news()
    path.write_text("one, two")
    assert watch.has_news()
    watch.wall_s = time.time()
    assert watch.look().unquiet == (path,)


@pytest.mark.parametrize("kind", [SourceKind.MANUSCRIPT, SourceKind.PROJECT])
def test_a_missing_manuscript_or_project_is_one_clear_line(inbox: Path, kind: SourceKind) -> None:
    watch = Watch(inbox / "gone", kind)
    with pytest.raises(UsageError, match="gone"):
        watch.look()
    with pytest.raises(UsageError, match="gone"):
        watch.has_news()


def test_a_folder_is_no_manuscript_and_no_project(inbox: Path) -> None:
    with pytest.raises(UsageError, match="not a file"):
        Watch(inbox, SourceKind.MANUSCRIPT).look()
    with pytest.raises(UsageError, match=r"no project\.toml"):
        Watch(inbox, SourceKind.PROJECT).look()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "moby-dick"
    book(folder / "project.toml")
    book(folder / "source" / "moby-dick.md")
    book(folder / "takes" / "one.json")
    return folder


def test_a_project_is_always_an_item_and_news_when_a_person_changed_it(project: Path) -> None:
    watch = Watch(project, SourceKind.PROJECT)
    (item,) = watch.look().items
    assert (item.identity, item.source) == (str(project), project)
    assert watch.has_news()
    watch.render()
    assert watch.names() == ["moby-dick"]
    book(project / "takes" / "two.json")
    assert not watch.has_news()
    for name in ("project.toml", "source/moby-dick.md", "lexicon.toml"):
        book(project / name, "changed")
        assert watch.has_news()
        before = dict(watch.known)
        watch.render()
        assert watch.known[str(project)].digest != before[str(project)].digest
        assert not watch.has_news()


def test_a_project_that_is_being_edited_is_no_news_yet(project: Path) -> None:
    watch = Watch(project, SourceKind.PROJECT)
    watch.wall_s = time.time()
    assert not watch.has_news()
    watch.pass_s(QUIET_S + 1)
    assert watch.has_news()


# --- size ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_many_thousand_files_are_looked_through_in_a_second(inbox: Path) -> None:
    for part in range(10):
        folder = inbox / str(part)
        folder.mkdir()
        for number in range(1000):
            (folder / f"{number}.md").touch()
    watch = Watch(inbox / "**")
    with cpu_s_at_most(5):
        assert len(watch.render()) == 10_000
    with cpu_s_at_most(2):
        assert not watch.has_news()
        assert watch.look() == Found()
