"""The exports: their keys, their rows, and that nothing in them is active."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import chain, product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reportgen.events import wire
from reportgen.events.event_log import Record
from reportgen.exports import job_texts, points_csv, report_json
from reportgen.model import log_lines
from reportgen.model.history import fold
from reportgen.model.metrics import Metric, Result
from reportgen.model.origin import Manifest, Origin
from reportgen.report.change import Baseline, change
from reportgen.report.report import Entry, JobDetail, JobRecord, Report, StreamSummary, job_detail
from reportgen.text import inert, javascript
from reportgen.text.javascript import Object, is_number, js_number, js_value
from reportgen.text.redact import Redactor
from tests import logs
from tests.samples import report, summary

REPORT = report()


HEAD = "step,loss,evalLoss,learningRate,epoch,samplesPerSecond,timestamp"


def no_token(_: bytes) -> bool:
    return False


def in_both_ways(log: Iterable[bytes], made: Callable[[Iterable[Record]], str]) -> str:
    """Make a text line by line and from a log as it is read; both must be equal."""
    lines = list(log)
    text = made(logs.records_of(lines))
    assert text == made(logs.records_of(lines, together=1))
    return text


def exported(
    parts: Iterable[Record], redacted: Callable[[str], str], holds_token: Callable[[bytes], bool]
) -> tuple[str, str]:
    """Return the CSV and the whole log."""
    rows, lines = zip(*job_texts.pieces(parts, redacted, holds_token), strict=True)
    return "".join(rows), "".join(lines)


def csv_of(
    log: Iterable[bytes],
    redacted: Callable[[str], str],
    holds_token: Callable[[bytes], bool] = no_token,
) -> str:
    return in_both_ways(log, lambda parts: exported(parts, redacted, holds_token)[0])


def log_of(
    log: Iterable[bytes],
    redacted: Callable[[str], str],
    holds_token: Callable[[bytes], bool] = no_token,
) -> str:
    return in_both_ways(log, lambda parts: exported(parts, redacted, holds_token)[1])


def rows(*data: str) -> list[str]:
    lines = [logs.event_line(1, wire.LOG, None, item.encode())[:-1] for item in data]
    lines.append(logs.event_line(1, wire.PING, None, b"")[:-1])
    lines.append(logs.note_line(1, "open")[:-1])
    return csv_of(lines, str.upper).split("\n")


@pytest.mark.parametrize(
    ("data", "row"),
    [
        ('{"step":1,"loss":2.50,"evalLoss":1e-7}', "1,2.5,1e-7,,,,"),
        ('{"step":-3,"loss":-0.5}', "-3,-0.5,,,,,"),
        ('{"step":1,"loss":NaN,"evalLoss":-Infinity}', "1,NaN,-Infinity,,,,"),
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


def parsed_rows(*lines: bytes) -> list[list[str]]:
    text = csv_of((line[:-1] for line in lines), str)
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


@pytest.mark.parametrize("text", ["a,b", 'say "x"', "a\nb", '"', "x\n", "é 😀", " "])
def test_any_text_is_one_cell(text: str) -> None:
    data = json.dumps({"step": 1, "timestamp": text})
    (row,) = parsed_rows(logs.event_line(1, wire.LOG, None, data.encode()))
    assert row == ["1", "", "", "", "", "", text]


def test_multi_line_data_and_oversized_events_have_their_rows() -> None:
    assert parsed_rows(
        logs.event_line(1, wire.LOG, None, b'{"step":\n1,"loss":null}'),
        logs.over_limit_line(2, wire.LOG, None, "17 MB"),
        logs.over_limit_line(3, wire.STARTED, None, "17 MB"),
        logs.event_line(4, wire.LOG, None, b'{"step":2,"epoch":{"a":1.0}}'),
    ) == [
        ["1", "", "", "", "", "", ""],
        [""] * 7,
        ["2", "", "", "", '{"a":1}', "", ""],
    ]


NOT_FINITE = {
    "NaN": "NaN",
    "nan": "NaN",
    "Infinity": "Infinity",
    "inf": "Infinity",
    "-Infinity": "-Infinity",
    "-inf": "-Infinity",
}
CELLS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
LOGGED = st.dictionaries(st.sampled_from([*points_csv.COLUMNS, "type"]), CELLS, max_size=8)
FORMULA_START = tuple("=+-@\t\r\n＝＋－＠")


@pytest.mark.parametrize(
    ("logged", "cell"),
    [("NaN", "NaN"), ("Infinity", "Infinity"), ("-Infinity", "-Infinity"), ("1e999", "Infinity"),
     ("-1e999", "-Infinity"), ('"NaN"', "NaN"), ('"-Infinity"', "-Infinity"), ('"nan"', "NaN"),
     ('"-inf"', "-Infinity"), ("-1.5", "-1.5"), ("-0.0000001", "-1e-7")],
)  # fmt: skip
@pytest.mark.parametrize("field", ["step", "loss", "samplesPerSecond"])
def test_numbers_that_are_not_finite_print_without_quotes(
    logged: str, cell: str, field: str
) -> None:
    data = f'{{"{field}":{logged}}}'.encode()
    for more in (0, 3):
        (row, *_) = parsed_rows(*[logs.event_line(1, wire.LOG, None, data)] * (1 + more))
        assert row[points_csv.COLUMNS.index(field)] == cell


SIGNS = ["=", "+", "-", "@", "＝", "＋", "－", "＠"]
BEFORE = [
    "", ";", "x;", "x\t", "\t", "\n", "x\n", "x\r\n", "a,b;", "a\n,b;", 'say "x";', '";', ';"',
    '\t"', '"\n"', "; ", ";;",
    ";\t", "\t \t", ';""', "x; \n", ";\u00a0", 'a,b\n"', '";"', '\n;"', "\n\n",
]  # fmt: skip


@pytest.mark.parametrize("before", BEFORE)
def test_no_text_starts_a_formula_wherever_a_spreadsheet_splits(before: str) -> None:
    for sign, field in product(SIGNS, ["step", "epoch", "timestamp"]):
        data = json.dumps({"step": 1, "loss": 2, field: f"{before}{sign}1+1"}).encode()
        text = csv_of([logs.event_line(1, wire.LOG, None, data)[:-1]], str)
        for delimiter in ",;\t":
            # Also line by line, as most spreadsheets read a cell if they do not see its quotes.
            for lines in ([text], text.split("\n")):
                for line in lines:
                    read = csv.reader(io.StringIO(line, newline=""), delimiter=delimiter)
                    for cell in chain.from_iterable(read):
                        assert not cell.strip().strip('"').strip().startswith(tuple(SIGNS)), cell


@given(st.lists(st.text(st.sampled_from('=+-@;,\t\n\r" x1＝\u00a0'), max_size=9), min_size=1))
def test_no_texts_start_a_formula_wherever_a_spreadsheet_splits(texts: list[str]) -> None:
    lines = [
        logs.event_line(1, wire.LOG, None, json.dumps({"step": 1, "timestamp": text}).encode())
        for text in texts
    ]
    text = csv_of((line[:-1] for line in lines), str)
    for delimiter in ",;\t":
        for cell in chain.from_iterable(
            csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        ):
            assert not cell.lstrip().startswith(tuple(SIGNS)), cell


@given(st.lists(LOGGED, max_size=4))
def test_every_log_is_a_row_whose_numbers_are_plain_and_whose_texts_are_inert(
    logged: list[dict[str, Any]],
) -> None:
    lines = [logs.event_line(1, wire.LOG, None, json.dumps(data).encode()) for data in logged]
    found = parsed_rows(*lines)
    assert len(found) == len(logged)
    for row, data in zip(found, logged, strict=True):
        assert len(row) == len(points_csv.COLUMNS)
        for cell, value in zip(row, map(data.get, points_csv.COLUMNS), strict=True):
            if value is None:
                assert cell == ""
            elif javascript.finite(value) is not None:
                assert float(cell) == float(value)
            elif value in NOT_FINITE:
                assert cell == NOT_FINITE[value]
            elif isinstance(value, float):
                assert cell == js_number(value)
            else:
                assert not cell.strip(" ").startswith(FORMULA_START)


def written(
    report: Report, checkpoints: tuple[float, ...] = (), log_tail: tuple[str, ...] = ()
) -> str:
    """Return a report as JSON, all of whose jobs have these checkpoints and log lines."""
    records = (JobRecord(job, checkpoints, log_tail) for job in report.jobs)
    return "".join(report_json.pieces(report, records))


@pytest.mark.parametrize("names", [(), ("a",), ("\ud800", "b\n    ]", "é\u2028\x7f")])
def test_the_report_is_the_same_in_pieces_as_in_one(names: tuple[str, ...]) -> None:
    jobs = tuple(replace(REPORT.jobs[0], name=name) for name in names)
    text = written(replace(REPORT, jobs=jobs))
    assert text == inert.json_text(json.loads(text))
    assert [job["name"] for job in json.loads(text)["jobs"]] == list(names)


def test_the_report_for_programs() -> None:
    text = written(REPORT)
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
            "checkpoints", "logTail", "config", "page", "result", "baseline",
        ]  # fmt: skip


def detail_of(entry: Object, *lines: bytes) -> JobDetail:
    job = wire.read_job(entry)
    assert job is not None
    history = fold(logs.records_of(lines))
    return job_detail(Entry(job, "slug", listed=True), history, Redactor(), 50)


def report_of(entry: Object, *lines: bytes) -> Report:
    summary = detail_of(entry, *lines).summary
    return Report("g", REPORT.snapshot_at, REPORT.origin, None, (summary,))


def test_each_fact_is_under_its_key() -> None:
    noon = datetime(2026, 5, 1, 14, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))
    job = summary(
        "job_1",
        slug="job_1",
        stream=StreamSummary("interrupted", "given up", 412, 3, 1),
        loss=Metric(400, 2.31, 0.41, 0.39, 388.0, 3.0),
        eval_loss=Metric(8, 2.2, 0.6, 0.58, 350.5, 1e300),
        config={"maxSteps": 400},
        result=Result("evalLoss.min", 0.58),
        change=change(
            Result("evalLoss.min", 0.58),
            None,
            Baseline("job_0", "support-bot-v1", None, Result("evalLoss.min", 0.5), None),
        ),
    )
    origin = Origin("studio", "http://127.0.0.1:4000", "anon", "rig-org", None)
    whole = Report("g", noon, origin, Manifest("support-bot-v1"), (job,))
    text = written(whole, (100.0, 0.5), ("[log] step=1 loss=2.31",))
    assert json.loads(text) == {
        "schema": 1,
        "generator": "g",
        "snapshotAt": "2026-05-01T12:00:00Z",
        "source": {
            "kind": "studio",
            "url": "http://127.0.0.1:4000",
            "org": "rig-org",
            "project": None,
        },
        "manifest": {"trainer": "support-bot-v1", "error": None},
        "counts": {"queued": 0, "running": 0, "completed": 1, "failed": 0, "cancelled": 0},
        "jobs": [
            {
                "id": "job_1",
                "name": "support-bot-v2",
                "status": "completed",
                "listed": True,
                "createdAt": "2026-05-01T09:00:00.000Z",
                "startedAt": "2026-05-01T09:00:02.000Z",
                "completedAt": "2026-05-01T09:13:25.000Z",
                "durationSeconds": 803.0,
                "artifacts": 2,
                "error": None,
                "stream": {
                    "state": "interrupted",
                    "reason": "given up",
                    "events": 412,
                    "skipped": 3,
                    "reconnects": 1,
                },
                "loss": {
                    "points": 400,
                    "first": 2.31,
                    "last": 0.41,
                    "min": 0.39,
                    "minStep": 388,
                    "max": 3,
                },
                "evalLoss": {
                    "points": 8,
                    "first": 2.2,
                    "last": 0.6,
                    "min": 0.58,
                    "minStep": 350.5,
                    "max": 1e300,
                },
                "checkpoints": [100, 0.5],
                "logTail": ["[log] step=1 loss=2.31"],
                "config": {"maxSteps": 400},
                "page": "jobs/job_1.html",
                "result": {"metric": "evalLoss.min", "value": 0.58},
                "baseline": {"id": "job_0", "value": 0.5, "delta": 0.08, "relative": 0.16},
            }
        ],
    }
    # Whole numbers are written as integers, unless they would have too many digits.
    for line in ('"minStep": 388,', '"max": 3\n', '"max": 1e+300\n', "[\n        100,"):
        assert line in text


def test_a_whole_document_as_it_is_written() -> None:
    evals = Metric(points=1, first=0.5, last=0.5, min=0.5, min_step=2.0**60, max=0.5)
    job = summary(
        "é", None, slug="job-1", status="paused", created_at=None, started_at=None,
        completed_at=None, duration_seconds=None, artifacts=None, error='"a"\n\u202e',
        stream=StreamSummary("complete", None, 0, 0, 0), eval_loss=evals,
        listed=False,
        config={"learningRate": 1e-7, "x": math.nan, "y": [-math.inf, True, None], "z": {}},
    )  # fmt: skip
    assert written(
        Report("g", REPORT.snapshot_at, Origin("demo"), None, (job,)),
        log_tail=("[log] step=1", "[stream error]"),
    ) == (
        """{
  "schema": 1,
  "generator": "g",
  "snapshotAt": "2026-05-01T12:00:00Z",
  "source": {
    "kind": "demo",
    "url": null,
    "org": null,
    "project": null
  },
  "manifest": null,
  "counts": {
    "queued": 0,
    "running": 0,
    "completed": 0,
    "failed": 0,
    "cancelled": 0,
    "paused": 1
  },
  "jobs": [
    {
      "id": "é",
      "name": null,
      "status": "paused",
      "listed": false,
      "createdAt": null,
      "startedAt": null,
      "completedAt": null,
      "durationSeconds": null,
      "artifacts": null,
      "error": "\\"a\\"\\n\\u202e",
      "stream": {
        "state": "complete",
        "reason": null,
        "events": 0,
        "skipped": 0,
        "reconnects": 0
      },
      "loss": null,
      "evalLoss": {
        "points": 1,
        "first": 0.5,
        "last": 0.5,
        "min": 0.5,
        "minStep": 1.152921504606847e+18,
        "max": 0.5
      },
      "checkpoints": [],
      "logTail": [
        "[log] step=1",
        "[stream error]"
      ],
      "config": {
        "learningRate": 1e-07,
        "x": "NaN",
        "y": [
          "-Infinity",
          true,
          null
        ],
        "z": {}
      },
      "page": "jobs/job-1.html",
      "result": null,
      "baseline": null
    }
  ]
}
"""
    )


def test_texts_are_the_servers_own_character_for_character() -> None:
    name = 'a "b" \\ é \ud800 \x00 \u202e 😀'
    document = json.loads(written(report_of({"id": "x", "name": name})))
    assert document["jobs"][0]["name"] == name
    assert document["manifest"] is None
    written(report_of({"id": "x", "name": name})).encode()


def test_an_unknown_status_gets_a_count() -> None:
    document = json.loads(written(report_of({"id": "x", "status": "paused"})))
    assert list(document["counts"].items())[-1] == ("paused", 1)


def test_a_long_line_is_cut_and_says_so() -> None:
    line = logs.event_line(1, wire.STARTED, None, b"x" * 1000)[:-1]
    (shown,) = detail_of({"id": "x"}, line).log_tail
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
    entry: Object = {"id": "x", "startedAt": times[0], "completedAt": times[1]}
    assert report_of(entry).jobs[0].duration_seconds == seconds


def test_the_whole_log_line_by_line() -> None:
    log = [
        logs.note_line(0, "open")[:-1],
        logs.event_line(1, wire.STARTED, None, b"x" * 1000)[:-1],
        logs.event_line(1, wire.PING, None, b"")[:-1],
        logs.event_line(1, wire.LOG, None, b'{"step":1,"loss":2.0}')[:-1],
        logs.note_line(2, "break", reason="cut")[:-1],
        logs.event_line(3, wire.FAILED, None, b"a\nb\x1b[31m")[:-1],
    ]
    assert log_of(log, str).splitlines(keepends=True) == [
        f"[started] {'x' * 1000}\n",
        "[log] step=1 loss=2\n",
        "[stream error]\n",
        "[failed] a b\u241b[31m\n",
    ]


# --- Many events at once, compared with each alone ----------------------------------------------

OWN_TOKEN = "20260501"  # noqa: S105 - of digits alone, so that numbers and times can hold it
FIELDS = st.one_of(
    st.none(),
    st.integers(-5, 5),
    st.floats(),
    st.sampled_from([20260501, 1.20260501, 10**30, True, "NaN", "x", "=1", "a,b", 'say "x"', ""]),
    st.sampled_from(["2026-05-01T00:00:00Z", "20260501T00", "1\n2", "1 Bearer abcd1234efgh"]),
    st.sampled_from(["3é", "4\u202e", "5\r", [1, {"token": "x"}], {"a": None}]),
)
LOGS = st.fixed_dictionaries(
    {"step": st.integers(0, 9)},
    optional=dict.fromkeys(points_csv.COLUMNS[1:], FIELDS),
)
USUAL = st.fixed_dictionaries(
    {"step": st.integers(0, 10**8), "loss": st.floats(0, 9), "timestamp": st.just("2026-05-01")},
    optional={"evalLoss": st.floats(0, 9) | st.none()},
)
DATAS = (LOGS | USUAL).map(lambda log: json.dumps(log).encode()) | st.sampled_from(
    [b"nonsense", b"[]", b'{"step":1,\n"loss":2}']
)
MANY = st.lists(USUAL.map(lambda log: json.dumps(log).encode()), max_size=8) | st.lists(
    DATAS, max_size=8
)


def log_lines_of(datas: list[bytes]) -> list[bytes]:
    return [logs.event_line(1, wire.LOG, None, data)[:-1] for data in datas]


def cell_alone(value: Any, redacted: Any) -> str:
    if is_number(value):
        return js_number(value)
    if isinstance(value, str) and value in NOT_FINITE:
        return NOT_FINITE[value]
    if isinstance(value, str | bool | list | dict):
        return inert.csv_cell(redacted(value if isinstance(value, str) else js_value(value)))
    return ""


@given(MANY)
@example([b'{"step":1,"timestamp":"+1"}', b'{"step":2,"timestamp":"-2026"}'])
@example([b'{"step":1,"loss":20260501,"timestamp":"20260501"}'])
def test_many_rows_are_the_rows_of_each(datas: list[bytes]) -> None:
    redactor = Redactor((OWN_TOKEN,))
    redacted = redactor.event_text
    expected = io.StringIO()
    writer = csv.writer(expected, lineterminator="\n")
    writer.writerow(points_csv.COLUMNS)
    for data in datas:
        log = wire.decode_log(data) or wire.LogData()
        cells = [cell_alone(getattr(log, name), redacted) for name in points_csv.COLUMNS]
        writer.writerow(cells)
    assert csv_of(log_lines_of(datas), redacted, redactor.holds_token) == expected.getvalue()


@given(MANY)
@example([b'{"step":1,"loss":20260501,"timestamp":"20260501"}'])
def test_many_log_lines_are_the_lines_of_each(datas: list[bytes]) -> None:
    redactor = Redactor((OWN_TOKEN,))
    redacted = redactor.event_text
    each = [
        inert.html(redacted(log_lines.text_of(record)[:-1])) + "\n"
        for record in logs.records_of(log_lines_of(datas), together=1)
    ]
    assert log_of(log_lines_of(datas), redacted, redactor.holds_token) == "".join(each)
