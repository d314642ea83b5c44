"""Which jobs are dropped: the rule, and what a snapshot does about it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.model.selection import Selection
from reportgen.snapshot.retention import Candidate, Retention
from tests.snapshotting import NOW, Fetched, take
from tests.standin import Job as StandInJob
from tests.standin import StandIn, completed, job, log, numbered, started, training

DAY = 86_400.0


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def over(job_id: str, days: float | None) -> Candidate:
    return Candidate(job_id, over=True, at=None if days is None else days_ago(days))


JOBS = (
    over("d9", 9),
    over("d1", 1),
    over("unknown", None),
    Candidate("runs", over=False, at=days_ago(30)),
    over("d3", 3),
    over("d5", 5),
    over("d5b", 5),
)


@pytest.mark.parametrize(
    ("retention", "dropped"),
    [
        (Retention(), set()),
        (Retention(keep=4 * DAY), {"d5", "d5b", "d9"}),
        (Retention(keep=5 * DAY), {"d9"}),
        (Retention(keep=0.0), {"d1", "d3", "d5", "d5b", "d9"}),
        (Retention(keep=1e9), set()),
        (Retention(keep_last=2), {"d5", "d5b", "d9"}),
        # At the same time, the first one wins.
        (Retention(keep_last=3), {"d5b", "d9"}),
        (Retention(keep_last=0), {"d1", "d3", "d5", "d5b", "d9"}),
        (Retention(keep_last=99), set()),
        # Whichever of the two rules keeps more.
        (Retention(keep=4 * DAY, keep_last=1), {"d5", "d5b", "d9"}),
        (Retention(keep=2 * DAY, keep_last=3), {"d5b", "d9"}),
        (Retention(keep=0.0, keep_last=0), {"d1", "d3", "d5", "d5b", "d9"}),
    ],
)
def test_what_is_dropped(retention: Retention, dropped: set[str]) -> None:
    assert retention.drops(JOBS, NOW) == dropped


@pytest.mark.parametrize(
    ("status", "listed", "completed_at", "created_at", "candidate"),
    [
        ("completed", True, "2026-05-02T00:00:00Z", "2026-05-01T00:00:00Z", (True, 2)),
        ("failed", True, None, "2026-05-01T00:00:00Z", (True, 1)),
        ("cancelled", True, "soon", "2026-05-01T00:00:00Z", (True, 1)),
        ("completed", True, None, None, (True, None)),
        ("running", True, None, "2026-05-01T00:00:00Z", (False, 1)),
        ("queued", True, None, None, (False, None)),
        ("resting", True, None, None, (False, None)),
        ("running", False, None, "2026-05-01T00:00:00Z", (True, 1)),
    ],
)
def test_which_jobs_have_ended_and_when(
    status: str, *, listed: bool, completed_at: str, created_at: str,
    candidate: tuple[bool, int | None],
) -> None:  # fmt: skip
    of = Candidate.of(
        "j", status=status, listed=listed, completed_at=completed_at, created_at=created_at
    )
    is_over, day = candidate
    assert of == Candidate("j", is_over, datetime(2026, 5, day, tzinfo=UTC) if day else None)


CANDIDATES = st.lists(
    st.builds(
        Candidate, st.uuids().map(str), st.booleans(),
        st.none() | st.integers(0, 20).map(days_ago),
    ),
    max_size=12,
    unique_by=lambda candidate: candidate.id,
)  # fmt: skip


@settings(deadline=None)
@given(
    CANDIDATES,
    st.none() | st.integers(0, 20).map(lambda days: days * DAY),
    st.none() | st.integers(0, 8),
)
def test_two_rules_keep_what_either_keeps_and_what_is_dropped_stays_dropped(
    jobs: list[Candidate], keep: float | None, keep_last: int | None
) -> None:
    dropped = Retention(keep, keep_last).drops(jobs, NOW)
    either = [
        Retention(*rule).drops(jobs, NOW)
        for rule in ((keep, None), (None, keep_last))
        if rule != (None, None)
    ]
    assert dropped == (frozenset.intersection(*either) if either else frozenset())
    left = [candidate for candidate in jobs if candidate.id not in dropped]
    assert Retention(keep, keep_last).drops(left, NOW) == frozenset()
    if keep is None and keep_last is not None:
        dated = [candidate for candidate in jobs if candidate.over and candidate.at]
        assert len(dated) - len(dropped) == min(keep_last, len(dated))


@pytest.mark.parametrize(
    ("retention", "dropped", "words"),
    [
        (Retention(keep=7 * DAY), 1, "^1 job is dropped by --keep 7d: neither"),
        (Retention(keep=5400.0), 2, "^2 jobs are dropped by --keep 1h30m: neither"),
        (Retention(keep=0.0), 2, "--keep 0s"),
        (Retention(keep=61.5), 2, "--keep 1m1.5s"),
        (Retention(keep_last=3), 2, "by --keep-last 3:"),
        (Retention(90.0, 3), 2, "by --keep 1m30s and --keep-last 3:"),
    ],
)
def test_the_warning_about_dropped_jobs(retention: Retention, dropped: int, words: str) -> None:
    assert re.search(words, retention.dropped_message(dropped))


# --- What a snapshot does about it ---------------------------------------------------------------


def ended(job_id: str, days: float) -> StandInJob:
    return job(
        job_id,
        events=training(3, job_id),
        createdAt=days_ago(days + 1).isoformat(),
        completedAt=days_ago(days).isoformat(),
    )


def logs(taken: Fetched) -> set[str]:
    """Return the listed jobs that have a log, and check that there are no other logs."""
    has_log = {each for each in taken.listing.entries if taken.folder.logs.path_of(each).exists()}
    assert len(list((taken.folder.path / "events").iterdir())) == len(has_log)
    return has_log


def test_what_is_dropped_is_not_fetched_not_shown_and_not_kept(tmp_path: Path) -> None:
    with StandIn(*(ended(f"d{days}", days) for days in (1, 3, 9))) as studio:
        assert logs(take(studio, tmp_path)) == {"d1", "d3", "d9"}
        for _ in range(2):  # the same options again open no stream
            taken = take(studio, tmp_path, keep=4 * DAY)
            assert taken.listing.selected == ("d1", "d3")
            assert taken.listing.listed == ("d1", "d3", "d9")
            assert logs(taken) == {"d1", "d3"}
            assert taken.watcher.to_fetch == 0
            (warning,) = taken.watcher.warnings
            assert warning.startswith("1 job ")
            assert "--keep 4d" in warning
        assert len(studio.openings("d9")) == 1
        later = take(studio, tmp_path)
        assert later.watcher.warnings == []
        assert logs(later) == {"d1", "d3", "d9"}
        assert later.marks == {}


def test_nothing_is_dropped_by_default_and_what_is_known_too_old_is_never_fetched(
    tmp_path: Path,
) -> None:
    with StandIn(ended("old", 4000), ended("new", 1)) as studio:
        taken = take(studio, tmp_path / "a", keep_last=1)
        assert logs(taken) == {"new"}
        assert studio.openings("old") == []
        taken = take(studio, tmp_path / "b")
        assert logs(taken) == {"new", "old"}
        assert taken.watcher.warnings == []


def test_a_job_that_vanished_leaves_no_trace(tmp_path: Path) -> None:
    running = job("gone", "running", events=numbered([started("gone"), log(1, 0.5, "gone")]),
                  createdAt=days_ago(30).isoformat())  # fmt: skip
    with StandIn(ended("new", 1), running) as studio:
        # A running job is never dropped, however old it is.
        assert logs(take(studio, tmp_path, keep=DAY * 7)) == {"new", "gone"}
        studio.jobs.remove("gone")
        taken = take(studio, tmp_path, keep=DAY * 7)
    assert list(taken.listing.entries) == ["new"]
    assert logs(taken) == {"new"}
    assert b"gone" not in b"".join(
        path.read_bytes() for path in taken.folder.path.rglob("*.json")
    ).replace(b'"before":{"new":"completed","gone":"running"}', b"")


def test_the_time_of_the_event_counts_where_the_list_has_none(tmp_path: Path) -> None:
    """A job that was created long ago and ended yesterday, according to its own log."""
    yesterday = days_ago(1).isoformat()
    late = job("late", events=numbered([completed([], "late", yesterday)]),
               createdAt=days_ago(60).isoformat())  # fmt: skip
    with StandIn(late) as studio:
        take(studio, tmp_path)
        assert logs(take(studio, tmp_path, keep=2 * DAY)) == {"late"}
        assert logs(take(studio, tmp_path, keep=DAY / 2)) == set()


def test_a_job_that_only_its_stream_calls_ended_is_dropped_and_not_fetched_again(
    tmp_path: Path,
) -> None:
    long_ago = days_ago(60).isoformat()
    stuck = job("stuck", "running", events=numbered([completed([], "stuck", long_ago)]),
                createdAt=long_ago)  # fmt: skip
    with StandIn(stuck) as studio:
        # Only once it was fetched is it known to have ended.
        for _ in range(3):
            taken = take(studio, tmp_path, keep=DAY)
            assert taken.listing.selected == ()
            assert logs(taken) == set()
        assert len(studio.openings("stuck")) == 1
        assert taken.listing.before == {"stuck": "completed"}
        assert logs(take(studio, tmp_path)) == {"stuck"}


def test_a_dropped_job_that_runs_again_is_followed(tmp_path: Path) -> None:
    with StandIn(ended("again", 9)) as studio:
        take(studio, tmp_path, keep=DAY)
        assert studio.openings("again") == []
        studio.jobs.update("again", status="running", completedAt=None)
        studio.jobs.send("again", *numbered([started("again"), log(4, 0.5, "again")], 100))
        studio.jobs.finish("again", None)
        assert logs(take(studio, tmp_path, keep=DAY)) == {"again"}


def test_a_newly_ended_job_displaces_the_oldest(tmp_path: Path) -> None:
    running = job("runs", "running", events=training(3, "runs", complete=False))
    with StandIn(running, ended("d2", 2), ended("d1", 1)) as studio:
        assert take(studio, tmp_path, keep_last=2).listing.selected == ("runs", "d2", "d1")
        studio.jobs.send("runs", *numbered([completed([], "runs", NOW.isoformat())], 100))
        taken = take(studio, tmp_path, keep_last=2)
    assert taken.listing.selected == ("runs", "d1")
    assert logs(taken) == {"runs", "d1"}


def test_retention_is_over_all_jobs_and_the_limit_over_those_that_stay(tmp_path: Path) -> None:
    with StandIn(*(ended(f"d{days}", days) for days in (9, 8, 1, 2, 3))) as studio:
        limited = take(studio, tmp_path / "a", keep=4 * DAY, selection=Selection(limit=2))
        assert limited.listing.selected == ("d1", "d2")
        shards = [
            take(studio, tmp_path / str(part), keep_last=3, selection=Selection(shard=(part, 2)))
            for part in (1, 2)
        ]
    selected = [job_id for taken in shards for job_id in taken.listing.selected]
    assert sorted(selected) == ["d1", "d2", "d3"]
