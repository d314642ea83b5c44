"""What the rules of redaction share: the stand-ins for secrets, and parts of patterns."""

from typing import Final

HIDDEN: Final = "[hidden]"
"""Replaces a value whose name says that it is a secret."""

REDACTED: Final = "[redacted]"
"""Replaces what is known to be a secret, or looks like one."""

_AT_ONCE: Final = 1000


def many(alternatives: str, least: int = 0) -> str:
    """Return a pattern for as many of these alternatives in a row as there are.

    None of them is given back, so that no text makes the pattern slow. A possessive group would do
    the same, but up to Python 3.11.4 it may not match where it should. An atomic group holds a
    hundred bytes and more for each round until it is left; so a thousand rounds at once are one.
    """
    first = rf"(?>(?:{alternatives}){{{least}}})" if least else ""
    return rf"{first}(?>(?>(?:{alternatives}){{1,{_AT_ONCE}}})*)"
