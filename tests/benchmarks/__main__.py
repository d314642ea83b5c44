"""Run the benchmarks: `python -m tests.benchmarks [--quick] [--json FILE] [NAME…]`."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from tests.benchmarks import (
    following,
    many_jobs,
    memory,
    pages,
    rendering,
    startup,
    throughput,
)
from tests.benchmarks.measure import Row, Scale

Rows: TypeAlias = Callable[[Scale, Path], Iterator[Row]]

THEMES: Final[Mapping[str, Rows]] = {
    "throughput": throughput.rows,
    "many_jobs": many_jobs.rows,
    "memory": memory.rows,
    "following": following.rows,
    "startup": startup.rows,
    "rendering": rendering.rows,
    "pages": pages.rows,
}


def main(arguments: Sequence[str]) -> int:
    """Measure the requested themes, print the table, and return the exit code."""
    options = _options(arguments)
    began = time.monotonic()
    results = []
    for row in _measured(options.theme or list(THEMES), Scale(quick=options.quick)):
        results.append(row)
        _print_line(_format_row(row))
    _print_line(
        f"\n{time.monotonic() - began:.0f} s in all; the median of the rounds, and their spread"
    )
    if options.json is not None:
        options.json.write_text(json.dumps([_document(row) for row in results], indent=2), "utf-8")
    missed = [row for row in results if (row.missed_by_far if options.quick else not _is_fine(row))]
    for row in missed:
        _print_line(f"missed{' by far' if options.quick else ''}: {row.name}")
    return 1 if missed else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description=__doc__)
    parser.add_argument("theme", nargs="*", metavar="NAME", help=f"of: {', '.join(THEMES)}")
    parser.add_argument("--quick", action="store_true", help="less of it; fails by a wide margin")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, too")
    options = parser.parse_args(arguments)
    unknown = set(options.theme) - set(THEMES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return options


def _measured(themes: Sequence[str], scale: Scale) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="benchmarks-", ignore_cleanup_errors=True) as place:
        for theme in themes:
            work = Path(place, theme)
            work.mkdir()
            yield from THEMES[theme](scale, work)


def _is_fine(row: Row) -> bool:
    return row.reached is not False


def _format_row(row: Row) -> str:
    """Format a row of the table."""
    if row.median is None:
        return f"{'-':>10}  {row.name}: {row.note}"
    value = f"{row.median:.2f}{row.unit}"
    spread = f"{min(row.values):.2f}-{max(row.values):.2f}" if len(row.values) > 1 else ""
    target = "" if row.target is None else f"≤ {row.target:g}"
    verdict = {True: "reached", False: "MISSED", None: ""}[row.reached]
    note = f" ({row.note})" if row.note else ""
    return f"{value:>12}  {spread:>13}  {target:>6}  {verdict:<8} {row.name}{note}"


def _document(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "unit": row.unit.strip(),
        "median": row.median,
        "values": row.values,
        "target": row.target,
        "least": row.least,
        "reached": row.reached,
        "note": row.note,
    }


def _print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
