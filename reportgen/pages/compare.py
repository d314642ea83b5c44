"""The contents of the comparison: overlaid curves, results and configs side by side."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.charts.labels import left_margin
from reportgen.charts.svg import Polyline
from reportgen.model.rounding import significant
from reportgen.pages.by_setting import BySettingView, by_setting_view
from reportgen.pages.looks import Looks
from reportgen.pages.values import Part
from reportgen.pages.verdict import sentences
from reportgen.report.comparison import (
    SHOWN,
    ComparedCurve,
    ComparedCurves,
    LineEnd,
    Overlay,
    overlay,
)
from reportgen.report.labels import Label, labels
from reportgen.report.ranking import common_metric, rank, result_in
from reportgen.report.report import JobSummary, Report
from reportgen.report.verdict import verdict
from reportgen.report.wording import (
    METRIC_NAMES,
    Badge,
    Provenance,
    ShownChange,
    badge,
    cut,
    duration,
    identity,
    last_loss,
    moment,
    parts,
    plural,
    short,
    shown_change,
    source_name,
    steps,
)
from reportgen.text.javascript import JSON, Object, js_number, js_value

NAME_LENGTH: Final = 60
VALUE_LENGTH: Final = 60
NOTE_LENGTH: Final = 120
_DIGITS: Final = 5
_ALL_DIGITS: Final = 17
_EXACT: Final = 2**53

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
"""A job's line has one of eight colours; every eight jobs, the dash pattern changes.

The colours stay distinct for readers who cannot see red, green or blue. They are for a light
background without a style sheet; report.css also has colours for a dark one.
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """A number in the table of results, None if unknown, with its text."""

    text: str
    number: float | None = None
    rated: bool = True
    """Whether it can be the best: more steps or less time are not better."""
    best: bool = False
    is_short: bool = False
    """Whether the text is the rounded number."""
    not_finite: str | None = None
    """The last loss if it was not finite, which is worse than any number."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A job in the comparison."""

    slug: str
    page: str
    label: Label
    status: Badge
    colour: str
    """The CSS class of its line."""
    stroke: str
    """The colour of its line without a style sheet."""
    dash: str
    shown: bool
    """Whether it is drawn when the page is opened."""
    lines: tuple[Polyline, ...]
    """The unbroken parts of its curve; empty if it has none or is not drawn then."""
    end: LineEnd | None
    results: tuple[Cell, ...]
    change: ShownChange | None
    """The change from its baseline."""
    note: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A config key with the text of its value for each job, `—` for jobs without it."""

    key: str
    texts: tuple[str, ...]
    differs: bool
    """Whether it differs between the jobs drawn when the page is opened."""


@dataclass(frozen=True, slots=True)
class CompareView:
    """Everything that the comparison shows."""

    identity: str
    verdict: tuple[Part, ...]
    """Which job is the best; empty if that cannot be said."""
    jobs: tuple[Compared, ...]
    """The jobs with the best results first."""
    ranked_by: str
    """The metric of these results; empty if no job has one."""
    chart: Overlay | None
    left: float
    """The width left of the plot, for its labels."""
    of: str
    """The curve drawn when the page is opened: `loss` or `eval-loss`."""
    what: str
    """That curve in words."""
    chart_description: str
    differing: tuple[Setting, ...]
    alike: tuple[Setting, ...]
    """The settings that differ between the drawn jobs, and those that do not."""
    settings_left_out: int
    by_setting: BySettingView | None
    data: JSON
    """For the script: each job's curves by slug, as steps, values, seconds, 1 for means, breaks."""
    left_out: int
    """The number of jobs with points that are too old to be compared."""
    measured: bool
    """Whether any job is measured against a baseline."""
    provenance: Provenance


RESULTS: Final = ("Best eval loss", "Last loss", "Lowest loss", "Steps", "Duration")
"""The headers of the columns of numbers; the lowest number in a column is the best."""

_STEPS: Final = RESULTS.index("Steps")

_LOSSES: Final = {"loss": "Training loss", "eval-loss": "Evaluation loss"}


def compare_view(
    report: Report,
    jobs: Sequence[JobSummary],
    curves: Sequence[ComparedCurves],
    numbers: Mapping[str, int],
    looks: Looks,
) -> CompareView:
    """Return the contents of the comparison of `jobs`, newest first, with `curves` in that order.

    `numbers` maps job ids to colour numbers.
    """
    metric = common_metric(jobs)
    places = sorted(range(len(jobs)), key=lambda place: _rank(jobs[place], metric))
    of = _first_of(curves[:SHOWN])
    drawn = {place: _curve(curves[place], of) for place in places if place < SHOWN}
    chart = overlay(list(drawn.values()))
    settings = _settings([jobs[place] for place in places], [place < SHOWN for place in places])
    rows = _compared(jobs, numbers, report, looks.timezone)
    best = verdict(jobs)
    by_id = {job.id: row.label for job, row in zip(jobs, rows, strict=True)}
    return CompareView(
        identity=identity(report.origin),
        ranked_by=METRIC_NAMES[metric] if metric else "",
        verdict=() if best is None else tuple(sentences(best, by_id)),
        jobs=tuple(_drawn([rows[place] for place in places], list(drawn), places, chart)),
        chart=chart,
        left=left_margin(chart.y_ticks if chart else ()),
        of=of,
        what=_LOSSES[of],
        chart_description=_description([jobs[place] for place in drawn], of),
        differing=tuple(setting for setting in settings[:KEYS] if setting.differs),
        alike=tuple(setting for setting in settings[:KEYS] if not setting.differs),
        settings_left_out=len(settings[KEYS:]),
        by_setting=by_setting_view(jobs, looks.timezone),
        data={
            jobs[place].slug: [_data(curves[place].loss), _data(curves[place].eval_loss)]
            for place in places
        },
        left_out=sum(bool(job.loss or job.eval_loss) for job in report.jobs) - len(jobs),
        measured=any(job.change for job in jobs),
        provenance=Provenance(
            source=source_name(report.origin),
            url=None,
            as_of=moment(report.snapshot_at, looks.timezone),
            facts=(f"{plural(len(jobs), 'job')} compared",),
            generator=report.generator,
        ),
    )


def _rank(job: JobSummary, metric: str | None) -> tuple[bool, tuple[bool, float]]:
    """Return a job's sort key: the best result in the common metric first, then other results."""
    common = result_in(job, metric)
    result = common or job.result
    return common is None, (True, 0.0) if result is None else rank(result)


def _first_of(curves: Sequence[ComparedCurves]) -> str:
    """Return the curve to draw first: the evaluation loss if most jobs have it."""
    evaluated = sum(bool(compared.eval_loss.steps) for compared in curves)
    return "eval-loss" if evaluated > len(curves) / 2 else "loss"


def _curve(curves: ComparedCurves, of: str) -> ComparedCurve:
    return curves.loss if of == "loss" else curves.eval_loss


def _description(jobs: Iterable[JobSummary], of: str) -> str:
    """Describe the drawn curves in words."""
    known = [(job, job.loss if of == "loss" else job.eval_loss) for job in jobs]
    texts = [
        f"{cut(job.display_name, NAME_LENGTH)}: {short(metric.first)} → {short(metric.last)}"
        for job, metric in known
        if metric
    ]
    return f"{_LOSSES[of]} by step. {'; '.join(texts) or 'No curve'}."


# --- Results -----------------------------------------------------------------------------------


def _compared(
    jobs: Sequence[JobSummary], numbers: Mapping[str, int], report: Report, zone: ZoneInfo
) -> list[Compared]:
    """Return the jobs' rows, in the given order, without lines."""
    results = [_results(job, report.snapshot_at) for job in jobs]
    columns = [_marked(_distinct(cells)) for cells in zip(*results, strict=True)]
    configs = {job.id: job.config for job in report.jobs}
    found = []
    for place, (job, label) in enumerate(zip(jobs, labels(jobs, NAME_LENGTH, zone), strict=True)):
        number = numbers.get(job.id, place)
        compared = Compared(
            slug=job.slug,
            page=job.page,
            label=label,
            status=badge(job.status),
            colour=f"k{number % len(COLOURS)}",
            stroke=COLOURS[number % len(COLOURS)],
            dash=DASHES[number // len(COLOURS) % len(DASHES)],
            shown=place < SHOWN,
            lines=(),
            end=None,
            results=tuple(column[place] for column in columns),
            change=None if job.change is None else shown_change(job.change, zone),
            note=_note(job, configs),
        )
        found.append(compared)
    return found


def _drawn(
    rows: Sequence[Compared], drawn: Sequence[int], places: Sequence[int], chart: Overlay | None
) -> Iterable[Compared]:
    """Add the drawn jobs' lines to their rows; `drawn` holds these jobs' places, in line order."""
    for place, row in zip(places, rows, strict=True):
        if chart is None or place not in drawn:
            yield row
            continue
        at = drawn.index(place)
        left = chart.left_at[at]
        where = f"its curve leaves the plot at step {js_number(left)}" if left is not None else ""
        note = " · ".join(filter(None, (row.note, where)))
        yield replace(row, lines=chart.lines[at], end=chart.ends[at], note=note)


def _results(job: JobSummary, now: datetime) -> tuple[Cell, ...]:
    loss, eval_loss = job.loss, job.eval_loss
    seconds = job.seconds_at(now)
    so_far = " so far" if job.status == "running" and seconds is not None else ""
    last = _cell(loss.last if loss else None)
    if job.last_not_finite:
        last = Cell(last_loss(job), math.inf, not_finite=job.last_not_finite)
    return (
        _cell(eval_loss.min if eval_loss else None),
        last,
        _cell(loss.min if loss else None),
        replace(_cell(job.last_step, steps(job)), rated=False),
        replace(_cell(seconds, duration(seconds) + so_far), rated=False),
    )


def _cell(value: float | None, text: str | None = None) -> Cell:
    if text is None:
        return Cell(short(value), value, is_short=value is not None)
    return Cell(text, value)


def _distinct(cells: Sequence[Cell]) -> Sequence[Cell]:
    """Print the numbers in a column with enough digits to make different ones look different."""
    numbers = {cell.number for cell in cells if cell.is_short and cell.number is not None}
    if len({short(number) for number in numbers}) == len(numbers):
        return cells
    digits = next(
        digits
        for digits in range(_DIGITS, _ALL_DIGITS + 1)
        if len({significant(number, digits) for number in numbers}) == len(numbers)
    )
    return [
        replace(cell, text=js_number(significant(cell.number, digits)))
        if cell.is_short and cell.number is not None and cell.rated
        else cell
        for cell in cells
    ]


def _marked(cells: Sequence[Cell]) -> list[Cell]:
    """Mark the lowest number in a column as the best, unless all are equal."""
    known = {cell.number for cell in cells if cell.number is not None and cell.rated}
    best = min(known) if len(known) > 1 else None
    return [
        replace(cell, best=best is not None and cell.rated and cell.number == best)
        for cell in cells
    ]


def _note(job: JobSummary, configs: Mapping[str, Object]) -> str:
    """Return a note on a job's error, its losses that are not finite, and its changed settings."""
    notes = []
    if job.error is not None:
        notes.append(cut(" ".join(job.error[: 4 * NOTE_LENGTH].split()), NOTE_LENGTH))
    if job.not_finite:
        notes.append(f"{plural(job.not_finite, 'loss', 'losses')} not finite")
    if job.change is not None and (base := configs.get(job.change.baseline.id)) is not None:
        notes += _changed(parts(base), parts(job.config))
    return " · ".join(notes)


_CHANGED: Final = 4
"""The maximum number of settings in a note."""


def _changed(before: Object, now: Object) -> Iterable[str]:
    """Yield which settings differ from the baseline's: `learningRate 0.03 → 0.003`."""
    keys = [key for key in dict.fromkeys((*before, *now)) if before.get(key) != now.get(key)]
    for key in keys[:_CHANGED]:
        yield f"{cut(key, VALUE_LENGTH)} {_text(before, key)} → {_text(now, key)}"
    if more := len(keys[_CHANGED:]):
        yield f"… and {plural(more, 'more setting')}"


# --- Configs -----------------------------------------------------------------------------------


def _settings(jobs: Sequence[JobSummary], shown: Sequence[bool]) -> tuple[Setting, ...]:
    """Return the config keys of all jobs, those that differ between the drawn jobs first."""
    configs = [parts(job.config) for job in jobs]
    keys = dict.fromkeys(key for config in configs for key in config)
    settings = [_setting(key, configs, shown) for key in keys]
    return tuple(sorted(settings, key=lambda setting: not setting.differs))


def _setting(key: str, configs: Sequence[Object], shown: Sequence[bool]) -> Setting:
    texts = tuple(_text(config, key) for config in configs)
    drawn = {text for text, is_drawn in zip(texts, shown, strict=True) if is_drawn}
    return Setting(cut(key, VALUE_LENGTH), texts, differs=len(drawn) > 1)


def _text(config: Object, key: str) -> str:
    if (value := config.get(key)) is None:
        return "—"
    return cut(value if isinstance(value, str) else js_value(value), VALUE_LENGTH)


# --- For the script ----------------------------------------------------------------------------


def _data(curve: ComparedCurve) -> JSON:
    """Return a curve's points: logged ones exactly, means only as precisely as visible."""
    breaks: list[JSON] = [list(curve.breaks)] if curve.breaks else []
    if not curve.averaged:
        seconds: list[JSON] = [_plain(round(second, 3)) for second in curve.seconds]
        numbers: list[JSON] = [list(map(_plain, curve.steps)), list(map(_plain, curve.values))]
        return [*numbers, seconds, 0, *breaks]
    rounded: list[JSON] = list(map(_rounded, (curve.steps, curve.values, curve.seconds)))
    return [*rounded, 1, *breaks]


_PARTS: Final = 100_000
"""The number of parts into which the range of rounded numbers is divided."""


def _rounded(numbers: Sequence[float]) -> list[JSON]:
    if not numbers:
        return []
    part = max(numbers) / _PARTS - min(numbers) / _PARTS
    decimals = math.ceil(-math.log10(part)) if part else _ALL_DIGITS
    return [_plain(round(number, decimals)) for number in numbers]


def _plain(number: float) -> JSON:
    return int(number) if number.is_integer() and abs(number) < _EXACT else number
