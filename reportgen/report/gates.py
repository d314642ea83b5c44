"""The gates `--fail-on` and `--strict`: which jobs fail a build once its report is written. Pure.

Both check only jobs that are still listed, using the numbers in pages and `report.json`:
`loss>N` the curve's last finite loss, `nan` the losses that are not finite.
"""

import difflib
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.errors import UsageError
from reportgen.events import event_log, wire
from reportgen.model.metrics import Metric
from reportgen.report.report import JobSummary
from reportgen.report.wording import change_in_words
from reportgen.text import inert
from reportgen.text.javascript import js_number

STRICT_EXIT: Final = 4
FAIL_ON_EXIT: Final = 5

INCOMPLETE: Final = "incomplete"
NOT_FINITE: Final = "nan"
LOSS: Final = "loss>"
EVAL_LOSS: Final = "eval-loss>"
REGRESSION: Final = "regression>"

_WORDS: Final = (*wire.STATUSES, INCOMPLETE, NOT_FINITE)
_LIMITED: Final = (LOSS, EVAL_LOSS, REGRESSION)
_RULES: Final = (*_WORDS, f"{LOSS}N", f"{EVAL_LOSS}N", f"{REGRESSION}P")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

_NAMED: Final = 5
"""The maximum number of jobs named in a warning."""

_UTC: Final = ZoneInfo("UTC")
_TEXT_LENGTH: Final = 200
"""The maximum length of a name or a reason in a line on stderr."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition that fails a build: a word such as a status, or a number with its limit."""

    kind: str
    limit: float | None = None

    def __str__(self) -> str:
        if self.limit is None:
            return self.kind
        return f"{self.kind}{js_number(self.limit)}{'%' if self.kind == REGRESSION else ''}"


@dataclass(frozen=True, slots=True)
class Breach:
    """A job that meets a rule, with the value that meets it."""

    gate: str
    """The option and its rule, such as `--fail-on loss>2`."""
    job_id: str
    job_name: str | None
    found: str
    """The value as text, such as `loss 2.31`."""
    exit_code: int

    @property
    def words(self) -> str:
        """The breach as a line for stderr, with text from the server not yet made inert."""
        name = f" ({inert.cut(self.job_name, _TEXT_LENGTH)})" if self.job_name else ""
        return f"{self.gate}: {self.job_id}{name}: {self.found}"


# --- Parsing rules -------------------------------------------------------------------------------


def parse(text: str) -> tuple[Rule, ...]:
    """Parse the comma-separated rules of `--fail-on`, without duplicates. Raises `UsageError`."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise UsageError(f"--fail-on needs at least one rule: choose from {', '.join(_RULES)}.")
    return tuple(dict.fromkeys(map(_rule, words)))


def _rule(word: str) -> Rule:
    if word in _WORDS:
        return Rule(word)
    kind, sign, number = word.partition(">")
    if f"{kind.rstrip()}{sign}" in _LIMITED:
        kind = f"{kind.rstrip()}{sign}"
        if kind == REGRESSION:
            number = number.rstrip().removesuffix("%")
        return Rule(kind, _limit(word, number.strip()))
    (nearest,) = difflib.get_close_matches(word.lower(), _RULES, n=1, cutoff=0.0)
    raise UsageError(
        f"--fail-on: {word!r} is not a rule; the nearest is {nearest!r}. "
        f"The rules are {', '.join(_RULES)}."
    )


def _limit(word: str, number: str) -> float:
    limit = float(number) if _NUMBER.fullmatch(number) else math.nan
    if not math.isfinite(limit):
        raise UsageError(
            f"--fail-on: {word!r} has no number after '>'; write one like 2, 0.35, -1 or 1e-3."
        )
    return limit


def regression_limit(rules: Iterable[Rule], baseline: str | None) -> float | None:
    """Return the strictest percentage of `regression>P`; None without such a rule.

    Raises `UsageError` if there is such a rule, but no `--baseline`.
    """
    limits = [rule.limit for rule in rules if rule.kind == REGRESSION and rule.limit is not None]
    if limits and baseline is None:
        raise UsageError(
            "--fail-on regression>P needs --baseline, which says what each job is measured against."
        )
    return min(limits, default=None)


# --- Judging jobs --------------------------------------------------------------------------------


def broken(rules: Iterable[Rule], jobs: Sequence[JobSummary]) -> tuple[Breach, ...]:
    """Return each job that meets a rule of `--fail-on`, by rule, then in the order of the jobs."""
    return tuple(
        Breach(f"--fail-on {rule}", job.id, job.name, found, FAIL_ON_EXIT)
        for rule in rules
        for job in jobs
        if job.listed and (found := _found(rule, job)) is not None
    )


def strict(jobs: Iterable[JobSummary]) -> tuple[Breach, ...]:
    """Return each job with an incomplete stream, for `--strict`."""
    return tuple(
        Breach("--strict", job.id, job.name, found, STRICT_EXIT)
        for job in jobs
        if job.listed and (found := _incomplete(job)) is not None
    )


def exit_code(breaches: Iterable[Breach]) -> int:
    """Return the exit code for these breaches, 0 without any; `--fail-on` takes precedence."""
    return max((breach.exit_code for breach in breaches), default=0)


def _found(rule: Rule, job: JobSummary) -> str | None:
    """Return the value with which a job meets a rule, as text; None if it does not meet it."""
    match rule.kind:
        case "incomplete":
            return _incomplete(job)
        case "nan":
            return _not_finite(job.not_finite)
        case "loss>":
            return _above(rule, "loss", job.loss)
        case "eval-loss>":
            return _above(rule, "eval-loss", job.eval_loss)
        case "regression>":
            return _regression(rule, job)
        case status:
            return _with_reason(status, job.error) if job.status == status else None


def _incomplete(job: JobSummary) -> str | None:
    stream = job.stream
    if stream.state == event_log.COMPLETE:
        return None
    return _with_reason(f"stream {stream.state}", stream.reason)


def _not_finite(count: int) -> str | None:
    if not count:
        return None
    return f"{count} {'loss is' if count == 1 else 'losses are'} not finite"


def _above(rule: Rule, name: str, metric: Metric | None) -> str | None:
    if metric is None or rule.limit is None or metric.last <= rule.limit:
        return None
    return f"{name} {js_number(metric.last)}"


def _regression(rule: Rule, job: JobSummary) -> str | None:
    if job.change is None or rule.limit is None or not has_regressed(job, rule.limit):
        return None
    return change_in_words(job.change, _UTC)


def has_regressed(job: JobSummary, percent: float | None) -> bool:
    """Return whether a job fails `regression>P`: it completed, and is worse by more than P."""
    if percent is None or job.change is None or job.status != "completed":
        return False
    return job.change.is_worse_by(percent)


def unjudged(rules: Iterable[Rule], jobs: Sequence[JobSummary]) -> str | None:
    """Return a warning that `regression>P` had nothing to compare some jobs with, or None."""
    if not any(rule.kind == REGRESSION for rule in rules):
        return None
    baselines = {job.change.baseline.id for job in jobs if job.change is not None}
    ids = [
        inert.cut(job.id, _TEXT_LENGTH)
        for job in jobs
        if job.listed and job.status == "completed" and job.change is None
        if job.id not in baselines
    ]
    if not ids:
        return None
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return (
        "--fail-on regression>P does not judge completed jobs that have nothing to be compared "
        f"with: {', '.join(ids[:_NAMED])}{more}"
    )


def _with_reason(what: str, reason: str | None) -> str:
    return f"{what}: {inert.cut(reason, _TEXT_LENGTH)}" if reason else what
