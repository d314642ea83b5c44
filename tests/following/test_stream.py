"""Whole days of following, in no time: an invented source, a real log, a clock that jumps."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.events import event_log
from reportgen.following.log_writer import LogWriter
from reportgen.model import log_lines
from reportgen.sources import JobList, StreamBrokenError, StreamRefusedError
from tests.following.world import (
    DONE,
    HOUR,
    PING,
    Chunks,
    Opening,
    World,
    event,
    follow,
    now,
)

# --- Days ----------------------------------------------------------------------------------------


def test_a_proxy_that_cuts_every_minute_for_hours(tmp_path: Path) -> None:
    """An event every 20 min, each connection lasts 1 min: no failure, nothing lost or doubled."""
    every, last = 1200, 3 * 6

    async def serve(world: World, opening: Opening) -> Chunks:
        number, until = opening.behind + 1, now() + 60
        while now() < until:
            if number <= min(last, now() / every):
                yield event(number)
                number += 1
            elif number > last:
                yield DONE
                return
            else:
                await asyncio.sleep(10)
                yield b": still here\n\n"
        raise StreamBrokenError("cut")

    followed = follow(tmp_path, serve)
    job = followed.jobs["job"]
    assert (job.stream.state, job.stream.events, len(job.loss)) == ("complete", last + 1, last)
    assert job.stream.reconnects > 250
    assert all(wait == 1.0 for _, _, wait in followed.world.breaks)
    assert followed.took == pytest.approx(6 * HOUR, abs=120)


def test_a_queued_job_without_a_byte_for_three_hours(tmp_path: Path) -> None:
    async def serve(world: World, opening: Opening) -> Chunks:
        if now() < 3 * HOUR:
            await asyncio.sleep(3 * HOUR - now())
        yield event(1, "training.started", "{}") + event(2) + DONE

    async def open_but_silent(world: World, opening: Opening) -> Chunks:
        yield b": open\n\n"
        async for chunk in serve(world, opening):
            yield chunk

    followed = follow(tmp_path, open_but_silent, statuses={"job": "queued"})
    job = followed.jobs["job"]
    assert job.stream.state == "complete"
    assert job.stream.reconnects == 0
    assert followed.world.breaks == []  # a stall is opened again without a warning
    assert len(followed.world.openings) == pytest.approx(3 * HOUR / 90, abs=2)
    assert log_lines.STREAM_ERROR_LINE not in [line.text for line in job.tail]
    gaps = [
        b - a for a, b in zip(followed.world.readings, followed.world.readings[1:], strict=False)
    ]
    assert max(gaps) <= 15


def test_a_laptop_that_slept_for_an_hour(tmp_path: Path) -> None:
    """The connection is then dead, and the server has continued meanwhile."""

    async def serve(world: World, opening: Opening) -> Chunks:
        if opening.number == 1:
            yield event(1) + event(2)
            await asyncio.sleep(80)
            raise StreamBrokenError("reset")
        for number in range(opening.behind + 1, 100):
            yield event(number)
        yield DONE

    job = follow(tmp_path, serve).jobs["job"]
    assert (job.stream.state, len(job.loss), job.stream.reconnects) == ("complete", 99, 1)


def test_a_hundred_ended_jobs_whose_streams_are_gone(tmp_path: Path) -> None:
    async def serve(world: World, opening: Opening) -> Chunks:
        if opening.job_id != "well":
            raise StreamRefusedError("the server answered 404", 404, final=True)
        yield event(1) + DONE

    statuses = {f"gone-{i}": "completed" for i in range(100)} | {"well": "completed"}
    followed = follow(tmp_path, serve, statuses=statuses)
    assert followed.jobs["well"].stream.state == "complete"
    assert followed.jobs["gone-7"].stream.state == "unavailable"
    assert len(followed.world.openings) == 101
    assert followed.took < 1


def test_a_hundred_ended_jobs_of_a_server_that_fails(tmp_path: Path) -> None:
    """Waiting for the next try does not occupy a turn."""

    async def serve(world: World, opening: Opening) -> Chunks:
        raise StreamRefusedError("the server answered 500", 500)
        yield b""

    followed = follow(tmp_path, serve, statuses={f"job-{i}": "failed" for i in range(100)})
    assert followed.took == pytest.approx(1 + 2 + 4 + 8 + 16 + 32 + 60, abs=1)
    assert len(followed.world.openings) == 100 * 8
    assert followed.jobs["job-0"].stream.state == "unavailable"


# --- Failures in a row ---------------------------------------------------------------------------


def test_delays_double_and_a_new_event_starts_the_count_again(tmp_path: Path) -> None:
    async def serve(world: World, opening: Opening) -> Chunks:
        if opening.number == 5:
            yield event(1)
        if opening.number == 9:
            yield event(2) + DONE
            return
        raise StreamBrokenError("cut")
        yield b""

    followed = follow(tmp_path, serve, retries=5)
    assert [wait for *_, wait in followed.world.breaks] == [1, 2, 4, 8, 1, 2, 4, 8]
    assert followed.jobs["job"].stream.state == "complete"


@pytest.mark.parametrize(
    "useless", [PING, b": comment\n\n", event(1), b"event: training.log\ndata: {\n\n"]
)
def test_a_ping_a_replay_and_garbage_do_not_reset_the_count(tmp_path: Path, useless: bytes) -> None:
    async def serve(world: World, opening: Opening) -> Chunks:
        yield event(1) if opening.number == 1 else useless
        raise StreamBrokenError("cut")

    followed = follow(tmp_path, serve, retries=4)
    assert len(followed.world.openings) == 4
    stream = followed.jobs["job"].stream
    assert stream.state == "interrupted"
    assert stream.reason == "gave up after 4 failures in a row: cut"


def test_a_server_is_obeyed_up_to_a_minute(tmp_path: Path) -> None:
    async def serve(world: World, opening: Opening) -> Chunks:
        if opening.number == 1:
            raise StreamRefusedError("busy", 429, retry_after=20)
        if opening.number == 2:
            raise StreamRefusedError("busy", 503, retry_after=9999)
        if opening.number == 3:
            yield b"retry: 30000\n\n"
            raise StreamBrokenError("cut")
        yield DONE

    followed = follow(tmp_path, serve)
    assert [wait for *_, wait in followed.world.breaks] == [20, 60, 30]


# --- How long is waited --------------------------------------------------------------------------


async def silent(world: World, opening: Opening) -> Chunks:
    yield b": open\n\n"
    await asyncio.sleep(100 * HOUR)


def test_forty_silent_streams_four_at_a_time(tmp_path: Path) -> None:
    statuses = {f"job-{i}": "running" for i in range(40)}
    followed = follow(tmp_path, silent, statuses=statuses, max_wait=3, concurrency=4)
    assert followed.took <= 3 + 2.0 * 10 + 1
    assert {job.stream.state for job in followed.jobs.values()} == {"caught-up"}
    assert len(followed.world.openings) == 40


@pytest.mark.parametrize("kept_alive", [PING, b": comment\n\n"])
def test_keep_alives_leave_a_stream_quiet(tmp_path: Path, kept_alive: bytes) -> None:
    async def serve(world: World, opening: Opening) -> Chunks:
        yield event(1) + DONE
        for _ in range(100):
            await asyncio.sleep(0.5)
            yield kept_alive

    followed = follow(tmp_path, serve)
    assert followed.jobs["job"].stream.state == "complete"
    assert followed.took == pytest.approx(2, abs=1)


def test_an_endless_stream_is_cut_after_ten_settles(tmp_path: Path) -> None:
    async def serve(world: World, opening: Opening) -> Chunks:
        number = 0
        while True:
            yield event(number)
            number += 1
            await asyncio.sleep(0.5)

    followed = follow(tmp_path, serve, max_wait=10)
    assert followed.jobs["job"].stream.state == "caught-up"
    assert "never quiet" in (followed.jobs["job"].stream.reason or "")
    assert followed.took == pytest.approx(10 + 10 * 2, abs=1)


def test_an_ended_jobs_stream_may_take_its_time_to_begin(tmp_path: Path) -> None:
    async def serve(world: World, opening: Opening) -> Chunks:
        yield b": open\n\n"
        await asyncio.sleep(25)
        yield event(1) + DONE

    followed = follow(tmp_path, serve, statuses={"job": "completed"}, max_wait=0)
    assert followed.jobs["job"].stream.state == "complete"


def test_ended_jobs_are_retried_for_half_a_minute_after_the_wait(tmp_path: Path) -> None:
    async def serve(world: World, opening: Opening) -> Chunks:
        raise StreamBrokenError("cut")
        yield b""

    statuses = {"ended": "failed", "running": "running"}
    followed = follow(tmp_path, serve, statuses=statuses, max_wait=0)
    openings = [opening.job_id for opening in followed.world.openings]
    assert (openings.count("running"), openings.count("ended")) == (1, 5)
    assert followed.took <= 31


def test_no_retry_starts_after_the_wait_however_long_it_stood_in_line(tmp_path: Path) -> None:
    async def serve(world: World, opening: Opening) -> Chunks:
        if opening.job_id == "broken":
            raise StreamBrokenError("cut")
        yield event(1)
        await asyncio.sleep(HOUR)

    statuses = {"broken": "running", "silent": "running"}
    followed = follow(tmp_path, serve, statuses=statuses, max_wait=10, concurrency=1)
    assert [opening.job_id for opening in followed.world.openings] == ["broken", "silent"]
    assert followed.jobs["broken"].stream.reason == "cut, and the wait was over"


def test_a_cancelled_job_is_noticed_in_the_list(tmp_path: Path) -> None:
    async def serve(world: World, opening: Opening) -> Chunks:
        yield event(1)
        for _ in range(1000):
            await asyncio.sleep(10)
            yield PING

    async def cancel(world: World, stop: asyncio.Event) -> None:
        await asyncio.sleep(100)
        world.statuses["job"] = "cancelled"

    followed = follow(tmp_path, serve, meanwhile=cancel)
    assert followed.jobs["job"].stream.state == "complete"
    assert followed.took <= 100 + 15 + 2 + 1


def test_a_job_that_is_no_longer_listed_is_not_waited_for(tmp_path: Path) -> None:
    async def lose(world: World, stop: asyncio.Event) -> None:
        await asyncio.sleep(100)
        world.statuses["other"] = world.statuses.pop("job")

    followed = follow(tmp_path, silent, meanwhile=lose)
    assert followed.took <= 100 + 2 * 15 + 3
    assert len(followed.world.openings) == 2  # 90 s in, the stall


def test_a_signal_ends_streams_in_all_states(tmp_path: Path) -> None:
    async def serve(world: World, opening: Opening) -> Chunks:
        if opening.job_id == "retrying":
            raise StreamRefusedError("busy", 503, retry_after=60)
        if opening.job_id == "done":
            yield event(1) + DONE
        else:
            yield event(1)
        await asyncio.sleep(HOUR)

    async def interrupt(world: World, stop: asyncio.Event) -> None:
        await asyncio.sleep(1)
        stop.set()

    statuses = dict.fromkeys(["done", "open", "retrying", "in line"], "running")
    followed = follow(tmp_path, serve, statuses=statuses, concurrency=2, meanwhile=interrupt)
    assert followed.took < 1.5
    states = {job_id: job.stream.state for job_id, job in followed.jobs.items()}
    assert states == {
        "done": "complete",
        "open": "interrupted",
        "retrying": "interrupted",
        "in line": "interrupted",
    }


def test_the_list_failing_meanwhile_is_one_warning(tmp_path: Path) -> None:
    from reportgen.errors import SourceError  # noqa: PLC0415

    async def serve(world: World, opening: Opening) -> Chunks:
        async def fail() -> JobList:
            raise SourceError("no answer")

        world.jobs = fail  # type: ignore[method-assign]
        yield event(1)
        await asyncio.sleep(60)
        yield DONE

    followed = follow(tmp_path, serve)
    assert followed.jobs["job"].stream.state == "complete"
    assert len([warning for warning in followed.world.warnings if "no answer" in warning]) <= 2


def test_a_finished_stream_stays_complete_when_a_later_look_fails(tmp_path: Path) -> None:
    async def well(world: World, opening: Opening) -> Chunks:
        yield event(1) + DONE

    async def gone(world: World, opening: Opening) -> Chunks:
        raise StreamRefusedError("the server answered 410", 410, final=True)
        yield b""

    assert follow(tmp_path, well).jobs["job"].stream.state == "complete"
    again = follow(tmp_path, gone)
    assert len(again.world.openings) == 1  # the list calls it running again
    assert again.jobs["job"].stream.state == "complete"
    third = follow(tmp_path, gone, statuses={"job": "completed"})
    assert third.world.openings == []


def test_a_torn_log_resumes_after_its_last_whole_line(tmp_path: Path) -> None:
    async def serve(world: World, opening: Opening) -> Chunks:
        for number in range(opening.behind + 1, 5):
            yield event(number)
        await asyncio.sleep(HOUR)

    follow(tmp_path, serve, max_wait=0)
    (log,) = (tmp_path / "snapshot").rglob("*.log")
    lines = log.read_bytes().splitlines(keepends=True)
    kept = [i for i, line in enumerate(lines) if line[:1].isdigit()]
    log.write_bytes(b"".join(lines[: kept[-1]]) + lines[kept[-1]][:-3])
    again = follow(tmp_path, serve, max_wait=0)
    assert len(again.jobs["job"].loss) == 4
    assert event_log.VERSION == 1


# --- Many events at once -------------------------------------------------------------------------

FRAMES = st.lists(
    st.sampled_from(
        [
            *([b"id: %d\nevent: training.log\ndata: {}\n\n"] * 6),
            b"id: x%d\nevent: training.log\ndata: {}\n\n",
            b"event: training.log\ndata: {}\n\n",
            b"event: training.log\ndata: {}\nid: %d\n\n",
            b'id: %d\nevent: training.log\ndata: {"step":\ndata: 1}\n\n',
            b'id: %d\nevent: training.log\ndata: {"a":"the-secret-token"}\n\n',
            b'id: %d\nevent: training.log\ndata: {"a":"the\\u002dsecret-token"}\n\n',
            b"id: the-secret-token\nevent: training.log\ndata: {}\n\n",
            b"id: %d\nevent: training.started\ndata: {}\n\n",
            b"id: %d\nevent: the-secret-token\ndata: {}\n\n",
            b"id: %d\nevent: checkpoint.saved\ndata: {}\n\n",
            b"id: %d\n\n",
            b"event: end\ndata\n\n",
            PING,
            b": comment\n\n",
        ]
    ),
    max_size=24,
).map(
    lambda frames: [
        frame.replace(b"%d", b"%d" % number) for number, frame in enumerate(frames, start=1)
    ]
)


@given(FRAMES, st.integers(0, 24), st.integers(0, 24), st.booleans())
def test_many_events_at_once_are_kept_as_one_after_another(
    tmp_path_factory: pytest.TempPathFactory,
    frames: list[bytes],
    cut: int,
    again_from: int,
    honours: bool,  # noqa: FBT001 - drawn
) -> None:
    def log_of(pieces: Callable[[list[bytes]], list[bytes]]) -> tuple[bytes, list[Opening]]:
        async def serve(world: World, opening: Opening) -> Chunks:
            first = opening.number == 1
            start = again_from if honours else 0
            yield b""  # answered, whatever follows
            for piece in pieces(frames[:cut] if first else [*frames[start:], DONE]):
                yield piece
            if first:
                raise StreamBrokenError("cut")

        path = tmp_path_factory.mktemp("follow")
        followed = follow(path, serve, tokens=("the-secret-token",))
        (log,) = (path / "snapshot").rglob("*.log")
        return log.read_bytes(), followed.world.openings

    at_once = log_of(lambda some: [b"".join(some)])
    assert at_once == log_of(lambda some: some)
    assert b"secret-token" not in at_once[0]


# --- A slow disk ---------------------------------------------------------------------------------


def test_a_slow_disk_delays_no_other_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first stream's log reaches the disk only once the second stream has gone on."""
    is_syncing, went_on = threading.Event(), threading.Event()
    sync, waits = LogWriter.sync, []

    def sync_slowly(log: LogWriter) -> None:
        is_syncing.set()
        waits.append(went_on.wait(20))
        sync(log)

    async def serve(world: World, opening: Opening) -> Chunks:
        del world
        yield event(1)
        if opening.job_id == "second":
            await asyncio.to_thread(is_syncing.wait, 20)
            yield event(2)
            went_on.set()
        yield DONE

    monkeypatch.setattr(LogWriter, "sync", sync_slowly)
    statuses = dict.fromkeys(("first", "second"), "completed")
    followed = follow(tmp_path, serve, statuses=statuses, in_real_time=True)
    assert waits == [True, True]
    assert [followed.jobs[job_id].stream.state for job_id in statuses] == ["complete", "complete"]
