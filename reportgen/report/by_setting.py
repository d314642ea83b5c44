"""Results by setting: the config keys that differ between jobs, and how results go with them. Pure.

Nothing here says what caused a result: a correlation is only what was seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reportgen.model.statistics import spearman
from reportgen.report.outcomes import Outcome, outcomes
from reportgen.report.report import JobSummary
from reportgen.report.wording import parts
from reportgen.text import javascript
from reportgen.text.javascript import JSON, js_value
from reportgen.text.patterns import HIDDEN

LEAST: Final = 4
"""The number of jobs with results from which results are shown by setting."""

CORRELATED: Final = 0.8
"""The minimum absolute rank correlation that is reported."""

LEAST_CORRELATED: Final = 5
"""The minimum number of jobs for that: with four, one ordering in twelve is perfect."""

CATEGORIES: Final = 8
"""The maximum number of different texts of a setting; with more, they are more like names."""


@dataclass(frozen=True, slots=True)
class SettingOf:
    """A job's value for a setting, and its outcome."""

    outcome: Outcome
    value: float | str


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that differs between jobs."""

    key: str
    is_number: bool
    jobs: tuple[SettingOf, ...]
    """The jobs that have it; for a text also those without it."""
    missing: int
    """The number of jobs that are left out because they do not have it."""
    rho: float | None
    """The rank correlation with the results, if there are enough of them and it is strong."""
    n: int
    """The number of results."""


@dataclass(frozen=True, slots=True)
class BySetting:
    """Outcomes by setting, all by the same metric."""

    metric: str
    settings: tuple[Setting, ...]
    """Numbers first, correlated ones before others."""
    outcomes: tuple[Outcome, ...]
    running: int
    """The number of jobs that are left out because they have not ended."""
    unknown: int
    """The number of jobs that ended without a result in this metric."""


def by_setting(jobs: Sequence[JobSummary]) -> BySetting | None:
    """Return the jobs' outcomes by setting; None if too few have results, or no setting differs."""
    found = outcomes(jobs)
    if found.metric is None or sum(job.ended and job.result is not None for job in jobs) < LEAST:
        return None
    configs = [parts(outcome.job.config) for outcome in found.known]
    keys = dict.fromkeys(key for config in configs for key in config)
    settings = [
        setting
        for key in keys
        if (setting := _setting(key, found.known, [config.get(key) for config in configs]))
    ]
    if not settings:
        return None
    return BySetting(
        metric=found.metric,
        settings=tuple(sorted(settings, key=_order)),
        outcomes=found.known,
        running=sum(not job.ended for job in jobs),
        unknown=found.unknown,
    )


def _order(setting: Setting) -> tuple[bool, float]:
    return not setting.is_number, -abs(setting.rho or 0)


def _setting(key: str, known: Sequence[Outcome], values: Sequence[JSON]) -> Setting | None:
    """Return a setting; None if it does not differ, or if its texts are rather names."""
    there = [value for value in values if value is not None and value != HIDDEN]
    numbers = [None if value == HIDDEN else _number(value) for value in values]
    if there and sum(number is not None for number in numbers) == len(there):
        return _numeric(key, known, numbers)
    texts = ["—" if value is None or value == HIDDEN else _text(value) for value in values]
    if not 1 < len(set(texts)) <= min(CATEGORIES, len(texts) - 1):
        return None
    jobs = (SettingOf(outcome, text) for outcome, text in zip(known, texts, strict=True))
    return Setting(key, False, tuple(jobs), missing=0, rho=None, n=0)


def _numeric(key: str, known: Sequence[Outcome], numbers: Sequence[float | None]) -> Setting | None:
    jobs = [
        SettingOf(outcome, number)
        for outcome, number in zip(known, numbers, strict=True)
        if number is not None
    ]
    if len({job.value for job in jobs}) < 2:  # noqa: PLR2004 - it differs if there are two
        return None
    pairs = [
        (number, outcome.value)
        for outcome, number in zip(known, numbers, strict=True)
        if number is not None and outcome.value is not None
    ]
    rho = None
    if len(pairs) >= LEAST_CORRELATED:
        rho = spearman([number for number, _ in pairs], [result for _, result in pairs])
    strong = rho is not None and abs(rho) >= CORRELATED
    return Setting(
        key,
        is_number=True,
        jobs=tuple(jobs),
        missing=len(numbers) - len(jobs),
        rho=rho if strong else None,
        n=len(pairs),
    )


def _number(value: JSON) -> float | None:
    """Return a number, which may also be written as text; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return javascript.finite(value)


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else js_value(value)
