"""What the comparison shows: overlaid curves, results and configs side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reportgen.charts.svg import Polyline
from reportgen.model.rounding import significant
from reportgen.pages.looks import Looks
from reportgen.report.comparison import SHOWN, ComparedCurve, ComparedCurves, Overlay, overlay
from reportgen.report.report import JobSummary, Report
from reportgen.report.wording import (
    Badge,
    Provenance,
    badge,
    cut,
    duration,
    identity,
    moment,
    parts,
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
"""The maximum number of config keys that are compared."""

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
"""A job's line has one of eight colours; after every eight jobs comes the next dash pattern.

The colours stay distinct for readers who cannot see red, green or blue. They are for a light
background without a style sheet; report.css also has colours for a dark one.
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """A number in the table of results, None if it is unknown, with its text."""

    text: str
    number: float | None = None
    rated: bool = True
    """Whether it can be the best: the duration of a job that did not complete cannot."""
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
    """The colour of its line without a style sheet."""
    dash: str
    shown: bool
    """Whether it is drawn when the page is opened."""
    line: Polyline | None
    """None if it is not drawn then, or has no training loss."""
    results: tuple[Cell, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A config key with the text of its value for each job, `—` for a job without it."""

    key: str
    texts: tuple[str, ...]
    differs: bool
    """Whether it differs among the jobs that are drawn when the page is opened."""


@dataclass(frozen=True, slots=True)
class CompareView:
    """All that the comparison shows."""

    identity: str
    jobs: tuple[Compared, ...]
    chart: Overlay | None
    chart_description: str
    settings: tuple[Setting, ...]
    settings_left_out: int
    data: JSON
    """For the script: each job's curves by slug, as steps, values and seconds."""
    left_out: int
    """The number of jobs with points that are too old to be compared."""
    provenance: Provenance


RESULTS: Final = ("Steps", "Last loss", "Lowest loss", "Best eval loss", "Duration")
"""The headers of the columns of numbers; in all but the first the lowest number is the best."""


def compare_view(
    report: Report,
    jobs: Sequence[JobSummary],
    curves: Sequence[ComparedCurves],
    numbers: Mapping[str, int],
    looks: Looks,
) -> CompareView:
    """Return what the comparison of `jobs`, newest first, shows; `curves` are theirs, in order.

    `numbers` maps a job's id to the number that its colour comes from.
    """
    chart = overlay([compared.loss for compared in curves[:SHOWN]])
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
            job.slug: [_data(compared.loss), _data(compared.eval_loss)]
            for job, compared in zip(jobs, curves, strict=True)
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
    """Describe the drawn curves in words."""
    texts = [
        f"{cut(job.name or job.id, NAME_LENGTH)}: {short(job.loss.first)} → {short(job.loss.last)}"
        for job in jobs
        if job.loss
    ]
    return f"Training loss by step. {'; '.join(texts)}."


def _compared(
    jobs: Sequence[JobSummary],
    lines: Sequence[Polyline | None],
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
            line=lines[place] if place < len(lines) else None,
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
    return Cell(short(value) if text is None else text, value)


def _best(cells: Sequence[Cell]) -> float | None:
    """Return the lowest number of a column; None if it has no two different ones."""
    known = {cell.number for cell in cells if cell.number is not None and cell.rated}
    return min(known) if len(known) > 1 else None


def _marked(cell: Cell, best: float | None) -> Cell:
    return replace(cell, best=best is not None and cell.rated and cell.number == best)


def _note(job: JobSummary, left: float | None) -> str:
    """Return what a reader should know about a job's numbers: errors and missing points."""
    notes = []
    if job.error is not None:
        notes.append(cut(" ".join(job.error.split()), NOTE_LENGTH))
    if job.not_finite:
        notes.append(f"{plural(job.not_finite, 'loss', 'losses')} not finite")
    if left is not None:
        notes.append(f"its curve leaves the plot at step {js_number(round(left))}")
    return " · ".join(notes)


# --- Configs -----------------------------------------------------------------------------------


def _settings(jobs: Sequence[JobSummary]) -> tuple[Setting, ...]:
    """Return the config keys of all jobs, those that differ among the drawn jobs first."""
    configs = [parts(job.config) for job in jobs]
    keys = dict.fromkeys(key for config in configs for key in config)
    settings = [_setting(key, configs) for key in keys]
    return tuple(sorted(settings, key=lambda setting: not setting.differs))


def _setting(key: str, configs: Sequence[Object]) -> Setting:
    texts = tuple(_text(config, key) for config in configs)
    return Setting(cut(key, VALUE_LENGTH), texts, differs=len(set(texts[:SHOWN])) > 1)


def _text(config: Object, key: str) -> str:
    if (value := config.get(key)) is None:
        return "—"
    return cut(value if isinstance(value, str) else js_value(value), VALUE_LENGTH)


# --- For the script ----------------------------------------------------------------------------


def _data(curve: ComparedCurve) -> JSON:
    return [
        [_rounded(step, 9) for step in curve.steps],
        [_rounded(value, 5) for value in curve.values],
        [_rounded(second, 6) for second in curve.seconds],
    ]


def _rounded(number: float, digits: int) -> float | int:
    value = significant(number, digits)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
