"""A job's CSV: every `training.log` event as it was logged, one row each."""

import csv
import io
import math
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import msgspec

from reportgen import eventlog, inert, wire
from reportgen.javascript import js_number, js_numbers, js_value

COLUMNS = ("step", "loss", "evalLoss", "learningRate", "epoch", "samplesPerSecond", "timestamp")
HEAD: Final = ",".join(COLUMNS) + "\n"

_Redacted: TypeAlias = Callable[[str], str]
_Values: TypeAlias = Sequence[wire.Logged]

_DIGITS: Final = frozenset("0123456789")
_OF_TIMES: Final = b"0123456789-:.+TZ\n"


def row(line: bytes, redacted: _Redacted) -> str:
    """Give the row of a line of an event log, where it is a `training.log` event."""
    time, name, _, data = eventlog.split(line)
    if name != wire.LOG or time[:1] == b"#":
        return ""
    log = wire.decode_log(eventlog.data_of(data))
    return rows([log], redacted, lambda text: redacted(text) == text)


def rows(
    logs: Sequence[wire.LogData | None], redacted: _Redacted, is_clean: Callable[[str], bool]
) -> str:
    """Give the rows of one or more logs; None, what can't be read, is a row without values.

    `is_clean` tells whether a text of times alone holds no secret.
    """
    known = [log or wire.LogData() for log in logs]
    columns = [
        _cells([getattr(log, name) for log in known], redacted, is_clean) for name in COLUMNS
    ]
    cells = list(zip(*columns, strict=True))
    text = "\n".join([",".join(row) for row in cells]) + "\n"
    commas = (len(COLUMNS) - 1) * len(cells)
    if text.count(",") == commas and text.count("\n") == len(cells) and not _is_quoted(text):
        return text
    quoted = io.StringIO()
    csv.writer(quoted, lineterminator="\n").writerows(cells)
    return quoted.getvalue()


def _is_quoted(text: str) -> bool:
    """Tell whether a cell has to be quoted besides those that hold commas and line feeds."""
    return '"' in text or "\r" in text


def _cells(values: _Values, redacted: _Redacted, is_clean: Callable[[str], bool]) -> Sequence[str]:
    """Give a column's cells: all at once where all values are of one usual kind."""
    if wire.are_missing(values):
        return [""] * len(values)
    if wire.are_numbers(values) and wire.are_finite(values):
        return js_numbers(values)
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) == len(values) and _are_times(texts, is_clean):
        return texts
    return [_cell(value, redacted) for value in values]


def _are_times(texts: Sequence[str], is_clean: Callable[[str], bool]) -> bool:
    """Tell whether all texts are such as times are, and so need nothing done."""
    lines = "\n".join(texts)
    if not lines.isascii() or lines.count("\n") >= len(texts):
        return False
    # No credential is made of these alone, and what is clean line by line is clean in its cell.
    of_times = not lines.encode().translate(None, _OF_TIMES)
    return of_times and {text[:1] for text in texts} <= _DIGITS and is_clean(lines)


def _cell(value: wire.Logged, redacted: _Redacted) -> str:
    if value is msgspec.UNSET or value is None:
        return ""
    if wire.is_number(value):
        number = js_number(value)
        return number if math.isfinite(wire.as_double(value)) else inert.csv_cell(number)
    text = value if isinstance(value, str) else js_value(value)
    return inert.csv_cell(redacted(text))
