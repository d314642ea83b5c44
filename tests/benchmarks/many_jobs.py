"""A thousand finished jobs: against one stream of the same bytes, rebuilt, and with one more.

Ten thousand, once: rebuilt, and how much memory that takes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.benchmarks import load
from tests.benchmarks.measure import Command, Row, Scale, in_turns
from tests.benchmarks.server import asked, serving

_JOBS: Final = 1000
_VAST: Final = 10_000
_FEW: Final = 100
_EVENTS: Final = 200
_NOTHING_NEW: Final = frozenset({"/api/jobs", "/api/manifest", "/api/credentials"})


@dataclass(frozen=True, slots=True)
class _Many:
    """The command on many jobs; each round adds one more."""

    command: Command
    load: Path
    jobs: int

    def first(self) -> float:
        self.command.put_aside()
        return self.command.build("--concurrency", "16").wall

    def again(self) -> float:
        """Build without news, and check that nothing was done."""
        before = self._pages()
        asked(self.command.url)
        taken = self.command.build().wall
        paths = asked(self.command.url)
        assert set(paths) == _NOTHING_NEW, f"asked for {sorted(set(paths) - _NOTHING_NEW)[:3]}"
        assert len(paths) == len(_NOTHING_NEW), f"asked {len(paths)} times"
        assert self._pages() == before, "a job's file was written again"
        return taken

    def one_more(self, number: int) -> float:
        load.write(self.load, load.many(self.jobs + number, _EVENTS))
        return self.command.build().wall

    def damage_logs(self) -> None:
        """Make every log unreadable, except for its size and its end."""
        for log in self.command.directory.glob(".arkor-report/*/events/*.log"):
            with log.open("r+b") as file:
                file.write(b"?" * 40)

    def _pages(self) -> dict[str, tuple[int, int]]:
        files = (self.command.directory / "out/jobs").iterdir()
        stats = ((file.name, file.stat()) for file in files)
        return {name: (stat.st_mtime_ns, stat.st_ino) for name, stat in stats}


def rows(scale: Scale, work: Path) -> Iterator[Row]:
    """Measure rounds of a first build, one of the same bytes as one stream, and later builds."""
    # A tenth of the load would mostly measure how long an interpreter takes to start.
    jobs = 400 if scale.quick else _JOBS
    many_load = load.write(work / "many", load.many(jobs, _EVENTS))
    one_load = load.write(work / "one", {"job_00000": jobs * _EVENTS})
    single_load = load.write(work / "single", {"job_00000": _EVENTS})
    with serving(many_load) as url, serving(one_load) as one_url, serving(single_load) as single:
        many = _Many(Command(work / "build-many", url), many_load, jobs)
        stream = replace(many, command=Command(work / "build-one", one_url))
        firsts, streams = in_turns(scale.rounds(3), many.first, stream.first)
        yield Row(
            f"many jobs: {jobs:,} jobs of {_EVENTS} events, to one stream of as many events",
            tuple(a / b for a, b in zip(firsts, streams, strict=True)),
            target=2.0,
            least=3.0,
        )
        rebuilds = [many.again() for _ in range(3)]
        yield Row(
            "nothing new: a second build, to the first",
            tuple(again / min(firsts) for again in rebuilds),
            target=0.1,
            least=0.1 if jobs == _JOBS else 0.2,  # with few jobs, starting takes most of the time
        )
        alone = replace(many, command=Command(work / "build-single", single))
        costs = []
        for number in range(1, 4):
            more, again, only = many.one_more(number), many.again(), alone.first()
            costs.append(more / (again + only))
        yield Row(
            "one more job: to a build with nothing new plus one of that job alone",
            tuple(costs),
            target=1.1,
        )
        many.damage_logs()
        many.again()  # fails if a log is read
    if not scale.quick:  # it takes minutes
        yield from _vast_rows(work)


def _vast_rows(work: Path) -> Iterator[Row]:
    """Measure one first build of ten thousand jobs, and later ones; one of a hundred beside it."""
    vast_load = load.write(work / "vast", load.many(_VAST, _EVENTS))
    few_load = load.write(work / "few", load.many(_FEW, _EVENTS))
    with serving(vast_load) as url, serving(few_load) as few_url:
        few = Command(work / "build-few", few_url).build()
        vast = _Many(Command(work / "build-vast", url), vast_load, _VAST)
        first = vast.command.build()
        yield Row(
            f"nothing new: a second build of {_VAST:,} jobs, to the first",
            tuple(vast.again() / first.wall for _ in range(3)),
            target=0.1,
            note=f"first {first.wall:.0f} s",
        )
        again = vast.command.build()
        peak = max(first.peak, again.peak)
        yield Row(
            f"memory: the peak of {_VAST:,} jobs, to that of {_FEW}",
            (peak / few.peak,),
            target=1.5,
            note=f"first {first.peak >> 20} MiB, nothing new {again.peak >> 20} MiB, "
            f"{_FEW} jobs {few.peak >> 20} MiB",
        )
        home = (vast.command.directory / "out/index.html").stat().st_size
        yield Row(f"size: the home page of {_VAST:,} jobs", (home / 1e6,), target=8.0, unit=" MB")
