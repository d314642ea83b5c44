"""Hundreds of running jobs at once: how late their events are stored, and at what cost."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.benchmarks import load
from tests.benchmarks.live import Ticker
from tests.benchmarks.measure import Command, Row, Run, Scale
from tests.benchmarks.server import serving


def rows(scale: Scale, work: Path) -> Iterator[Row]:
    """Follow 500 jobs, each with an event every 100 ms, for 10 s or 3 s."""
    ticker = Ticker(jobs=500, events=30 if scale.quick else 100)
    served = load.write(work / "live", load.many(ticker.jobs, 0), status="running")
    ticker.write(served)
    with serving(served) as url:
        command = Command(work / "build", url)
        done = command.build("--concurrency", str(ticker.jobs), command="snapshot")
    delays = sorted(_delays(command.directory))
    expected = ticker.jobs * ticker.events
    assert len(delays) == expected, f"{len(delays)} events were kept instead of {expected}"
    middle = delays[len(delays) // 2] * 1000
    yield Row(
        f"following: the latest event of {ticker.jobs} jobs with ten a second each",
        (delays[-1],),
        target=1.0,
        unit=" s",
        note=f"half of them within {middle:.0f} ms",
    )
    yield Row(
        "following: how much of one core that takes, start and end included",
        (_load_of(done),),
        target=0.9,
        unit=" of one",
    )


def _load_of(done: Run) -> float:
    return done.cpu / done.wall


def _delays(directory: Path) -> Iterator[float]:
    """Return the seconds from when each event was sent, by its own time, to when it was stored."""
    for log in directory.glob(".arkor-report/*/events/*.log"):
        began = datetime.now(UTC)
        for line in log.read_bytes().split(b"\n")[:-1]:
            time, name, _, data = line.split(b"\r", 3)
            if name == b"run":
                began = datetime.fromisoformat(json.loads(data)["at"])
            if name == b"training.log":
                kept = began + timedelta(milliseconds=int(time))
                yield (kept - datetime.fromisoformat(json.loads(data)["timestamp"])).total_seconds()
