"""Values on pages: labelled rows of text and numbers, without JSON."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

import msgspec

from reportgen.model.metrics import Metric
from reportgen.model.rounding import difference, digits_for, short_number, significant
from reportgen.report.wording import ENTRIES_LENGTH, LIST_LENGTH, Moment, cut
from reportgen.text.javascript import JSON, Object, as_double, is_number, js_number


class Loss(msgspec.Struct, frozen=True):
    """A number with its own number of digits: as many as distinguish a loss in its curve."""

    value: float
    digits: int

    @classmethod
    def of(cls, value: float, curve: Metric) -> "Loss":
        """Return a value from a curve."""
        return cls(value, digits_for(curve.min, curve.max))


class Link(msgspec.Struct, frozen=True):
    """A job's name with the address of its page, and a mark if other jobs have the same name."""

    page: str
    name: str
    mark: str


Part: TypeAlias = str | float | Loss | Moment | Link
"""A piece of a sentence. Numbers and times are formatted only when the template prints them."""

_EXACT: Final = 2**53


def printed(number: float | Loss) -> tuple[str, str]:
    """Return a number as a page shows it, and exactly."""
    if isinstance(number, Loss):
        return short_number(number.value, number.digits), js_number(number.value)
    return short_number(number), js_number(number)


class Field(msgspec.Struct, frozen=True):
    """A label with its value."""

    label: str
    parts: tuple[Part, ...] = ()


class ShownFields(msgspec.Struct, frozen=True):
    """The shown fields of a list, and the number of hidden ones."""

    fields: tuple[Field, ...] = ()
    more: int = 0


def distance(value: float, other: float) -> tuple[Part, ...]:
    """Return how far apart two numbers are, and that in percent of the other: `0.05 (2.5 %)`."""
    apart = abs(difference(value, other))
    if not other:
        return (apart,)
    return (apart, f" ({js_number(significant(100 * apart / abs(other), 2))} %)")


def rows(said: Object, prefix: str = "") -> Iterator[Field]:
    """Yield the values in an object, at any depth, as a field per value: `lora.r`, `files.0`."""
    for key, value in said.items():
        yield from _rows(f"{prefix}{key}", value)


def _rows(label: str, value: JSON) -> Iterator[Field]:
    match value:
        case dict() if value:
            yield from rows(value, f"{label}.")
        case list() if any(isinstance(item, dict | list) for item in value):
            yield from rows({str(place): item for place, item in enumerate(value)}, f"{label}.")
        case list():
            parts = [part for item in value for part in (", ", scalar(item))]
            yield Field(label, tuple(parts[1:]) or ("—",))
        case _:
            yield Field(label, (scalar(value),))


def scalar(value: JSON) -> Part:
    """Return a value other than a list or an object as a page shows it."""
    if is_number(value):
        exact = abs(value) <= _EXACT
        return as_double(value) if exact else js_number(value)
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case _:
            return "—"


def shown_fields(fields: Iterable[Field], length: int = ENTRIES_LENGTH) -> ShownFields:
    """Truncate a list after its 200th field, and its text to limit the total length."""
    every = list(fields)
    shown = every[:LIST_LENGTH]
    each = length // max(len(shown), 1)
    return ShownFields(tuple(shorter(field, each) for field in shown), len(every) - len(shown))


def shorter(field: Field, length: int) -> Field:
    """Truncate the label and the text of a field to `length` characters each."""
    return Field(cut(field.label, length), cut_parts(field.parts, length))


def cut_parts(parts: Sequence[Part], length: int) -> tuple[Part, ...]:
    """Truncate the strings among the parts to at most `length` characters in total."""
    kept: list[Part] = []
    for part in parts:
        if length <= 0:
            return (*kept, "…")
        kept.append(cut(part, length) if isinstance(part, str) else part)
        length -= len(part) if isinstance(part, str) else 1
    return tuple(kept)
