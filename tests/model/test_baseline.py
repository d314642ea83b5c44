"""Which job each job is measured against."""

from datetime import UTC, datetime, timedelta

import pytest

from reportgen.errors import SourceError
from reportgen.model.baseline import Known, choose

DAY = datetime(2026, 5, 1, tzinfo=UTC)


def known(job_id: str, name: str | None, day: int | None, status: str = "completed") -> Known:
    return Known(job_id, name, status, None if day is None else DAY + timedelta(days=day))


def test_previous_is_the_newest_completed_job_of_the_name_that_was_created_before() -> None:
    jobs = [
        known("d", "bot", 4, "running"),
        known("a", "bot", 1),
        known("failed", "bot", 3, "failed"),
        known("b", "bot", 2),
        known("other", "triage", 3),
        known("unknown age", "bot", None),
        known("nameless", None, 5),
        known("nameless too", None, 6),
    ]
    assert choose("previous", jobs) == {"b": "a", "failed": "b", "d": "b"}


def test_jobs_of_one_moment_are_not_before_one_another() -> None:
    jobs = [known("a", "bot", 1), known("b", "bot", 2), known("c", "bot", 2), known("d", "bot", 3)]
    assert choose("previous", jobs) == {"b": "a", "c": "a", "d": "b"}


def test_an_id_wins_over_a_name_and_need_not_have_completed() -> None:
    jobs = [known("bot", "x", 1, "failed"), known("b", "bot", 2), known("c", "bot", 3)]
    assert choose("bot", jobs) == {"b": "bot", "c": "bot"}


@pytest.mark.parametrize("glob", ["bot-*", "bot-v2", "*"])
def test_a_glob_is_the_newest_completed_job_of_such_a_name(glob: str) -> None:
    jobs = [
        known("a", "bot-v2", 1),
        known("b", "bot-v2", 2),
        known("c", "bot-v2", 3, "failed"),
        known("d", "bot-v2", None),
    ]
    assert choose(glob, jobs) == {"a": "b", "c": "b", "d": "b"}


@pytest.mark.parametrize("baseline", ["bot", "missing-*", "BOT-V2"])
def test_what_matches_nothing_is_an_error(baseline: str) -> None:
    with pytest.raises(SourceError, match="--baseline"):
        choose(baseline, [known("a", "bot-v2", 1), known("b", "bot", 1, "failed")])


def test_no_job_is_its_own_baseline() -> None:
    assert choose("a", [known("a", "bot", 1)]) == {}
