"""A job's CSV and its whole log, made in one pass through its event log."""

from collections.abc import Callable, Iterable, Iterator

from reportgen.events.columns import LogRun, Part
from reportgen.exports import log_txt, points_csv


def pieces(
    log: Iterable[Part], redacted: Callable[[str], str], holds_token: Callable[[bytes], bool]
) -> Iterator[tuple[str, str]]:
    """Yield pairs of whole rows of the CSV and whole lines of the log, holding nothing back.

    Every text from the server passes through `redacted`; numbers and times do so only if they hold
    a token. Raises `DamagedLogError`.
    """

    def is_clean(text: str) -> bool:
        return not holds_token(text.encode())

    yield points_csv.HEAD, ""
    for part in log:
        if isinstance(part, LogRun):
            yield (
                points_csv.rows(part.columns, redacted, is_clean),
                log_txt.training_logs(part, redacted, is_clean),
            )
        else:
            yield points_csv.row(part, redacted), log_txt.line(part, redacted)
