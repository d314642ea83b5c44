"""Gates: the rules, the jobs that meet them, and the messages about them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.errors import UsageError
from reportgen.model.metrics import Metric
from reportgen.report import gates
from reportgen.report.gates import Rule
from reportgen.report.report import JobSummary, StreamSummary
from tests.samples import HOSTILE, summary

COMPLETE = StreamSummary("complete", None, 1, 0, 0)
OPEN = StreamSummary("caught-up", "still open when the wait ended", 1, 0, 0)
GONE = StreamSummary("unavailable", None, 0, 0, 0)


def metric(last: float, low: float = -1e9) -> Metric:
    return Metric(points=2, first=9.0, last=last, min=low, min_step=1, max=9.0)


def job(job_id: str = "job_1", **changes: object) -> JobSummary:
    return summary(job_id, **{"name": "support-bot", "stream": COMPLETE, **changes})  # type: ignore[arg-type]


def words(rules: str, *jobs: JobSummary) -> list[str]:
    return [breach.words for breach in gates.broken(gates.parse(rules), jobs)]


# --- Rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("failed", [Rule("failed")]),
        (
            "queued,running,completed,failed,cancelled",
            [Rule(s) for s in ("queued", "running", "completed", "failed", "cancelled")],
        ),
        (" incomplete , nan,", [Rule("incomplete"), Rule("nan")]),
        ("nan,failed,nan", [Rule("nan"), Rule("failed")]),
        ("loss>2,loss>2.0", [Rule("loss>", 2.0)]),
        ("loss>-1.5", [Rule("loss>", -1.5)]),
        ("loss > .5", [Rule("loss>", 0.5)]),
        ("eval-loss>1e-3", [Rule("eval-loss>", 0.001)]),
        ("eval-loss>+2E+2", [Rule("eval-loss>", 200.0)]),
        ("loss>5.", [Rule("loss>", 5.0)]),
    ],
)
def test_rules_are_read(text: str, rules: list[Rule]) -> None:
    assert gates.parse(text) == tuple(rules)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("fail", "failed"),
        ("Failed", "failed"),
        ("failed,NaN", "nan"),
        ("canceled", "cancelled"),
        ("evalloss>2", "eval-loss>N"),
        ("eval_loss>2", "eval-loss>N"),
        ("loss<2", "loss>N"),
        ("loss", "loss>N"),
        ("in-complete", "incomplete"),
    ],
)
def test_an_unknown_rule_is_refused_with_the_nearest_one(text: str, nearest: str) -> None:
    with pytest.raises(UsageError) as raised:
        gates.parse(text)
    assert f"is not a rule; the nearest is '{nearest}'" in str(raised.value)
    assert "queued, running, completed, failed, cancelled, incomplete, nan" in str(raised.value)
    assert repr(text.rpartition(",")[2]) in str(raised.value)


@pytest.mark.parametrize(
    "number",
    [
        *("", "x", "nan", "NaN", "inf", "Infinity", "-inf", "1e999", "-1e999", "1_0", "0x10"),
        *("=2", "1 2", "١", ">2", "--1", "e5", "."),
    ],
)
def test_a_limit_is_a_finite_number(number: str) -> None:
    for kind in ("loss>", "eval-loss>"):
        with pytest.raises(UsageError, match="no number after '>'"):
            gates.parse(f"{kind}{number}")


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_an_empty_rule_is_refused(text: str) -> None:
    with pytest.raises(
        UsageError, match=r"--fail-on needs at least one rule: choose from .*loss>N"
    ):
        gates.parse(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_finite_number_is_a_limit(limit: float) -> None:
    (rule,) = gates.parse(f"loss>{limit!r}")
    assert rule.limit == limit
    assert gates.parse(str(rule)) == (rule,)


@given(st.text(max_size=12))
def test_any_text_is_rules_or_wrong_usage(text: str) -> None:
    try:
        rules = gates.parse(text)
    except UsageError:
        return
    assert all(rule.limit is None or math.isfinite(rule.limit) for rule in rules)


# --- Jobs ----------------------------------------------------------------------------------------


def test_each_status_meets_its_own_rule_only() -> None:
    statuses = ("queued", "running", "completed", "failed", "cancelled", "paused")
    jobs = [job(status, status=status) for status in statuses]
    for status in statuses[:-1]:
        assert words(status, *jobs) == [f"--fail-on {status}: {status} (support-bot): {status}"]


def test_the_reason_of_a_failure_is_reported() -> None:
    assert words("failed", job(status="failed", error="CUDA out of memory")) == [
        "--fail-on failed: job_1 (support-bot): failed: CUDA out of memory"
    ]


def test_a_stream_that_is_not_complete() -> None:
    jobs = (job(), job("job_2", stream=OPEN), job("job_3", stream=GONE, name=None))
    reasons = [
        "job_2 (support-bot): stream caught-up: still open when the wait ended",
        "job_3: stream unavailable",
    ]
    assert words("incomplete", *jobs) == [f"--fail-on incomplete: {line}" for line in reasons]
    assert [breach.words for breach in gates.strict(jobs)] == [
        f"--strict: {line}" for line in reasons
    ]


def test_losses_that_are_not_finite() -> None:
    jobs = (job(), job("job_2", not_finite=1), job("job_3", not_finite=5))
    assert words("nan", *jobs) == [
        "--fail-on nan: job_2 (support-bot): 1 loss is not finite",
        "--fail-on nan: job_3 (support-bot): 5 losses are not finite",
    ]


def test_a_limit_is_met_above_it_by_the_last_value() -> None:
    jobs = (
        job("none"),
        job("equal", loss=metric(2.0), eval_loss=metric(7.0)),
        job("above", loss=metric(2.31), eval_loss=metric(0.5)),
        job("below", loss=metric(1.99)),
    )
    assert words("loss>2", *jobs) == ["--fail-on loss>2: above (support-bot): loss 2.31"]
    assert words("eval-loss>5e-1", *jobs) == [
        "--fail-on eval-loss>0.5: equal (support-bot): eval-loss 7"
    ]
    assert words("loss>-1e-3", job(loss=metric(-0.002)), job("zero", loss=metric(0.0))) == [
        "--fail-on loss>-0.001: zero (support-bot): loss 0"
    ]


def test_a_curve_without_a_finite_loss_meets_only_nan() -> None:
    assert words("loss>2,nan", job(not_finite=3)) == [
        "--fail-on nan: job_1 (support-bot): 3 losses are not finite"
    ]


def test_only_listed_jobs_are_judged() -> None:
    gone = job(status="failed", stream=GONE, not_finite=1, loss=metric(9.0), listed=False)
    assert not words("failed,incomplete,nan,loss>1", gone)
    assert not gates.strict([gone])


def test_rule_by_rule_then_in_the_order_of_the_jobs() -> None:
    jobs = [job(name, status="failed", not_finite=1) for name in ("b", "a")]
    breaches = gates.broken(gates.parse("nan,failed"), jobs)
    assert [(breach.gate, breach.job_id) for breach in breaches] == [
        ("--fail-on nan", "b"),
        ("--fail-on nan", "a"),
        ("--fail-on failed", "b"),
        ("--fail-on failed", "a"),
    ]


def test_long_texts_are_cut() -> None:
    evil = job(name="n" * 10_000, status="failed", error=HOSTILE * 1_000)
    (line,) = words("failed", evil)
    assert len(line) < 500
    assert "n…): failed: " in line
    assert line.endswith("…")


def test_fail_on_wins_over_strict() -> None:
    failed = job(status="failed", stream=OPEN)
    strict, broken = gates.strict([failed]), gates.broken(gates.parse("failed"), [failed])
    assert gates.exit_code(()) == 0
    assert gates.exit_code(strict) == 4
    assert gates.exit_code(broken) == 5
    assert gates.exit_code((*broken, *strict)) == 5
