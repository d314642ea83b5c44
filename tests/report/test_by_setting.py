"""Results by setting: which settings have a plot, in which order, and what is seen in them."""

import math
from collections.abc import Sequence

import pytest

from reportgen.model.metrics import EVAL_MINIMUM, TAIL_MEAN
from reportgen.report.by_setting import BySetting, Setting, by_setting
from reportgen.report.report import JobSummary
from reportgen.text.javascript import JSON
from tests.samples import judged


def jobs(results: Sequence[float], **settings: Sequence[JSON]) -> list[JobSummary]:
    """Return jobs with these evaluation losses and settings; a None is a missing setting."""
    return [
        judged(
            f"job-{place}",
            evaluated=result,
            config={key: values[place] for key, values in settings.items()},
        )
        for place, result in enumerate(results)
    ]


def only(found: BySetting | None) -> Setting:
    assert found
    (setting,) = found.settings
    return setting


def values(setting: Setting) -> list[tuple[float | str, float | None]]:
    return [(job.value, job.outcome.value) for job in setting.jobs]


FOUR = (4.0, 3.0, 2.0, 1.0)
FIVE = (5.0, 4.0, 3.0, 2.0, 1.0)


def test_from_four_jobs_with_results_a_setting_that_differs_is_shown() -> None:
    assert by_setting(jobs(FOUR[:3], lr=[1, 2, 3])) is None
    assert by_setting(jobs(FOUR, lr=[1, 1, 1, 1])) is None
    found = by_setting(jobs(FOUR, lr=[1, 2, 2, 0.5], batch=[8, 8, 8, 8]))
    assert found
    assert found.metric == EVAL_MINIMUM
    setting = only(found)
    assert values(setting) == [(1, 4), (2, 3), (2, 2), (0.5, 1)]
    assert (setting.key, setting.is_number, setting.missing) == ("lr", True, 0)


def test_numbers_come_first_and_correlated_ones_before_others() -> None:
    found = by_setting(
        jobs(
            FIVE,
            optim=["a", "b", "a", "b", "a"],
            seed=[1, 5, 2, 4, 3],
            rank=[1, 2, 4, 3, 5],
            lr=[1, 2, 3, 4, 5],
        )
    )
    assert found
    assert [(setting.key, setting.rho) for setting in found.settings] == [
        ("lr", -1.0),
        ("rank", pytest.approx(-0.9)),
        ("seed", None),
        ("optim", None),
    ]


@pytest.mark.parametrize(
    ("results", "numbers", "rho"),
    [
        (FOUR, [1, 2, 3, 4], None),  # too few
        (FIVE, [1, 2, 3, 4, 5], -1.0),
        (FIVE, [2, 1, 4, 3, 5], -0.8),
        (FIVE, [2, 1, 5, 3, 4], None),
        ((1.0, 1.0, 1.0, 1.0, 1.0), [1, 2, 3, 4, 5], None),
        ((*FIVE, math.nan), [1, 2, 3, 4, 5, 0], -1.0),
    ],
)
def test_a_correlation_is_reported_if_it_is_strong_and_of_enough_jobs(
    results: Sequence[float], numbers: list[JSON], rho: float | None
) -> None:
    known = [
        judged(f"job-{place}", tail=result, config={"lr": number})
        for place, (result, number) in enumerate(zip(results, numbers, strict=True))
    ]
    setting = only(by_setting(known))
    assert setting.rho == (None if rho is None else pytest.approx(rho))
    assert setting.n == sum(map(math.isfinite, results))


def test_failed_and_running_jobs_do_not_count_for_a_correlation() -> None:
    known = jobs(FIVE, lr=[1, 2, 3, 4, 5])
    failed = judged("failed", tail=0.1, status="failed", config={"lr": 0})
    running = judged("running", evaluated=9, status="running", config={"lr": 9})
    found = by_setting([*known, failed, running])
    setting = only(found)
    assert found
    assert values(setting)[-1] == (0, None)
    assert (setting.rho, setting.n, found.running) == (-1.0, 5, 1)


def test_one_metric_for_all() -> None:
    known = [judged(f"job-{n}", tail=n, evaluated=9 - n, config={"lr": n}) for n in range(4)]
    plain = judged("plain", tail=8, config={"lr": 8})
    bare = judged("bare", evaluated=0, config={"lr": 9})
    found = by_setting([*known, plain, bare])
    assert found
    assert (found.metric, found.unknown) == (TAIL_MEAN, 1)
    assert values(only(found)) == [(0, 0), (1, 1), (2, 2), (3, 3), (8, 8)]


@pytest.mark.parametrize(
    ("there", "expected", "missing"),
    [
        ([1, "2", " 3e2 ", 4], [1, 2, 300, 4], 0),  # numbers may be written as texts
        ([1, None, "[hidden]", 4], [1, 4], 2),
        ([1, None, None, 1], None, 0),  # it does not differ where it is there
        ([1, "auto", 2, 1], ["1", "auto", "2", "1"], 0),
        ([True, False, True, True], ["true", "false", "true", "true"], 0),
        (["cosine", None, "linear", None], ["cosine", "—", "linear", "—"], 0),
        (["a", "b", "c", "d"], None, 0),  # each job has its own: these are names
        (["[hidden]", None, "[hidden]", None], None, 0),
        ([[1], [1, 2], [1], {}], ["[1]", "[1,2]", "[1]", "{}"], 0),
        ([math.nan, 1, 2, 2], ["NaN", "1", "2", "2"], 0),
        ([10**400, 1, 2, 2], ["Infinity", "1", "2", "2"], 0),
    ],
)
def test_values_of_any_kind(
    there: list[JSON], expected: list[float | str] | None, missing: int
) -> None:
    found = by_setting(jobs(FOUR, key=there))
    if expected is None:
        assert found is None
        return
    setting = only(found)
    assert [value for value, _ in values(setting)] == expected
    assert setting.missing == missing
    assert setting.is_number == isinstance(expected[0], int)


def test_a_setting_of_more_than_eight_texts_is_left_out() -> None:
    for count, is_shown in ((8, True), (9, False)):
        texts = [f"text {place % count}" for place in range(12)]
        found = by_setting(jobs([float(place) for place in range(12)], key=texts))
        assert (found is not None) == is_shown


def test_the_members_of_an_object_are_settings() -> None:
    known = jobs(FOUR, data=[{"split": "a"}, {"split": "b"}, {"split": "a"}, "whole"])
    found = by_setting(known)
    assert found
    assert [setting.key for setting in found.settings] == ["data.split", "data"]
