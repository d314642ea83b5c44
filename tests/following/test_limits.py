"""Memory stays bounded whatever a server sends, and other jobs still come out."""

import contextlib
import re
import subprocess
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import cycle, repeat
from pathlib import Path

import pytest

from tests.command import Command
from tests.standin import Cut, Flow, Script, Send, StandIn, Stream, WaitFor, job, reply, training

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
    """300 MiB of spaces in one line, packed into a third of a MiB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield packer.compress(b"event: training.log\ndata: ")
    blanks = b" " * MEBIBYTE
    for _ in range(300):
        yield packer.compress(blanks)
    yield packer.flush()


def large_frames() -> Iterable[bytes]:
    """Frames of the largest size, more of them than fit into memory."""
    for number in range(8):
        data = b'{"step":%d,"loss":1,"x":"' % number + BLOCK * 15 + b'"}'
        yield b"event: training.log\ndata: " + data + b"\n\n"
    yield b"event: training.completed\ndata: {}\n\n"


def full(start: str, unit: bytes, end: bytes) -> Callable[[], Iterable[bytes]]:
    """A frame of the largest size, in network pieces; its end is not part of it."""

    def pieces() -> Iterable[bytes]:
        yield b"event: training.log\ndata: " + start.encode()
        block = unit * (MEBIBYTE // 16 // len(unit))
        for _ in range(255):
            yield block
        yield end

    return pieces


def tiny_pieces() -> Iterable[bytes]:
    """A frame in two-byte chunks, of the connection and so of the decoder."""
    yield b"event: training.log\ndata: "
    yield from repeat(b"xx", 40_000)


SCRIPTS: dict[str, Script] = {
    "line": Stream((Flow(endless_line), Cut())),
    "frame": Stream((Flow(endless_frame), Cut())),
    "bomb": Stream((Flow(bomb), Cut()), headers={"content-encoding": "gzip"}),
    "large": Stream((Flow(large_frames),)),
}


def peak_of(process: "subprocess.Popen[str]") -> int:
    """Wait for a process of ours to end; return the most memory that it held, in bytes.

    The kernel's high-water mark is read while it runs: `wait4` would include what this process held
    when it forked.
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


def test_no_room_for_a_large_frame_is_a_write_error(command: Command, tmp_path: Path) -> None:
    full = replace(command, prefix=("bash", "-c", 'ulimit -f 1200; exec "$@"', "bash"))
    script = Stream((Flow(endless_line), Cut()))
    with StandIn(job("a", script=script), job("well", events=training(5, "well"))) as studio:
        result = full.build(studio, "-q", TMPDIR=str(tmp_path))
    assert result.code == 1
    assert result.stderr.count("\n") == 1, result.stderr
    assert f"Cannot write temporary files in {tmp_path}: File too large." in result.stderr
    assert "TMPDIR" in result.stderr
    assert not result.out.exists()


HELD: dict[str, Callable[[], Iterable[bytes]]] = {
    "objects": full('{"step":1,"loss":1,"x":[', b"{},", b"{}]}"),
    "lists in a known field": full('{"step":1,"loss":1,"timestamp":[', b"[],", b"1]}"),
    "numbers": full('{"step":1,"loss":1,"epoch":[', b"1,", b"1]}"),
    "a string": full('{"step":1,"loss":1,"x":"', b"x", b'"}'),
    "controls": full('{"step":1,"loss":1,"timestamp":"', b"\\u0000", b'"}'),
    "wide characters": full('{"step":1,"loss":1,"timestamp":"\U0001f600', b"x", b'"}'),
    "depth": full('{"step":1,"loss":1,"x":', b"[", b""),
    "two bytes at a time": tiny_pieces,
}


@pytest.mark.parametrize("names", [["a string"], ["two bytes at a time"], list(HELD)], ids=str)
def test_sixteen_streams_are_amid_a_frame_of_the_largest_size(
    command: Command, names: list[str]
) -> None:
    """The default concurrency: each holds a frame without its end, then all end at once."""
    rest = Send(b"\n\nevent: training.completed\ndata: {}\n\n")
    hostile = [
        job(f"job_{number}", script=Stream((Flow(HELD[name]), WaitFor("all"), rest)))
        for number, name in zip(range(16), cycle(names), strict=False)
    ]
    with StandIn(*hostile, job("well", events=training(500, "well"))) as studio:
        process = command.start("snapshot", *command.options(studio), "-q")
        studio.later(20, lambda: studio.release("all"))
        peak = peak_of(process)
        assert process.communicate() == (".arkor-report\n", "")
    assert process.returncode == 0
    assert 0 < peak < MOST, f"{peak / MEBIBYTE:.0f} MiB"


@pytest.mark.parametrize(
    ("data", "skipped"),
    [
        (b'{"step":1,"loss":1,"x":[%s1]}' % (b"1," * 199_995), 0),  # 200,000 with the object
        (b'{"step":1,"loss":1,"x":[%s1]}' % (b"1," * 199_996), 1),
        (b'{"step":1,"loss":1,"x":[%s[]]}' % (b"[]," * 199_995), 0),
        (b'{"step":1,"loss":1,"x":[%s[]]}' % (b"[]," * 199_996), 1),
        (b'{"step":1,"loss":1,"x":"%s"}' % (b",[{" * 300_000), 0),
        (b'{"step":1,"loss":1,"x":"%s"}' % (b'\\",' * 300_000), 0),
        (b'{"step":1,"loss":1,"x":%s1%s}' % (b"[" * 63, b"]" * 63), 0),
        (b'{"step":1,"loss":1,"x":%s1%s}' % (b"[" * 64, b"]" * 64), 1),
    ],
    ids=range(8),
)
@pytest.mark.parametrize("name", [b"training.log", b"training.completed"])
def test_values_and_levels_count_and_bytes_do_not(
    command: Command, data: bytes, skipped: int, name: bytes
) -> None:
    frame = b"event: " + name + b"\ndata: " + data + b"\n\n"
    script = Stream((Send(b": " + b"x" * MEBIBYTE + b"\n", 17), Send(frame)))
    with StandIn(job("a", "running", script=script)) as studio:
        result = command.build(studio, "--max-wait", "0", "--settle", "0.5s")
    entry = result.job("a")
    assert (entry["stream"]["events"], entry["stream"]["skipped"]) == (1, skipped)
    if name == b"training.completed":
        assert entry["status"] == "completed"
    else:
        assert (entry["loss"] is None) is bool(skipped)


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
        result = command.build(studio, "--max-wait", "0", "--settle", "0.5s")
    assert [entry["id"] for entry in result.report["jobs"]] == ["a", "b"], result.stderr
    assert result.job("a")["config"] == {}
    assert "config is nested too deep" in result.stderr


def test_a_list_nested_without_end_is_refused(command: Command, tmp_path: Path) -> None:
    with StandIn() as studio:
        studio.answers.overrides["jobs"] = reply(200, b'{"jobs":' + b"[" * 200_000)
        result = command.build(studio)
    assert result.code == 3
    assert "Traceback" not in result.stderr


WELL = b'{"id":"well","status":"completed"}'


@pytest.mark.parametrize("item", [b"{},", b"[],", b'"a",', b"[[1]],"])
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
    assert "can't be right" in stderr
    assert 0 < peak < MOST, f"{peak / MEBIBYTE:.0f} MiB"


@pytest.mark.parametrize("item", [b"{},", b"[],", b"1,"])
def test_a_list_of_as_many_values_as_are_allowed(command: Command, item: bytes) -> None:
    # The list, its array, the job with its two fields, and the item at the end.
    body = b'{"jobs":[%s%s,{}]}' % (item * 3_999_994, WELL)
    with StandIn(job("well", events=training(5, "well"))) as studio:
        studio.answers.overrides["jobs"] = reply(200, body)
        process = command.start("doctor", *command.options(studio))
        peak = peak_of(process)
        stdout, stderr = process.communicate()
        assert process.returncode == 0, stderr
        assert "1 listed" in stdout
        assert 0 < peak < MOST, f"{peak / MEBIBYTE:.0f} MiB"
        studio.answers.overrides["jobs"] = reply(200, body.replace(b",{}]}", b",1,{}]}"))
        result = command.run("doctor", *command.options(studio))
    assert result.code == 3
    assert "4,000,000 values" in result.stdout + result.stderr


@pytest.mark.parametrize("value", [b"[]", b"1.5", b'{"a":1}'])
def test_twenty_jobs_of_nearly_as_many_values_as_a_job_may_have(
    command: Command, value: bytes
) -> None:
    values = b",".join([value] * (95_000 if b":" in value else 190_000))
    entry = b'{"id":"job_%d","config":{"x":[%s]}}'
    body = b'{"jobs":[%s]}' % b",".join(entry % (number, values) for number in range(20))
    with StandIn(*(job(f"job_{number}", "queued") for number in range(20))) as studio:
        studio.answers.overrides["jobs"] = reply(200, body)
        process = command.start(
            "build", *command.options(studio), "--max-wait", "0", "--settle", "0.5s", "-q"
        )
        peak = peak_of(process)
        _, stderr = process.communicate()
    assert process.returncode == 0, stderr
    assert 0 < peak < MOST, f"{peak / MEBIBYTE:.0f} MiB"


@pytest.mark.parametrize("value", [b"[]", b"{}", b"1", b'"x"'])
@pytest.mark.parametrize("more", [0, 1])
def test_an_entry_over_its_limit_is_left_out_and_no_other(
    command: Command, value: bytes, more: int
) -> None:
    values = b",".join([value] * (199_996 + more))  # of 200,000: object, id, config and x
    large = b'{"id":"large","config":{"x":[%s]}}' % values
    with StandIn(job("well", events=training(5, "well")), job("large")) as studio:
        studio.answers.overrides["jobs"] = reply(200, b'{"jobs":[%s,%s]}' % (large, WELL))
        result = command.build(studio, "--max-wait", "0", "--settle", "0.5s")
    assert result.code == 0, result.stderr
    assert [entry["id"] for entry in result.report["jobs"]] == ["large", "well"][more:]
    assert ("more than 200,000 values" in result.stderr) is bool(more)


def test_many_odd_entries_are_reported_in_few_lines(command: Command) -> None:
    with StandIn(job("a", events=training(3, "a"))) as studio:
        studio.jobs.add_odd(*[{} for _ in range(3000)])
        result = command.build(studio)
    assert result.code == 0
    assert result.stderr.count("left out") == 100
    assert "2900 more oddities" in result.stderr
