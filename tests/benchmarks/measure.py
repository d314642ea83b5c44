"""Run two things alternately, and evaluate the times: medians, spreads, ratios."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final, TypeVar

PATIENCE: Final = 240.0
"""Seconds after which a run has failed."""

CHECKOUT: Final = Path(__file__).resolve().parents[2]

GROSS: Final = 2.0
"""A target is missed by far if the measured value is more than this many times as large."""

Taken = TypeVar("Taken")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    quick: bool = False

    def of(self, number: int) -> int:
        """Return a load's size: the whole, or a tenth of it if it has to be quick."""
        return number // 10 if self.quick else number

    def rounds(self, number: int) -> int:
        """Return how often to measure: this often, or half as often if it has to be quick."""
        return max(1, number // 2) if self.quick else number


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: what was measured, over several rounds, and the target.

    `values` are ratios, or in `unit`; if there are none, `note` says why. `target` is the largest
    allowed median, None if the row is only informative.
    """

    name: str
    values: tuple[float, ...] = ()
    target: float | None = None
    least: float | None = None
    """The most that is bearable, where that is more than what is to be reached."""
    unit: str = "×"
    note: str = ""

    @property
    def median(self) -> float | None:
        """The median of the rounds."""
        return median(self.values) if self.values else None

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None without a target or a measurement."""
        if self.median is None or self.target is None:
            return None
        return self.median <= self.target

    @property
    def missed_by_far(self) -> bool:
        """Whether the value is too far off to be explained by a noisy machine."""
        most = self.least or self.target
        return self.median is not None and most is not None and self.median > GROSS * most


@dataclass(frozen=True, slots=True)
class Run:
    """What a process took: seconds of wall-clock and of processor time, bytes at its peak."""

    wall: float
    cpu: float
    peak: int
    stdout: str


def run(
    command: Sequence[str], directory: Path, environment: Mapping[str, str] | None = None
) -> Run:
    """Run a command to its end. Raises `RuntimeError` if it fails."""
    began = time.perf_counter()
    with (directory / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=_environment(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdout is not None
        stdout = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        said = (directory / "stderr").read_text("utf-8", "replace")
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, stdout)


def in_turns(rounds: int, *things: Callable[[], Taken]) -> list[list[Taken]]:
    """Do all of them in each round, so that other load on the machine affects all alike."""
    results: list[list[Taken]] = [[] for _ in things]
    for number in range(rounds):
        order = list(zip(things, results, strict=True))
        for thing, values in order if number % 2 == 0 else reversed(order):
            values.append(thing())
    return results


def compared(
    rounds: int,
    name: str,
    one: Callable[[], Run],
    other: Callable[[], Run],
    *,
    target: float,
    least: float | None = None,
    note: str = "",
) -> Iterator[Row]:
    """Yield each round's ratio of the first to the second, in time and in processor time.

    On a machine with other work to do, processor time says more.
    """
    pairs = list(zip(*in_turns(rounds, one, other), strict=True))
    walls = tuple(first.wall / second.wall for first, second in pairs)
    yield Row(name, walls, target=target, least=least, note=note)
    cpu = tuple(first.cpu / second.cpu for first, second in pairs)
    yield Row(f"{name}, in processor time", cpu)


def skipped(name: str, why: str) -> Row:
    """Return the row of something that cannot be measured here."""
    return Row(name, note=f"skipped: {why}")


# --- The command -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Command:
    """The command in a directory of its own, against one server."""

    directory: Path
    url: str
    checkout: Path = CHECKOUT

    def put_aside(self) -> None:
        """Make the next build a first one, without deleting anything.

        After thousands of deletions, ext4 creates files more slowly for minutes.
        """
        if self.directory.exists():
            self.directory.rename(f"{self.directory}-{time.monotonic_ns()}")

    def build(self, *arguments: str, command: str = "build") -> Run:
        """Run `build` on the server, or another command that needs it."""
        self.directory.mkdir(parents=True, exist_ok=True)
        token = self.directory / "token"
        token.write_text("token-of-the-benchmarks", "utf-8")
        options = ["--url", self.url, "--token-file", str(token), "--quiet"]
        return self.run(command, *options, *arguments)

    def run(self, *arguments: str) -> Run:
        """Run it with only these arguments."""
        self.directory.mkdir(parents=True, exist_ok=True)
        return run(
            [sys.executable, "-m", "reportgen", *arguments],
            self.directory,
            {"PYTHONPATH": str(self.checkout), "HOME": str(self.directory)},
        )


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | dict(more)
