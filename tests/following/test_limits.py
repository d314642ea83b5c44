"""What a server can make the command hold: little, whatever it sends, and the others come out."""

import contextlib
import re
import subprocess
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.command import Command
from tests.standin import Cut, Flow, Script, Send, StandIn, Stream, job, reply, training

pytestmark = pytest.mark.thorough

MEBIBYTE = 1 << 20
MOST = 400 * MEBIBYTE
"""What the command may hold at its peak."""

BLOCK = b"x" * MEBIBYTE


def endless_line() -> Iterable[bytes]:
    yield b"event: training.log\ndata: "
    for _ in range(60):
        yield BLOCK


def endless_frame() -> Iterable[bytes]:
    yield b"event: training.log\n"
    line = b"data: " + b"y" * 1000 + b"\n"
    for _ in range(60):
        yield line * 1000


def bomb() -> Iterator[bytes]:
    """300 MiB of blanks in one line, packed into a third of one."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield packer.compress(b"event: training.log\ndata: ")
    blanks = b" " * MEBIBYTE
    for _ in range(300):
        yield packer.compress(blanks)
    yield packer.flush()


def large_frames() -> Iterable[bytes]:
    """Frames as large as they may be, so many that they can't all be held."""
    for number in range(8):
        data = b'{"step":%d,"loss":1,"x":"' % number + BLOCK * 15 + b'"}'
        yield b"event: training.log\ndata: " + data + b"\n\n"
    yield b"event: training.completed\ndata: {}\n\n"


SCRIPTS: dict[str, Script] = {
    "line": Stream((Flow(endless_line), Cut())),
    "frame": Stream((Flow(endless_frame), Cut())),
    "bomb": Stream((Flow(bomb), Cut()), headers={"content-encoding": "gzip"}),
    "large": Stream((Flow(large_frames),)),
}


def peak_of(process: "subprocess.Popen[str]") -> int:
    """Wait for a process of ours to end; give the most memory that it held, in bytes.

    The kernel's high-water mark is read while it runs: what `wait4` tells begins with what this
    process held when it forked.
    """
    status = Path(f"/proc/{process.pid}/status")
    peak = 0
    while process.poll() is None:
        with contextlib.suppress(OSError):
            found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text())
            peak = max(peak, int(found[1]) * 1024 if found else 0)
        time.sleep(0.005)
    return peak


def test_memory_stays_bounded_and_the_others_come_out_right(command: Command) -> None:
    jobs = [job(name, script=script) for name, script in SCRIPTS.items()]
    with StandIn(*jobs, job("well", events=training(500, "well"))) as studio:
        process = command.start(
            "build", *command.options(studio), "--retries", "1", "--max-wait", "1s", "-q"
        )
        peak = peak_of(process)
        process.communicate()
    assert process.returncode == 0
    assert 0 < peak < MOST, f"{peak / MEBIBYTE:.0f} MiB"
    from tests.command import Result  # noqa: PLC0415

    result = Result(0, "", "", command.directory)
    assert result.job("well")["loss"]["points"] == 500
    assert result.job("large")["loss"]["points"] == 8
    for name in ("line", "frame", "bomb"):
        stream = result.job(name)["stream"]
        assert (stream["events"], stream["skipped"]) == (1, 1), name
        assert stream["state"] == "interrupted"


@pytest.mark.parametrize("kind", ["long", "packed"])
def test_a_job_list_that_never_ends(command: Command, kind: str) -> None:
    if kind == "long":
        script = Stream((Send(b'{"jobs": ['), Send(BLOCK, 100)), content_type="application/json")
    else:
        packed = zlib.compress(b'{"jobs": [' + b" " * (200 * MEBIBYTE), 9)
        headers = {"content-encoding": "deflate"}
        script = Stream((Send(packed),), headers=headers, content_type="application/json")
    with StandIn() as studio:
        studio.answers.overrides["jobs"] = script
        result = command.build(studio)
    assert result.code == 3
    assert "more than 64 MiB" in result.stderr


def test_a_deep_entry_costs_its_field_and_no_other(command: Command) -> None:
    deep = b"[" * 200 + b"]" * 200
    body = b'{"jobs": [{"id": "a", "status": "queued", "config": {"x": %s}}, {"id": "b"}]}' % deep
    with StandIn(job("a", "queued"), job("b", "queued")) as studio:
        studio.answers.overrides["jobs"] = reply(200, body)
        result = command.build(studio, "--max-wait", "0", "--settle", "0.2s")
    assert [told["id"] for told in result.report["jobs"]] == ["a", "b"], result.stderr
    assert result.job("a")["config"] == {}
    assert "config is nested too deep" in result.stderr


def test_a_list_nested_without_end_is_none(command: Command, tmp_path: Path) -> None:
    with StandIn() as studio:
        studio.answers.overrides["jobs"] = reply(200, b'{"jobs":' + b"[" * 200_000)
        result = command.build(studio)
    assert result.code == 3
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("item", [b"{},", b"[],", b'"a",'])
def test_a_list_of_nothing_costs_little(command: Command, item: bytes) -> None:
    """Sixty megabytes of brackets would be objects by the gigabyte."""
    count = 60 * MEBIBYTE // len(item)
    body = (Send(b'{"jobs":['), Send(item * 100_000, count // 100_000), Send(b"{}]}"))
    with StandIn() as studio:
        studio.answers.overrides["jobs"] = Stream(body, content_type="application/json")
        process = command.start("build", *command.options(studio))
        peak = peak_of(process)
        _, stderr = process.communicate()
    assert process.returncode == 3
    assert "can't be meant" in stderr
    assert 0 < peak < MOST, f"{peak / MEBIBYTE:.0f} MiB"


def test_many_odd_entries_are_told_in_few_lines(command: Command) -> None:
    with StandIn(job("a", events=training(3, "a"))) as studio:
        studio.jobs.add_odd(*[{} for _ in range(3000)])
        result = command.build(studio)
    assert result.code == 0
    assert result.stderr.count("left out") == 100
    assert "2900 more oddities" in result.stderr
