"""The verdict at the top of the comparison: which job is the best, and by how much."""

from collections.abc import Iterator, Mapping
from typing import Final

from reportgen.model.metrics import EVAL_MINIMUM, TAIL_MEAN
from reportgen.model.rounding import SHORT_DIGITS, digits_for
from reportgen.pages.values import Link, Loss, Part, distance
from reportgen.report.labels import Label
from reportgen.report.report import JobSummary
from reportgen.report.verdict import Verdict
from reportgen.report.wording import short
from reportgen.text.javascript import js_number

_LOSSES: Final = {EVAL_MINIMUM: "an evaluation loss", TAIL_MEAN: "a training loss"}
_METRICS: Final = {
    EVAL_MINIMUM: "its lowest evaluation loss",
    TAIL_MEAN: "the mean of the last tenth of its training losses",
}


def sentences(found: Verdict, labels: Mapping[str, Label]) -> Iterator[Part]:
    """Yield the verdict, and which checkpoint of the best job to take.

    `labels` maps the compared jobs' ids to their labels.
    """
    best, second = (_link(job, labels) for job in (found.best, found.second))
    own, other = found.value, found.next_value
    digits = SHORT_DIGITS
    if other is not None and short(own) == short(other):
        digits = digits_for(own, other)
    by = f"by {_METRICS[found.metric]}"
    so_far = "" if found.best.ended else " so far"
    yield f"Of the {found.jobs} jobs{f' with {_LOSSES[found.metric]}' if found.others else ''}, "
    yield best
    yield f" is the best{so_far} {by}: "
    yield Loss(own, digits)
    if found.metric == EVAL_MINIMUM and found.best.eval_loss:
        yield f" at step {js_number(found.best.eval_loss.min_step)}"
    if other is None:
        yield ", and the only finite one. "
    elif own == other:
        yield from (", exactly as good as ", second, ". ")
    else:
        yield from (", ", *distance(own, other), " better than ", second, " at ")
        yield from (Loss(other, digits), ". ")
    yield from _checkpoint(found.best)


def _checkpoint(job: JobSummary) -> Iterator[Part]:
    near = "best evaluation" if job.eval_loss else "lowest loss"
    kept = job.checkpoint
    if kept is None:
        yield "It saved no checkpoint."
        return
    yield f"Its checkpoint nearest to the {near}"
    if kept.evaluation is None or job.eval_loss is None:
        yield f" is at step {js_number(kept.step)}."
        return
    yield f", at step {js_number(kept.step)}, has an evaluation loss of "
    yield Loss.of(kept.evaluation.value, job.eval_loss)
    if kept.evaluation.step != kept.step:
        yield f" (the nearest one, at step {js_number(kept.evaluation.step)})"
    yield "."


def _link(job: JobSummary, labels: Mapping[str, Label]) -> Link:
    label = labels[job.id]
    return Link(job.page, label.name, label.mark)
