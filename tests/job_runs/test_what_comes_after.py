from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryFile

from narrator.job_runs.afterwards import Afterwards
from narrator.jobs.job import After, Call, Cron, Job, JobName, Source, SourceKind


async def test_a_command_is_run_where_the_jobs_file_is_whoever_starts_the_run(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "open('here', 'x').close()")
    source = Source(SourceKind.FOLDER, str(tmp_path))
    job = Job(JobName("news"), source, Cron("@daily"), "UTC", after=After(call=Call(command=command)))
    with TemporaryFile() as output:
        assert await Afterwards(job, tmp_path).tell({}, output) == []
    assert (tmp_path / "here").exists()
