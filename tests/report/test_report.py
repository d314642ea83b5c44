"""What a report says about a job: list and stream joined, secrets removed, long lines cut."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.events import wire
from reportgen.model.history import History, fold
from reportgen.model.origin import Origin
from reportgen.report.artifacts import Artifact
from reportgen.report.gist import gist as gist_of
from reportgen.report.report import Entry, JobDetail, Report, job_detail
from reportgen.text.javascript import Object
from reportgen.text.redact import Redactor
from tests import logs

OWN = "0123456789abcdef-studio-token"
ONE, TWO, THREE = (f"2026-05-01T0{hour}:00:00Z" for hour in (1, 2, 3))


def event(name: bytes, data: Any = None) -> bytes:
    text = data if isinstance(data, bytes) else json.dumps(data or {}).encode()
    return logs.event_line(1, name, None, text)[:-1]


def detail(
    entry: dict[str, Any],
    *events: bytes,
    log_lines: int | None = 50,
    slug: str = "a",
    token: str = OWN,
) -> JobDetail:
    job = wire.read_job({"id": "a", **entry})
    assert job is not None
    history = fold(logs.records_of(events), None)
    return job_detail(Entry(job, slug, listed=True), history, Redactor([token]), log_lines)


# --- List and stream joined ----------------------------------------------------------------------


def test_a_job_of_which_nothing_is_known_but_its_id() -> None:
    found = detail({})
    job = found.summary
    assert (job.id, job.status, job.listed, job.page) == ("a", "queued", True, "jobs/a.html")
    assert (found.checkpoints, found.log_tail, job.config) == ((), (), {})
    unknown = [
        *(job.name, job.created_at, job.started_at, job.completed_at, job.duration_seconds),
        *(job.artifacts, job.error, job.loss, job.eval_loss, job.last_step, job.as_of),
    ]
    assert unknown == [None] * 11


@pytest.mark.parametrize(
    ("listed", "logged", "times", "seconds"),
    [
        ((None, None), (None, None), (None, None), None),
        ((ONE, THREE), (None, None), (ONE, THREE), 7200),
        ((None, None), (ONE, TWO), (ONE, TWO), 3600),
        # The list's times take precedence, each on its own.
        ((ONE, TWO), (TWO, THREE), (ONE, TWO), 3600),
        ((None, THREE), (TWO, TWO), (TWO, THREE), 3600),
        ((ONE, None), (TWO, TWO), (ONE, TWO), 3600),
        ((ONE, None), (ONE, None), (ONE, None), None),
        # An invalid time counts as missing, in the list and in an event.
        (("soon", 7), (TWO, THREE), (TWO, THREE), 3600),
        ((ONE, None), (None, "soon"), (ONE, None), None),
        # Clocks can be wrong, and zones differ; without a zone it is UTC.
        ((TWO, ONE), (None, None), (TWO, ONE), -3600),
        (
            ("2026-05-01T00:00:00+02:00", "2026-05-01 00:00:00.250"),
            (None, None),
            ("2026-05-01T00:00:00+02:00", "2026-05-01 00:00:00.250"),
            7200.25,
        ),
    ],
)
def test_times_are_the_lists_or_else_the_events(
    listed: tuple[Any, Any],
    logged: tuple[Any, Any],
    times: tuple[str | None, str | None],
    seconds: float | None,
) -> None:
    job = detail(
        {"startedAt": listed[0], "completedAt": listed[1]},
        event(wire.STARTED, {"timestamp": logged[0]}),
        event(wire.COMPLETED, {"timestamp": logged[1]}),
    ).summary
    assert (job.started_at, job.completed_at, job.duration_seconds) == (*times, seconds)


@pytest.mark.parametrize(
    ("listed", "events", "error"),
    [
        ("list", [], "list"),
        ("list", [event(wire.FAILED, {"error": "event"})], "event"),
        ("list", [event(wire.FAILED, {"error": ""})], ""),
        ("list", [event(wire.FAILED, {"error": None})], "list"),
        ("list", [event(wire.FAILED, b"nonsense")], "list"),
        (None, [event(wire.FAILED, {"error": {"code": 7.0}})], '{"code":7}'),
        ({"no": "text"}, [], None),
        (None, [event(wire.FAILED, {"error": "x"}), event(wire.STARTED)], None),
    ],
)
def test_the_error_is_the_events_or_else_the_lists(
    listed: Any, events: list[bytes], error: str | None
) -> None:
    assert detail({"error": listed}, *events).summary.error == error


@pytest.mark.parametrize(
    ("events", "count", "artifacts"),
    [
        ([event(wire.STARTED)], None, ()),
        ([event(wire.COMPLETED)], 0, ()),
        ([event(wire.COMPLETED, {"artifacts": "adapter"})], 0, ()),
        (
            [event(wire.COMPLETED, {"artifacts": ["adapter", {"bytes": 5.0}, None, [1], 2]})],
            5,
            (
                Artifact("adapter"),
                Artifact("", size=5.0),
                Artifact("null"),
                Artifact("[1]"),
                Artifact("2"),
            ),
        ),
        (
            [event(wire.COMPLETED, {"artifacts": ["a"]}), event(wire.COMPLETED, b"nonsense")],
            0,
            (),
        ),
    ],
)
def test_artifacts(events: list[bytes], count: int | None, artifacts: tuple[Artifact, ...]) -> None:
    found = detail({}, *events)
    assert (found.summary.artifacts, found.artifacts) == (count, artifacts)


@pytest.mark.parametrize(
    ("said", "artifact"),
    [
        ({"name": "a.npz", "type": "adapter", "sizeBytes": 0}, Artifact("a.npz", "adapter", 0.0)),
        (
            {"path": "/opt/runs/a.bin", "kind": "lora", "bytes": "5", "sha": "1f"},
            Artifact("a.bin", "lora", rest={"path": "/opt/runs/a.bin", "bytes": "5", "sha": "1f"}),
        ),
        ({"file": "C:\\runs\\a.bin"}, Artifact("a.bin", rest={"file": "C:\\runs\\a.bin"})),
        ({"url": "https://a.example/"}, Artifact("a.example", rest={"url": "https://a.example/"})),
        ({"name": "", "id": "x", "size": -1}, Artifact("x", rest={"name": "", "size": -1})),
        ({"name": 5, "type": ["a"]}, Artifact("", rest={"name": 5, "type": ["a"]})),
    ],
)
def test_what_is_understood_of_an_artifact(said: Object, artifact: Artifact) -> None:
    assert Artifact.of(said) == artifact


@pytest.mark.parametrize(
    ("line", "gist"),
    [
        ("[log] step=1 loss=2", None),
        ("[started] no JSON", None),
        ("[started] [1]", None),
        ("[stream error]", None),
        ('[started] {"type":"training.started","jobId":"j"}', "training started"),
        (
            '[started] {"metadata":{"gpu":"H100","n":2,"bf16":true}}',
            "metadata: gpu H100, n 2, bf16 true",
        ),
        ('[checkpoint] {"step":40,"timestamp":"t","artifacts":[]}', "step 40 · 0 artifacts"),
        (
            '[completed] {"artifacts":[{"name":"a"},"b","c","d"],"metrics":{"loss":NaN}}',
            "4 artifacts: a, b, c, … · metrics: loss NaN",
        ),
        ('[completed] {"artifacts":[{}]}', "1 artifact"),
        ('[failed] {"error":"out of memory","step":7}', "out of memory · step 7"),
    ],
)
def test_the_gist_of_a_line(line: str, gist: str | None) -> None:
    assert gist_of(line) == gist


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/home/alice/run/adapter", "~/run/adapter"),
        ("/Users/alice/run", "~/run"),
        ("/home/alice", "~"),
        ("/root/out/", "~/out/"),
        ("/var/home/alice/x", "~/x"),
        (r"C:\Users\alice\run", r"~\run"),
        ("D:/Users/alice/run", "~/run"),
        ("file:///home/alice/x", "file://~/x"),
        ("/home", "/home"),
        ("/rooted/x", "/rooted/x"),
        ("/opt/run/home/alice", "/opt/run/home/alice"),
        ("run/home/alice/x", "run/home/alice/x"),
        ("s3://bucket/home/alice/x", "s3://bucket/home/alice/x"),
    ],
)
def test_paths_of_artifacts_lose_the_home_directory(path: str, shown: str) -> None:
    found = detail({}, event(wire.COMPLETED, {"artifacts": [path, {"path": path, "all": [path]}]}))
    plain, nested = found.artifacts
    assert plain == Artifact(shown)
    assert nested.rest["all"] == [shown]
    assert nested.rest.get("path", nested.name) == shown


def test_what_a_run_says_of_itself_and_of_its_results() -> None:
    start = event(wire.STARTED, {"metadata": {"gpu": {"name": "L4"}, "hfToken": "hunter2-hunter2"}})
    stop = event(wire.COMPLETED, {"metrics": {"train_loss": 0.5}})
    found = detail({}, start, stop)
    assert found.metadata == {"gpu": {"name": "L4"}, "hfToken": "[hidden]"}
    assert (found.metrics, found.failed_at) == ({"train_loss": 0.5}, None)
    odd = detail(
        {}, event(wire.STARTED, {"metadata": ["L4"]}), event(wire.COMPLETED, {"metrics": 7})
    )
    assert (odd.metadata, odd.metrics) == ({}, {})


@pytest.mark.parametrize(
    ("events", "step"),
    [
        ([event(wire.FAILED, {"step": 12})], 12.0),
        ([event(wire.FAILED, {"step": "12"})], None),
        ([event(wire.FAILED, b'{"step":NaN}')], None),
        ([event(wire.FAILED, {"step": 12}), event(wire.STARTED)], None),
        ([event(wire.FAILED, {"step": 12}), event(wire.FAILED)], None),
    ],
)
def test_the_step_at_which_a_job_failed(events: list[bytes], step: float | None) -> None:
    assert detail({}, *events).failed_at == step


@pytest.mark.parametrize(
    ("entry", "events", "as_of"),
    [
        # While a job runs, its page shows the time of the snapshot, which is not the job's own.
        ({"status": "running"}, [event(wire.LOG, {"step": 1, "timestamp": ONE})], None),
        ({"status": "paused", "completedAt": TWO}, [], None),
        # For a finished job: the last event's own time, else completedAt, else createdAt.
        (
            {"status": "completed", "completedAt": TWO, "createdAt": ONE},
            [event(wire.LOG, {"step": 1, "timestamp": THREE})],
            THREE,
        ),
        (
            {"status": "failed", "completedAt": TWO, "createdAt": ONE},
            [event(wire.LOG, {"step": 1, "timestamp": THREE}), event(wire.FAILED)],
            TWO,
        ),
        ({"status": "cancelled", "completedAt": TWO, "createdAt": ONE}, [], TWO),
        ({"status": "cancelled", "createdAt": ONE}, [], ONE),
        ({"status": "cancelled"}, [], None),
        ({"createdAt": ONE}, [event(wire.COMPLETED, {"timestamp": THREE})], THREE),
    ],
)
def test_the_time_that_a_page_shows(
    entry: dict[str, Any], events: list[bytes], as_of: str | None
) -> None:
    assert detail(entry, *events).summary.as_of == as_of


def test_counts_of_what_was_skipped() -> None:
    stream = detail(
        {},
        event(wire.LOG, {"step": 1, "loss": 2}),
        event(wire.LOG, {"step": "1"}),
        event(wire.LOG, {"step": 1, "loss": "low"}),
        event(wire.LOG, b"nonsense"),
        event(wire.FAILED, b"nonsense"),
        event(wire.PING),
        event(wire.END),
        event(b"training.paused"),
    ).summary.stream
    assert (stream.events, stream.skipped) == (5, 4)
    assert dict(stream.skipped_reasons) == {
        "data is no JSON object": 2,
        "loss is no number": 1,
        "step is no finite number": 1,
    }


def test_numbers_are_those_of_what_was_not_superseded() -> None:
    points: list[tuple[float, Any, Any]] = [
        (1, 5, 4), (2, 0.1, None), (3, 9, 8), (2, 3, None), (4, "NaN", 2.5), (5, 2, "Infinity"),
    ]  # fmt: skip
    keys = ("step", "loss", "evalLoss")
    job = detail(
        {}, *(event(wire.LOG, dict(zip(keys, point, strict=True))) for point in points)
    ).summary
    assert job.loss is not None
    assert job.eval_loss is not None
    assert tuple(asdict(job.loss).values()) == (3, 5, 2, 2, 5, 5)
    assert tuple(asdict(job.eval_loss).values()) == (2, 4, 2.5, 2.5, 4, 4)
    assert (job.not_finite, job.last_step) == (2, 5)


def test_a_curve_without_a_finite_loss_has_no_metric() -> None:
    job = detail({}, event(wire.LOG, {"step": 3, "loss": "NaN"})).summary
    assert (job.loss, job.not_finite, job.last_step) == (None, 1, 3)


def test_counts_are_over_the_jobs_shown_other_statuses_last() -> None:
    statuses = ("paused", "failed", "running", "failed", "archived", "paused")
    jobs = tuple(detail({"status": status}).summary for status in statuses)
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    counts = Report("g", moment, Origin("studio"), None, jobs).counts
    assert list(counts.items()) == [
        ("queued", 0), ("running", 1), ("completed", 0), ("failed", 2), ("cancelled", 0),
        ("paused", 2), ("archived", 1),
    ]  # fmt: skip


# --- The log -------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [489, 490, 491, 100_000])
def test_a_line_is_cut_at_five_hundred_characters_and_says_so(length: int) -> None:
    found = detail({}, event(wire.STARTED, b"\xc3\xa9" * length))
    (line,) = found.log
    whole = f"[started] {'é' * length}"
    assert found.log_tail == (line.text,)
    if len(whole) <= 500:
        assert line.text == whole
    else:
        shown, _, said = line.text.partition(" … ")
        assert shown == whole[:500]
        assert said == "(line cut at 500 characters)"


def test_a_line_is_cut_after_its_secrets_are_out_not_within_one() -> None:
    # A cut through a credential would leave a part that no longer looks like one.
    secret = "hf_" + "a1B2" * 12
    (line,) = detail({}, event(wire.STARTED, b"x" * 480 + b" " + secret.encode())).log
    assert "hf_" not in line.text
    assert line.text.endswith("[redacted]") or "cut" in line.text


@pytest.mark.parametrize(
    ("log_lines", "shown"), [(0, 0), (1, 1), (50, 50), (60, 60), (99, 70), (None, 70)]
)
def test_the_tail_is_fifty_lines_whatever_the_page_shows(log_lines: int | None, shown: int) -> None:
    events = [event(wire.LOG, {"step": step}) for step in range(70)]
    found = detail({}, *events, log_lines=log_lines)
    assert len(found.log) == shown
    assert found.log_lines == 70
    assert found.log_tail == tuple(f"[log] step={step}" for step in range(20, 70))
    assert all(line.text == f"[log] step={70 - shown + n}" for n, line in enumerate(found.log))


def test_a_line_has_its_events_own_time() -> None:
    logged = event(wire.LOG, {"step": 1, "timestamp": ONE})
    lines = detail({}, logged, event(wire.LOG, {"timestamp": 7}), event(wire.PING)).log
    assert [line.time for line in lines] == [ONE, None]


# --- Secrets -------------------------------------------------------------------------------------


def test_no_secret_is_left_in_any_text() -> None:
    odd = f"see https://me:{OWN}@host/x?sig={OWN}#f and {OWN} and Bearer {OWN}"
    odd_json = json.dumps({"apiKey": OWN, "url": odd, "list": [{"password": "hunter2-hunter2"}]})
    secret_json = '{"client_secret":"hunter2-hunter2"}'  # noqa: S105
    found = detail(
        {
            "name": odd,
            "status": odd,
            "error": odd,
            "config": {
                "datasetSource": {"type": "blob", "url": odd, "token": "hunter2-hunter2"},
                "notes": "hunter2-hunter2",
                OWN: 1,
            },
        },
        event(wire.STARTED, odd_json.encode()),
        event(wire.STARTED, {"metadata": {OWN: odd, "apiKey": "hunter2-hunter2"}}),
        event(wire.COMPLETED, {"metrics": {"secret": "hunter2-hunter2", "url": odd}}),
        event(wire.LOG, {"step": odd, "loss": {"secret": "hunter2-hunter2"}}),
        event(wire.COMPLETED, {"artifacts": [odd, odd_json, {"authToken": "hunter2-hunter2"}]}),
        event(wire.FAILED, {"error": f"{odd_json} {secret_json}"}),
        logs.note_line(1, "run", at=ONE)[:-1],
        logs.note_line(1, "end", state="interrupted", reason=odd)[:-1],
    )
    shown = repr(found)
    assert OWN not in shown
    assert "hunter2" not in shown
    assert "host/x" in shown
    assert found.summary.error is not None
    assert found.summary.error.endswith('{"client_secret":"[hidden]"}')
    assert shown.count("[hidden]") >= 5


def test_a_token_of_digits_is_found_in_a_number() -> None:
    events = [event(b"training.log", {"step": step, "loss": step / 8}) for step in (1, 12345678)]
    job = detail({}, *events, token="12345678")
    assert job.log_tail[0] == "[log] step=1 loss=0.125"
    assert job.log_tail[1].startswith("[log] step=[redacted] loss=")


def test_text_without_secrets_stays_character_for_character() -> None:
    text = 'a "b" \\ é \ud800 \x00 \u202e 😀\n'
    found = detail({"name": text, "status": text, "error": text, "config": {"model": text}})
    job = found.summary
    assert (job.name, job.status, job.error, job.config) == (text, text, text, {"model": text})


def test_a_broken_character_in_an_events_data_is_text_like_any_other() -> None:
    found = detail(
        {},
        event(wire.LOG, b'{"step":"\\ud800","loss":1}'),
        event(wire.COMPLETED, b'{"artifacts":["\\udc00","\xff"]}'),
    )
    assert found.artifacts == (Artifact("\udc00"), Artifact("\ufffd"))
    assert found.log[1].text == '[completed] {"artifacts":["\\udc00","\ufffd"]}'
    assert found.summary.artifacts == 2


ENTRIES = st.dictionaries(
    st.sampled_from(["name", "status", "createdAt", "startedAt", "completedAt", "error", "config"]),
    st.none()
    | st.integers()
    | st.text(max_size=4)
    | st.sampled_from(["running", "failed", ONE, "9999-12-31T23:59:59-23:59"])
    | st.dictionaries(st.text(max_size=4), st.text(max_size=4) | st.floats(), max_size=2),
)
DATA = st.dictionaries(
    st.sampled_from(["step", "loss", "evalLoss", "timestamp", "artifacts", "error"]),
    st.none() | st.integers() | st.floats() | st.text(max_size=4) | st.lists(st.text(max_size=3)),
)
EVENTS = st.lists(
    st.tuples(st.sampled_from(sorted(wire.JOB_EVENTS)), DATA), max_size=6
).map(lambda events: [event(name, data) for name, data in events])  # fmt: skip


@given(ENTRIES, EVENTS)
def test_no_entry_and_no_event_raises(entry: dict[str, Any], events: list[bytes]) -> None:
    found = detail(entry, *events)
    job = found.summary
    assert job.stream.events == len(events) == found.log_lines
    assert len(found.log) == min(len(events), 50)
    assert (job.artifacts or 0) == len(found.artifacts)
    assert job.ended == (job.status in wire.ENDED_STATUSES)
    assert job.as_of is None or job.ended


def test_an_empty_history_is_a_stream_that_was_not_read() -> None:
    job = wire.Job("a")
    stream = job_detail(Entry(job, "a", listed=False), History(), Redactor(), 50).summary.stream
    assert (stream.state, stream.reason, stream.events) == ("unavailable", "not read yet", 0)
