from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from narrator.jobs.job import Job
from narrator.jobs.jobs_file import jobs_of


def read(at: Path, **podcast: Any) -> Job | tuple[str, ...]:
    """The job with a podcast of these settings, or what is wrong with it."""
    table = {"folder": "feed", "base_url": "https://example.org/", **podcast}
    after = {"podcast": table}
    job = {"source": {"page": "https://example.org/"}, "when": "@daily", "after": after}
    jobs = jobs_of({"settings": {"timezone": "UTC"}, "jobs": {"a": job}}, at / "jobs.toml")
    return jobs.jobs[0] if jobs.jobs else jobs.bad[0].problems


@pytest.mark.parametrize("category", ["", "Arts", "Arts > Books", "Kids & Family>Stories for Kids"])
def test_categories_and_titles_that_can_be_told_are_taken(tmp_path: Path, category: str) -> None:
    job = read(tmp_path, category=category, title="朝")
    assert isinstance(job, Job)
    assert job.after.podcast
    assert job.after.podcast.category == category


@pytest.mark.parametrize("category", [" ", "Arts >", "Arts > ", "> Books", ">", "\u200e"])
def test_a_category_that_is_half_empty_is_a_mistake_of_the_job(tmp_path: Path, category: str) -> None:
    assert read(tmp_path, category=category) == (
        "after.podcast.category: write 'Arts', or 'Arts > Books' for one within another",
    )


@pytest.mark.parametrize("title", [" ", "\0\n", "\u200b\ufffe"])
def test_a_blank_title_is_a_mistake_of_the_job(tmp_path: Path, title: str) -> None:
    assert read(tmp_path, title=title) == ("after.podcast.title: must not be blank",)


def test_a_feed_s_folder_may_be_there_or_not(tmp_path: Path) -> None:
    assert isinstance(read(tmp_path, folder="not/yet"), Job)
    (tmp_path / "feed").mkdir()
    assert isinstance(read(tmp_path, folder="feed"), Job)


@pytest.mark.parametrize("folder", ["note.txt", "note.txt/feed"])
def test_a_file_where_the_feed_s_folder_should_be_is_a_mistake_of_the_job(tmp_path: Path, folder: str) -> None:
    (tmp_path / "note.txt").touch()
    assert read(tmp_path, folder=folder) == (
        "after.podcast.folder: is in the place of a file, or inside one: name a folder",
    )


def test_an_image_that_is_missing_is_a_mistake_of_the_job(tmp_path: Path) -> None:
    assert read(tmp_path, image="cover.jpg") == ("after.podcast.image: there is no such file",)
    assert read(tmp_path, image=".") == ("after.podcast.image: there is no such file",)
    (tmp_path / "cover.jpg").touch()
    assert isinstance(read(tmp_path, image="cover.jpg"), Job)


def test_a_path_that_no_disk_takes_is_a_mistake_of_the_job(tmp_path: Path) -> None:
    problems = read(tmp_path, image="x" * 5000, folder="y" * 5000)
    assert problems == (
        "after.podcast.folder: cannot be looked at: File name too long",
        "after.podcast.image: cannot be looked at: File name too long",
    )
