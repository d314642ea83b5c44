"""The comparison's plots of results by setting, and what they show in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

from reportgen.charts.axes import Tick
from reportgen.charts.scatter import BESIDE, CROSS, FLOOR, MARKS, ROW, WIDTH, Mark, Scale, row_y
from reportgen.model.metrics import EVAL_MINIMUM
from reportgen.pages.scatter import (
    Point,
    Row,
    Scatter,
    Series,
    bottom,
    crosses,
    fitting,
    floor_label,
    result_text,
)
from reportgen.report.by_setting import BySetting, Setting, by_setting
from reportgen.report.labels import labels
from reportgen.report.outcomes import Outcome
from reportgen.report.report import JobSummary
from reportgen.report.wording import METRIC_NAMES, cut, plural
from reportgen.text.javascript import js_number

SHOWN: Final = 6
"""The number of plots that are shown; the others are folded."""

MOST: Final = 18
"""The maximum number of plots."""

_NAME_LENGTH: Final = 60
_KEY_LENGTH: Final = 60
_TEXT_LENGTH: Final = 60
_TEXT_SIZE: Final = 120
"""The bytes of a name or a text in a tooltip."""

_COLOUR: Final = "#4f52e0"


@dataclass(frozen=True, slots=True)
class SettingPlot:
    """Results by the values of a setting."""

    key: str
    sentence: str
    """What the plot shows, if that is clear; else empty."""
    missing: int
    """The number of jobs without this setting."""
    plot: Scatter


@dataclass(frozen=True, slots=True)
class BySettingView:
    """Results by setting as the comparison shows them."""

    metric: str
    jobs: int
    crosses: str
    """What crosses stand for; empty if there are none."""
    left_out: tuple[str, ...]
    """Which jobs are not shown, and why."""
    shown: tuple[SettingPlot, ...]
    folded: tuple[SettingPlot, ...]
    more: int
    """The number of settings without a plot."""
    marks: tuple[Mark, ...] = (MARKS[0], CROSS)
    """The shapes of all marks."""


def by_setting_view(jobs: Sequence[JobSummary], zone: ZoneInfo) -> BySettingView | None:
    """Return the compared jobs' results by setting; None if too few have one."""
    found = by_setting(jobs)
    if found is None:
        return None
    names = {
        job.id: replace(label, name=fitting(label.name, _NAME_LENGTH, _TEXT_SIZE)).text
        for job, label in zip(jobs, labels(jobs, _NAME_LENGTH, zone), strict=True)
    }
    plots = [_setting_plot(setting, found, names) for setting in found.settings[:MOST]]
    left_out = (
        f"{found.running} still running left out" if found.running else "",
        f"{plural(found.unknown, 'job')} without this loss left out" if found.unknown else "",
    )
    return BySettingView(
        metric=METRIC_NAMES[found.metric],
        jobs=len(found.outcomes),
        crosses=crosses(found.outcomes),
        left_out=tuple(filter(None, left_out)),
        shown=tuple(plots[:SHOWN]),
        folded=tuple(plots[SHOWN:]),
        more=len(found.settings[MOST:]),
    )


def _setting_plot(setting: Setting, found: BySetting, names: Mapping[str, str]) -> SettingPlot:
    draw = _numbers if setting.is_number else _rows
    return SettingPlot(
        key=cut(setting.key, _KEY_LENGTH),
        sentence=_sentence(setting, found.metric),
        missing=setting.missing,
        plot=draw(setting, found, names),
    )


def _sentence(setting: Setting, metric: str) -> str:
    """Return what was seen, not why: a correlation has no cause."""
    if setting.rho is None:
        return ""
    loss = "evaluation loss" if metric == EVAL_MINIMUM else "training loss"
    sign, other = ("−", "lower") if setting.rho < 0 else ("", "higher")
    rho = f"{sign}{abs(setting.rho):.2f}"
    key = cut(setting.key, _KEY_LENGTH)
    return f"Higher {key} went with {other} {loss} (Spearman ρ = {rho}, n = {setting.n})."


# --- Plots -------------------------------------------------------------------------------------


def _numbers(setting: Setting, found: BySetting, names: Mapping[str, str]) -> Scatter:
    """Draw a setting's numbers across and results upwards."""
    values = [job.value for job in setting.jobs if isinstance(job.value, float)]
    outcomes = [job.outcome for job in setting.jobs]
    across, upwards = Scale.of(values), _scale(outcomes)
    points = []
    for value, outcome in zip(values, outcomes, strict=True):
        y = FLOOR if outcome.value is None or upwards is None else upwards.y(outcome.value)
        title = _title(names, js_number(value), outcome, found)
        points.append(_point(across.x(value), y, outcome, title))
    return Scatter(
        description=_description(setting, found),
        bottom=bottom(outcomes),
        x_ticks=across.x_ticks(),
        y_ticks=upwards.y_ticks() if upwards else (),
        series=_series(points),
        floor=floor_label(outcomes),
    )


def _rows(setting: Setting, found: BySetting, names: Mapping[str, str]) -> Scatter:
    """Draw a row for each of a setting's texts, and results across: texts are long."""
    texts = list(dict.fromkeys(str(job.value) for job in setting.jobs))
    outcomes = [job.outcome for job in setting.jobs]
    across = _scale(outcomes)
    width = BESIDE if any(outcome.value is None for outcome in outcomes) else 1.0
    points = []
    for job in setting.jobs:
        text, outcome = str(job.value), job.outcome
        x = WIDTH if outcome.value is None or across is None else width * across.x(outcome.value)
        title = _title(names, fitting(text, _TEXT_LENGTH, _TEXT_SIZE), outcome, found)
        points.append(_point(x, row_y(texts.index(text)), outcome, title))
    ticks = across.x_ticks() if across else ()
    return Scatter(
        description=_description(setting, found),
        bottom=ROW * len(texts),
        x_ticks=tuple(Tick(width * tick.at, tick.label) for tick in ticks),
        y_ticks=(),
        series=_series(points),
        rows=tuple(Row(cut(text, _TEXT_LENGTH), ROW * place) for place, text in enumerate(texts)),
    )


def _scale(outcomes: Iterable[Outcome]) -> Scale | None:
    known = [outcome.value for outcome in outcomes if outcome.value is not None]
    return Scale.of(known) if known else None


def _title(names: Mapping[str, str], value: str, outcome: Outcome, found: BySetting) -> str:
    return f"{names[outcome.job.id]} · {value} · {result_text(outcome, found.metric)}"


def _point(x: float, y: float, outcome: Outcome, title: str) -> Point:
    return Point(x, y, CROSS if outcome.value is None else MARKS[0], outcome.job.page, title)


def _series(points: Sequence[Point]) -> tuple[Series, ...]:
    return (Series("loss", _COLOUR, tuple(points)),)


def _description(setting: Setting, found: BySetting) -> str:
    return f"{METRIC_NAMES[found.metric]} by {cut(setting.key, _KEY_LENGTH)}"
