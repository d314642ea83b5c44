"""What is new since the snapshot before: the rule, and what real snapshots keep."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from reportgen.errors import WriteError
from reportgen.model.metrics import EVAL_MINIMUM, Result
from reportgen.model.selection import Selection
from reportgen.report import changes
from reportgen.report.report import JobSummary
from reportgen.snapshot.directory import Snapshot
from tests import samples
from tests.snapshotting import Fetched, RecordingListener, take, take_into
from tests.standin import Close, Replay, StandIn, completed, failed, job, log, numbered, training

BEFORE = {"r": "running", "q": "queued", "c": "completed", "f": "failed", "x": "cancelled",
          "odd": "resting"}  # fmt: skip


@pytest.mark.parametrize(
    ("job_id", "status", "mark"),
    [
        ("r", "running", None),
        ("q", "running", None),
        ("r", "completed", "ended"),
        ("q", "cancelled", "ended"),
        ("odd", "completed", "ended"),
        ("r", "failed", "failed"),
        ("c", "failed", "failed"),
        ("f", "failed", None),
        ("f", "completed", None),
        ("c", "cancelled", None),
        ("x", "running", None),
        ("odd", "odder", None),
        # A job that was not there is new, whatever its status.
        ("n", "queued", "new"),
        ("n", "failed", "new"),
        ("n", "completed", "new"),
    ],
)
def test_marks(job_id: str, status: str, mark: str | None) -> None:
    assert changes.mark(job_id, status, BEFORE) == mark


@pytest.mark.parametrize("before", [None, {}])
def test_a_first_snapshot_has_no_news_and_one_of_no_jobs_has(
    before: Mapping[str, str] | None,
) -> None:
    assert changes.mark("n", "failed", before) == (None if before is None else "new")


# --- What broke or got worse ---------------------------------------------------------------------


def shown(
    job_id: str, day: int, value: float | None = None, name: str = "bot", status: str = "completed"
) -> JobSummary:
    result = None if value is None else Result(EVAL_MINIMUM, value)
    time = f"2026-05-{day:02}T09:00:00Z"
    return samples.summary(job_id, name, status=status, created_at=time, result=result)


JOBS = (
    shown("better", 7, 0.4),
    shown("worse", 6, 0.62),
    shown("stopped", 5, 9.0, status="cancelled"),
    shown("first", 4, 0.6),
    shown("other", 4, 0.1, name="other"),
    shown("new", 8, None, name="x", status="failed"),
    shown("broke", 1, 0.7, name="y", status="failed"),
    shown("old", 1, 0.7, name="z", status="failed"),
)


@pytest.mark.parametrize(
    ("marks", "failed", "worse"),
    [
        ({}, [], {}),
        ({"new": "new", "broke": "failed", "stopped": "ended"}, ["new", "broke"], {}),
        ({"worse": "ended"}, [], {"worse": "first"}),
        ({"worse": "new", "better": "new", "other": "new", "first": "new"}, [], {"worse": "first"}),
    ],
)
def test_bad_news_are_failures_and_worse_results_than_the_run_before(
    marks: Mapping[str, str], failed: list[str], worse: Mapping[str, str]
) -> None:
    found = changes.bad_news(JOBS, marks)
    assert [each.id for each in found.failed] == failed
    assert {each.id: change.baseline.id for each, change in found.worse} == worse


@pytest.mark.parametrize(
    ("value", "worse"), [(0.606, []), (0.607, ["now"]), (0.6, []), (None, ["now"])]
)
def test_a_result_is_worse_by_more_than_one_percent(value: float | None, worse: list[str]) -> None:
    now = replace(shown("now", 9), result=Result(EVAL_MINIMUM, value))
    found = changes.bad_news((now, shown("first", 4, 0.6)), {"now": "ended"})
    assert [each.id for each, _ in found.worse] == worse


def test_the_worst_result_comes_first() -> None:
    results = {"a1": 1.0, "a2": 1.1, "b1": 1.0, "b2": 2.0, "c1": 1.0, "c2": 1.5}
    jobs = [shown(each, int(each[1]), value, each[0]) for each, value in results.items()]
    found = changes.bad_news(jobs, dict.fromkeys(("a2", "b2", "c2"), "ended"))
    assert [each.id for each, _ in found.worse] == ["b2", "c2", "a2"]


# --- As snapshots keep it ------------------------------------------------------------------------


def test_what_the_home_page_marks_through_a_week(tmp_path: Path) -> None:
    with StandIn(
        job("old", events=training(3, "old")),
        job("ends", "running", events=training(3, "ends", complete=False)),
        job("fails", "running", events=training(3, "fails", complete=False)),
        job("stops", "queued"),
        job("goes", "running", events=training(3, "goes", complete=False)),
    ) as studio:
        first = take(studio, tmp_path)
        assert first.listing.before is None
        assert first.marks == {}
        assert take(studio, tmp_path).marks == {}
        # Ended by event only, by list and event, by list only; new; and no longer listed.
        studio.jobs.send("ends", *numbered([completed([], "ends")], 100))
        studio.jobs.update("fails", status="failed")
        studio.jobs.send("fails", *numbered([failed("no", "fails")], 100))
        studio.jobs.finish("fails", Close())
        studio.jobs.update("stops", status="cancelled")
        studio.jobs.finish("stops", Close())
        studio.jobs.add(job("young", events=training(3, "young")), first=True)
        studio.jobs.remove("goes")
        third = take(studio, tmp_path)
        assert third.marks == {
            "young": "new", "ends": "ended", "fails": "failed", "stops": "ended",
        }  # fmt: skip
        assert take(studio, tmp_path).marks == {}


def test_a_restart_and_its_end_are_marked(tmp_path: Path) -> None:
    with StandIn(job("a", events=training(3, "a"))) as studio:
        take(studio, tmp_path)
        studio.jobs.update("a", status="running")
        studio.jobs.send("a", *numbered([*training(2, "a", complete=False)], 50))
        studio.jobs.finish("a", None)
        assert take(studio, tmp_path).marks == {}
        studio.jobs.send("a", *numbered([failed("no", "a")], 90))
        assert take(studio, tmp_path).marks == {"a": "failed"}


def test_a_refresh_changes_nothing_about_it(tmp_path: Path) -> None:
    with StandIn(job("a", events=training(2, "a"))) as studio:
        take(studio, tmp_path)
        studio.jobs.add(job("b", events=training(2, "b")))
        assert take(studio, tmp_path, refresh=True).marks == {"b": "new"}
        assert take(studio, tmp_path, refresh=True).marks == {}


def test_a_job_that_was_not_selected_is_not_new(tmp_path: Path) -> None:
    with StandIn(job("a", events=training(2, "a")), job("b", events=training(2, "b"))) as studio:
        take(studio, tmp_path, selection=Selection(ids=("a",)))
        assert take(studio, tmp_path).marks == {}


class _Breaking(RecordingListener):
    def opened(self, job_id: str) -> None:
        raise WriteError("no room")


def test_a_snapshot_that_failed_is_not_the_one_before(tmp_path: Path) -> None:
    with StandIn(job("a", events=training(3, "a"))) as studio:
        take(studio, tmp_path)
        studio.jobs.add(job("b", events=training(3, "b")))
        for _ in range(2):
            with pytest.raises(WriteError):
                take(studio, tmp_path, watcher=_Breaking())
        assert take(studio, tmp_path).marks == {"b": "new"}
        assert take(studio, tmp_path).marks == {}


def test_a_first_snapshot_that_failed_does_not_count(tmp_path: Path) -> None:
    with StandIn(job("a", events=training(3, "a"))) as studio:
        with pytest.raises(WriteError):
            take(studio, tmp_path, watcher=_Breaking())
        studio.jobs.add(job("b", events=training(3, "b")))
        assert take(studio, tmp_path).marks == {}


def test_what_a_command_fetches_twice_is_one_snapshot(tmp_path: Path) -> None:
    """A build fetches a damaged log twice."""
    with StandIn(job("a", events=training(3, "a"))) as studio:
        take(studio, tmp_path)
        studio.jobs.add(job("b", events=training(3, "b")))
        with Snapshot.locked(tmp_path) as snapshot:
            taken = take_into(snapshot, studio)
            taken.folder.logs.path_of("a").unlink()
            assert take_into(snapshot, studio).marks == {"b": "new"}


def spoil(taken: Fetched) -> None:
    """Damage all logs in a way that only reading them reveals."""
    for path in (taken.folder.path / "events").iterdir():
        status = path.stat()
        path.write_bytes(b"x" * status.st_size)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_where_nothing_is_new_no_log_is_read_and_only_list_manifest_and_identity_asked(
    tmp_path: Path,
) -> None:
    with StandIn(*(job(f"job_{i}", events=training(3, f"job_{i}")) for i in range(5))) as studio:
        spoil(take(studio, tmp_path))
        asked = len(studio.requests)
        taken = take(studio, tmp_path)
        assert taken.watcher.to_fetch == 0
        assert sorted(request.path for request in studio.requests[asked:]) == [
            "/api/credentials", "/api/jobs", "/api/manifest",
        ]  # fmt: skip
        assert taken.listing.before == {f"job_{i}": "completed" for i in range(5)}
        assert all(taken.folder.logs.fingerprint(f"job_{i}") for i in range(5))


def test_one_more_job_opens_no_other_log(tmp_path: Path) -> None:
    with StandIn(*(job(f"job_{i}", events=training(3, f"job_{i}")) for i in range(5))) as studio:
        spoil(take(studio, tmp_path))
        studio.jobs.add(job("more", events=training(3, "more")))
        taken = take(studio, tmp_path)
        assert taken.watcher.to_fetch == 1
        assert taken.marks == {"more": "new"}


def test_statuses_survive_a_cache_that_gives_every_file_a_new_time(tmp_path: Path) -> None:
    """Even if the facts about the logs are lost."""
    with StandIn(
        job("a", "running", events=numbered([log(1, 0.5, "a"), completed([], "a")])),
        job("b", events=training(3, "b"), script=Replay(breaks=[2])),
    ) as studio:
        first = take(studio, tmp_path)
        for lost in (False, True):
            for path in tmp_path.rglob("*"):
                os.utime(path, (10**9, 10**9))
            if lost:
                (first.folder.path / "logs.json").unlink()
            again = take(studio, tmp_path)
            assert again.listing.before == {"a": "completed", "b": "completed"}
            assert again.marks == {}
        assert len(studio.openings("b")) == 2
