"""Whether it pays to compress the event logs of jobs that have ended."""

import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import load
from tests.benchmarks.measure import Command, Row, Scale
from tests.benchmarks.server import serving


def rows(scale: Scale, work: Path) -> Iterator[Row]:
    """Compress the log of a build at zlib's fastest level: to decide by, so without targets."""
    served = load.write(work / "stream", {"job_00000": scale.of(300_000)})
    with serving(served) as url:
        done = Command(work / "build", url).build()
    (log,) = (work / "build").glob(".arkor-report/*/events/*.log")
    plain = log.read_bytes()
    packed = zlib.compress(plain, 1)
    packing = [_seconds(lambda: zlib.compress(plain, 1)) for _ in range(scale.rounds(4))]
    unpacking = [_seconds(lambda: zlib.decompress(packed)) for _ in range(scale.rounds(4))]
    yield Row("disk: a compressed log, to the log", (len(packed) / len(plain),))
    yield Row("disk: compressing it, to the build", tuple(each / done.wall for each in packing))
    yield Row("disk: reading it back, to the build", tuple(each / done.wall for each in unpacking))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
