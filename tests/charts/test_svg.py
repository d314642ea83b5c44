"""Coordinates as text: many at once print as each alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.charts.axes import WIDTH
from reportgen.charts.svg import Dot, Polyline, coordinate, dots_path, path

# Whole numbers, halves of a hundredth (rounded to even digits), and anything between.
COORDINATES = (
    st.integers(0, WIDTH).map(float)
    | st.integers(0, 8 * WIDTH).map(lambda eighths: eighths / 8)
    | st.integers(0, 1000 * WIDTH).map(lambda thousandths: thousandths / 1000)
    | st.floats(-WIDTH, WIDTH)
)


@settings(deadline=None)
@given(st.lists(st.tuples(COORDINATES, COORDINATES), min_size=1, max_size=12))
def test_many_points_print_as_each_alone(points: list[tuple[float, float]]) -> None:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    one_by_one = "L".join(f"{coordinate(x)},{coordinate(y)}" for x, y in points)
    assert path([Polyline(xs, ys)]) == f"M{one_by_one}"


def test_only_zeros_after_the_point_are_dropped() -> None:
    numbers = [0.0, 100.0, 10.5, 0.05, 200.1, 0.001, 640.0]
    assert path([Polyline(numbers, numbers)])[1:].split("L") == [
        "0,0", "100,100", "10.5,10.5", "0.05,0.05", "200.1,200.1", "0,0", "640,640",
    ]  # fmt: skip


def test_each_line_begins_with_a_move() -> None:
    assert path([Polyline([0, 1], [2, 3]), Polyline([4], [5])]) == "M0,2L1,3M4,5"
    assert path([]) == ""


def test_dots_at_one_place_are_drawn_once() -> None:
    assert dots_path([Dot(1.2, 3), Dot(0.8, 3.4), Dot(2, 3)]) == "M1,3h0M2,3h0"
