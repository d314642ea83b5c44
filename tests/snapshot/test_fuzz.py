"""Crafted snapshots: each field of each file wrong, in each way that a file can be wrong.

Every use of them succeeds, or ends with a documented exit code and a plain message, and changes
nothing outside. The usual run tries a small fixed sample, the thorough one a large one for each
use.
"""

import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from reportgen.errors import ReportError
from tests.rendering.planting import tree
from tests.snapshot.using import READS, WRITES, Base, Use, copy_of

pytestmark = pytest.mark.usefixtures("bounded")

SAMPLE: Final = 30
LARGE_SAMPLE: Final = 20
USES: Final = (*READS, *WRITES)

# Text that `json.dumps` cannot write is inserted afterwards.
DEEP, HUGE, INFINITE = "@deep@", "@huge@", "@infinite@"
RAW: Final = {
    f'"{DEEP}"': "[" * 3000 + "]" * 3000,
    f'"{HUGE}"': "9" * 5000,
    f'"{INFINITE}"': "1e999",
}
VALUES: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 2.5, 10**30, float("nan"), "", "x", "\ud800", "../../outside/file", "/etc",
    "\0", "<script>", "2026-01-01T00:00:00Z", "x" * 100_000, [], {}, [[]], {"id": 7}, [7], ["x"],
    DEEP, HUGE, INFINITE,
)  # fmt: skip
KEYS: Final = ("", "..", "../../outside/file", "\ud800", "x" * 100_000, "\0")

Path_ = tuple[str | int, ...]


def places_in(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Yield the path of each value in a document."""
    yield path
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield from places_in(inner, (*path, key))


def changed(text: str, path: Path_, how: str, new: Any) -> str:
    """Return a document with one value replaced, removed, or under another key."""
    document = {"": json.loads(text)}
    inner: Any = document
    *parents, last = ("", *path)
    for key in parents:
        inner = inner[key]
    if how == "replace" or len(path) == 0:
        inner[last] = new
    elif how == "double" and isinstance(inner, list):
        inner.append(inner[int(last)])
    elif how == "rename" and isinstance(inner, dict):
        inner[new] = inner.pop(last)
    else:
        del inner[last]
    result = json.dumps(document[""])
    for mark, raw in RAW.items():
        result = result.replace(mark, raw)
    return result


def cases_of_json(text: str) -> Iterator[bytes]:
    for path in places_in(json.loads(text)):
        for value in VALUES:
            yield changed(text, path, "replace", value).encode()
        yield changed(text, path, "remove", None).encode()
        yield changed(text, path, "double", None).encode()
        for key in KEYS:
            yield changed(text, path, "rename", key).encode()


def cases_of_any_file(data: bytes) -> Iterator[bytes]:
    yield b""
    yield b"\xef\xbb\xbf" + data
    yield data + b"\xff"
    yield data * 2
    yield bytes(len(data))
    for place in range(0, len(data), max(1, len(data) // 20)):
        yield data[:place]
        yield data[:place] + b"\0" + data[place + 1 :]
        yield data[:place] + b"\n" + data[place:]


def cases_of_log(text: str) -> Iterator[bytes]:
    """Yield the log with each field of each note and line wrong."""
    lines = text.split("\n")[:-1]
    for number, line in enumerate(lines):
        fields = line.split("\r")
        variants = [json.dumps(VALUES[place % 16]) for place in range(len(fields))]
        for place, variant in enumerate(variants):
            yield log_with(lines, number, [*fields[:place], variant, *fields[place + 1 :]])
        if line.startswith("#"):
            for data in cases_of_json(fields[-1]):
                yield log_with(lines, number, [*fields[:-1], data.decode()])


def log_with(lines: list[str], number: int, fields: list[str]) -> bytes:
    """Return a log with one line replaced, and the right size in its end note."""
    fresh = [*lines[:number], "\r".join(fields), *lines[number + 1 :]]
    before = "".join(f"{line}\n" for line in fresh[:-1]).encode()
    head, found, size = fresh[-1].rpartition('"size":')
    if found and number < len(lines) - 1 and size.rstrip("}").isdigit():
        fresh[-1] = f"{head}{found}{len(before)}}}"
    return before + f"{fresh[-1]}\n".encode()


def all_cases(snapshot: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the path of a file, relative to the snapshot, and its wrong content."""
    for path in sorted(snapshot.rglob("*")):
        if path.is_file():
            name, data = path.relative_to(snapshot).as_posix(), path.read_bytes()
            cases = [*cases_of_any_file(data)]
            if path.suffix == ".json":
                cases += cases_of_json(data.decode())
            elif path.suffix == ".log":
                cases += cases_of_log(data.decode())
            yield from ((name, case) for case in cases)


def use_it(base: Base, place: Path, use: Use) -> None:
    """Use a crafted snapshot, and check that it succeeds or fails with a plain message."""
    raised = None
    try:
        use(base, place)
    except ReportError as error:
        raised = error
    assert raised is None or (raised.exit_code in {1, 2, 3} and 0 < len(str(raised)) < 1500)


def fuzz(base: Base, tmp_path: Path, cases: list[tuple[str, bytes]], uses: list[Use]) -> None:
    before = tree(base.outside), tree(base.snapshot)
    for number, (name, data) in enumerate(cases):
        room = tmp_path / str(number)
        for use in uses or [USES[number % len(USES)]]:
            signal.alarm(300)  # for each, so that nothing hangs
            place = copy_of(base, room / use.__name__ / "snapshot")
            (place / name).write_bytes(data)
            try:
                use_it(base, place, use)
            except Exception as error:
                error.add_note(f"{use.__name__} of {name} in {place}: {data[:300]!r}")
                raise
    assert (tree(base.outside), tree(base.snapshot)) == before


def test_a_sample_of_all_that_can_be_wrong(base: Base, tmp_path: Path) -> None:
    cases = list(all_cases(base.snapshot))
    fuzz(base, tmp_path, random.Random(19).sample(cases, SAMPLE), [])


@pytest.mark.thorough
@pytest.mark.parametrize("part", range(8))
@pytest.mark.parametrize("use", USES)
def test_a_large_sample_for_each_use(base: Base, tmp_path: Path, part: int, use: Use) -> None:
    cases = list(all_cases(base.snapshot))[part::8]
    fuzz(base, tmp_path, random.Random(part).sample(cases, LARGE_SAMPLE), [use])
