"""A job's CSV and its whole log, made in one reading of its event log."""

from collections.abc import Callable, Iterable, Iterator

from reportgen import eventlog, wire
from reportgen.exports import log_txt, points_csv


def pieces(
    log: Iterable[bytes], redacted: Callable[[str], str], holds_token: Callable[[bytes], bool]
) -> Iterator[tuple[str, str]]:
    """Give whole rows of the CSV with whole lines of the log, piece by piece; nothing is held.

    Every text of a server's passes `redacted`; numbers and times do not, but where they hold a
    token. Raises `DamagedLogError`.
    """

    def is_clean(text: str) -> bool:
        return not holds_token(text.encode())

    yield points_csv.HEAD, ""
    for part in eventlog.runs(log, wire.LOG):
        if isinstance(part, list):
            logs = wire.decode_logs(part)
            rows = points_csv.rows(logs, redacted, is_clean)
            yield rows, log_txt.training_logs(part, logs, redacted, is_clean)
        else:
            yield points_csv.row(part, redacted), log_txt.line(part, redacted)
