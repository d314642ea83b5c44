"""The whole command on one long stream, against a Node script that only fetches and parses."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks import load
from tests.benchmarks.measure import Command, Row, Run, Scale, compared, run, skipped
from tests.benchmarks.server import serving

_NAME: Final = "throughput: the whole build, to a Node script that only fetches and parses"
_SCRIPT: Final = Path(__file__).with_name("fetch_and_parse.mjs")
_EVENTS: Final = 300_000
_INSTALL_SECONDS: Final = 60.0


def rows(scale: Scale, work: Path) -> Iterator[Row]:
    """Measure; the parser comes from this machine's npm registry."""
    missing = _install(work / "node")
    if missing is not None:
        yield skipped(_NAME, missing)
        return
    served = load.write(work / "stream", {"job_00000": _EVENTS})
    with serving(served) as url:

        def node() -> Run:
            stream = f"{url}/api/jobs/job_00000/events"
            done = run(["node", "fetch_and_parse.mjs", stream], work / "node")
            seen = json.loads(done.stdout)["events"]
            assert seen == _EVENTS + 2, f"Node saw {seen} events"
            return done

        def command() -> Run:
            building = Command(work / "build", url)
            building.put_aside()
            done = building.build()
            report = json.loads((work / "build/out/report.json").read_bytes())
            seen = report["jobs"][0]["stream"]["events"]
            assert seen == _EVENTS + 2, f"the report has {seen} events"
            return done

        yield from compared(scale.rounds(4), _NAME, command, node, target=2.0, least=4.0)


def _install(directory: Path) -> str | None:
    """Install the parser beside the script; return why if that fails."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "Node or npm is not installed"
    directory.mkdir()
    shutil.copy(_SCRIPT, directory)
    (directory / "package.json").write_text('{"private":true}', "utf-8")
    command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        subprocess.run(
            [*command, "eventsource-parser@3"],
            cwd=directory,
            env=dict(os.environ),  # npm's own settings name its registry
            check=True,
            capture_output=True,
            timeout=_INSTALL_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"eventsource-parser can't be installed by npm ({type(error).__name__})"
    return None
