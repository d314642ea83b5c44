"""How long the command takes to print its version and its help."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.measure import CHECKOUT, Row, Scale, in_turns, run


def rows(scale: Scale, work: Path) -> Iterator[Row]:
    """Compare both with an interpreter that only imports click."""

    def taken(*arguments: str) -> float:
        return run([sys.executable, *arguments], work, {"PYTHONPATH": str(CHECKOUT)}).wall

    click, version, help_ = in_turns(
        scale.rounds(20),
        lambda: taken("-c", "import click"),
        lambda: taken("-m", "reportgen", "--version"),
        lambda: taken("-m", "reportgen", "--help"),
    )
    yield Row("start: --version, to importing click", _ratios(version, click), target=1.5)
    yield Row("start: --help, to importing click", _ratios(help_, click), target=2.0)


def _ratios(ones: Sequence[float], others: Sequence[float]) -> tuple[float, ...]:
    return tuple(one / other for one, other in zip(ones, others, strict=True))
