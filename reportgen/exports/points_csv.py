"""A job's CSV: every `training.log` event as it was logged, one row each."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator

import msgspec

from reportgen import eventlog, inert, wire
from reportgen.javascript import js_number, js_value

COLUMNS = ("step", "loss", "evalLoss", "learningRate", "epoch", "samplesPerSecond", "timestamp")


def lines(log: Iterable[bytes], redacted: Callable[[str], str]) -> Iterator[str]:
    """Give the CSV's lines from an event log's; texts pass `redacted`, nothing is held."""
    yield ",".join(COLUMNS) + "\n"
    for line in log:
        time, name, _, data = eventlog.split(line)
        if name == wire.LOG and time[:1] != b"#":
            logged = wire.decode_log(eventlog.data_of(data)) or wire.LogData()
            yield _row([_cell(getattr(logged, column), redacted) for column in COLUMNS])


def _row(cells: list[str]) -> str:
    if not any(character in cell for cell in cells for character in ',"\n\r'):
        return ",".join(cells) + "\n"
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _cell(value: "wire.JSON | msgspec.UnsetType", redacted: Callable[[str], str]) -> str:
    if value is msgspec.UNSET or value is None:
        return ""
    if wire.is_number(value):
        number = js_number(value)
        return number if math.isfinite(wire.as_double(value)) else inert.csv_cell(number)
    text = value if isinstance(value, str) else js_value(value)
    return inert.csv_cell(redacted(text))
