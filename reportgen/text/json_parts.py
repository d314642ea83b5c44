"""The parts of a JSON array or object, still encoded.

A document of a few megabytes can decode to gigabytes of objects. So it is split into parts, which
are decoded one at a time, and a part that exceeds a limit is not decoded at all. Only the text
between the parts is checked here; each part's decoder checks the rest.
"""

import re
from collections.abc import Iterator
from typing import Final

from reportgen.text.javascript import NotJSON
from reportgen.text.patterns import many

_SPACE: Final = rb"[ \t\r\n]*+"
_STRING: Final = rb'"[^"\\]*+%b"' % many(r'\\.[^"\\]*+').encode()
_FILLING: Final = many(r'[^"\[\]{}]++|' + _STRING.decode()).encode()
# An array or object with no others inside it.
_FLAT: Final = rb"(?:\[%b\]|\{%b\})" % (_FILLING, _FILLING)
_SIMPLE: Final = rb'(?:%b|%b|[^"\[\]{}, \t\r\n]++)' % (_STRING, _FLAT)
_KEY: Final = rb"(?P<key>%b)%b:%b" % (_STRING, _SPACE, _SPACE)
_END: Final = rb"%b(?P<after>[,\]}])%b" % (_SPACE, _SPACE)

_OPENING: Final = re.compile(
    rb"%b(?P<bracket>[\[{])%b(?>(?:(?P<empty>[\]}])%b)?)" % (_SPACE, _SPACE, _SPACE)
)
_SIMPLE_ITEM: Final = re.compile(rb"(?P<value>%b)%b" % (_SIMPLE, _END), re.DOTALL)
_SIMPLE_MEMBER: Final = re.compile(rb"%b(?P<value>%b)%b" % (_KEY, _SIMPLE, _END), re.DOTALL)
_START_OF_MEMBER: Final = re.compile(_KEY, re.DOTALL)
_END_OF_PART: Final = re.compile(_END)
_OPENINGS: Final = (b"[", b"{")
# Innermost arrays and objects are skipped at once, since there can be millions.
_NEXT_BRACKET: Final = re.compile(
    rb"%b([\[\]{}])" % many(r'[^"\[\]{}]++|' + (_STRING + b"|" + _FLAT).decode()).encode(),
    re.DOTALL,
)


def items(array: bytes) -> Iterator[bytes]:
    """Return the elements of a JSON array. Raises `NotJSON`."""
    return (value for _, value in _parts(array, b"[]"))


def members(document: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Return the keys and values of a JSON object, keys with their quotes. Raises `NotJSON`."""
    return _parts(document, b"{}")


def _parts(text: bytes, brackets: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the key and value of each part of an array or object; an item's key is empty."""
    opening = _OPENING.match(text)
    if opening is None or opening["bracket"] != brackets[:1]:
        raise NotJSON(f"it does not begin with {brackets[:1].decode()}")
    place, after = opening.end(), opening["empty"] or b","
    keyed = brackets == b"{}"
    simple = _SIMPLE_MEMBER if keyed else _SIMPLE_ITEM
    while after == b",":
        part = simple.match(text, place)
        if part is not None:
            yield (part["key"] if keyed else b""), part["value"]
        else:
            key = _START_OF_MEMBER.match(text, place) if keyed else None
            if keyed and key is None:
                raise NotJSON(f"no key at byte {place}")
            start = place if key is None else key.end()
            end = _end_of_nested(text, start)
            part = _END_OF_PART.match(text, end)
            if part is None:
                raise NotJSON(f"no comma at byte {end}")
            yield b"" if key is None else key["key"], text[start:end]
        place, after = part.end(), part["after"]
    if after != brackets[1:] or place != len(text):
        raise NotJSON(f"more text at byte {place}")


def _end_of_nested(text: bytes, start: int) -> int:
    """Return the end of the array or object that starts at `start`."""
    depth, place = 0, start
    while text[start : start + 1] in _OPENINGS and (bracket := _NEXT_BRACKET.match(text, place)):
        depth += 1 if bracket[1] in _OPENINGS else -1
        place = bracket.end()
        if depth <= 0:
            return place
    raise NotJSON(f"no whole value at byte {start}")
