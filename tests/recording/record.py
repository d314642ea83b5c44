"""Record the demo: serve what `train.py` wrote, and fetch it with `arkor-report snapshot` itself.

    python -m tests.recording.record FOLDER

FOLDER is `train.py`'s. The recording in the package is replaced: `jobs.json`, the job list as the
snapshot keeps it, and each job's event log, compressed.
"""

import json
import lzma
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from reportgen.snapshot.directory import Snapshot
from reportgen.snapshot.source_folder import SourceFolder
from tests.standin import Job, StandIn
from tests.standin.demo import listed_job, read_events

RECORDING = Path(__file__).parents[2] / "reportgen" / "sources" / "recording"
_LATER = 5
"""Seconds from the last event to the moment at which the recording says it was made."""


def main() -> None:
    """Serve, fetch and store."""
    trained = Path(sys.argv[1])
    jobs = [_job(trained, entry) for entry in _read(trained / "jobs.json")["jobs"]]
    with tempfile.TemporaryDirectory() as temporary, StandIn(*jobs) as studio:
        studio.answers.trainer = _read(trained / "manifest.json")["trainer"]["name"]
        studio.answers.credentials = _read(trained / "credentials.json")
        snapshot = Path(temporary, "snapshot")
        token_file = studio.write_token(Path(temporary, "studio-token"))
        _fetch(studio.url, token_file, snapshot, _last_moment(jobs) + _LATER)
        _keep(Snapshot.reading(snapshot).last_folder(), [each.id for each in jobs])


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _job(trained: Path, entry: dict[str, Any]) -> Job:
    stream = (trained / f"{entry['id']}.sse").read_bytes()
    return listed_job(entry, read_events([stream]))


def _last_moment(jobs: list[Job]) -> int:
    """Return the time of the very last event, in seconds since the epoch."""
    times = [
        datetime.fromisoformat(json.loads(event.payload())["timestamp"]).timestamp()
        for job in jobs
        for event in job.events
    ]
    return round(max(times))


def _fetch(url: str, token_file: Path, snapshot: Path, now: int) -> None:
    """Fetch the snapshot as of `now`, since the days on which the jobs ran are made up."""
    command = [sys.executable, "-m", "reportgen", "snapshot", "--url", url]
    command += ["--token-file", str(token_file), "--snapshot-dir", str(snapshot)]
    command += ["--max-wait", "5s", "--no-progress"]
    subprocess.run(command, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(now)})


def _keep(folder: SourceFolder, job_ids: list[str]) -> None:
    """Put the snapshot's list and its logs into the package."""
    RECORDING.mkdir(exist_ok=True)
    for old in RECORDING.iterdir():
        old.unlink()
    (RECORDING / "jobs.json").write_bytes((folder.path / "jobs.json").read_bytes())
    for job_id in job_ids:
        log = folder.logs.path_of(job_id)
        data = log.read_bytes() if log.exists() else b""
        packed = lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)
        (RECORDING / f"{job_id}.log.xz").write_bytes(packed)


if __name__ == "__main__":
    main()
