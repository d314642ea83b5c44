"""Parts of patterns: what a regular expression matches once and for all, in little memory."""

_AT_ONCE = 1000


def many(alternatives: str, least: int = 0) -> str:
    """Return a pattern for as many of these alternatives in a row as there are.

    None of them is given back, so that no text makes the pattern slow. A possessive group would do
    the same, but up to Python 3.11.4 it may not match where it should. An atomic group holds a
    place to go back to for each round until it is left, a hundred bytes and more; so the rounds are
    taken a thousand at once, and there is one such place for each thousand.
    """
    first = rf"(?>(?:{alternatives}){{{least}}})" if least else ""
    return rf"{first}(?>(?>(?:{alternatives}){{1,{_AT_ONCE}}})*)"
