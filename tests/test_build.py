"""The whole command against a real server, from socket to written pages."""

import csv
import json
import re
import signal
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command import NOWHERE, Command, Result
from tests.parameters import thorough
from tests.standin import (
    Close,
    Event,
    Replay,
    StandIn,
    checkpoint,
    completed,
    failed,
    job,
    log,
    numbered,
    refusal,
    reply,
    started,
    training,
)
from tests.standin.app import Request

DONE = job(
    "job_done",
    events=training(20, "job_done"),
    name="support-bot",
    config={"model": "m", "maxSteps": 20, "secretThing": "x", "apiKey": "k" * 12},
    startedAt="2026-05-01T00:00:00.000Z",
    completedAt="2026-05-01T00:01:33.000Z",
)


@dataclass(frozen=True)
class Finished:
    """One build of a finished job, with proxies that must not be used, and what was asked."""

    result: Result
    requests: list[Request]
    token: str


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    nowhere = {"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}
    with StandIn(DONE) as studio:
        result = Command(tmp_path_factory.mktemp("finished")).build(studio, "-v", **nowhere)
        return Finished(result, studio.requests, studio.token)


@pytest.mark.parametrize("listed", ["cancelled", "running"])
def test_a_cancelled_job_is_not_failed(command: Command, listed: str) -> None:
    """The list may lag behind the stream."""
    events = numbered([started(), log(1, 2.5), failed("Job cancelled")])
    with StandIn(job("job_1", listed, events=events, finish=Close())) as studio:
        result = command.build(studio, "--fail-on", "failed")
    assert result.code == 0, result.stderr
    entry = result.job("job_1")
    assert (entry["status"], entry["stream"]["state"]) == ("cancelled", "complete")
    assert result.report["counts"]["failed"] == 0
    assert ' failures="0" ' in (result.out / "junit.xml").read_text("utf-8")
    assert "failed" not in result.stderr


def test_the_report_of_a_finished_job(finished: Finished) -> None:
    result = finished.result
    assert (result.code, result.stdout) == (0, "out/index.html\n")
    report = result.report
    assert list(report)[:7] == [
        "schema", "generator", "snapshotAt", "source", "manifest", "counts", "jobs",
    ]  # fmt: skip
    assert report["manifest"] == {"trainer": "support-bot-v1", "error": None}
    assert report["counts"]["completed"] == 1
    entry = result.job("job_done")
    assert entry["status"] == "completed"
    assert entry["durationSeconds"] == 93.0
    assert entry["artifacts"] == 1
    assert entry["stream"] == {
        "state": "complete", "reason": None, "events": 23, "skipped": 0, "reconnects": 0,
    }  # fmt: skip
    assert entry["loss"] == {
        "points": 20, "first": 2.4, "last": 0.5, "min": 0.5, "minStep": 20, "max": 2.4,
    }  # fmt: skip
    assert entry["evalLoss"] is None
    assert entry["checkpoints"] == [10]
    assert entry["logTail"][1] == "[log] step=1 loss=2.4"
    assert entry["config"] == {
        "model": "m", "maxSteps": 20, "secretThing": "[hidden]", "apiKey": "[hidden]",
    }  # fmt: skip
    rows = list(csv.reader((result.out / "jobs" / "job_done.csv").read_text().splitlines()))
    assert len(rows) == 21
    assert rows[1][:2] == ["1", "2.4"]


def test_the_token_is_sent_in_the_header_and_nowhere_else(finished: Finished) -> None:
    assert finished.requests
    for request in finished.requests:
        assert request.headers["x-arkor-studio-token"] == finished.token
        assert finished.token not in request.path + str(request.query)
    for file in finished.result.directory.rglob("*"):
        if file.is_file() and file.name != "token":
            assert finished.token.encode() not in file.read_bytes(), file


def test_the_snapshot_is_private(finished: Finished) -> None:
    folder = finished.result.directory / ".arkor-report"
    for path in [folder, *folder.rglob("*")]:
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path
    assert (folder / ".gitignore").read_text() == "*\n"
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f")


def test_it_waits_for_a_job_that_is_still_training(command: Command) -> None:
    running = job("job_run", "running", events=training(5, "job_run", complete=False))
    with StandIn(running) as studio:
        process = command.start("build", *command.options(studio))
        studio.wait_for_opening("job_run")
        assert process.poll() is None
        studio.jobs.send("job_run", *numbered([log(6, 0.25, "job_run")], 100))
        studio.jobs.update("job_run", status="completed")
        studio.jobs.send("job_run", *numbered([completed([], "job_run")], 101))
        studio.jobs.finish("job_run", Close())
        stdout, stderr = process.communicate(timeout=300)
    assert (process.returncode, stdout) == (0, "out/index.html\n"), stderr
    entry = json.loads((command.directory / "out" / "report.json").read_bytes())["jobs"][0]
    assert (entry["status"], entry["loss"]["last"], entry["loss"]["points"]) == (
        "completed",
        0.25,
        6,
    )


def test_max_wait_keeps_what_has_arrived_and_the_next_build_resumes(command: Command) -> None:
    running = job("job_run", "running", events=training(5, "job_run", complete=False))
    with StandIn(running) as studio:
        first = command.build(studio, "--max-wait", "0", "--settle", "0.5s")
        assert first.job("job_run")["stream"]["state"] == "caught-up"
        assert first.job("job_run")["stream"]["reason"]
        studio.jobs.send("job_run", *numbered([log(6, 0.25, "job_run")], 100))
        second = command.build(studio, "--max-wait", "0", "--settle", "0.5s")
        resumed = [request.headers.get("last-event-id") for request in studio.openings("job_run")]
    assert second.job("job_run")["loss"]["points"] == 6
    assert second.job("job_run")["stream"]["reconnects"] == 0
    assert resumed == [None, "6"]


def test_a_stream_that_breaks_is_resumed_and_each_event_counts_once(command: Command) -> None:
    events = training(40)
    with StandIn(
        job("honours", events=events, script=Replay("honour", breaks=[5, 10])),
        job("ignores", events=events, script=Replay("ignore", breaks=[5, 10])),
    ) as studio:
        result = command.build(studio)
    for job_id in ("honours", "ignores"):
        entry = result.job(job_id)
        assert entry["loss"]["points"] == 40
        assert entry["stream"] == {
            "state": "complete", "reason": None, "events": 43, "skipped": 0, "reconnects": 2,
        }  # fmt: skip
        log_text = (result.out / "jobs" / f"{job_id}.csv").read_text()
        assert log_text.count("\n") == 41


def test_a_job_that_is_no_longer_listed_stays(command: Command) -> None:
    with StandIn(DONE, job("job_2", events=training(3, "job_2"))) as studio:
        command.build(studio)
        studio.jobs.remove("job_done")
        result = command.build(studio)
    assert [(entry["id"], entry["listed"]) for entry in result.report["jobs"]] == [
        ("job_2", True), ("job_done", False),
    ]  # fmt: skip
    assert result.job("job_done")["loss"]["points"] == 20


def test_refresh_fetches_again_and_keeps_the_old_log_until_then(command: Command) -> None:
    with StandIn(DONE) as studio:
        command.build(studio)
        result = command.build(studio, "--refresh")
        assert len(studio.openings("job_done")) == 2
        assert result.job("job_done")["stream"]["events"] == 23
        studio.jobs.script("job_done", refusal(410, "gone"))
        result = command.build(studio, "--refresh")
    assert result.job("job_done")["stream"]["state"] == "complete"
    assert result.job("job_done")["stream"]["events"] == 23


# --- Which jobs ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["-j", "c", "-j", "a"], ["a", "c"]),
        (["--since", "1d"], ["a"]),
        (["--status", "failed,cancelled", "--limit", "1"], ["b"]),
        *thorough(
            (["--job", "b"], ["b"]),
            (["--name", "bot-*"], ["a", "b"]),
            (["--status", "failed,cancelled"], ["b", "c"]),
            (["--limit", "2"], ["a", "b"]),
        ),
    ],
)
def test_selection(command: Command, options: list[str], ids: list[str]) -> None:
    with StandIn(
        job("a", events=[completed()], name="bot-1", createdAt="2026-05-01T23:00:00Z"),
        job("b", "failed", events=[failed("no")], name="bot-2"),
        job("c", "cancelled", name="other"),
    ) as studio:
        result = command.build(studio, *options, SOURCE_DATE_EPOCH="1777690000")
    assert [entry["id"] for entry in result.report["jobs"]] == ids, result.stderr


def test_a_job_that_does_not_exist_is_reported(command: Command) -> None:
    with StandIn(DONE) as studio:
        result = command.build(studio, "--job", "nope")
    assert result.code == 3
    assert "nope" in result.stderr
    assert not (command.directory / "out" / "index.html").exists()


# --- When there is nothing to report from ---------------------------------------------------------


def test_studio_is_not_running(command: Command) -> None:
    with StandIn() as studio:
        options = command.options(studio)
    result = command.run("build", *options)
    assert (result.code, result.stdout) == (3, "")
    assert re.fullmatch(
        r"arkor-report: Studio is not running at http://127\.0\.0\.1:\d+: start it with "
        r"`arkor dev`, or try `--source demo`\.\n",
        result.stderr,
    )


def test_there_is_no_token(command: Command) -> None:
    result = command.run("build", "--url", NOWHERE)
    assert result.code == 3
    assert "studio-token" in result.stderr
    assert "arkor dev" in result.stderr


def test_the_token_is_refused(command: Command) -> None:
    with StandIn(DONE) as studio:
        result = command.run("build", "--url", studio.url, ARKOR_REPORT_TOKEN="wrong-token")
    assert result.code == 3
    assert "refused the token (403: Missing or invalid studio token)" in result.stderr
    assert "wrong-token" not in result.stderr


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"<html>hello", "<html>hello"),
        *thorough((b"", "an empty answer"), (b"[]", "[]"), (b'{"a":1}', "a")),
    ],
)
def test_an_answer_that_is_not_a_job_list_is_quoted(
    command: Command, body: bytes, shown: str
) -> None:
    with StandIn(DONE) as studio:
        studio.answers.overrides["jobs"] = reply(200, body)
        result = command.build(studio)
    assert result.code == 3
    assert shown in result.stderr


# --- Odd jobs -------------------------------------------------------------------------------------


HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """One build of jobs that are odd, each in its own way."""
    resumed = [started(), *(log(step, 5 - step) for step in range(1, 5)), checkpoint(2), started()]
    resumed += [*(log(step, 1.0 / step) for step in range(3, 7)), completed()]
    broken_line = Event("checkpoint.saved", '{"step":\n1}', "1")
    with StandIn(
        DONE,
        job("../../x", events=training(3), name=HOSTILE),
        job("resumed", events=numbered(resumed)),
        job("broken_line", events=[broken_line, *numbered([completed()], 2)]),
    ) as studio:
        studio.jobs.add_odd(7, {"name": "no id"}, {"id": "job_done", "name": "twice"})
        studio.jobs.add(job("odd", events=[completed()], name=7, createdAt=True, config=[]))
        return Command(tmp_path_factory.mktemp("odd")).build(studio)


def test_hostile_names_and_ids_are_text_and_safe_file_names(odd: Result) -> None:
    entry = odd.job("../../x")
    assert entry["name"] == HOSTILE
    assert re.fullmatch(r"jobs/[A-Za-z0-9._-]+-[0-9a-f]{10}\.html", entry["page"])
    assert "<script>alert" not in odd.page("../../x")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in odd.page("../../x")
    inside = {file.relative_to(odd.directory).parts[0] for file in odd.directory.rglob("*")}
    assert inside <= {"out", ".arkor-report", "token", "home"}


def test_an_odd_entry_costs_that_entry_at_most(odd: Result) -> None:
    ids = [entry["id"] for entry in odd.report["jobs"]]
    assert ids == ["job_done", "../../x", "resumed", "broken_line", "odd"]
    assert odd.job("job_done")["name"] == "support-bot"
    assert (odd.job("odd")["name"], odd.job("odd")["createdAt"]) == (None, None)
    assert odd.stderr.count("left out") == 3


def test_a_resumed_run(odd: Result) -> None:
    assert odd.job("resumed")["loss"]["points"] == 6
    assert "resumed at step 3" in odd.page("resumed")
    assert 'class="superseded"' in odd.page("resumed")


def test_an_event_with_a_line_break_stays_one_line(odd: Result) -> None:
    assert odd.job("broken_line")["logTail"][0] == '[checkpoint] {"step": 1}'
    assert odd.job("broken_line")["checkpoints"] == [1]


def test_ten_running_jobs_queue_for_two_connections(command: Command) -> None:
    jobs = [job(f"job_{i}", "running", events=training(2, complete=False)) for i in range(10)]
    with StandIn(*jobs, DONE) as studio:
        result = command.build(studio, "--max-wait", "0", "--settle", "0.5s", "--concurrency", "2")
        first = next(request for request in studio.requests if request.job_id)
    assert first.job_id == "job_done"  # ended jobs come first
    states = [entry["stream"]["state"] for entry in result.report["jobs"]]
    assert states == ["caught-up"] * 10 + ["complete"]


# --- Files ---------------------------------------------------------------------------------------


def test_a_file_of_someone_else_is_left_alone(command: Command) -> None:
    theirs = command.directory / "out" / "index.html"
    theirs.parent.mkdir()
    theirs.write_text("mine")
    with StandIn(DONE) as studio:
        result = command.build(studio)
    assert result.code == 1
    assert "index.html" in result.stderr
    assert theirs.read_text() == "mine"


def test_two_builds_on_one_snapshot_directory(command: Command) -> None:
    running = job("job_run", "running", events=training(2, "job_run", complete=False))
    with StandIn(running) as studio:
        first = command.start("build", *command.options(studio))
        studio.wait_for_opening("job_run")
        second = command.build(studio)
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=300)
    assert second.code == 1
    assert "Another build is working" in second.stderr


def test_snapshot_then_render_gives_the_same_as_build(command: Command, tmp_path: Path) -> None:
    with StandIn(DONE) as studio:
        assert command.build(studio, SOURCE_DATE_EPOCH="1777600000").code == 0
        built = (tmp_path / "out" / "index.html").read_bytes()
        taken = command.run("snapshot", *command.options(studio), SOURCE_DATE_EPOCH="1777600000")
    assert (taken.code, taken.stdout) == (0, ".arkor-report\n")
    rendered = command.run("render", "--out", "again")
    assert (rendered.code, rendered.stdout) == (0, "again/index.html\n"), rendered.stderr
    assert (tmp_path / "again" / "index.html").read_bytes() == built


def test_render_without_a_snapshot(command: Command) -> None:
    result = command.run("render")
    assert result.code == 1
    assert "no snapshot" in result.stderr
