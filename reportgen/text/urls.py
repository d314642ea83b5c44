"""Removal of the parts of URLs that may be secret: user info, query and fragment."""

import re
from typing import Final

from reportgen.text.patterns import many


def bare_urls(text: str) -> str:
    """Strip user info, query and fragment from every URL in a text."""
    if "://" in text or "\\" in text:
        return _URL.sub(_bare_url, text)
    return text


def without_query(url: str) -> str:
    """Return a URL without its query and fragment."""
    return _QUERY_START.split(url, maxsplit=1)[0]


_SLASH: Final = r"(?:\\*+/|\\++u002[fF])"
_COLON: Final = r"(?::|\\++u003[aA])"
_AT_SIGN: Final = r"(?:@|\\++u0040)"
_QUERY_SIGN: Final = r"(?:[?#]|\\++u00(?:3[fF]|23))"
# What URLs do not contain: spaces and controls, quotes of any kind, angle brackets, the punctuation
# of scripts without spaces. They may contain an apostrophe, but not at the end of a list's item.
_OUTSIDE: Final = (
    r"\s\x00-\x20\x7f\"<>`\\'«»\u2018-\u201f\u2039\u203a\u3000-\u303f"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
_APOSTROPHE: Final = r"'(?![,)\]};:])"
_ESCAPE: Final = r"\\++u(?!00(?:[01]|20|22|3[CEce]|5[Cc]|60|7[Ff]))[0-9A-Fa-f]{4}"

_PLACE: Final = many(
    rf"[^{_OUTSIDE}?#:]++|:(?!{_SLASH}{_SLASH})|{_APOSTROPHE}|{_SLASH}|(?!{_QUERY_SIGN}){_ESCAPE}"
)
_QUERY: Final = many(rf"[^{_OUTSIDE}]++|{_APOSTROPHE}|{_SLASH}|{_ESCAPE}")
_URL: Final = re.compile(
    rf"""
    (?<=[A-Za-z0-9+.-])
    (?P<separator> {_COLON}{_SLASH}{_SLASH} )
    (?P<place> {_PLACE} )
    (?P<query> (?: {_QUERY_SIGN} {_QUERY} )? )
    """,
    re.VERBOSE,
)
_QUERY_START: Final = re.compile(_QUERY_SIGN)
_SLASH_OR_QUERY: Final = re.compile(f"{_SLASH}|{_QUERY_SIGN}")
_AT: Final = re.compile(many(_AT_SIGN, least=1))
_HOST_AND_PORT: Final = re.compile(r"(?:\[[^\]]*\]|[^:]*)(?::[0-9]*)?")
_QUERY_PART: Final = re.compile(rf"[&=]|\\++u00(?:26|3[dD])|{_QUERY_SIGN}|{_AT_SIGN}")
_PARENTHESIS: Final = re.compile(r"[()]")
_CLOSING_PUNCTUATION: Final = ".,;:!?'*]}|"


def _bare_url(url: re.Match[str]) -> str:
    separator, place, query = url["separator"], url["place"], url["query"]
    after = _after_url(query)
    if "@" in place or "@" in query or "\\" in place or "\\" in query:
        place = _without_user(place, query)
    return f"{separator}{place}{after}"


def _without_user(place: str, query: str) -> str:
    """Return the host and path of a URL, without user info."""
    slash = _SLASH_OR_QUERY.search(place)
    authority = place[: slash.start()] if slash else place
    if user := _user_end(authority):
        return place[user:]
    if _HOST_AND_PORT.fullmatch(authority):
        return place
    # What looks like a port is a password, split at an unencoded slash, `?` or `#`.
    whole = place + query
    return without_query(whole[user:]) if (user := _user_end(whole)) else place


def _user_end(text: str) -> int:
    """Return the end of the last user info; 0 if there is none."""
    return max((sign.end() for sign in _AT.finditer(text)), default=0)


def _after_url(query: str) -> str:
    """Return the end of a query that belongs to the text, not the URL: closing punctuation.

    An unmatched closing parenthesis ends the query, unless more of the query follows.
    """
    last = max((part.end() for part in _QUERY_PART.finditer(query)), default=0)
    depth = max(0, query.count("(", 0, last) - query.count(")", 0, last))
    end = len(query)
    for parenthesis in _PARENTHESIS.finditer(query, last):
        depth += 1 if parenthesis[0] == "(" else -1
        if depth < 0:
            end = parenthesis.start()
            break
    return query[len(query[:end].rstrip(_CLOSING_PUNCTUATION)) :]
