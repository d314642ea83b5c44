"""Which jobs a report is about, judged by the list: filters, then the limit, in its order."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.errors import UsageError
from reportgen.events.wire import Job
from reportgen.model.selection import Selection, parse_shard, parse_statuses, part_of

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
        # By id, in the list's order, not in that of the options.
        (Selection(ids=("a", "z", "a")), ["z", "a"]),
        (Selection(ids=("nobody",)), []),
        (Selection(ids=("[x]",)), ["[x]"]),
        # By name: a case-sensitive glob over the whole name.
        (Selection(name="support-*"), ["z", "a"]),
        (Selection(name="*-v[12]"), ["z", "a"]),
        (Selection(name="?upport-bot-v1"), ["a"]),
        (Selection(name="support"), []),
        (Selection(name="line*break"), ["[x]"]),
        (Selection(name="*"), ["z", "a", "m", "q", "n", "[x]"]),
        # By status, also an unknown one; a job without a status is queued.
        (Selection(statuses=frozenset({"failed", "cancelled"})), ["m", "[x]"]),
        (Selection(statuses=frozenset({"queued"})), ["q"]),
        (Selection(statuses=frozenset({"resting"})), ["n"]),
        (Selection(statuses=frozenset({"Running"})), []),
        # By age, to the second, in whatever zone; a job without a time does not match.
        (Selection(since=timedelta(days=7)), ["z", "a", "n", "[x]"]),
        (Selection(since=timedelta(days=7, seconds=1)), ["z", "a", "m", "n", "[x]"]),
        (Selection(since=timedelta(minutes=45)), ["n", "[x]"]),
        # All filters together, and then the limit.
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


def test_a_limit_alone_leaves_no_job_out_by_what_it_is() -> None:
    assert Selection().passes_all
    assert Selection(limit=1).passes_all
    narrow = [
        Selection(ids=("z",)),
        Selection(name="*"),
        Selection(statuses=frozenset({"failed"})),
        Selection(since=timedelta(1)),
        Selection(shard=(1, 2)),
    ]
    assert not any(selection.passes_all for selection in narrow)


def test_ids_that_do_not_exist() -> None:
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


# --- Shards --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shard"), [("1/1", (1, 1)), ("2/3", (2, 3)), (" 10/10 ", (10, 10)), ("01/04", (1, 4))]
)
def test_a_shard_is_read(text: str, shard: tuple[int, int]) -> None:
    assert parse_shard(text) == shard


@pytest.mark.parametrize(
    "text",
    ["", "1", "/", "1/", "/3", "0/3", "4/3", "-1/3", "1/-3", "1/0", "0/0", "a/b", "1/3/5", "1.0/3",
     "1 of 3", "1/3x", "١/٣", "1_0/20", f"1/{'9' * 5000}"],
)  # fmt: skip
def test_an_invalid_shard_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="--shard"):
        parse_shard(text)


def test_the_shard_is_applied_after_filters_and_limit() -> None:
    of_all = [Selection(name="*o*", limit=3, shard=(part, 2)).of(JOBS, NOW) for part in (1, 2)]
    together = [job_id for ids in of_all for job_id in ids]
    assert sorted(together) == sorted(Selection(name="*o*", limit=3).of(JOBS, NOW))
    assert {len(ids) for ids in of_all} < {0, 1, 2, 3}


@settings(deadline=None)
@given(st.lists(st.text(st.characters(), max_size=8), unique=True), st.integers(1, 9))
def test_shards_have_no_job_in_common_and_miss_none(ids: list[str], parts: int) -> None:
    jobs = [Job(job_id) for job_id in ids]
    shards = [Selection(shard=(part, parts)).of(jobs, NOW) for part in range(1, parts + 1)]
    assert sorted(job_id for shard in shards for job_id in shard) == sorted(ids)
    for shard in shards:
        assert list(shard) == [job_id for job_id in ids if job_id in shard]


def test_the_part_of_a_job_is_the_same_everywhere_and_for_ever() -> None:
    """Shards may be fetched by different versions; the numbers are from `sha256sum`."""
    ids = ["job_1", "job_2", "job_3", "", "\ud800", "é"]
    expected = [[1, 1, 2, 2, 1, 1], [5, 2, 3, 3, 3, 2]]
    assert [[part_of(job_id, parts) for job_id in ids] for parts in (3, 5)] == expected
    code = "from reportgen.model.selection import part_of; print(part_of('job_3', 5))"
    for seed in ("1", "2"):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            check=True,
            text=True,
        )
        assert done.stdout == f"{expected[1][2]}\n"


def test_ten_thousand_jobs_are_spread_evenly() -> None:
    counts = [0] * 16
    for number in range(10_000):
        counts[part_of(f"job_{number}", 16) - 1] += 1
    assert min(counts) > 500
    assert max(counts) < 750


def test_statuses_are_separated_by_commas() -> None:
    assert parse_statuses("failed, running,failed,") == {"failed", "running"}
    assert parse_statuses("resting") == {"resting"}


@pytest.mark.parametrize("words", ["", ",", " , "])
def test_an_empty_status_is_reported_with_the_known_ones(words: str) -> None:
    with pytest.raises(UsageError, match="queued, running, completed, failed, cancelled"):
        parse_statuses(words)
