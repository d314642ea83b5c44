"""Which refusal is final, and how long to wait before the next try: pure, chance passed in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

LONGEST_DELAY: Final = 60.0
JITTER: Final = 0.25
STEADY_CONNECTION: Final = 30.0
"""A connection that stood for so many seconds did its work: its break is no failure."""

_RETRIED: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_UNAUTHORISED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_FIRST_SERVER_ERROR: Final = 500


def is_final(status: int, *, ended: bool) -> bool:
    """Return whether an answer other than 200 to a stream's request will stay the same.

    The stream of a job that has not ended may not be visible yet, so its 404 is tried again.
    """
    if status == HTTPStatus.NOT_FOUND:
        return ended
    return status < _FIRST_SERVER_ERROR and status not in _RETRIED


def is_about_the_token(status: int) -> bool:
    """Return whether an answer means that the token was not accepted."""
    return status in _UNAUTHORISED


def is_worth_another_try(status: int) -> bool:
    """Return whether asking for a list, a manifest or an identity again can help."""
    return status in _RETRIED or status >= _FIRST_SERVER_ERROR


def delay(failures: int, chance: float, asked: float | None = None) -> float:
    """Return the seconds to wait before the next try.

    `failures` in a row so far, at least one; `chance` uniform in [0, 1); `asked` what the server
    asked for in seconds. 1 s, doubling to 60 s, ± 25 %; the server is obeyed up to 60 s.
    """
    backoff = min(LONGEST_DELAY, 2.0 ** min(failures - 1, 10))
    jittered = backoff * (1 - JITTER + 2 * JITTER * chance)
    return max(jittered, min(asked or 0.0, LONGEST_DELAY))


def retry_after(header: str | None, now: datetime) -> float | None:
    """Read a `Retry-After` header, a number of seconds or a date; None where it is neither."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:10])
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):  # TypeError: a date without a zone
        return None


@dataclass(slots=True)
class Failures:
    """Counts the failures of a stream that came in a row."""

    limit: int
    in_a_row: int = 0
    last: str = ""

    def add(self, reason: str) -> None:
        """Note a failure."""
        self.in_a_row += 1
        self.last = reason

    def forget(self) -> None:
        """Start again: the stream gave something new."""
        self.in_a_row = 0

    @property
    def too_many(self) -> bool:
        """Whether the stream is to be given up."""
        return self.in_a_row >= max(1, self.limit)

    def delay(self, chance: Callable[[], float], asked: float | None) -> float:
        """Return the seconds to wait before the next try."""
        return delay(max(1, self.in_a_row), chance(), asked)
