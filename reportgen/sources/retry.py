"""Which refusals are final, and how long to wait before a retry: pure, randomness passed in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

LONGEST_DELAY: Final = 60.0
JITTER: Final = 0.25
STEADY_CONNECTION: Final = 30.0
"""A connection that lasted this many seconds was a success, so its break is not a failure."""

_RETRIED: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_UNAUTHORISED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_FIRST_SERVER_ERROR: Final = 500


def is_final(status: int, *, ended: bool) -> bool:
    """Return whether a response other than 200 to a stream request is final: a retry can't help.

    The stream of a job that has not ended may not be visible yet, so a 404 for it is retried.
    """
    if status == HTTPStatus.NOT_FOUND:
        return ended
    return status < _FIRST_SERVER_ERROR and status not in _RETRIED


def is_about_the_token(status: int) -> bool:
    """Return whether a status means that the token was not accepted."""
    return status in _UNAUTHORISED


def is_worth_another_try(status: int) -> bool:
    """Return whether requesting a list, a manifest or an identity again may succeed."""
    return status in _RETRIED or status >= _FIRST_SERVER_ERROR


def delay(failures: int, chance: float, asked: float | None = None) -> float:
    """Return the seconds to wait before the next try.

    `failures` is the number of failures in a row so far, at least one; `chance` is uniform in
    [0, 1); `asked` is the delay that the server requested, in seconds. The delay starts at 1 s and
    doubles up to 60 s, ± 25 %; it is at least what the server requested, up to 60 s.
    """
    backoff = min(LONGEST_DELAY, 2.0 ** min(failures - 1, 10))
    jittered = backoff * (1 - JITTER + 2 * JITTER * chance)
    return max(jittered, min(asked or 0.0, LONGEST_DELAY))


def retry_after(header: str | None, now: datetime) -> float | None:
    """Parse a `Retry-After` header, a number of seconds or a date; None for neither."""
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
    """Counts a stream's consecutive failures."""

    limit: int
    in_a_row: int = 0
    last: str = ""

    def add(self, reason: str) -> None:
        """Note a failure."""
        self.in_a_row += 1
        self.last = reason

    def forget(self) -> None:
        """Reset the count, since the stream sent something new."""
        self.in_a_row = 0

    @property
    def too_many(self) -> bool:
        """Whether to give up on the stream."""
        return self.in_a_row >= max(1, self.limit)

    def delay(self, chance: Callable[[], float], asked: float | None) -> float:
        """Return the seconds to wait before the next try."""
        return delay(max(1, self.in_a_row), chance(), asked)
