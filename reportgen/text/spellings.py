"""Redaction of the tool's own secrets, in any spelling.

A server may repeat a token unchanged, in another case, escaped for JSON, HTML, Markdown or a URL,
or in base64 amid other data. The patterns for that are large, so they are not compiled until text
may contain a token, which is rare.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from html.entities import html5
from itertools import chain
from typing import AnyStr, Final

from reportgen.text.patterns import HIDDEN, REDACTED, many

SHORTEST_TOKEN: Final = 8
"""Shorter tokens are ignored: they could occur in any text."""

_LONGEST_HEAD: Final = 96
"""The maximum number of a token's characters to compare; the rest is redacted, too."""

_LONGEST_SPELLING: Final = 16
"""The maximum length of one character's spelling, such as `\\\\\\\\u0041`."""


class KnownTokens:
    """Tokens that no text may contain; those under eight characters are ignored."""

    def __init__(self, tokens: Iterable[str]) -> None:
        usable = {t for t in tokens if len(t) >= SHORTEST_TOKEN and t not in REDACTED + HIDDEN}
        self.tokens = sorted(usable, key=lambda token: (-len(token), token))
        self._needles = sorted(set(chain.from_iterable(map(_needles, self.tokens))))
        self._needle_bytes = [_encoded(_ascii_part(needle)) for needle in self._needles]
        escapes = _escapes(self.tokens) if self.tokens else []
        self._escapes = [re.compile(escape) for escape in escapes]
        self._escapes_in_bytes = [re.compile(_encoded(escape)) for escape in escapes]

    @property
    def longest_spelling(self) -> int:
        """The maximum length of a partial token at the end of truncated text."""
        return _LONGEST_SPELLING * max(map(len, self.tokens), default=0)

    def redacted(self, text: str, lowered: str) -> str:
        """Redact the tokens in a text; `lowered` is the text in lower case."""
        if _may_hold(text, lowered, self._needles, self._escapes):
            return self._pattern.sub(rf"\g<kept>{REDACTED}", text)
        return text

    def redacted_bytes(self, data: bytes) -> bytes:
        """Redact the tokens in raw bytes."""
        if _may_hold(data, data.lower(), self._needle_bytes, self._escapes_in_bytes):
            return self._pattern_of_bytes.sub(rb"\g<kept>" + REDACTED.encode(), data)
        return data

    def are_in(self, data: bytes) -> bool:
        """Return whether the bytes contain one of the tokens, in any spelling."""
        return self.redacted_bytes(data) != data

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(_any_spelling(self.tokens), re.IGNORECASE)

    @cached_property
    def _pattern_of_bytes(self) -> re.Pattern[bytes]:
        return re.compile(_encoded(_any_spelling(self.tokens)), re.IGNORECASE)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _may_hold(
    text: AnyStr, lowered: AnyStr, needles: Iterable[AnyStr], escapes: Iterable[re.Pattern[AnyStr]]
) -> bool:
    """Return quickly whether text may contain a token, in any spelling."""
    # Plain loops, since it runs for every short text as well.
    for needle in needles:
        if needle in lowered:
            return True
    for escape in escapes:  # noqa: SIM110
        if escape.search(text):
            return True
    return False


def _any_spelling(tokens: Iterable[str]) -> str:
    """Return a pattern for any of the tokens, in any spelling.

    It includes an odd backslash before a letter, which would escape the stand-in's bracket.
    """
    tokens = list(tokens)
    cores = sorted(set(chain.from_iterable(map(_cores, tokens))))
    spelled = "|".join(chain(map(_spelled, tokens), map(_spelled_core, cores)))
    characters = {text[:1] for text in chain(tokens, cores)} | {"-", "_"}
    firsts = "".join(sorted(map(re.escape, chain.from_iterable(map(_cases, characters)))))
    # A lookahead quickly skips places where no token can start.
    pairs = many(r"\\\\")
    return rf"(?=[{firsts}\\&%])(?:(?<!\\)(?P<kept>{pairs})\\(?=[A-Za-z0-9]))?(?:{spelled})"


# --- Characters ----------------------------------------------------------------------------------


def _spelled(token: str) -> str:
    head, more = token[:_LONGEST_HEAD], len(token) - _LONGEST_HEAD
    rest = rf"(?>(?:{_ANY_CHARACTER}){{0,{more}}})" if more > 0 else ""
    return "".join(map(_spellings, head)) + rest


_ANY_CHARACTER: Final = r"\\++u[0-9a-f]{4}|%[0-9a-f]{2}|&\#?\w{1,8};|\\*+[^\s\"'<>\\&%,;]"


def _spellings(character: str) -> str:
    numbers = "".join(rf"(?<!\\)\\++u{unit}" for unit in _units(character))
    plain = "|".join(re.escape(case) for case in _cases(character))
    escaped = "" if _is_plain(character) else r"(?:(?<!\\)\\++)?"
    percents = "|".join(map(_percent, _cases(character)))
    entities = "|".join(_entities(character))
    return rf"(?:{escaped}(?:{plain})|{numbers}|{percents}|&(?:amp;)*(?:{entities});)"


def _cases(character: str) -> list[str]:
    """Return a character in both cases; a bytes pattern ignores only the case of ASCII."""
    return sorted(
        case for case in {character, character.lower(), character.upper()} if len(case) == 1
    )


def _is_plain(character: str) -> bool:
    """Return whether a character is escaped only by numbers, if at all."""
    return character.isascii() and character.isalnum()


def _units(character: str) -> list[str]:
    """Return patterns for a character's UTF-16 units, as JSON escapes them."""
    cases = [case.encode("utf-16-be", "surrogatepass") for case in _cases(character)]
    lengths = range(0, min(map(len, cases)), 2)
    return [_one_of({units[i : i + 2].hex() for units in cases}) for i in lengths]


def _percent(character: str) -> str:
    return "".join(f"%(?:25)*{byte:02X}" for byte in _encoded(character))


def _entities(character: str) -> list[str]:
    """Return patterns for a character's HTML references, without `&` and `;`."""
    numbers = (f"\\#(?:0*+{ord(case)}|x0*+{ord(case):x})" for case in _cases(character))
    return [*numbers, *_entity_names().get(character, ())]


@cache
def _entity_names() -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for name, character in html5.items():
        if name.endswith(";"):
            names.setdefault(character, []).append(name.removesuffix(";"))
    return names


def _escapes(tokens: Iterable[str]) -> list[str]:
    """Return patterns for escapes of any character in the tokens, which few texts contain.

    Each begins with a literal character, so that `re` quickly skips texts without it.
    """
    characters = sorted(set("".join(tokens)) | set("+/"))  # base64 also uses these two
    others = [character for character in characters if not _is_plain(character)]
    units = (unit for character in characters for unit in _units(character))
    entities = (entity for character in characters for entity in _entities(character))
    again = "%(?:25)*"  # once for all, since each alternative is tried at each percent sign
    percents = (
        _percent(case).removeprefix(again) for character in characters for case in _cases(character)
    )
    return [
        rf"\\(?:[uU](?i:{_one_of(units)})|{_one_of(map(re.escape, others))})",
        f"{again}(?i:{_one_of(percents)})",
        f"&(?i:(?:amp;)*{_one_of(entities)});",
    ]


def _one_of(patterns: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(set(patterns))) or '(?!)'})"


# --- Base64 --------------------------------------------------------------------------------------


def _cores(token: str) -> Iterator[str]:
    """Yield a token's base64 amid other data, for each number of bytes before it, modulo 3.

    Characters that also depend on the surrounding data are left out.
    """
    data = _encoded(token)
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data).decode()
        start = (8 * before + 5) // 6
        yield encoded[start : 8 * (before + len(data)) // 6]


def _spelled_core(core: str) -> str:
    """Return a pattern for base64, standard and URL-safe, on one line or several."""
    head, more = core[:_LONGEST_CORE], len(core) - _LONGEST_CORE
    rest = rf"(?>(?:{_LINE_BREAK}{_ANY_BASE64}){{0,{more}}})" if more > 0 else ""
    spelled = _LINE_BREAK.join(_BASE64_SIGNS.get(character, character) for character in head)
    return rf"{spelled}{rest}(?:{_LINE_BREAK}{_ANY_BASE64})?{_PADDING}"


_LONGEST_CORE: Final = 4 * _LONGEST_HEAD // 3
_LINE_BREAK: Final = many(r"[\r\n]|\\++[rn]|%0[ad]")
_PADDING: Final = many(r"=|%3D|\\++u003d")
_BASE64_SIGNS: Final = {
    "+": f"(?:{_spellings('+')}|{_spellings('-')})",
    "/": f"(?:{_spellings('/')}|{_spellings('_')})",
}
_ANY_BASE64: Final = f"(?:[A-Za-z0-9]|{_BASE64_SIGNS['+']}|{_BASE64_SIGNS['/']})"


def _needles(token: str) -> Iterator[str]:
    """Yield lower-case strings; any spelling without escapes contains one of them.

    For base64 there are two pieces, since a line break may split one of them.
    """
    yield token.lower()
    for core in _cores(token):
        runs = re.findall(r"[A-Za-z0-9]+", core[:_LONGEST_CORE])
        pieces = sorted(chain.from_iterable(map(_pieces, runs)), key=len, reverse=True)[:2]
        url_safe = core.replace("+", "-").replace("/", "_")
        yield from (piece.lower() for piece in pieces or _pieces(core) + _pieces(url_safe))


def _ascii_part(needle: str) -> str:
    """Return a needle's ASCII part, if long enough: lower-casing bytes changes only ASCII."""
    longest = max(re.findall(r"[\x00-\x7f]+", needle), key=len, default="")
    return longest if len(longest) >= _SHORTEST_PIECE else needle


def _pieces(run: str) -> list[str]:
    size = min(_LONGEST_PIECE, max(_SHORTEST_PIECE, len(run) // 2))
    return [run[i : i + size] for i in range(0, len(run) - size + 1, size)]


_LONGEST_PIECE: Final = 30  # two fit in a line of base64, of 64 characters or more
_SHORTEST_PIECE: Final = 4
