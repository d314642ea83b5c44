"""What it costs and saves to pack the event logs of jobs that have ended."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from reportgen import packing
from tests.benchmarks import load
from tests.benchmarks.measure import Command, Row, Scale
from tests.benchmarks.server import serving


def rows(scale: Scale, work: Path) -> Iterator[Row]:
    """Pack the log of a build again and again: to decide by, so without targets."""
    served = load.write(work / "stream", {"job_00000": scale.of(300_000)})
    with serving(served) as url:
        done = Command(work / "build", url).build()
    (packed,) = (work / "build").glob(".arkor-report/*/events/*.log.zst")
    path, rounds = packed.with_suffix(""), scale.rounds(4)
    saved = packed.stat().st_size / packing.length(path)
    reading = [_seconds(lambda: _read(path)) for _ in range(rounds)]
    packing.make_plain(path)
    plain = [_seconds(lambda: _read(path)) for _ in range(rounds)]
    times = []
    for _ in range(rounds):
        packing.make_plain(path)
        times.append(_seconds(lambda: packing.pack(path)))
    yield Row("disk: a packed log, to the log", (saved,))
    yield Row("disk: packing it, to the build", tuple(each / done.wall for each in times))
    more = zip(reading, plain, strict=True)
    yield Row(
        "disk: what more it takes to read it packed, to the build",
        tuple((one - other) / done.wall for one, other in more),
    )


def _read(path: Path) -> None:
    with packing.reading(path) as log:
        while log.read(1 << 18):
            pass


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
