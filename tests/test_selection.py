"""Which jobs a report is about, judged by the list: filters, then the limit, in its order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.selection import Selection
from reportgen.wire import Job

NOW = datetime(2026, 5, 8, 12, tzinfo=UTC)

JOBS = (
    Job("z", "support-bot-v2", "running", "2026-05-08T11:00:00.000Z"),
    Job("a", "support-bot-v1", "completed", "2026-05-01T12:00:00.000Z"),
    Job("m", "Support-Bot", "failed", "2026-05-01T11:59:59.000Z"),
    Job("q", "triage", None, None),
    Job("n", None, "resting", "2026-05-08T13:30:00+02:00"),
    Job("[x]", "line\nbreak", "cancelled", "2026-05-09T00:00:00Z"),
)


@pytest.mark.parametrize(
    ("selection", "ids"),
    [
        (Selection(), ["z", "a", "m", "q", "n", "[x]"]),
        # By id, in the list's order and not in the one they were asked for.
        (Selection(ids=("a", "z", "a")), ["z", "a"]),
        (Selection(ids=("nobody",)), []),
        (Selection(ids=("[x]",)), ["[x]"]),
        # By name: a glob over the whole name, with its case.
        (Selection(name="support-*"), ["z", "a"]),
        (Selection(name="*-v[12]"), ["z", "a"]),
        (Selection(name="?upport-bot-v1"), ["a"]),
        (Selection(name="support"), []),
        (Selection(name="line*break"), ["[x]"]),
        (Selection(name="*"), ["z", "a", "m", "q", "n", "[x]"]),
        # By status, also one that nobody knows; a job without one is queued.
        (Selection(statuses=frozenset({"failed", "cancelled"})), ["m", "[x]"]),
        (Selection(statuses=frozenset({"queued"})), ["q"]),
        (Selection(statuses=frozenset({"resting"})), ["n"]),
        (Selection(statuses=frozenset({"Running"})), []),
        # By age, to the second, whatever zone the time names; who knows no time is not within it.
        (Selection(since=timedelta(days=7)), ["z", "a", "n", "[x]"]),
        (Selection(since=timedelta(days=7, seconds=1)), ["z", "a", "m", "n", "[x]"]),
        (Selection(since=timedelta(minutes=45)), ["n", "[x]"]),
        # All filters together, and the limit behind them.
        (Selection(name="*-v*", statuses=frozenset({"completed"})), ["a"]),
        (Selection(ids=("z",), statuses=frozenset({"completed"})), []),
        (Selection(limit=2), ["z", "a"]),
        (Selection(limit=0), []),
        (Selection(limit=99), ["z", "a", "m", "q", "n", "[x]"]),
        (Selection(statuses=frozenset({"failed", "completed"}), limit=1), ["a"]),
    ],
)
def test_selection(selection: Selection, ids: list[str]) -> None:
    assert list(selection.of(JOBS, NOW)) == ids


def test_ids_that_nobody_has() -> None:
    selection = Selection(ids=("b", "a", "c"))
    assert list(selection.unknown(["a", "z"])) == ["b", "c"]
    assert list(Selection().unknown([])) == []


CHOICES = st.builds(
    Selection,
    ids=st.lists(st.sampled_from([job.id for job in JOBS]), max_size=3).map(tuple),
    name=st.none() | st.sampled_from(["*", "support-*", "*o*", "nothing"]),
    statuses=st.frozensets(st.sampled_from(["running", "completed", "failed", "queued"])),
    since=st.none() | st.timedeltas(timedelta(0), timedelta(days=30)),
    limit=st.none() | st.integers(0, 8),
)


@settings(deadline=None)
@given(CHOICES, st.permutations(JOBS))
def test_the_order_is_the_lists_and_each_filter_only_takes_away(
    selection: Selection, jobs: list[Job]
) -> None:
    chosen = selection.of(jobs, NOW)
    everyone = [job.id for job in jobs if selection.matches(job, NOW)]
    assert list(chosen) == everyone[: selection.limit]
    assert [job_id for job_id in chosen if selection.ids and job_id not in selection.ids] == []
