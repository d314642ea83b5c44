"""What ten or a hundred times the load costs: hardly more memory, proportionally more time."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.benchmarks import load
from tests.benchmarks.measure import Command, Row, Run, Scale
from tests.benchmarks.server import serving


def rows(scale: Scale, work: Path) -> Iterator[Row]:
    """Measure each load once: peaks are hardly noisy, and the largest takes long."""

    def build(streams: Mapping[str, int]) -> Run:
        served = load.write(work / f"{len(streams)}-{max(streams.values())}", streams)
        with serving(served) as url:
            command = Command(work / "build", url)
            command.put_aside()
            return command.build()

    small, middle, large = 10_000, scale.of(100_000), scale.of(1_000_000)
    runs = {events: build({"job_00000": events}) for events in (small, middle, large)}
    yield Row(
        f"memory: the peak of a stream of {large:,} events, to one of {small:,}",
        (runs[large].peak / runs[small].peak,),
        target=1.5,
        note=f"{runs[large].peak >> 20} MiB, {runs[small].peak >> 20} MiB",
    )
    yield Row(
        f"linear: the time of {large:,} events, to that of {middle:,}",
        (runs[large].wall / runs[middle].wall,),
        target=11.0,
        note=f"{runs[large].wall:.1f} s",
    )
    few, many = scale.of(100), scale.of(1000)
    fewer, more = build(load.many(few, 200)), build(load.many(many, 200))
    yield Row(
        f"memory: the peak of {many:,} jobs, to that of {few:,}",
        (more.peak / fewer.peak,),
        target=1.5,
        note=f"{more.peak >> 20} MiB, {fewer.peak >> 20} MiB",
    )
