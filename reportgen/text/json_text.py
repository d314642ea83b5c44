"""Secrets in JSON text: the values of secret keys, and of pairs of a name and a value.

JSON may be anywhere in a text, truncated, invalid, or inside a JSON string, with its own quotes
escaped. So nothing is parsed: a key is the text between two quotes, the second of which is followed
by a colon, and the backslashes before a quote show how deeply it is nested. All other text is kept
unchanged. This takes linear time.
"""

import re
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from reportgen.text.keys import speaks_of_password, speaks_of_secret
from reportgen.text.patterns import HIDDEN, many

_QUOTE: Final = r'(?<!\\)(?:\\*+"|\\++u0022)'
_SPACE: Final = many(r"\s|\\++[nrt]")
_KEY_TEXT: Final = many(rf'[^"\\]++|(?!{_QUOTE})\\++')
_KEY: Final = re.compile(
    rf"""
    {_QUOTE}
    (?P<key> {_KEY_TEXT} )
    (?P<quote> \\*+" | \\++u0022 )
    {_SPACE} : {_SPACE}
    """,
    re.VERBOSE,
)
_QUOTE_PATTERN: Final = re.compile(_QUOTE)
_BRACKETS_OR_QUOTE: Final = re.compile(rf"{_QUOTE}|[\[{{]++|[\]}}]++")
_BARE_VALUE: Final = re.compile(r'[^,}\]"\\\r\n]++')
_ESCAPE: Final = re.compile(r"\\++(?:u([0-9a-fA-F]{4})|.?)", re.DOTALL)
_NUMBER_OR_BOOLEAN: Final = re.compile(
    r"-?(?:[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?|Infinity)|NaN|true|false"
)

_Hiding: TypeAlias = tuple[int, int, str]
"""The start and end of a value, and its replacement."""


def hide_values(text: str) -> str:
    """Replace each value whose key, or pair's name, suggests a secret with `"[hidden]"`."""
    pairs = _Pairs(text)
    if _MAY_HOLD_PAIRS.search(text):
        pairs.find()
    hidings = _values_of_secret_keys(text, pairs.names) + pairs.hidings
    parts: list[str] = []
    done = 0
    for start, end, replacement in sorted(hidings):
        if start >= done:  # a value within a hidden one is hidden with it
            parts += text[done:start], replacement
            done = end
    return "".join([*parts, text[done:]])


def _values_of_secret_keys(text: str, names: Container[int]) -> list[_Hiding]:
    """Return the values to hide, except the names of pairs, which start at `names`."""
    hidings: list[_Hiding] = []
    position = 0
    while found := _KEY.search(text, position):
        # If the key is not secret, its closing quote may open the next key.
        position = found.start("quote")
        key = _unescaped(found["key"])
        if not speaks_of_secret(key) or found.end() in names:
            continue
        hiding = _hiding(text, found.end(), found["quote"], key)
        if hiding is not None:
            hidings.append(hiding)
            position = hiding[1]
    return hidings


def _unescaped(name: str) -> str:
    """Decode Unicode escapes, and replace others with spaces, which end words, too."""
    return _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else " ", name)


def _hiding(text: str, start: int, key_quote: str, key: str) -> _Hiding | None:
    """Return how to hide the value that begins at `start`; None if it may be shown.

    `key_quote` is the closing quote of the value's key, with the backslashes before it.
    """
    level = _nesting(key_quote)
    # Not `key_quote` itself, which would include backslashes at the key's end.
    quote = "\\" * (2**level - 1) + '"'
    opening = _QUOTE_PATTERN.match(text, start)
    if opening:
        if _nesting(opening[0]) < level:
            return None  # the end of the string that contains the JSON
        return start, _string_end(text, opening), f"{opening[0]}{HIDDEN}{opening[0]}"
    if text[start : start + 1] in {"[", "{"}:
        return start, _bracket_end(text, start, level), f"{quote}{HIDDEN}{quote}"
    bare = _BARE_VALUE.match(text, start)
    value = bare[0].rstrip() if bare else ""
    if not value or (_NUMBER_OR_BOOLEAN.fullmatch(value) and not speaks_of_password(key)):
        return None
    return start, start + len(value), f"{quote}{HIDDEN}{quote}"


def _string_end(text: str, opening: re.Match[str]) -> int:
    """Return the end of a string; an unclosed one ends with the text."""
    closing = _closing_quote(text, opening)
    if closing is None:
        return len(text)
    return closing.end() if _nesting(closing[0]) == _nesting(opening[0]) else closing.start()


def _closing_quote(text: str, opening: re.Match[str]) -> re.Match[str] | None:
    """Return the quote that ends a string: its own, or that of a string that contains it."""
    level = _nesting(opening[0])
    quotes = _QUOTE_PATTERN.finditer(text, opening.end())
    return next((quote for quote in quotes if _nesting(quote[0]) <= level), None)


def _bracket_end(text: str, start: int, level: int) -> int:
    """Return the end of the array or object at `start`; an unclosed one ends with the text."""
    depth = 0
    in_string = False
    for found in _BRACKETS_OR_QUOTE.finditer(text, start):
        token = found[0]
        if token[0] in "[{]}":
            if in_string:
                continue
            if token[0] in "]}" and depth <= len(token):
                return found.start() + depth
            depth += len(token) if token[0] in "[{" else -len(token)
        elif (nesting := _nesting(token)) < level:
            return found.start()
        elif nesting == level:
            in_string = not in_string
    return len(text)


def _nesting(quote: str) -> int:
    """Return how many JSON strings a quote is nested in, judging by its backslashes.

    Each string doubles the backslashes inside it and adds one before a quote; a backslash that is
    part of the text adds an even number of them at its own level.
    """
    backslashes = quote.count("\\")
    extra = 0
    if not quote.endswith('"'):
        while backslashes % 2 == 0:
            backslashes //= 2
            extra += 1
    return extra + (backslashes ^ (backslashes + 1)).bit_length() - 1


# --- Pairs of a name and a value -----------------------------------------------------------------

_MAY_HOLD_PAIRS: Final = re.compile(r'(?i:value)(?:\\*+"|\\++u0022)')
_PAIR_TOKEN: Final = re.compile(rf"(?P<quote>{_QUOTE})|[\[{{\]}}]")
_AFTER_KEY: Final = re.compile(rf"{_SPACE}:{_SPACE}")


@dataclass(slots=True)
class _Object:
    """An open object or array: how many strings it is nested in, and what was found in it."""

    strings: int
    in_array: bool
    is_array: bool
    name: str | None = None
    name_at: int = -1
    value: tuple[int, str] | None = None
    """The start of the value, and the quote of its key."""


@dataclass(slots=True)
class _Pairs:
    """The pairs in a text: `{"name" or "key": …, "value": …}` in arrays, in either order."""

    text: str
    hidings: list[_Hiding] = field(default_factory=list)
    names: set[int] = field(default_factory=set)
    """The starts of the names, which are not secret even if their key suggests it."""
    _open: list[_Object] = field(default_factory=list)
    _strings: list[tuple[int, int]] = field(default_factory=list)
    """The open strings: the nesting of their quotes, and their starts."""
    _secret_values: list[tuple[int, str, str]] = field(default_factory=list)
    """For each pair with a secret name: the start of the value, its key's quote, and the name."""

    def find(self) -> None:
        """Find the names of all pairs, and the values to hide."""
        for found in _PAIR_TOKEN.finditer(self.text):
            if found["quote"]:
                self._take_quote(found)
            elif found[0] in "[{":
                in_array = bool(self._open) and self._open[-1].is_array
                self._open.append(_Object(len(self._strings), in_array, found[0] == "["))
            elif self._open and self._open[-1].strings == len(self._strings):
                self._close(self._open.pop())
        while self._open:
            self._close(self._open.pop())
        # Outermost first, so that the inside of a hidden value is not searched again.
        end = 0
        for at, quote, name in sorted(self._secret_values):
            hiding = _hiding(self.text, at, quote, name) if at >= end else None
            if hiding is not None:
                self.hidings.append(hiding)
                end = hiding[1]

    def _take_quote(self, found: re.Match[str]) -> None:
        nesting = _nesting(found[0])
        while self._strings and self._strings[-1][0] > nesting:
            self._strings.pop()
        if not self._strings or self._strings[-1][0] < nesting:
            self._strings.append((nesting, found.end()))
            return
        _, start = self._strings.pop()
        while self._open and self._open[-1].strings > len(self._strings):
            self._close(self._open.pop())
        colon = _AFTER_KEY.match(self.text, found.end())
        if colon and self._open and self._open[-1].in_array:
            self._take_key(self.text[start : found.start()].lower(), found[0], colon.end())

    def _take_key(self, key: str, quote: str, at: int) -> None:
        pair = self._open[-1]
        if key == "value":
            pair.value = at, quote
        elif key in {"name", "key"} and (opening := _QUOTE_PATTERN.match(self.text, at)):
            closing = _closing_quote(self.text, opening)
            end = closing.start() if closing else len(self.text)
            name = _unescaped(self.text[opening.end() : end])
            if pair.name is None or speaks_of_secret(name):
                pair.name = name
            if key == "key":
                pair.name_at = at

    def _close(self, pair: _Object) -> None:
        if pair.value is None or pair.name is None:
            return
        if pair.name_at >= 0:
            self.names.add(pair.name_at)
        if speaks_of_secret(pair.name):
            self._secret_values.append((*pair.value, pair.name))
