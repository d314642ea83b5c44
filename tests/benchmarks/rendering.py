"""Rendering a thousand jobs, beside Allure 3, which makes a report of as many test results.

Both write static HTML from files on disk: Allure from results that each have an attachment with the
points of a curve, the command from a snapshot of jobs with curves of as many points.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

from tests.benchmarks import load
from tests.benchmarks.measure import Command, Row, Run, Scale, compared, run, skipped
from tests.benchmarks.server import serving

_VARIABLE: Final = "ARKOR_TEST_NODE_MODULES"
_NAME: Final = "rendering: as many jobs as Allure 3 has test results, to Allure"
_POINTS: Final = 200


def rows(scale: Scale, work: Path) -> Iterator[Row]:
    """Measure the time and the processor time of both, in turns."""
    allure = Path(os.environ.get(_VARIABLE, ""), ".bin", "allure")
    if shutil.which("node") is None or not (_VARIABLE in os.environ and allure.exists()):
        yield skipped(_NAME, f"Node or, in the folder that {_VARIABLE} names, allure is missing")
        return
    jobs = 400 if scale.quick else 1000
    results = _write_results(work / "results", jobs)
    with serving(load.write(work / "load", load.many(jobs, _POINTS))) as url:
        command = Command(work / "command", url)
        command.build(command="snapshot")
    reports = iter(range(1000))

    def rendered() -> Run:
        return command.run("render", "--quiet", "--out", f"out-{next(reports)}")

    def generated() -> Run:
        output = work / f"report-{next(reports)}"
        done = run([str(allure), "generate", str(results), "--output", str(output)], work)
        assert len(list(output.glob("data/test-results/*.json"))) == jobs, "results are missing"
        return done

    note = f"{jobs:,} of {_POINTS} points"
    rounds = scale.rounds(4)
    yield from compared(rounds, _NAME, rendered, generated, target=0.5, least=1.5, note=note)


def _write_results(directory: Path, count: int) -> Path:
    """Write test results as Allure's adapters do, each with the points of a curve attached."""
    directory.mkdir()
    points = json.dumps([{"step": n, "loss": 2 / n, "learningRate": 2e-4} for n in range(1, 201)])
    for number in range(count):
        uuid, start = str(UUID(int=number)), 1_777_600_000_000 + number
        attached = f"{uuid}-attachment.json"
        (directory / attached).write_text(points, "utf-8")
        result = {
            "uuid": uuid,
            "historyId": f"job_{number:05d}",
            "name": f"job_{number:05d}",
            "fullName": f"jobs.job_{number:05d}",
            "status": "passed",
            "stage": "finished",
            "start": start,
            "stop": start + 200_000,
            "labels": [{"name": "suite", "value": "jobs"}],
            "parameters": [{"name": "learningRate", "value": "0.0002"}],
            "attachments": [{"name": "points", "source": attached, "type": "application/json"}],
        }
        (directory / f"{uuid}-result.json").write_text(json.dumps(result), "utf-8")
    return directory
