"""The exports: their keys, their rows, and nothing in them that comes alive."""

import csv
import json

import pytest

from reportgen import eventlog, wire
from reportgen.exports import log_txt, points_csv, report_json
from reportgen.history import fold
from reportgen.redact import Redactor
from reportgen.report import Entry, Report, job_detail
from tests.samples import report

REPORT = report()

HEAD = "step,loss,evalLoss,learningRate,epoch,samplesPerSecond,timestamp"


def rows(*data: str) -> list[str]:
    lines = [eventlog.event_line(1, wire.LOG, None, item.encode())[:-1] for item in data]
    lines.append(eventlog.event_line(1, wire.PING, None, b"")[:-1])
    lines.append(eventlog.note_line(1, "open")[:-1])
    return "".join(points_csv.lines(lines, str.upper)).split("\n")


@pytest.mark.parametrize(
    ("data", "row"),
    [
        ('{"step":1,"loss":2.50,"evalLoss":1e-7}', "1,2.5,1e-7,,,,"),
        ('{"step":-3,"loss":-0.5}', "-3,-0.5,,,,,"),
        ('{"step":1,"loss":NaN,"evalLoss":-Infinity}', "1,NaN,'-Infinity,,,,"),
        ('{"step":"=1+1","loss":true,"timestamp":"@x"}', "'=1+1,TRUE,,,,,'@X"),
        ('{"timestamp":"a,\\"b\\"\\nc"}', None),
        ("nonsense", ",,,,,,"),
        ("[]", ",,,,,,"),
    ],
)
def test_a_row_for_every_log(data: str, row: str | None) -> None:
    head, *body = rows(data)
    assert head == HEAD
    if row is not None:
        assert body == [row, ""]
    (parsed,) = list(csv.reader("\n".join(body).splitlines(keepends=True)))[:1]
    assert len(parsed) == 7


def test_the_report_for_programs() -> None:
    text = report_json.document(REPORT)
    assert text.startswith('{\n  "schema": 1,\n  "generator": ')
    document = json.loads(text, parse_constant=pytest.fail)
    assert list(document) == [
        "schema", "generator", "snapshotAt", "source", "manifest", "counts", "jobs",
    ]  # fmt: skip
    assert list(document["counts"])[:5] == list(wire.STATUSES)
    for job in document["jobs"]:
        assert list(job) == [
            "id", "name", "status", "listed", "createdAt", "startedAt", "completedAt",
            "durationSeconds", "artifacts", "error", "stream", "loss", "evalLoss",
            "checkpoints", "logTail", "config", "page",
        ]  # fmt: skip


def detail_of(entry: wire.Object, *lines: bytes) -> Report:
    job = wire.read_job(entry)
    assert job is not None
    detail = job_detail(Entry(job, "slug", listed=True), fold(lines), Redactor(), 50)
    return Report("g", REPORT.snapshot_at, REPORT.origin, None, (detail.summary,))


def test_texts_are_the_servers_own_character_for_character() -> None:
    name = 'a "b" \\ é \ud800 \x00 \u202e 😀'
    document = json.loads(report_json.document(detail_of({"id": "x", "name": name})))
    assert document["jobs"][0]["name"] == name
    assert document["manifest"] is None
    report_json.document(detail_of({"id": "x", "name": name})).encode()


def test_a_status_that_nobody_knows_gets_a_count() -> None:
    document = json.loads(report_json.document(detail_of({"id": "x", "status": "paused"})))
    assert list(document["counts"].items())[-1] == ("paused", 1)


def test_a_long_line_is_cut_and_says_so() -> None:
    line = eventlog.event_line(1, wire.STARTED, None, b"x" * 1000)[:-1]
    (shown,) = detail_of({"id": "x"}, line).jobs[0].log_tail
    assert shown.startswith("[started] xxx")
    assert len(shown.partition(" …")[0]) == 500
    assert "cut" in shown


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        (("2026-05-01T00:00:00Z", "2026-05-01T00:01:33.5Z"), 93.5),
        (("2026-05-01T00:00:00Z", None), None),
        (("soon", "2026-05-01T00:00:00Z"), None),
    ],
)
def test_durations(times: tuple[str | None, str | None], seconds: float | None) -> None:
    entry: wire.Object = {"id": "x", "startedAt": times[0], "completedAt": times[1]}
    assert detail_of(entry).jobs[0].duration_seconds == seconds


def test_the_whole_log_line_by_line() -> None:
    log = [
        eventlog.note_line(0, "open")[:-1],
        eventlog.event_line(1, wire.STARTED, None, b"x" * 1000)[:-1],
        eventlog.event_line(1, wire.PING, None, b"")[:-1],
        eventlog.event_line(1, wire.LOG, None, b'{"step":1,"loss":2.0}')[:-1],
        eventlog.note_line(2, "break", reason="cut")[:-1],
        eventlog.event_line(3, wire.FAILED, None, b"a\nb\x1b[31m")[:-1],
    ]
    assert list(log_txt.lines(log, str)) == [
        f"[started] {'x' * 1000}\n",
        "[log] step=1 loss=2\n",
        "[stream error]\n",
        "[failed] a b\u241b[31m\n",
    ]
