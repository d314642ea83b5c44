"""The configuration file, `arkor-report.toml`: options by their names, for those who repeat them.

    # arkor-report.toml
    max-wait = "10m"
    status = ["failed", "running"]
    limit = 20
    strict = true

A value is written as on the command line, or as TOML's own kind where there is one: whole numbers,
booleans for flags, lists where an option can be repeated or takes words apart by commas, numbers
of seconds for durations. A relative path is taken from the directory that the file is in, so that
the file means the same wherever the command is started; `~` is the home directory.

One file serves all commands: each takes the keys that it has an option for. What no command has an
option for is refused. There is no key that holds a secret, as there is no such option.
"""

import difflib
import math
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from reportgen.cli.trust import leads_out
from reportgen.errors import UsageError

Takes = Literal["text", "path", "flag", "number", "duration", "lines", "words", "list"]
"""What an option takes: `lines` a number or a word, `words` several by commas, `list` several by
repetition."""

Given = str | bool | list[str]
"""A value as the command line would give it: a text, a flag, the texts of a repeated option."""

_KINDS: Final[Mapping[Takes, str]] = {
    "text": "a string",
    "path": "a string",
    "flag": "true or false",
    "number": "a whole number",
    "duration": 'a string like "1h30m" or a number of seconds',
    "lines": "a whole number or a string",
    "words": "a string or a list of strings",
    "list": "a string or a list of strings",
}


_LARGEST_FILE: Final = 1 << 20


def load(file: Path, *, found: bool) -> bytes | None:
    """Return a configuration file's bytes; None if it is `found`, not named, and not there.

    Only a regular file is read, so that nothing in its place can block or never end. Raises
    `UsageError`.
    """
    try:
        if found and leads_out(file, file.parent):
            raise _unreadable(file, "it leads out of its own directory", found=found)
        # A pipe that nobody writes to would block, but for O_NONBLOCK.
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as stream:  # noqa: PTH123 - a descriptor, not a path
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _unreadable(file, "it is not a regular file", found=found)
            data = stream.read(_LARGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        if found:
            return None
        raise _unreadable(file, error.strerror, found=found) from error
    except (OSError, ValueError) as error:
        # In a directory that may not be searched nothing is found.
        if found and isinstance(error, PermissionError) and not _is_there(file):
            return None
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _unreadable(file, reason, found=found) from error
    if len(data) > _LARGEST_FILE:
        raise _unreadable(file, "it is larger than 1 MiB", found=found)
    return data


def _is_there(file: Path) -> bool:
    try:
        file.lstat()
    except OSError:
        return False
    return True


def _unreadable(file: Path, reason: str | None, *, found: bool) -> UsageError:
    remedy = "Move it away, or name another file with --config." if found else "Check --config."
    return UsageError(f"The configuration file {file} can't be read: {reason}. {remedy}")


def values(
    document: Mapping[str, object], file: Path, known: Mapping[str, Takes]
) -> dict[str, Given]:
    """Return a configuration file's values by key; `known` is what each key takes.

    Raises `UsageError`, which names the file and the key.
    """
    values: dict[str, Given] = {}
    for key, value in document.items():
        if key not in known:
            raise UsageError(_unknown(key, file, known))
        given = _given(value, known[key], file.parent)
        if given is None:
            raise UsageError(
                f"Wrong value for '{key}' in {file}: expected {_KINDS[known[key]]}, "
                f"got {_kind(value)}."
            )
        values[key] = given
    return values


def parse(data: bytes, file: Path) -> dict[str, object]:
    """Return what a configuration file holds. Raises `UsageError`, which names file and line."""
    try:
        text = data.decode("utf-8-sig")
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{file} is not UTF-8 text (at line {line}): fix it.") from error
    except (ValueError, RecursionError) as error:
        words = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "beyond all bounds"
        if "(at line" not in words:
            last = len(data.splitlines())
            words = f"{words.removesuffix(' (at end of document)')} (at line {last}, the last)"
        raise UsageError(f"{file} is not TOML: {words}. Fix it.") from error


def _unknown(key: str, file: Path, known: Mapping[str, Takes]) -> str:
    likely = key.replace("_", "-").lower()
    (nearest,) = difflib.get_close_matches(likely, sorted(known), n=1, cutoff=0.0)
    if key == "token":
        return (
            f"{file} has a key 'token', but no secret belongs into it: name its file with "
            "'token-file', or use the variable ARKOR_REPORT_TOKEN."
        )
    return f"Unknown key '{key}' in {file}: did you mean '{nearest}'?"


def _given(value: object, takes: Takes, directory: Path) -> Given | None:
    """Give a value as the command line would; None where it is of another kind."""
    if takes == "flag":
        return value if isinstance(value, bool) else None
    if isinstance(value, list):
        return _several(value, takes)
    text = _text(value, takes)
    if text is None:
        return None
    if takes == "path" and text and not text.startswith("~"):
        return str(directory / text)
    return [text] if takes == "list" else text


def _several(values: list[object], takes: Takes) -> Given | None:
    texts = [text for value in values if (text := _text(value, "text")) is not None]
    if takes not in {"list", "words"} or len(texts) < len(values):
        return None
    return texts if takes == "list" else ",".join(texts)


def _text(value: object, takes: Takes) -> str | None:
    """Give the text of a value that is no list."""
    if isinstance(value, str):
        return None if "\0" in value else value  # which no command line can hold
    if isinstance(value, bool) or takes not in {"number", "lines", "duration"}:
        return None
    if isinstance(value, int):
        return str(value) if abs(value) < _LARGEST else None
    # A duration may have a fraction, and is written without an exponent.
    is_duration = takes == "duration" and isinstance(value, float) and math.isfinite(value)
    return f"{value:.6f}".rstrip("0").rstrip(".") if is_duration else None


_LARGEST: Final = 10**18


def _kind(value: object) -> str:
    """Name the kind of a TOML value, never the value: it might be a secret in the wrong place."""
    names = [
        (bool, "a boolean"),
        (int, "a number"),
        (float, "a number with a fraction"),
        (str, "a string"),
        (list, "a list"),
        (dict, "a table"),
    ]
    return next((name for kind, name in names if isinstance(value, kind)), "a date or a time")


# --- What is in force ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InForce:
    """A setting, its value and where that comes from, as texts."""

    setting: str
    value: str
    origin: str


def shown(value: object, given: object, otherwise: str) -> str:
    """Say a value as it was `given`; `otherwise` says what holds where there is none."""
    match value, given:
        case bool(), _:
            return "true" if value else "false"
        case ((None | ()), _):
            return otherwise
        case _, list() | tuple():
            return ", ".join(map(str, given))
        case _:
            return _USER_INFO.sub("", str(given)) if "@" in str(given) else str(given)


# Also of a URL that is written wrong: a password would be shown with it.
_USER_INFO: Final = re.compile(r"(?<![^\s/])[^\s/@]*:[^\s/@]*@")


def table(rows: list[InForce]) -> list[str]:
    """Lay out the settings as lines, a heading first."""
    rows = [InForce("setting", "value", "from"), *rows]
    first = max(len(row.setting) for row in rows)
    second = max(len(row.value) for row in rows)
    return [f"{row.setting:<{first}}  {row.value:<{second}}  {row.origin}" for row in rows]
