"""A job's CSV: every `training.log` event as logged, one row per event."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from reportgen.events import wire
from reportgen.events.columns import LogColumns
from reportgen.events.event_log import Events, LogRun, Record
from reportgen.text import inert
from reportgen.text.javascript import is_number, js_number, js_value

COLUMNS: Final = LogColumns._fields
HEAD: Final = ",".join(COLUMNS) + "\n"
_EMPTY_ROW: Final = "," * (len(COLUMNS) - 1) + "\n"

_NOT_FINITE: Final = {
    **dict.fromkeys(["NaN", "nan"], "NaN"),
    **dict.fromkeys(["Infinity", "inf"], "Infinity"),
    **dict.fromkeys(["-Infinity", "-inf"], "-Infinity"),
}
"""The words for numbers that are not finite, with those printed for them."""

_DIGITS: Final = frozenset("0123456789")
_OF_TIMES: Final = b"0123456789-:.+TZ\n"


def rows(record: Record, redacted: Callable[[str], str], is_clean: Callable[[str], bool]) -> str:
    """Return the rows of a record, one for each `training.log` event.

    `is_clean` returns whether a string made only of times contains no secret.
    """
    if not isinstance(record, Events) or record.name != wire.LOG:
        return ""
    if not isinstance(record, LogRun):  # a frame over the limit, with unknown contents
        return _EMPTY_ROW * len(record)
    # Cells in columns of numbers or times need neither quotes nor redaction.
    plain = [
        column.strings
        if column.strings is not None and _are_times(column.strings, is_clean)
        else column.printed()
        for column in record.columns
    ]
    cells = [
        [_cell(value, redacted) for value in column.values] if texts is None else texts
        for column, texts in zip(record.columns, plain, strict=True)
    ]
    if None not in plain:
        return "\n".join(map(",".join, zip(*cells, strict=True))) + "\n"
    quoted = io.StringIO()
    csv.writer(quoted, lineterminator="\n").writerows(zip(*cells, strict=True))
    return quoted.getvalue()


def _are_times(texts: Sequence[str], is_clean: Callable[[str], bool]) -> bool:
    """Return whether all strings look like times, which need no quotes."""
    lines = "\n".join(texts)
    if not lines.isascii() or lines.count("\n") >= len(texts):
        return False
    # No credential consists only of these characters, and if the joined lines are clean, so is
    # each cell.
    of_times = not lines.encode().translate(None, _OF_TIMES)
    return of_times and {text[:1] for text in texts} <= _DIGITS and is_clean(lines)


def _cell(value: wire.Logged, redacted: Callable[[str], str]) -> str:
    if value is msgspec.UNSET or value is None:
        return ""
    if is_number(value):
        return js_number(value)
    text = value if isinstance(value, str) else js_value(value)
    return _NOT_FINITE.get(text) or inert.csv_cell(redacted(text))
