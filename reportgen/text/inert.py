"""Making text inert: one function per format in which a server's text is shown.

Whatever a server sends must be shown as plain text. Characters that a format forbids, that control
a terminal or that reorder the text around them are replaced by visible stand-ins: control
characters by their pictures, such as `␛`, others by their code points, such as `[U+202E]`.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

import msgspec

from reportgen.text.javascript import JSON, js_number

# --- File names ----------------------------------------------------------------------------------

SLUG_LENGTH: Final = 80
_DIGITS: Final = 10

_SAFE: Final = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9._-]{{0,{SLUG_LENGTH - 1}}}")
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?=\.|\Z)", re.IGNORECASE)
_LIKE_HASHED: Final = re.compile(rf"-[0-9A-Fa-f]{{{_DIGITS}}}\Z")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def file_slugs(ids: Iterable[str]) -> dict[str, str]:
    """Return a file name without suffix for each id: the id if it is safe, else a hashed name.

    All names differ, even on file systems that ignore case. The order of the ids does not matter.
    A hashed name ends in a dash and ten hex digits of the id's SHA-256, unlike any safe one; they
    are the first ten unless the id was crafted to collide.
    """
    slugs: dict[str, str] = {}
    taken: set[str] = set()
    for job_id in sorted(set(ids), key=_bytes):
        slug = next(name for name in _names(job_id) if name.lower() not in taken)
        taken.add(slug.lower())
        slugs[job_id] = slug
    return slugs


def is_file_slug(text: str) -> bool:
    """Return whether text has the form of the names that `file_slugs` returns."""
    return bool(_SAFE.fullmatch(text) and not _RESERVED.match(text))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _names(job_id: str) -> Iterator[str]:
    """Yield the possible names for an id, the preferred one first."""
    if is_file_slug(job_id) and not _LIKE_HASHED.search(job_id):
        yield job_id
    # Far more of the id is used than fits, since much of it may be dropped.
    readable = _UNSAFE.sub("-", job_id[: 4 * SLUG_LENGTH]).lstrip(".-")
    readable = readable[: SLUG_LENGTH - 1 - _DIGITS].rstrip(".-") or "job"
    if _RESERVED.match(readable):
        readable = readable.replace(".", "-", 1)
    digits = hashlib.sha256(_bytes(job_id)).hexdigest()
    for start in range(len(digits) - _DIGITS + 1):
        yield f"{readable}-{digits[start : start + _DIGITS]}"
    while True:  # rehash, should anyone find that many collisions
        digits = hashlib.sha256(digits.encode()).hexdigest()
        yield f"{readable}-{digits[:_DIGITS]}"


# --- Stand-ins -----------------------------------------------------------------------------------

_NONCHARACTERS: Final = r"\ufdd0-\ufdef" + "".join(
    rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(17)
)
_BIDI: Final = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"
_SURROGATES: Final = r"\ud800-\udfff"
_NO_TEXT: Final = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f{_BIDI}{_SURROGATES}{_NONCHARACTERS}]")
_LINE_BREAK: Final = re.compile(r"\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_PICTURES: Final = 0x2400  # the Unicode block Control Pictures, in the characters' order


def html(text: str) -> str:
    """Make text safe for HTML, its attributes and SVG; the template engine escapes it.

    Stand-ins replace characters that HTML forbids (controls, noncharacters, lone surrogates) and
    bidirectional controls, which would reorder the page around the text. Tabs and line feeds are
    kept.
    """
    if text.isascii() and text.isprintable():  # the usual case, and a fast check
        return text
    return _NO_TEXT.sub(_stand_in, text.replace("\r\n", "\n"))


xml = html
"""The same for XML 1.0; the XML writer escapes it."""


def _stand_in(character: re.Match[str]) -> str:
    if character[0] == "\x7f":
        return "\N{SYMBOL FOR DELETE}"
    code = ord(character[0])
    return chr(_PICTURES + code) if character[0] < " " else f"[U+{code:04X}]"


def _one_line(text: str) -> str:
    return html(_LINE_BREAK.sub(" ", text).replace("\t", " "))


# --- Documents -----------------------------------------------------------------------------------


def cut(text: str, length: int) -> str:
    """Truncate text to `length` characters, the last of which is then an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def cut_middle(text: str, length: int) -> str:
    """Shorten text in its middle: messages begin with their subject and end with the reason."""
    half = (length - len(" … ")) // 2
    return text if len(text) <= length else f"{text[:half]} … {text[-half:]}"


def csv_cell(text: str) -> str:
    """Make text safe for a CSV cell, so that no spreadsheet treats it as a formula.

    The CSV writer quotes it. Wherever a formula could start, even after spaces, an apostrophe is
    inserted, as spreadsheets themselves mark text. A spreadsheet that splits at semicolons or tabs
    ignores the quotes around a cell that does not begin a line, and sees new cells in the text.
    """
    return _CELL_START.sub(r"\g<0>'", html(text))


# Spreadsheets in Japanese or Chinese treat the full-width forms as the same signs.
_FORMULA_START: Final = r"[=+\-@\uff1d\uff0b\uff0d\uff20]"
_CELL_START: Final = re.compile(
    rf"""\A(?=[\t\r\n]|\s*+{_FORMULA_START}) | [;\t\r\n](?=[\s";]*+{_FORMULA_START})""",
    re.VERBOSE,
)


# --- JSON ----------------------------------------------------------------------------------------


def json_text(value: JSON) -> str:
    """Return a JSON document, indented by two spaces and ending in a line feed.

    Non-ASCII text is kept, but non-text characters, including lone surrogates, are escaped, so that
    a strict reader gets the same value back. Numbers that are not finite, which JSON lacks, become
    the strings `NaN`, `Infinity` and `-Infinity`.
    """
    try:  # `json` would indent at a fraction of the speed
        return msgspec.json.format(_json_escaped(_dumped(value)), indent=2) + "\n"
    except msgspec.DecodeError:  # a lone surrogate
        return _json_escaped(_dumped(value, indent=2)) + "\n"


def html_json(value: JSON) -> str:
    """Return JSON on one line, for a script element, which nothing in it can end.

    It is like that from `json_text`, but without white space and with `<`, `>` and `&` escaped.
    """
    return _SCRIPT_ESCAPED.sub(_json_escape, _dumped(value))


# JSON contains none of these outside strings; line feeds, which it may, are left out.
_JSON_ESCAPED: Final = re.compile(
    rf"[\x7f-\x9f\u2028\u2029\ufeff{_BIDI}{_SURROGATES}{_NONCHARACTERS}]"
)
_SCRIPT_ESCAPED: Final = re.compile(rf"[<>&]|{_JSON_ESCAPED.pattern}")


def _json_escaped(text: str) -> str:
    if text.isascii() and "\x7f" not in text:  # the usual case, at a hundredth of the cost
        return text
    return _JSON_ESCAPED.sub(_json_escape, text)


def _json_escape(character: re.Match[str]) -> str:
    units = character[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(rf"\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def _dumped(value: JSON, indent: int | None = None) -> str:
    separators = (",", ":") if indent is None else None
    dumps = partial(json.dumps, ensure_ascii=False, indent=indent, separators=separators)
    try:
        return dumps(value, allow_nan=False)
    except ValueError:  # a number is not finite, which is rare
        return dumps(_finite(value))


def _finite(value: JSON) -> JSON:
    """Replace numbers that are not finite with words, at any depth."""
    match value:
        case float() if not math.isfinite(value):
            return js_number(value)
        case list():
            return [_finite(item) for item in value]
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case _:
            return value


# --- Markdown ------------------------------------------------------------------------------------


def markdown(text: str) -> str:
    """Make text safe for one line or table cell of Markdown: CommonMark with GitHub's extensions.

    It renders as the same text, except for a zero-width space that keeps `@name`, `#1`, `!1`,
    `GH-1`, `%1` and the like from mentioning people or issues. A backslash would not be enough,
    since forges look for mentions after rendering.
    """
    line = _MARKUP.sub(_escaped_markup, _one_line(text).strip())
    return _LIST_NUMBER.sub(r"\1\\\2", line)


# Possible markup in a line of text: anywhere, depending on its context, or at the start.
_MARKUP: Final = re.compile(
    r"""
      [\\`*\[\]<>&\#~$^{}|@]
    | !(?=[0-9\[])
    | %(?=[\w"]) | (?<=\b[Gg][Hh])-(?=[0-9]) # GitLab's milestones, GitHub's issues
    | (?<![^\W_])_ | _(?![^\W_])            # emphasis, which needs a word's edge
    | :(?=[^\s0-9])                         # a link, also without markup: https:, mailto:
    | (?<=\w)\.(?=[^\W\d]) | (?<=[Ww]{3})\. # the same: www.example.com
    | \A[-+=/]                              # lists, a heading's underline, a forge's commands
    """,
    re.VERBOSE,
)
_LIST_NUMBER: Final = re.compile(r"\A([0-9]{1,9})([.)])(?=\s|\Z)")
_REFERENCE: Final = re.compile(r"@(?=\w)|[%~](?=[\w\"])|[#!&$-](?=[0-9])")
_ZERO_WIDTH_SPACE: Final = "&#8203;"


def _escaped_markup(mark: re.Match[str]) -> str:
    if mark[0] == "|":
        return "&#124;"  # tables are split into cells before backslashes are interpreted
    reference = _REFERENCE.match(mark.string, mark.start())
    return f"\\{mark[0]}{_ZERO_WIDTH_SPACE if reference else ''}"


# --- Terminal ------------------------------------------------------------------------------------


def terminal(text: str) -> str:
    """Make text safe for one line on a terminal or in a CI runner's log.

    Control and bidirectional characters are replaced, and workflow commands are broken up: spaces
    separate the colons of `::error::` and the characters of `##[group]`, `##vso[` and the like,
    wherever they are, since a runner may wrap lines. An IPv6 address in brackets is left alone.
    """
    return _COMMAND.sub(r"\g<0> ", _one_line(text))


_COMMAND: Final = re.compile(r"(?<!\[):(?=:)|(?<=\[):(?=:)(?!:[0-9A-Fa-f:.]*\])|#(?=#[A-Za-z]*\[)")


def workflow_message(text: str) -> str:
    """Make text safe for a workflow command's message, which follows its `::`, on one line."""
    return terminal(text).replace("%", "%25")  # `terminal` has already replaced line breaks


def workflow_property(text: str) -> str:
    """Make text safe for a workflow command's property, such as a title, on one line."""
    return workflow_message(text).replace(":", "%3A").replace(",", "%2C")
