"""A job's whole log as Studio's event log shows it, with no line cut."""

from collections.abc import Callable

from reportgen.events.event_log import Record
from reportgen.model import log_lines
from reportgen.text import inert


def lines(record: Record, redacted: Callable[[str], str], is_clean: Callable[[str], bool]) -> str:
    """Return the lines that are shown for a record, if any, each passed through `redacted`.

    `is_clean` decides whether a text of numbers and our own words holds no secret.
    """
    text = log_lines.text_of(record)
    # Numbers and our own words are inert, and a line holds no secret if the whole text does not.
    if log_lines.says_only_numbers(record) and is_clean(text):
        return text
    return "".join([f"{inert.html(redacted(line))}\n" for line in text.split("\n")[:-1]])
