"""Stand-ins for secrets and parts of patterns, shared by the redaction rules."""

from typing import Final

HIDDEN: Final = "[hidden]"
"""Replaces a value whose name suggests a secret."""

REDACTED: Final = "[redacted]"
"""Replaces text that is a known secret or looks like one."""

_AT_ONCE: Final = 1000


def many(alternatives: str, least: int = 0) -> str:
    """Return a pattern for as many of these alternatives as possible, at least `least`.

    It never backtracks, so no text makes it slow. A possessive group would do the same, but up to
    Python 3.11.4 it may fail to match. An atomic group takes a hundred bytes or more per round
    until it is left, so a thousand rounds at a time are nested in one.
    """
    first = rf"(?>(?:{alternatives}){{{least}}})" if least else ""
    return rf"{first}(?>(?>(?:{alternatives}){{1,{_AT_ONCE}}})*)"
