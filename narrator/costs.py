"""What books cost so far: the ledgers of projects, added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path

from narrator.durable import reading
from narrator.errors import DiskError, UsageError
from narrator.project import Project, open_project
from narrator.rendering.spending import Account, Spending, read_account


@dataclass(frozen=True, slots=True)
class ProjectCosts:
    """What one project's ledger tells. `account` is None where it has none, or `problem` says why not."""

    project: Path
    account: Account | None
    problem: str = ""

    @property
    def total(self) -> Spending:
        return self.account.total if self.account else Spending()


@dataclass(frozen=True, slots=True)
class Costs:
    """What projects cost, each and together."""

    projects: tuple[ProjectCosts, ...]

    @property
    def total(self) -> Spending:
        return reduce(add, (each.total for each in self.projects), Spending())

    @property
    def is_whole(self) -> bool:
        """Whether every ledger could be read."""
        return not any(each.problem for each in self.projects)


def add_up(folders: Sequence[Path], projects: Path) -> Costs:
    """What these projects cost, or all that live in `projects` where none is named. Writes nothing.

    Raises:
        UsageError: a folder that is named is no project, or one cannot be looked at.
    """
    found = [open_project(folder) for folder in folders] or _projects_in(projects)
    return Costs(tuple(map(_costs_of, found)))


def _projects_in(folder: Path) -> list[Project]:
    try:
        with reading(folder):
            projects = [Project(each) for each in sorted(folder.iterdir())]
    except FileNotFoundError:
        return []
    return [project for project in projects if project.folder.is_dir() and project.exists]


def _costs_of(project: Project) -> ProjectCosts:
    try:
        return ProjectCosts(project.folder, read_account(project.ledger_file))
    except (DiskError, UsageError) as exc:  # the sum of the others is still worth knowing
        return ProjectCosts(project.folder, None, problem=exc.what)
