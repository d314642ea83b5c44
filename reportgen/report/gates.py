"""The gates `--fail-on` and `--strict`: which jobs fail a build once its report is written. Pure.

Both judge only jobs that are still listed, by the numbers that pages and `report.json` show:
`loss>N` by the curve's last finite loss, `nan` by the losses that are not finite.
"""

import difflib
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from reportgen.errors import UsageError
from reportgen.events import event_log, wire
from reportgen.model.metrics import Metric
from reportgen.report.report import JobSummary
from reportgen.text import inert
from reportgen.text.javascript import js_number

STRICT_EXIT: Final = 4
FAIL_ON_EXIT: Final = 5

INCOMPLETE: Final = "incomplete"
NOT_FINITE: Final = "nan"
LOSS: Final = "loss>"
EVAL_LOSS: Final = "eval-loss>"

_WORDS: Final = (*wire.STATUSES, INCOMPLETE, NOT_FINITE)
_LIMITED: Final = (LOSS, EVAL_LOSS)
_RULES: Final = (*_WORDS, *(f"{kind}N" for kind in _LIMITED))
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

_TEXT_LENGTH: Final = 200
"""The number of characters of a name or a reason that a line on stderr shows."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition that fails a build: a status, another word, or a loss with its limit."""

    kind: str
    limit: float | None = None

    def __str__(self) -> str:
        return self.kind if self.limit is None else f"{self.kind}{js_number(self.limit)}"


@dataclass(frozen=True, slots=True)
class Breach:
    """A job that meets a rule, with the value that does."""

    gate: str
    """The option and its rule, such as `--fail-on loss>2`."""
    job_id: str
    job_name: str | None
    found: str
    """The value as text, such as `loss 2.31`."""
    exit_code: int

    @property
    def words(self) -> str:
        """The breach as a line for stderr, holding the server's texts, not yet made inert."""
        name = f" ({inert.cut(self.job_name, _TEXT_LENGTH)})" if self.job_name else ""
        return f"{self.gate}: {self.job_id}{name}: {self.found}"


# --- Parsing rules -------------------------------------------------------------------------------


def parse(text: str) -> tuple[Rule, ...]:
    """Parse the rules of `--fail-on`, separated by commas, each once. Raises `UsageError`."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise UsageError(f"--fail-on names no rule: use one or more of {', '.join(_RULES)}.")
    return tuple(dict.fromkeys(map(_rule, words)))


def _rule(word: str) -> Rule:
    if word in _WORDS:
        return Rule(word)
    kind, sign, number = word.partition(">")
    if f"{kind.rstrip()}{sign}" in _LIMITED:
        return Rule(f"{kind.rstrip()}{sign}", _limit(word, number.strip()))
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


# --- Judging jobs --------------------------------------------------------------------------------


def broken(rules: Iterable[Rule], jobs: Sequence[JobSummary]) -> tuple[Breach, ...]:
    """Return each job that meets a rule of `--fail-on`, rule by rule, in the order of the jobs."""
    return tuple(
        Breach(f"--fail-on {rule}", job.id, job.name, found, FAIL_ON_EXIT)
        for rule in rules
        for job in jobs
        if job.listed and (found := _found(rule, job)) is not None
    )


def strict(jobs: Iterable[JobSummary]) -> tuple[Breach, ...]:
    """Return each job whose stream is not complete, for `--strict`."""
    return tuple(
        Breach("--strict", job.id, job.name, found, STRICT_EXIT)
        for job in jobs
        if job.listed and (found := _incomplete(job)) is not None
    )


def exit_code(breaches: Iterable[Breach]) -> int:
    """Return the exit code for these breaches, 0 if there are none; `--fail-on` wins."""
    return max((breach.exit_code for breach in breaches), default=0)


def _found(rule: Rule, job: JobSummary) -> str | None:
    """Return the value by which a job meets a rule, as text; None if it does not meet it."""
    match rule.kind:
        case "incomplete":
            return _incomplete(job)
        case "nan":
            return _not_finite(job.not_finite)
        case "loss>":
            return _above(rule, "loss", job.loss)
        case "eval-loss>":
            return _above(rule, "eval-loss", job.eval_loss)
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


def _with_reason(what: str, reason: str | None) -> str:
    return f"{what}: {inert.cut(reason, _TEXT_LENGTH)}" if reason else what
