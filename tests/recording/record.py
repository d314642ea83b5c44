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
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import cast

from reportgen.snapshot import Snapshot, SourceFolder
from reportgen.sse import FrameDecoder
from tests.standin import Event, Job, StandIn, job
from tests.standin.events import Object

RECORDING = Path(__file__).parents[2] / "reportgen" / "sources" / "recording"
_MAX_FRAME = 1 << 24
_UNTIL_RECORDED = 5
"""Seconds from the last event to the moment that the recording says it was made at."""


def main() -> None:
    trained = Path(sys.argv[1])
    jobs = [_job(trained, entry) for entry in _read(trained / "jobs.json")["jobs"]]
    manifest = _read(trained / "manifest.json")
    with tempfile.TemporaryDirectory() as temporary, StandIn(*jobs) as studio:
        studio.answers.trainer = manifest["trainer"]["name"]
        studio.answers.credentials = _read(trained / "credentials.json")
        snapshot = Path(temporary) / "snapshot"
        token_file = studio.write_token(Path(temporary) / "studio-token")
        _fetch(studio, token_file, snapshot, _last_time(jobs) + _UNTIL_RECORDED)
        _keep(Snapshot.reading(snapshot).last_folder(), [each.id for each in jobs])


def _read(path: Path) -> dict[str, list[Object]]:
    return cast("dict[str, list[Object]]", json.loads(path.read_bytes()))
