"""What the comparison says: curves over one another, results and configs side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reportgen.pages.looks import Looks
from reportgen.report.comparison import SHOWN, Course, Courses, Overlay, overlay
from reportgen.report.report import JobSummary, Report
from reportgen.report.wording import (
    Badge,
    Provenance,
    badge,
    cut,
    duration,
    identity,
    moment,
    plural,
    short,
    source_name,
    steps,
)
from reportgen.text.javascript import JSON, Object, js_number, js_value

NAME_LENGTH: Final = 60
VALUE_LENGTH: Final = 60
NOTE_LENGTH: Final = 120
KEYS: Final = 40
"""How many config keys are compared."""

COLOURS: Final = (
    "#3a25f7",
    "#c9786f",
    "#194f0c",
    "#2f9eba",
    "#bc63f7",
    "#819c17",
    "#7d1352",
    "#5d158c",
)
DASHES: Final = ("none", "7 3", "2 3")
"""A job's line is one of eight colours and, every eight jobs, of the next dash.

The colours stay apart also for those who see no red, no green or no blue. These are for a light
ground, where there is no style; report.css has them for a dark one too.
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """A number in the table of results: its text, and what it is sorted by and judged by."""

    text: str
    number: str = ""
    rated: bool = True
    """Whether it may be the best: how long a run took that was cut short says nothing."""
    best: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """A job in the comparison."""

    slug: str
    page: str
    name: str
    status: Badge
    colour: str
    """The CSS class of its line."""
    stroke: str
    """The colour of its line where there is no style."""
    dash: str
    shown: bool
    """Whether it is drawn before anyone chose."""
    line: str
    """The `d` of its path, empty where it is not shown or has no training loss."""
    results: tuple[Cell, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A config key with its text for each job, `—` where a job has none."""

    key: str
    texts: tuple[str, ...]
    differs: bool
    """Whether the jobs shown at first have different ones."""


@dataclass(frozen=True, slots=True)
class CompareView:
    """All that the comparison says."""

    identity: str
    jobs: tuple[Compared, ...]
    chart: Overlay | None
    chart_description: str
    settings: tuple[Setting, ...]
    settings_left_out: int
    data: JSON
    """What the script draws from: by slug, each curve as steps, values and seconds."""
    left_out: int
    """How many jobs with points are older than those that are compared."""
    provenance: Provenance


RESULTS: Final = ("Steps", "Last loss", "Least loss", "Best eval loss", "Duration")
"""The table's columns of numbers; in all but the first the least is the best."""


def compare_view(
    report: Report,
    jobs: Sequence[JobSummary],
    courses: Sequence[Courses],
    numbers: Mapping[str, int],
    looks: Looks,
) -> CompareView:
    """Lay out the comparison of `jobs`, the newest first, with the course of each.

    `numbers` gives each job the number, by its id, that its colour comes from.
    """
    drawn = [course.loss for course in courses[:SHOWN]]
    chart = overlay(drawn)
    lines = chart.lines if chart else ()
    settings = _settings(jobs)
    return CompareView(
        identity=identity(report.origin),
        jobs=tuple(_compared(jobs, lines, chart, numbers)),
        chart=chart,
        chart_description=_description(jobs[:SHOWN]),
        settings=settings[:KEYS],
        settings_left_out=len(settings[KEYS:]),
        data={
            job.slug: [_data(course.loss), _data(course.eval_loss)]
            for job, course in zip(jobs, courses, strict=True)
        },
        left_out=sum(bool(job.loss or job.eval_loss) for job in report.jobs) - len(jobs),
        provenance=Provenance(
            source=source_name(report.origin),
            url=None,
            as_of=moment(report.snapshot_at, looks.timezone),
            facts=(f"{plural(len(jobs), 'job')} compared",),
            generator=report.generator,
        ),
    )


def _description(jobs: Iterable[JobSummary]) -> str:
    """Say in words what is drawn."""
    said = [
        f"{cut(job.name or job.id, NAME_LENGTH)}: {short(job.loss.first)} → {short(job.loss.last)}"
        for job in jobs
        if job.loss
    ]
    return f"Training loss by step. {'; '.join(said)}."


def _compared(
    jobs: Sequence[JobSummary],
    lines: Sequence[str],
    chart: Overlay | None,
    numbers: Mapping[str, int],
) -> Iterable[Compared]:
    results = [_results(job) for job in jobs]
    best = [_best(cells) for cells in list(zip(*results, strict=True))[1:]]
    for place, (job, cells) in enumerate(zip(jobs, results, strict=True)):
        number = numbers.get(job.id, place)
        left = chart.left_at[place] if chart and place < len(lines) else None
        yield Compared(
            slug=job.slug,
            page=job.page,
            name=cut(job.name or job.id, NAME_LENGTH),
            status=badge(job.status),
            colour=f"k{number % len(COLOURS)}",
            stroke=COLOURS[number % len(COLOURS)],
            dash=DASHES[number // len(COLOURS) % len(DASHES)],
            shown=place < SHOWN,
            line=lines[place] if place < len(lines) else "",
            results=(cells[0], *map(_marked, cells[1:], best)),
            note=_note(job, left),
        )


def _results(job: JobSummary) -> tuple[Cell, ...]:
    loss, eval_loss = job.loss, job.eval_loss
    return (
        _cell(job.last_step, steps(job)),
        _cell(loss.last if loss else None),
        _cell(loss.min if loss else None),
        _cell(eval_loss.min if eval_loss else None),
        replace(
            _cell(job.duration_seconds, duration(job.duration_seconds)),
            rated=job.status == "completed",
        ),
    )


def _cell(value: float | None, text: str | None = None) -> Cell:
    if value is None:
        return Cell(text or "—")
    return Cell(short(value) if text is None else text, js_number(value))


def _best(cells: Sequence[Cell]) -> str:
    """Give the least number of a column; none where there is nothing to choose from."""
    known = {cell.number for cell in cells if cell.number and cell.rated}
    return min(known, key=float) if len(known) > 1 else ""


def _marked(cell: Cell, best: str) -> Cell:
    return replace(cell, best=bool(best) and cell.rated and cell.number == best)


def _note(job: JobSummary, left: float | None) -> str:
    """Say why a job's numbers may not be what they seem."""
    said = []
    if job.error is not None:
        said.append(cut(" ".join(job.error.split()), NOTE_LENGTH))
    if job.not_finite:
        said.append(f"{plural(job.not_finite, 'loss', 'losses')} not finite")
    if left is not None:
        said.append(f"its curve leaves the plot at step {js_number(round(left))}")
    return " · ".join(said)


# --- Configs -----------------------------------------------------------------------------------


def _settings(jobs: Sequence[JobSummary]) -> tuple[Setting, ...]:
    """Give the config keys of all jobs, those first in which the jobs shown differ."""
    keys = dict.fromkeys(key for job in jobs for key in job.config)
    settings = [_setting(key, jobs) for key in keys]
    return tuple(sorted(settings, key=lambda setting: not setting.differs))


def _setting(key: str, jobs: Sequence[JobSummary]) -> Setting:
    texts = tuple(_text(job.config, key) for job in jobs)
    return Setting(cut(key, VALUE_LENGTH), texts, differs=len(set(texts[:SHOWN])) > 1)


def _text(config: Object, key: str) -> str:
    if (value := config.get(key)) is None:
        return "—"
    return cut(value if isinstance(value, str) else js_value(value), VALUE_LENGTH)


# --- For the script ----------------------------------------------------------------------------


def _data(course: Course) -> JSON:
    return [
        [_rounded(step, 9) for step in course.steps],
        [_rounded(value, 5) for value in course.values],
        [_rounded(second, 6) for second in course.seconds],
    ]


def _rounded(number: float, digits: int) -> float | int:
    value = float(f"{number:.{digits}g}")
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
