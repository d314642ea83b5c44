"""A job's CSV and its whole log, as Studio's event log shows it, in one pass through the events."""

from collections.abc import Callable, Iterable, Iterator

from reportgen.events.event_log import Record
from reportgen.exports import points_csv
from reportgen.model import log_lines
from reportgen.text import inert


def pieces(
    log: Iterable[Record], redacted: Callable[[str], str], holds_token: Callable[[bytes], bool]
) -> Iterator[tuple[str, str]]:
    """Yield a pair per record: whole rows of the CSV and whole lines of the log.

    All text from the server passes through `redacted`; numbers and times do so only if they
    contain a token. Raises `DamagedLogError`.
    """

    def is_clean(text: str) -> bool:
        return not holds_token(text.encode())

    yield points_csv.HEAD, ""
    for record in log:
        text = log_lines.text_of(record)
        # Numbers and our own words are inert, and text without a token has no line with one.
        if not (log_lines.says_only_numbers(record) and is_clean(text)):
            lines = text.split("\n")[:-1]
            text = "".join([f"{inert.html(redacted(line))}\n" for line in lines])
        yield points_csv.rows(record, redacted, is_clean), text
