"""A job's CSV and its whole log, made in one pass through its event log."""

from collections.abc import Callable, Iterable, Iterator

from reportgen.events.event_log import Record
from reportgen.exports import log_txt, points_csv


def pieces(
    log: Iterable[Record], redacted: Callable[[str], str], holds_token: Callable[[bytes], bool]
) -> Iterator[tuple[str, str]]:
    """Yield pairs of whole rows of the CSV and whole lines of the log, one per record.

    Every text from the server passes through `redacted`; numbers and times do so only if they hold
    a token. Raises `DamagedLogError`.
    """

    def is_clean(text: str) -> bool:
        return not holds_token(text.encode())

    yield points_csv.HEAD, ""
    for record in log:
        rows = points_csv.rows(record, redacted, is_clean)
        yield rows, log_txt.lines(record, redacted, is_clean)
