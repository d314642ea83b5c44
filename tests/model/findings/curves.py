"""Made loss curves with noise that is the same everywhere."""

import math
import random
from array import array
from collections.abc import Callable, Iterable

from reportgen.model.curves import Curve

Shape = Callable[[float], float]
"""The loss by the part of the run that is done, from 0 to 1."""


def curve(values: Iterable[float], every: int = 1) -> Curve:
    """Return a curve with a point every so many steps."""
    numbers = array("d", values)
    return Curve(array("d", (every * (place + 1) for place in range(len(numbers)))), numbers)


def noisy(shape: Shape, n: int, sigma: float = 0.0, seed: object = 0, every: int = 1) -> Curve:
    chance = random.Random(str(seed))
    return curve((shape(place / n) + chance.gauss(0, sigma) for place in range(n)), every)


def falling(done: float) -> float:
    """Return the loss of a run that still gets better at its end."""
    return 1.5 + 1.2 / math.sqrt(1 + 30 * done)


def settling(done: float) -> float:
    """Return the loss of a run that gets no better after a third."""
    return 1.7 + 1.2 * math.exp(-20 * done)


def turning(done: float) -> float:
    """Return the loss of a run that is at its best after two fifths."""
    return 1.5 + 3 * (done - 0.4) ** 2
