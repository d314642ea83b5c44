"""The comparison's overlay: which part of the curves is drawn, and where their names go."""

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest

from reportgen.charts.axes import HEIGHT, WIDTH, Tick
from reportgen.charts.labels import LABEL_HEIGHT, left_margin, spread
from reportgen.report.comparison import COLUMNS, ComparedCurve, compared_curves, overlay
from tests import samples

CALM = tuple(2 - step / 100 for step in range(100))


def curve(*points: tuple[float, float]) -> ComparedCurve:
    return ComparedCurve(
        tuple(float(step) for step, _ in points), tuple(float(value) for _, value in points)
    )


def calm(**spikes: float) -> ComparedCurve:
    values = [spikes.get(f"at_{step}", value) for step, value in enumerate(CALM)]
    return curve(*enumerate(values))


def test_the_plot_ends_where_only_one_curve_is_left() -> None:
    short, long, longest = (curve((1, 3), (last, 1)) for last in (50, 100, 9000))
    drawn = overlay([short, long, longest])
    assert drawn
    assert (drawn.x_ticks[-1].label, drawn.beyond) == ("100", 1)
    ends = [end and (round(end.x), end.y) for end in drawn.ends]
    assert ends == [(317, HEIGHT), (WIDTH, HEIGHT), (0, 0)]
    assert drawn.lines[2][0].xs[-1] > WIDTH
    alone = overlay([longest])
    assert alone
    assert (alone.x_ticks[-1].label, alone.beyond) == ("8000", 0)


def test_curves_of_one_common_step_are_drawn_whole() -> None:
    drawn = overlay([curve((7, 1)), curve((7, 2), (9, 1))])
    assert drawn
    assert drawn.x_ticks[-1].label == "9.0" or drawn.x_ticks[-1].label == "9"
    assert drawn.lines[0][0].xs == [0.0, 0.0]  # a line of no length, which is drawn as a dot


@pytest.mark.parametrize("at", [0, 50, 99])
def test_a_spike_does_not_flatten_the_rest(at: int) -> None:
    drawn = overlay([calm(**{f"at_{at}": 1e37}), calm()])
    assert drawn
    assert float(drawn.y_ticks[-1].label) < 3
    assert drawn.left_at == (at, None)


def test_a_curve_that_starts_high_is_drawn_whole() -> None:
    drawn = overlay([curve((0, 10), (1, 2), (2, 1.5), (3, 1.2), (4, 1)), calm()])
    assert drawn
    assert drawn.left_at == (None, None)


def test_a_curve_without_a_point_has_neither_line_nor_name() -> None:
    drawn = overlay([ComparedCurve(), calm()])
    assert drawn
    assert (drawn.lines[0], drawn.ends[0]) == ((), None)
    assert overlay([ComparedCurve()]) is None


def test_long_curves_are_averaged_and_short_ones_are_not() -> None:
    short, long = (
        compared_curves(
            samples.detail(samples.summary(), loss=samples.curve(range(n), samples.loss_at))
        ).loss
        for n in (COLUMNS, COLUMNS + 1)
    )
    assert (short.averaged, long.averaged) == (False, True)
    assert short.values[7] == samples.loss_at(7)


@pytest.mark.parametrize("heights", [[5.0] * 9, [200.0, 0.0, 199.0], [math.pi], [], [0.0, 201.0]])
def test_labels_are_spread_within_the_plot_in_their_order(heights: list[float]) -> None:
    placed = spread(heights)
    order = sorted(range(len(heights)), key=heights.__getitem__)
    assert sorted(placed) == [placed[at] for at in order]
    assert all(0 <= height <= HEIGHT for height in placed)
    assert all(b - a >= LABEL_HEIGHT for a, b in pairwise(sorted(placed)))


def test_long_labels_get_a_wider_margin() -> None:
    assert left_margin([Tick(0, "0.5")]) == 56
    assert left_margin([Tick(0, "0.5"), Tick(0, "0.693147180")]) > 11 * 12


@pytest.mark.parametrize(
    ("count", "lost", "parts"),
    [
        (9, range(3, 5), 2),
        (9, [0, 8], 1),
        (9, [1, 3], 3),
        (9, [*range(5), *range(6, 9)], 1),
        (1600, range(700, 800), 2),  # whole columns
        (1600, [755], 2),  # a part of one
        (1600, range(100), 1),
        (1600, range(900, 1600), 1),
    ],
)
def test_a_line_breaks_where_values_are_not_finite(
    count: int, lost: Sequence[int], parts: int
) -> None:
    gaps = set(lost)
    loss = samples.curve(range(count), lambda at: math.nan if at in gaps else samples.loss_at(at))
    compared = compared_curves(samples.detail(samples.summary(), loss=loss)).loss
    assert compared.is_whole
    drawn = overlay([compared])
    assert drawn
    lines = drawn.lines[0]
    assert len(lines) == parts
    assert all(len(line.xs) > 1 for line in lines)  # a path of one point is not drawn
    assert sum(len(set(line.xs)) for line in lines) <= len(compared.steps)
