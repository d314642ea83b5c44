"""A job's CSV: every `training.log` event as it was logged, one row each."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

import msgspec

from reportgen import eventlog, inert, wire
from reportgen.javascript import js_number, js_numbers, js_value

COLUMNS = ("step", "loss", "evalLoss", "learningRate", "epoch", "samplesPerSecond", "timestamp")

_Redacted: TypeAlias = Callable[[str], str]
_Values: TypeAlias = Sequence[wire.Logged]

_DIGITS: Final = frozenset("0123456789")


def lines(log: Iterable[bytes], redacted: _Redacted) -> Iterator[str]:
    """Give the CSV from an event log's lines, in pieces of whole rows; nothing is held.

    Texts pass `redacted`.
    """
    yield ",".join(COLUMNS) + "\n"
    for part in eventlog.runs(log, wire.LOG):
        if isinstance(part, list):
            yield _rows(part, redacted)
        else:
            time, name, _, data = eventlog.split(part)
            if name == wire.LOG and time[:1] != b"#":
                yield _rows([eventlog.data_of(data)], redacted)


def _rows(datas: Sequence[bytes], redacted: _Redacted) -> str:
    logs = [log or wire.LogData() for log in wire.decode_logs(datas)]
    columns = [_cells([getattr(log, name) for log in logs], redacted) for name in COLUMNS]
    rows = list(zip(*columns, strict=True))
    text = "\n".join([",".join(row) for row in rows]) + "\n"
    commas = (len(COLUMNS) - 1) * len(rows)
    if text.count(",") == commas and text.count("\n") == len(rows) and not _is_quoted(text):
        return text
    quoted = io.StringIO()
    csv.writer(quoted, lineterminator="\n").writerows(rows)
    return quoted.getvalue()


def _is_quoted(text: str) -> bool:
    """Tell whether a cell has to be quoted besides those that hold commas and line feeds."""
    return '"' in text or "\r" in text


def _cells(values: _Values, redacted: _Redacted) -> Sequence[str]:
    """Give a column's cells: all at once where all values are of one usual kind."""
    if wire.are_missing(values):
        return [""] * len(values)
    if wire.are_numbers(values) and wire.are_finite(values):
        return js_numbers(values)
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) == len(values) and _are_plain(texts, redacted):
        return texts
    return [_cell(value, redacted) for value in values]


def _are_plain(texts: Sequence[str], redacted: _Redacted) -> bool:
    """Tell whether no text needs anything done, such as times, which nearly all texts are."""
    whole = "".join(texts)
    if not (whole.isascii() and whole.isprintable()) or any(sign in whole for sign in '"\\'):
        return False
    # None goes past its line here, so what must not be seen is found in all of them at once.
    lines = "\n".join(texts)
    return {text[:1] for text in texts} <= _DIGITS and redacted(lines) == lines


def _cell(value: wire.Logged, redacted: _Redacted) -> str:
    if value is msgspec.UNSET or value is None:
        return ""
    if wire.is_number(value):
        number = js_number(value)
        return number if math.isfinite(wire.as_double(value)) else inert.csv_cell(number)
    text = value if isinstance(value, str) else js_value(value)
    return inert.csv_cell(redacted(text))
