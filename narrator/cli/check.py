"""`narrator check`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import asdict
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import click

from narrator.cli.endings import ending
from narrator.cli.group import verbose_option
from narrator.cli.streams import say
from narrator.errors import ExitCode

if TYPE_CHECKING:  # these import all that is heavy
    from tqdm import tqdm

    from narrator.checking import Checked
    from narrator.mastering.conformance import Verdict

_RESULT = {True: "pass", False: "FAIL", None: ""}


@click.command()
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--profile",
    default="",
    metavar="NAME",
    help="Hold them against it: acx, google, spotify, apple-podcasts, audiobookshelf, ebu, or your own.  "
    "[default: what --project is made for, else none]",
)
@click.option("--project", type=click.Path(path_type=Path), help="Folder of a book with profiles of its own.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@verbose_option
def check(files: tuple[Path, ...], *, profile: str, project: Path | None, as_json: bool) -> int:
    """Measure each FILE as a listener's player decodes it, and hold it against what a shop demands.

    FILE is a sound file of any kind, from anywhere (MP3, M4B, Opus, FLAC, WAV…), or a folder of them. Each
    figure is shown beside its limit in the profile; without a profile, figures alone. It ends with 9 where one
    fails, and for a damaged file in any case. A file that is not there (2), or is no sound that can be decoded
    (7), stops none of the others; of several codes the highest counts.
    """
    try:
        return _check(files, profile, project, as_json=as_json)
    except (Exception, KeyboardInterrupt) as exc:
        if as_json:
            error = ending(exc)
            _say_object("result", {"exit_code": error.exit_code, "error": error.what, "advice": error.advice})
        raise


def _check(named: Sequence[Path], profile: str, project: Path | None, *, as_json: bool) -> int:
    """Tell of each file once it and those before it are measured, and at the end of all; the exit code."""
    from narrator import checking  # noqa: PLC0415 - all that is heavy comes with it

    demand = checking.demand_of(profile, project)
    files = checking.files_among(named)
    done: list[Checked] = []
    with _Bar(files) as bar, closing(checking.check(files, demand, bar.watch)) as coming:
        for checked in coming:
            done.append(checked)
            with bar.out_of_the_way():
                if as_json:
                    _say_object("file", _plain(checked))
                else:
                    say("\n".join(_lines(checked, demand.profile)))
    together = demand.together(done)
    code = max(checking.exit_code_of(together), *(checked.exit_code for checked in done))
    failed = sum(checked.exit_code != ExitCode.DONE for checked in done)
    if as_json:
        verdicts = [asdict(verdict) for verdict in together]
        result = {"exit_code": code, "profile": demand.profile, "files": len(done), "failed": failed}
        _say_object("result", {**result, "together": verdicts})
    else:
        say("\n".join(_summary(len(done), failed, demand.profile, together)))
    return code


def _say_object(event: str, content: dict[str, Any]) -> None:
    say(json.dumps({"event": event, **content}, default=str))


def _plain(checked: Checked) -> dict[str, Any]:
    """A file as `--json` tells it: levels in dB of full scale, null for digital silence."""
    figures, error = checked.figures, checked.error
    return {
        "path": str(checked.path),
        "exit_code": checked.exit_code,
        "figures": {**asdict(figures), "duration_s": figures.duration_s} if figures else None,
        "verdicts": [asdict(verdict) for verdict in checked.verdicts],
        "error": error.what if error else None,
        "advice": error.advice if error else None,
    }


def _lines(checked: Checked, profile: str) -> list[str]:
    """A file's table: each figure, and in a profile its limit and whether it passes."""
    lines = [str(checked.path)]
    if checked.error:
        lines.append(f"  cannot be measured: {checked.error.what}")
        lines += [f"  {line}" for line in checked.error.advice.splitlines()]
    lines += _table(checked.verdicts, has_limits=bool(profile))
    return [*lines, ""]


def _table(verdicts: Sequence[Verdict], *, has_limits: bool) -> list[str]:
    lines = []
    for verdict in verdicts:
        line = f"  {verdict.name:<18}{verdict.value:>10} {verdict.unit:<8}"
        if has_limits or verdict.passed is False:
            line += f"{verdict.limit:<30}{_RESULT[verdict.passed]}"
        lines.append(line.rstrip())
    return lines


def _summary(files: int, failed: int, profile: str, together: Sequence[Verdict]) -> list[str]:
    """What is demanded of all files together, and how many fail."""
    lines = ["All together", *_table(together, has_limits=True), ""] if together else []
    wanted = f"as {profile} wants {'it' if files == 1 else 'them'}" if profile else "sound"
    if failed and files > 1:
        return [*lines, f"{failed} of {files} files {'is' if failed == 1 else 'are'} not {wanted}."]
    if not failed and any(verdict.passed is False for verdict in together):
        return [*lines, f"Each file by itself is as {profile} wants it, but all together are not."]
    all_of_them = "The file is" if files == 1 else f"All {files} files are"
    return [*lines, f"{all_of_them} {'not ' if failed else ''}{wanted}."]


class _Bar:
    """How much is behind of the bytes of all files, on a terminal."""

    def __init__(self, files: Sequence[Path]) -> None:
        from tqdm import tqdm  # noqa: PLC0415 - help needs none

        self._sizes = dict(zip(files, map(_size, files), strict=True))
        self._behind = dict.fromkeys(files, 0.0)
        self._lock = Lock()
        total = sum(self._sizes.values())
        self._bar: tqdm[Any] = tqdm(
            desc="measuring", total=total, unit="B", unit_scale=True, leave=False, disable=None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def watch(self, path: Path, share: float) -> None:
        """Two threads tell of their files."""
        with self._lock:
            self._bar.update((share - self._behind[path]) * self._sizes[path])
            self._behind[path] = share

    def out_of_the_way(self) -> AbstractContextManager[None]:
        """For as long as something is written where the bar may stand."""
        return self._bar.external_write_mode()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):  # told when it is to be measured
        return 0
