"""Every fault that a stream can have, and what the report then says, in one build on one server.

A row is a job: how its stream is answered, and what its entry in `report.json` must say. All rows
are followed at once, which also shows that no job's trouble affects another.
"""

import gzip
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.command import Command, Result
from tests.standin import (
    EMPTY_REPLY,
    NO_REPLY,
    Close,
    Cut,
    Event,
    Framing,
    Hold,
    Job,
    Pause,
    Replay,
    Script,
    Send,
    StandIn,
    Stream,
    checkpoint,
    completed,
    end,
    failed,
    job,
    log,
    numbered,
    raw,
    refusal,
    reply,
    sse,
    started,
    training,
)

pytestmark = pytest.mark.thorough

RUN = numbered([started(), log(1, 3.0), log(2, 2.0), completed([{"name": "a"}, "b"])])
OPEN_RUN = RUN[:3]
COMPLETE = {"state": "complete", "reason": None, "reconnects": 0}
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Fault:
    """How a stream is answered, and the resulting fields of the job's entry."""

    script: Script
    stream: dict[str, Any] = field(default_factory=dict)
    status: str = "completed"
    listed: str = "completed"
    loss: dict[str, Any] | None = None
    entry: dict[str, Any] = field(default_factory=dict)
    events: Iterable[Event] = ()
    reason: str = ""
    """What the reason must speak of."""


def whole(script: Script, **more: Any) -> Fault:
    """A stream that comes out as if nothing had happened: four events, two points."""
    stream = COMPLETE | {"events": 4, "skipped": 0} | more.pop("stream", {})
    return Fault(script, stream, loss={"points": 2, "last": 2}, **more)


def data(*payloads: str | bytes | dict[str, Any], name: str = "training.log", **more: Any) -> Fault:
    """A complete stream of these payloads between start and completion."""
    events = [started(), *(Event(name, payload) for payload in payloads), completed()]
    stream = COMPLETE | {"events": len(events)} | more.pop("stream", {"skipped": 0})
    return Fault(sse(numbered(events)), stream, **more)


def framed(text: bytes) -> bytes:
    return Framing().stream(RUN[:3]) + text


DONE_FRAME = Framing().stream(RUN[3:])


def packed(coding: str, body: bytes) -> Stream:
    return Stream((Send(body),), headers={"content-encoding": coding})


FRAMING = {
    "line feeds": whole(sse(RUN)),
    "carriage returns": whole(sse(RUN, framing=Framing(b"\r"))),
    "both": whole(sse(RUN, framing=Framing(b"\r\n"))),
    "byte by byte": whole(sse(RUN, framing=Framing(b"\r\n", chunk=1))),
    "a byte order mark": whole(sse(RUN, framing=Framing(before=BOM))),
    "a byte order mark in pieces": whole(sse(RUN, framing=Framing(chunk=2, before=BOM))),
    "comments": whole(sse(RUN, framing=Framing(before=b": hello\n\n:\n"))),
    "a charset that is not UTF-8": Fault(
        sse(
            numbered([started(), failed("größer")]),
            content_type="text/event-stream; charset=iso-8859-1",
        ),
        COMPLETE,
        status="failed",
        entry={"error": "größer"},
    ),
    "bytes that are no UTF-8": Fault(
        raw(b'event: training.failed\ndata: {"error": "a\xffb"}\n\n'),
        COMPLETE | {"events": 1, "skipped": 0},
        status="failed",
        entry={"error": "a�b"},
    ),
    "a content type in capitals": whole(sse(RUN, content_type="Text/Event-Stream")),
    "ids but no data": whole(raw(b"id: 9\n\nevent: training.log\n\n" + framed(DONE_FRAME))),
    "pings with ids": whole(raw(framed(b"id: 3\nevent: ping\ndata\n\n: c\n\n" + DONE_FRAME))),
    "an unfinished last frame": whole(
        raw(framed(DONE_FRAME) + b"event: training.failed\ndata: {}")
    ),
    "no blank after the colon": whole(raw(framed(DONE_FRAME).replace(b": ", b":"))),
    "unknown fields": whole(raw(b"x: y\n:\nfoo\n" + framed(DONE_FRAME))),
    "unknown events": whole(raw(framed(b"event: new.kind\ndata: {}\n\ndata: {}\n\n" + DONE_FRAME))),
    "data over many lines": Fault(
        raw(b'event: training.failed\ndata: {"error":\ndata:  "x"}\n\n'),
        COMPLETE | {"events": 1, "skipped": 0},
        status="failed",
        entry={"error": "x", "logTail": ['[failed] {"error":  "x"}']},
    ),
    "ids of no header": whole(raw(framed(DONE_FRAME).replace(b"id: ", b"id: \x01"))),
    "gzip": whole(packed("gzip", gzip.compress(framed(DONE_FRAME)))),
    "gzip of two members": whole(
        packed("gzip", gzip.compress(framed(b"")) + gzip.compress(DONE_FRAME))
    ),
    "deflate": whole(packed("deflate", zlib.compress(framed(DONE_FRAME)))),
    "deflate without a header": whole(packed("deflate", zlib.compress(framed(DONE_FRAME))[2:-4])),
}

PAYLOADS = {
    "no JSON": data("{nope", stream={"skipped": 1}),
    "no object": data("[1]", '"text"', "7", "null", stream={"skipped": 4}),
    "empty data": data("", stream={"skipped": 1}),
    "a bare NaN": data('{"step":1,"loss":NaN}', '{"step":2,"loss":1}', loss={"points": 1}),
    "words for what is not finite": data(
        *({"step": n, "loss": word} for n, word in enumerate(["NaN", "Infinity", "-Infinity"])),
        {"step": 9, "loss": 4},
        loss={"points": 1, "first": 4},
    ),
    "a number beyond a double": data(
        '{"step":1,"loss":1e999}', '{"step":2,"loss":5}', loss={"points": 1}
    ),
    "no step": data({"loss": 1}, stream={"skipped": 1}),
    "a step that is text": data({"step": "1", "loss": 1}, stream={"skipped": 1}),
    "a step that is true": data({"step": True, "loss": 1}, stream={"skipped": 1}),
    "a step that is not finite": data('{"step":NaN,"loss":1}', stream={"skipped": 1}),
    "a huge integer": data('{"step":1,"loss":' + "9" * 5000 + "}", stream={"skipped": 0}),
    "a loss that is true": data({"step": 1, "loss": True}, stream={"skipped": 1}),
    "a loss that is text": data({"step": 1, "loss": "low"}, stream={"skipped": 1}),
    "no loss is no fault": data({"step": 1}, {"step": 2, "loss": None}, stream={"skipped": 0}),
    "evaluation alone": data(
        {"step": 5, "evalLoss": 2.5}, {"step": 9, "evalLoss": 2}, entry={"loss": None}
    ),
    "an evaluation loss that is text": data(
        {"step": 1, "loss": 2, "evalLoss": "x"}, stream={"skipped": 1}, loss={"points": 1}
    ),
    "lone surrogates": data('{"step":1,"loss":2,"x":"\\ud800"}', loss={"points": 1}),
    "64 levels": data('{"step":1,"loss":2,"x":' + "[" * 63 + "]" * 63 + "}", loss={"points": 1}),
    "65 levels": data(
        '{"step":1,"loss":2,"x":' + "[" * 64 + "]" * 64 + "}", stream={"skipped": 1}
    ),
    "brackets in text": data('{"step":1,"loss":2,"x":"' + "[" * 500 + '"}', loss={"points": 1}),
    "steps that are not whole": data({"step": 0.5, "loss": 1}, {"step": 0.25, "loss": 2},
        loss={"points": 1, "first": 2}),
    "a checkpoint without a step": data({}, {"step": 7}, {"step": 7}, name="checkpoint.saved",
        entry={"checkpoints": [7]}),
    "artifacts of no list": Fault(
        sse(numbered([Event("training.completed", '{"artifacts": 7}')])),
        COMPLETE, entry={"artifacts": 0},
    ),
    "a completion of no JSON": Fault(
        sse(numbered([Event("training.completed", "done")])),
        COMPLETE | {"events": 1, "skipped": 1}, entry={"artifacts": 0},
    ),
    "an error of another kind": Fault(
        sse(numbered([Event("training.failed", {"error": {"code": 7}})])),
        COMPLETE, status="failed", entry={"error": '{"code":7}'},
    ),
    "failed by the stream, completed by the list": Fault(
        sse(numbered([failed("late")])), COMPLETE, status="failed", entry={"error": "late"}
    ),
    "started again after the end": Fault(
        sse(numbered([failed("x"), started(), log(1, 1), completed()])),
        COMPLETE | {"events": 4}, entry={"error": None},
    ),
    "resumed from an earlier step": Fault(
        sse(numbered([*(log(n, 9 - n) for n in range(1, 7)), log(3, 1.5), completed()])),
        COMPLETE, loss={"points": 3, "last": 1.5},
    ),
    "alike events are separate": Fault(
        sse(numbered([checkpoint(1)] * 3 + [completed()])), COMPLETE | {"events": 4}
    ),
}  # fmt: skip

BROKEN = COMPLETE | {"reconnects": 1, "events": 4, "skipped": 0}

BREAKS = {
    "cut, resumed": whole(Replay("honour", [2]), events=RUN, stream=BROKEN),
    "cut, replayed": whole(Replay("ignore", [2]), events=RUN, stream=BROKEN),
    "reset": whole(
        Replay("ignore", [2], how=Cut(reset=True)), events=RUN, stream={"reconnects": 1}
    ),
    "closed too early": whole(Replay("honour", [2], how=Close()), events=RUN, stream=BROKEN),
    "cut within a frame": whole(Replay("honour", [2], torn=20), events=RUN, stream=BROKEN),
    "cut where no length is known": whole(
        Replay("honour", [2], until_close=True), events=RUN, stream=BROKEN
    ),
    "no ids": whole(
        Replay("honour", [2]), events=[Event(e.name, e.data) for e in RUN], stream=BROKEN
    ),
    "one id for all": whole(
        Replay("honour", [2]), events=[Event(e.name, e.data, "t") for e in RUN], stream=BROKEN
    ),
    "cut between two events of one id": whole(
        Replay("honour", [3]),
        events=[Event(e.name, e.data, i) for e, i in zip(RUN, "1222", strict=True)],
        stream=BROKEN,
    ),
    "ids of their own for each connection": whole(
        [sse(numbered(RUN, 10 * n)[: 2 * n], Cut()) for n in (1, 2)], stream=BROKEN
    ),
    "alike events, cut and replayed": Fault(
        Replay("ignore", [2]), BROKEN, events=[checkpoint(1), checkpoint(1), checkpoint(1), RUN[3]]
    ),
    "cut after the terminal event": whole(sse(RUN, Cut())),
    "open after the terminal event": whole(sse(RUN, Hold())),
    "the sentinel": Fault(
        sse([*OPEN_RUN, end()], Hold()), COMPLETE | {"events": 3}, loss={"points": 2}
    ),
    "the sentinel of a running job": Fault(
        sse([*OPEN_RUN, end()], Hold()), COMPLETE | {"events": 3}, "running", "running"
    ),
    "ended by the list, closed twice": Fault(
        sse(OPEN_RUN), COMPLETE | {"events": 3, "reconnects": 1}, loss={"points": 2}
    ),
    "ended by the list, closed twice, but short of what it sent": Fault(
        [sse(OPEN_RUN), sse(OPEN_RUN[:1]), refusal(410, "gone")],
        {"state": "interrupted", "events": 3},
        reason="410",
    ),
    "gzip without its end": Fault(
        packed("gzip", gzip.compress(framed(b""))[:-1]),
        {"state": "interrupted", "events": 3},
        loss={"points": 2},
        reason="is truncated",
    ),
    "cancelled, closed cleanly": Fault(
        sse(OPEN_RUN), COMPLETE | {"events": 3}, "cancelled", "cancelled"
    ),
    "cancelled, left open": Fault(
        sse(OPEN_RUN, Hold()), COMPLETE | {"events": 3}, "cancelled", "cancelled"
    ),
    "cancelled, empty": Fault(sse([]), COMPLETE | {"events": 0}, "cancelled", "cancelled"),
    "always cut": Fault(
        sse(OPEN_RUN, Cut()),
        {"state": "interrupted", "events": 3, "reconnects": 2},
        loss={"points": 2},
        reason="gave up after 3 failures in a row",
    ),
    "ended by the list, empty for ever": Fault(
        sse([]), {"state": "interrupted", "events": 0}, reason="gave up"
    ),
    "ended by the list, silent": Fault(
        sse(OPEN_RUN, Hold()), {"state": "caught-up", "events": 3}, loss={"points": 2}
    ),
    "new events keep it alive": whole(
        [sse(RUN[: min(n, 4)], Cut()) for n in range(1, 5)], stream=BROKEN | {"reconnects": 3}
    ),
    "a running job, quiet": Fault(
        sse(OPEN_RUN, Hold()), {"state": "caught-up", "events": 3}, "running", "running",
        loss={"points": 2}, reason="the wait ended",
    ),
    "a queued job, silent": Fault(
        sse([], Hold()), {"state": "caught-up", "events": 0}, "queued", "queued",
        reason="the wait ended",
    ),
    "a stall of a running job is no break": Fault(
        [sse(RUN[:2], Hold()), sse(OPEN_RUN, Hold())],
        {"state": "caught-up", "events": 3, "reconnects": 0}, "running", "running",
        entry={"logTail": ["[started] " + RUN[0].payload().decode(), "[log] step=1 loss=3",
                           "[log] step=2 loss=2"]},
    ),
    "pings that never end": Fault(
        Stream((Send(framed(b"")), *(Send(b"event: ping\ndata\n\n"), Pause(0.2)) * 100)),
        {"state": "caught-up", "events": 3}, "running", "running",
    ),
    "a status nobody knows": Fault(sse(RUN[:1]), {}, "paused", "paused"),
    "a terminal event in a running list": whole(sse(RUN), listed="running"),
}  # fmt: skip


def refused(status: int, events: int = 0, **more: Any) -> Fault:
    answer = refusal(status, "the server's words")
    return Fault(
        answer,
        {"state": "unavailable", "events": events, "reconnects": 0},
        reason=str(status),
        **more,
    )


REFUSALS = {
    **{f"{status}": refused(status) for status in (204, 302, 400, 401, 403, 404, 410, 418, 426)},
    "500 for ever": refused(500),
    "503, then well": whole([refusal(503, "later"), sse(RUN)]),
    "429 with a time": whole([refusal(429, "later", {"Retry-After": "1"}), sse(RUN)]),
    "408, then well": whole([refusal(408, "slow"), sse(RUN)]),
    "404 of a running job, then well": whole([refusal(404, "not yet"), sse(RUN)], listed="running"),
    "404 of a job that has ended": refused(404),
    "a page instead": Fault(
        reply(200, b"<html>", {}), {"state": "unavailable"}, reason="not an event stream"
    ),
    "no content type": Fault(
        raw(framed(DONE_FRAME), content_type=None),
        {"state": "unavailable"},
        reason="not an event stream",
    ),
    "brotli": Fault(
        Stream((), headers={"content-encoding": "br"}), {"state": "unavailable"}, reason="br"
    ),
    "garbage": Fault(
        Stream(before=(Send(b"\0\1\2\r\n\r\n"), Cut()), until_close=True),
        {"state": "unavailable"},
        reason="not valid HTTP",
    ),
    "never answered": Fault(NO_REPLY, {"state": "unavailable", "events": 0}, reason="not answered"),
    "hung up before the answer": Fault(EMPTY_REPLY, {"state": "unavailable"}, reason="cut"),
    "refused after a break": Fault(
        [sse(OPEN_RUN, Cut()), refusal(410, "gone")],
        {"state": "interrupted", "events": 3, "reconnects": 0}, loss={"points": 2}, reason="410",
    ),
}  # fmt: skip

FAULTS = {
    f"{group}: {name}": fault
    for group, faults in (
        ("framing", FRAMING), ("payload", PAYLOADS), ("break", BREAKS), ("refusal", REFUSALS)
    )
    for name, fault in faults.items()
}  # fmt: skip


def as_job(name: str, fault: Fault) -> Job:
    return job(name, fault.listed, events=fault.events, script=fault.script, finish=Close())


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    directory: Path = tmp_path_factory.mktemp("faults")
    jobs = [as_job(name, fault) for name, fault in FAULTS.items()]
    with StandIn(*jobs, job("well", events=training(50))) as studio:
        return Command(directory).build(
            studio, "--concurrency", "200", "--retries", "3", "--settle", "0.5s",
            "--stall-timeout", "2s", "--max-wait", "5s",
        )  # fmt: skip


def test_there_are_enough_faults(result: Result) -> None:
    assert len(FAULTS) >= 60
    assert result.code == 0, result.stderr
    assert result.job("well")["stream"]["events"] == 53


@pytest.mark.parametrize("name", FAULTS)
def test_fault(result: Result, name: str) -> None:
    fault = FAULTS[name]
    entry = result.job(name)
    stream = {key: entry["stream"][key] for key in fault.stream}
    assert stream == fault.stream, json.dumps(entry["stream"])
    assert entry["status"] == fault.status
    if fault.loss is not None:
        assert {key: entry["loss"][key] for key in fault.loss} == fault.loss
    assert {key: entry[key] for key in fault.entry} == fault.entry
    assert (entry["stream"]["reason"] is None) == (entry["stream"]["state"] == "complete")
    assert fault.reason in (entry["stream"]["reason"] or "")
