"""The chart's geometry: it shows what the points say, however many there are."""

import math
import random
from array import array
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reportgen.charts import svg as svg_text
from reportgen.charts.axes import HEIGHT, WIDTH
from reportgen.charts.labels import Margins
from reportgen.charts.loss_chart import (
    COLUMNS,
    DOTS,
    MARKS,
    SPARE_COLUMNS,
    Chart,
    DrawnCurve,
    ScriptPoints,
    draw,
)
from reportgen.model.curves import Curve, Superseded
from reportgen.model.metrics import metric
from reportgen.model.span import Span
from reportgen.pages.template import FILTERS
from reportgen.text.javascript import js_number

EMPTY = Superseded()


def curve(*points: tuple[float, float]) -> Curve:
    return Curve(array("d", [step for step, _ in points]), array("d", [v for _, v in points]))


def drawn_points(line: DrawnCurve) -> list[tuple[str, float, float]]:
    """Return a curve's points to two places, each with the letter that leads to it in a path."""
    return [
        ("L" if at else "M", round(x, 2), round(y, 2))
        for segment in line.segments
        for at, (x, y) in enumerate(zip(segment.xs, segment.ys, strict=True))
    ]


def chart(loss: Curve, eval_loss: Curve | None = None, old: Superseded = EMPTY) -> Chart:
    drawn = draw(loss, eval_loss or Curve(), old, [])
    assert drawn is not None
    return drawn


def test_sizes() -> None:
    assert (WIDTH, HEIGHT, COLUMNS, SPARE_COLUMNS, MARKS) == (640, 200, 640, 160, 200)


def test_nothing_to_draw() -> None:
    assert draw(Curve(), Curve(), Superseded(), [1, 2]) is None


def test_a_lone_point_is_a_dot_in_the_middle() -> None:
    drawn = chart(curve((7, 3)))
    assert drawn_points(drawn.loss) == [("M", 320, 100)]
    assert [(dot.x, dot.y) for dot in drawn.loss.dots] == [(320, 100)]


def test_corners() -> None:
    drawn = chart(curve((10, 4), (20, 1), (30, 2.5)))
    assert drawn_points(drawn.loss) == [("M", 0, 0), ("L", 320, 200), ("L", 640, 100)]


def test_equal_values_are_drawn_in_the_middle() -> None:
    drawn = chart(curve((1, 5), (2, 5)))
    assert drawn_points(drawn.loss) == [("M", 0, 100), ("L", 640, 100)]


def test_all_that_is_drawn_shares_the_axes() -> None:
    old = Superseded()
    old.add(curve((3, 9)))
    drawn = chart(curve((1, 5), (2, 4)), curve((4, 1)), old)
    assert drawn_points(drawn.loss) == [("M", 0, 100), ("L", 213.33, 125)]
    assert drawn_points(drawn.eval_loss) == [("M", 640, 200)]
    assert drawn_points(drawn.superseded) == [("M", 426.67, 0)]


def test_a_baseline_is_drawn_as_far_as_it_is_in_the_plot() -> None:
    loss = curve((10, 2.0), (20, 1.0))
    other = curve((5, 1.5), (10, 1.75), (14, 1.5), (15, 9.0), (16, 1.25), (20, 1.0), (30, 1.5))
    drawn = draw(loss, Curve(), EMPTY, (), other)
    assert drawn is not None
    assert drawn_points(drawn.baseline) == [
        ("M", 0, 50), ("L", 256, 100), ("M", 384, 150), ("L", 640, 200),
    ]  # fmt: skip
    assert drawn_points(drawn.loss) == [("M", 0, 0), ("L", 640, 200)]
    assert [entry.kind for entry in drawn.legend] == ["loss", "baseline"]


def test_a_loss_that_is_not_finite_breaks_the_line_and_marks_the_edge() -> None:
    drawn = chart(curve((0, 2), (1, math.nan), (2, 1), (3, -math.inf), (4, 1.5)))
    assert [letter for letter, *_ in drawn_points(drawn.loss)] == ["M", "M", "M"]
    assert [(mark.x, mark.top) for mark in drawn.not_finite] == [(160, True), (480, False)]
    assert drawn.points == 3


def test_only_losses_that_are_not_finite() -> None:
    drawn = chart(curve((1, math.nan), (2, math.nan)))
    assert drawn.loss.segments == ()
    assert [mark.x for mark in drawn.not_finite] == [0, 640]


def test_checkpoints_within_the_range_are_marked() -> None:
    drawn = draw(curve((10, 1), (20, 2)), Curve(), Superseded(), [5, 10, 15, 25])
    assert drawn is not None
    assert drawn.checkpoints == (0, 320)


FINITE = st.floats(allow_nan=False, allow_infinity=False)
ANY = st.floats()


@st.composite
def curves(draw_: st.DrawFn, values: st.SearchStrategy[float] = ANY, most: int = 60) -> Curve:
    steps = sorted(draw_(st.sets(FINITE.map(lambda x: x + 0.0), min_size=1, max_size=most)))
    return curve(*((step, draw_(values)) for step in steps))


@given(curves(), curves(most=10))
def test_any_curve_stays_within_the_plot(loss: Curve, eval_loss: Curve) -> None:
    drawn = chart(loss, eval_loss)
    for line in (drawn.loss, drawn.eval_loss):
        points = drawn_points(line)
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for _, x, y in points)
        assert all(a[1] <= b[1] for a, b in pairwise(points))
        assert not points or points[0][0] == "M"
    for tick in drawn.x_ticks:
        assert 0 <= tick.at <= WIDTH
    for tick in drawn.y_ticks:
        assert 0 <= tick.at <= HEIGHT
    assert len({tick.label for tick in drawn.x_ticks}) == len(drawn.x_ticks)


@settings(deadline=None, max_examples=8)
@given(st.integers(2, 6000), st.randoms(use_true_random=False))
def test_thinning_keeps_what_each_column_shows(count: int, chance: random.Random) -> None:
    values = [chance.uniform(-100, 100) for _ in range(count)]
    loss = curve(*enumerate(values))
    drawn = chart(loss)
    kept: dict[int, list[tuple[float, float]]] = {}
    for _, x, y in drawn_points(drawn.loss):
        kept.setdefault(round(x), []).append((x, y))
    low, high, last = min(values), max(values), len(values) - 1
    columns: dict[int, list[int]] = {}
    for step in range(len(values)):
        columns.setdefault(min(int(step / last * COLUMNS), COLUMNS - 1), []).append(step)

    def place(step: int) -> tuple[float, float]:
        height = HEIGHT / 2 if high == low else HEIGHT * (high - values[step]) / (high - low)
        return step / last * WIDTH, height

    for steps in columns.values():
        extremes = (steps[0], steps[-1], min(steps, key=values.__getitem__),
                    max(steps, key=values.__getitem__))  # fmt: skip
        for step in extremes:
            x, y = place(step)
            places = [kept.get(round(x) + side, []) for side in (-1, 0, 1)]
            assert any(math.dist((x, y), point) < 0.02 for near in places for point in near)
    assert drawn.drawn <= 4 * COLUMNS
    assert drawn.points == len(values)


# --- Thinning, compared with a plain implementation ----------------------------------------------

# Some thirty points share the first column or two, where thinning has something to leave out.
CROWDED = st.sets(st.integers(0, 30).map(float) | st.just(10_000.0), max_size=31).map(sorted)
VALUES = st.sampled_from([-2.0, -1.0, 0.0, 1.0, 2.0, math.nan, math.inf, -math.inf])


@st.composite
def crowded_curves(draw_: st.DrawFn) -> Curve:
    return curve(*((step, draw_(VALUES)) for step in draw_(CROWDED)))


@st.composite
def overtaken(draw_: st.DrawFn) -> Superseded:
    old = Superseded()
    for part in draw_(st.lists(crowded_curves(), max_size=4)):
        old.add(part)
    return old


class Naive:
    """A plain implementation, in exact fractions, with a list for each column."""

    def __init__(self, *curves: Curve | Superseded) -> None:
        self.steps = [step for one in curves for step in one.steps]
        self.values = [v for one in curves for v in one.values if math.isfinite(v)]

    def path(
        self, one: Curve | Superseded, starts: Sequence[int], columns: int
    ) -> list[tuple[str, float, float]]:
        path: list[tuple[str, float, float]] = []
        before = -1
        for at in self.kept(one, columns):
            between = one.values[before + 1 : at]
            new_part = any(before < start <= at for start in starts)
            broken = not path or new_part or not all(math.isfinite(value) for value in between)
            x = WIDTH * self.place(one.steps[at], self.steps)
            y = HEIGHT * (1 - self.place(one.values[at], self.values))
            path.append(("M" if broken else "L", round(float(x), 2), round(float(y), 2)))
            before = at
        return path

    def kept(self, one: Curve | Superseded, columns: int) -> list[int]:
        shown: dict[int, list[int]] = {}
        for at, (step, value) in enumerate(zip(one.steps, one.values, strict=True)):
            if math.isfinite(value):
                column = int(columns * self.place(step, self.steps))
                shown.setdefault(min(column, columns - 1), []).append(at)
        value_at = one.values.__getitem__
        stay = [(c[0], c[-1], min(c, key=value_at), max(c, key=value_at)) for c in shown.values()]
        return sorted({at for points in stay for at in points})

    def place(self, value: float, everything: list[float]) -> Fraction:
        low, high = Fraction(min(everything)), Fraction(max(everything))
        return (Fraction(value) - low) / (high - low) if low < high else Fraction(1, 2)


def dots_in(path: list[tuple[str, float, float]]) -> list[tuple[float, float]]:
    """Return the points that no line leads to or from."""
    next_starts = [*(letter == "M" for letter, *_ in path[1:]), True]
    both = zip(path, next_starts, strict=False)  # without points there is no next one
    return [(x, y) for (letter, x, y), alone in both if letter == "M" and alone]


@given(crowded_curves(), crowded_curves(), overtaken())
def test_all_three_curves_follow_the_rule(loss: Curve, eval_loss: Curve, old: Superseded) -> None:
    drawn = draw(loss, eval_loss, old, [])
    naive = Naive(loss, eval_loss, old)
    if drawn is None:
        assert not naive.steps
        return
    shown: list[tuple[DrawnCurve, Curve | Superseded, Sequence[int], int]] = [
        (drawn.loss, loss, [], COLUMNS),
        (drawn.eval_loss, eval_loss, [], SPARE_COLUMNS),
        (drawn.superseded, old, old.starts, SPARE_COLUMNS),
    ]
    for line, one, starts, columns in shown:
        path = drawn_points(line)
        assert path == naive.path(one, starts, columns)
        dots = [(x, y) for _, x, y in path] if one is eval_loss else dots_in(path)
        assert [(round(dot.x, 2), round(dot.y, 2)) for dot in line.dots] == dots
        assert line.drawn == len(path)
        assert line.points == sum(map(math.isfinite, one.values))
        kept = naive.kept(one, columns)
        distances = [
            after - before for before, after in pairwise([0, *(one.steps[at] for at in kept)])
        ]
        if line.points:
            assert line.script == ScriptPoints(
                ",".join(f"{distance:.0f}" for distance in distances),
                ",".join(js_number(one.values[at]) for at in kept),
                are_whole=True,
                scale=None,
            )


@pytest.mark.parametrize("seed", range(8))
def test_a_long_curve_is_thinned_as_a_part_among_parts_is(seed: int) -> None:
    """If all steps rise, each column's points are processed together."""
    chance = random.Random(seed)
    count = chance.randint(2600, 4000)
    some = [0.0, -0.0, 1.0, 1.5, 7.0, math.nan, math.inf, -math.inf]
    steps = sorted(chance.sample(range(10_000), count))
    long = curve(*((float(step), chance.choice(some)) for step in steps))
    old = Superseded()
    old.add(long)
    old.add(curve((long.steps[0], math.nan)))  # invisible, but steps no longer rise
    together, apart = draw(Curve(), long, Superseded(), []), draw(Curve(), Curve(), old, [])
    assert together is not None
    assert apart is not None
    assert replace(together.eval_loss, dots=()) == replace(apart.superseded, dots=())


@pytest.mark.parametrize("step", [0.5, 2.0**53, -(2.0**53), 1e300, 12345678901.25])
def test_a_script_gets_steps_that_are_not_whole_one_by_one(step: float) -> None:
    steps = sorted([1.0, 2.0, step])
    script = chart(curve(*((at, 1) for at in steps))).loss.script
    assert script
    assert not script.are_whole
    assert [float(text) for text in script.steps.split(",")] == steps


@settings(deadline=None)
@given(st.lists(FINITE, min_size=1, max_size=9))
def test_a_script_gets_each_value_exactly(values: list[float]) -> None:
    script = chart(curve(*enumerate(values, start=5))).loss.script
    assert script
    assert script.steps == ",".join(["5", *"1" * (len(values) - 1)])
    assert [float(text) for text in script.values.split(",")] == values
    assert script.scale is None


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (lambda step: 0.69314718 + math.sin(step * step) / 1e8, 1e-13),
        (lambda step: 1e37 if step == 9 else 2 + math.sin(step * step), 1e-5),
        (lambda step: math.sin(step * step) * 1.7e308, 1e303),
    ],
    ids=["narrow", "spike", "wide"],
)
def test_a_script_gets_many_values_rounded_so_that_they_differ(
    value: Callable[[int], float], error: float
) -> None:
    values = {value(step) for step in range(20_000)}
    script = chart(curve(*((step, value(step)) for step in range(20_000)))).loss.script
    assert script
    assert script.scale
    base, part = script.scale
    shown = [2 * (base / 2 + float(text) * (part / 2)) for text in script.values.split(",")]
    assert len(set(shown)) > 2000
    for one in shown[20:30]:
        assert min(abs(one - value) for value in values) < error
    assert len(script.values) < 32_000


@given(curves())
def test_each_point_is_drawn_at_its_place(loss: Curve) -> None:
    """All at once, and with a shortcut for points that thinning keeps."""
    drawn = chart(loss)
    ends = loss.steps[0], loss.steps[-1]
    finite = [value for value in loss.values if math.isfinite(value)]
    across, upwards = Span(*ends), Span(min(finite, default=0), max(finite, default=0))
    shown = {
        point
        for segment in drawn.loss.segments
        for point in zip(segment.xs, segment.ys, strict=True)
    }
    for step, value in loss.finite():
        place = WIDTH * across.fraction(step), HEIGHT * (1 - upwards.fraction(value))
        assert drawn.loss.drawn < drawn.loss.points or place in shown


def test_the_evaluation_curve_has_fewer_columns() -> None:
    points = curve(*((step, (step * 7919) % 101) for step in range(5000)))
    drawn = chart(points, points)
    assert SPARE_COLUMNS < drawn.eval_loss.drawn <= 4 * SPARE_COLUMNS < drawn.loss.drawn


# --- Bounds --------------------------------------------------------------------------------------


def test_breaks_survive_thinning() -> None:
    values = [math.nan if step % 1000 == 500 else float(step % 7) for step in range(20_000)]
    drawn = chart(curve(*enumerate(values)))
    assert sum(letter == "M" for letter, *_ in drawn_points(drawn.loss)) == 21


def test_a_million_points_cost_a_bounded_path() -> None:
    count = 1_000_000
    waves = array("d", (math.sin(step / 9) for step in range(1000)))
    loss = Curve(array("d", range(count)), waves * (count // 1000))
    drawn = chart(loss)
    assert drawn.points == count
    assert len(svg_text.path(drawn.loss.segments)) < 4 * COLUMNS * 16
    found = metric(loss)
    assert found is not None
    assert (found.points, found.min) == (count, min(loss.values))


def test_all_superseded_parts_share_a_few_columns() -> None:
    old = Superseded()
    for part in range(500):
        old.add(curve(*((step, part + step) for step in range(50))))
    drawn = chart(curve((0, 1), (50, 2)), old=old)
    assert drawn.superseded.drawn <= 4 * SPARE_COLUMNS


def test_marks_end_after_two_hundred_and_say_so() -> None:
    steps = range(MARKS + 50)
    gaps = curve(*((step, math.nan if step else 1) for step in steps))
    drawn = draw(gaps, Curve(), Superseded(), [float(step) for step in steps])
    assert drawn is not None
    assert (len(drawn.checkpoints), len(drawn.not_finite)) == (MARKS, MARKS)
    # Evenly, from the first to the last.
    assert (drawn.checkpoints[0], drawn.checkpoints[-1]) == (0, 640)
    for places in (drawn.checkpoints, [mark.x for mark in drawn.not_finite]):
        apart = [right - left for left, right in pairwise(places)]
        assert max(apart) < 3 * min(apart)
    labels = [entry.label for entry in drawn.legend]
    assert "Checkpoint … and 50 more" in labels
    assert "Not finite … and 49 more" in labels


def test_two_hundred_marks_are_all_of_them() -> None:
    gaps = curve(*((step, math.nan) for step in range(MARKS)))
    drawn = chart(gaps)
    assert len(drawn.not_finite) == MARKS
    assert [entry.label for entry in drawn.legend] == ["Not finite"]


def test_many_lone_points_become_one_path_of_dots() -> None:
    def lone(count: int) -> DrawnCurve:
        points = ((step, math.nan if step % 2 else step) for step in range(2 * count))
        return chart(curve(*points)).loss

    few, many = lone(DOTS), lone(DOTS + 1)
    assert (len(few.dots), few.is_crowded) == (DOTS, False)
    assert (len(many.dots), many.is_crowded) == (DOTS + 1, True)
    assert svg_text.dots_path(many.dots).startswith("M0,200h0M3,199h0")
    assert svg_text.dots_path(many.dots).count("h0") == DOTS + 1


# --- Axes and legend -----------------------------------------------------------------------------


def test_the_legend_names_what_occurs_side_by_side() -> None:
    assert [entry.kind for entry in chart(curve((1, 1), (2, 2))).legend] == ["loss"]
    old = Superseded()
    old.add(curve((1, 1)))
    drawn = draw(curve((1, 1), (2, math.nan)), curve((2, 1)), old, [1])
    assert drawn is not None
    kinds = [entry.kind for entry in drawn.legend]
    assert sorted(kinds) == ["checkpoint", "eval-loss", "loss", "not-finite", "superseded"]
    places = [entry.x for entry in drawn.legend]
    assert all(a + 60 < b for a, b in pairwise(places))


def test_ticks_are_at_their_values() -> None:
    drawn = chart(curve((0, 0), (10, 10)))
    across = {tick.label: tick.at for tick in drawn.x_ticks}
    upwards = {tick.label: tick.at for tick in drawn.y_ticks}
    assert (across["0"], across["10"]) == (0, 640)
    assert (upwards["0"], upwards["10"]) == (200, 0)


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        (0, 1, ["0", "1"]),
        (1, 400, ["100", "200", "300", "400"]),
        (0, 1_000_000, ["0", "200000", "400000", "600000", "800000", "1000000"]),
        (0.25, 1.25, ["0.4", "0.6", "0.8", "1.0", "1.2"]),
        (7, 7, ["7"]),
    ],
)
def test_whole_steps_have_whole_ticks(first: float, last: float, labels: list[str]) -> None:
    drawn = chart(curve(*((step, 1) for step in sorted({first, last}))))
    assert [tick.label for tick in drawn.x_ticks] == labels


@given(FINITE, FINITE)
def test_the_labels_of_an_axis_differ_however_close_its_values(one: float, other: float) -> None:
    for end in (other, math.nextafter(one, math.inf), math.nextafter(one, -math.inf)):
        if not math.isfinite(end) or end == one:
            continue
        drawn = chart(curve(*sorted([(0.0, one), (1.0, end)])))
        labels = [tick.label for tick in drawn.y_ticks]
        assert 1 <= len(labels) <= 8
        assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.48, 2.69, ["0.5", "1.0", "1.5", "2.0", "2.5"]),
        (1e-7, 5.1e-7, ["1e-7", "2e-7", "3e-7", "4e-7", "5e-7"]),
        (-1, 1, ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
    ],
)
def test_ticks_are_round(low: float, high: float, labels: list[str]) -> None:
    drawn = chart(curve((1, low), (2, high)))
    assert [tick.label for tick in drawn.y_ticks] == labels


# --- The drawing ---------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parents[2] / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters |= FILTERS


def drawing(chart: Chart) -> ET.Element:
    template = TEMPLATES.get_template("chart.svg").module
    return ET.fromstring(template.chart(chart, "Loss", '<&">', "c", Margins()))  # type: ignore[attr-defined]  # noqa: S314 - our own


def of_class(svg: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in svg.iter() if name in one.get("class", "").split()]


def full_chart() -> Chart:
    old = Superseded()
    old.add(curve((2, 9), (3, 8)))
    loss = curve((1, 5), (2, math.nan), (3, 4), (4, -math.inf))
    drawn = draw(loss, curve((2, 6), (4, 3)), old, [2, 4])
    assert drawn is not None
    return drawn


def test_each_curve_is_a_single_path_of_its_class() -> None:
    chart = full_chart()
    svg = drawing(chart)
    assert svg.get("class") == "loss-chart"
    for name, line in (
        ("loss", chart.loss),
        ("eval-loss", chart.eval_loss),
        ("superseded", chart.superseded),
    ):
        (path,) = of_class(svg, name)
        d = svg_text.path(line.segments)
        assert (path.tag, path.get("d"), path.get("fill")) == (f"{SVG}path", d, "none")
    # Lone points must be visible: a path that only moves draws nothing.
    assert len(of_class(svg, "loss-dot")) == 2
    assert of_class(svg, "superseded-dot") == []


def test_marks_are_on_the_edges_and_checkpoints_across_the_plot() -> None:
    svg = drawing(full_chart())
    top, bottom = (mark.get("d", "") for mark in of_class(svg, "not-finite"))
    assert top.startswith("M213.33 4l")
    assert bottom.startswith("M640 196l")
    assert [mark.get("d") for mark in of_class(svg, "checkpoint")] == [
        "M213.33 0V200", "M640 0V200",
    ]  # fmt: skip


def test_the_drawing_holds_the_plot_and_its_margins_and_needs_no_style() -> None:
    svg = drawing(full_chart())
    left, top, width, height = map(float, svg.get("viewBox", "").split())
    assert left < 0
    assert top < 0
    assert left + width > WIDTH
    assert top + height > HEIGHT
    assert all("style" not in one.attrib and one.tag != f"{SVG}style" for one in svg.iter())
    assert svg.findtext(f"{SVG}desc") == '<&">'


def test_a_curve_without_a_finite_point_has_no_path() -> None:
    svg = drawing(chart(curve((1, math.nan))))
    assert of_class(svg, "loss") == []
    assert len(of_class(svg, "not-finite")) == 1


def test_numbers_of_a_curve() -> None:
    found = metric(curve((1, 3), (2, math.nan), (3, 1), (4, 1), (5, 2)))
    assert found is not None
    assert (found.points, found.first, found.last) == (4, 3, 2)
    assert (found.min, found.min_step, found.max) == (1, 3, 3)
    assert metric(curve((1, math.nan))) is None


def test_labels_have_the_digits_that_their_range_needs() -> None:
    narrow = chart(curve((1, 0.6931471801), (2, 0.6931471809), (3, 0.6931471805)))
    assert [extreme.label for extreme in narrow.extremes] == [
        "last 0.6931471805",
        "min 0.6931471801",
    ]
    wide = chart(curve((1, 2.71828182), (2, 0.69314718)))
    assert [extreme.label for extreme in wide.extremes] == ["min = last 0.6931"]


def test_a_long_legend_has_several_rows() -> None:
    old = Superseded()
    old.add(curve((2, 9), (3, 8)))
    loss = curve(*((step, math.nan if step % 7 == 6 else step % 3) for step in range(2000)))
    drawn = draw(loss, curve((2, 6), (4, 3)), old, [float(step) for step in range(999)])
    assert drawn is not None
    assert drawn.legend_rows == 2
    assert all(entry.x + 38 + 5.6 * len(entry.label) <= 720 for entry in drawn.legend)
    assert len({(entry.x, entry.row) for entry in drawn.legend}) == len(drawn.legend)


def test_labels_of_many_digits_do_not_touch() -> None:
    first = 12345678901
    drawn = chart(curve(*((first + step, step) for step in range(700))))
    places = [tick.at for tick in drawn.x_ticks]
    assert len(places) > 1
    assert min(right - left for left, right in pairwise(places)) > 13 * 11
