"""A job's CSV and its whole log, made together of its event log's records."""

from collections.abc import Callable, Iterable, Iterator

from reportgen.events.event_log import Record
from reportgen.exports import log_txt, points_csv


def pieces(
    log: Iterable[Record], redacted: Callable[[str], str], holds_token: Callable[[bytes], bool]
) -> Iterator[tuple[str, str]]:
    """Yield whole rows of the CSV with whole lines of the log, piece by piece; nothing is held.

    Every text of a server's passes `redacted`; numbers and times do not, unless they hold a
    token. Raises `DamagedLogError`.
    """

    def is_clean(text: str) -> bool:
        return not holds_token(text.encode())

    yield points_csv.HEAD, ""
    for record in log:
        rows = points_csv.rows(record, redacted, is_clean)
        yield rows, log_txt.lines(record, redacted, is_clean)
