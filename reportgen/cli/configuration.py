"""The configuration file, `arkor-report.toml`: options by name.

    max-wait = "10m"
    status = ["failed", "running"]
    limit = 20
    strict = true

A value is written as on the command line, or as a native TOML value: a whole number, a boolean for
a flag, a list for an option that can be repeated or takes comma-separated words, a number of
seconds for a duration. A relative path is relative to the file's directory, so that the file means
the same wherever the command runs.

One file serves all commands: each uses the keys of its own options, and a key that is not an option
of any command is refused. No key holds a secret.
"""

import difflib
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from reportgen.cli.trust import leads_out
from reportgen.errors import UsageError
from reportgen.files import open_named

Given = str | bool | list[str]
"""A value as on the command line: a string, a flag, or the strings of a repeated option."""

KINDS: Final[Mapping[str, str]] = {
    "text": "a string",
    "path": "a string",
    "flag": "true or false",
    "number": "a whole number",
    "duration": 'a string like "1h30m" or a number of seconds',
    "lines": "a whole number or a string",
    "words": "a string or a list of strings",
    "list": "a string or a list of strings",
}
"""What each kind of option accepts in the file, for error messages."""

_LARGEST_FILE: Final = 1 << 20
_LARGEST_NUMBER: Final = 10**18


def load(file: Path, *, found: bool) -> dict[str, object] | None:
    """Return a configuration file's contents; None if `found` is true and it does not exist.

    `found` means that the user did not name the file. Only a small regular file is read, so that
    nothing can block. Raises `UsageError`.
    """
    try:
        if found and _is_there(file) and leads_out(file, file.parent):
            raise _unreadable(file, "it leads out of its own directory", found=found)
        with open(open_named(file), "rb") as stream:  # noqa: PTH123 - a descriptor, not a path
            data = stream.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        # In a directory without search permission, no file is found.
        hidden = isinstance(error, PermissionError) and not _is_there(file)
        if found and (hidden or isinstance(error, FileNotFoundError | NotADirectoryError)):
            return None
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _unreadable(file, reason, found=found) from error
    if len(data) > _LARGEST_FILE:
        raise _unreadable(file, "it is larger than 1 MiB", found=found)
    return parse(data, file)


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
    document: Mapping[str, object], file: Path, known: Mapping[str, str]
) -> dict[str, Given]:
    """Return a configuration file's values by key; `known` maps each key to its kind.

    Raises `UsageError`, which names the file and the key.
    """
    values: dict[str, Given] = {}
    for key, value in document.items():
        if key not in known:
            raise UsageError(_unknown(key, file, known))
        given = _given(value, known[key], file.parent)
        if given is None:
            raise UsageError(
                f"Wrong value for '{key}' in {file}: expected {KINDS[known[key]]}, "
                f"got {_kind(value)}."
            )
        values[key] = given
    return values


def parse(data: bytes, file: Path) -> dict[str, object]:
    """Parse a configuration file. Raises `UsageError`, which names the file and the line."""
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{file} is not UTF-8 text (at line {line}): fix it.") from error
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "beyond all bounds"
        if "(at line" not in reason:
            last = len(data.splitlines())
            reason = f"{reason.removesuffix(' (at end of document)')} (at line {last}, the last)"
        raise UsageError(f"{file} is not TOML: {reason}. Fix it.") from error


def _unknown(key: str, file: Path, known: Mapping[str, str]) -> str:
    if key == "token":
        return (
            f"{file} has a key 'token', but a secret does not belong there: name its file with "
            "'token-file', or use the variable ARKOR_REPORT_TOKEN."
        )
    likely = key.replace("_", "-").lower()
    (nearest,) = difflib.get_close_matches(likely, sorted(known), n=1, cutoff=0.0)
    return f"Unknown key '{key}' in {file}: did you mean '{nearest}'?"


def _given(value: object, takes: str, directory: Path) -> Given | None:
    """Return a value as on the command line; None if it has the wrong type."""
    if takes == "flag":
        return value if isinstance(value, bool) else None
    if isinstance(value, list):
        texts = [text for item in value if (text := _text(item, "text")) is not None]
        if takes not in {"list", "words"} or len(texts) < len(value):
            return None
        return texts if takes == "list" else ",".join(texts)
    text = _text(value, takes)
    if text and takes == "path" and not text.startswith("~"):
        return str(directory / text)
    return [text] if takes == "list" and text is not None else text


def _text(value: object, takes: str) -> str | None:
    """Return the text of a value that is not a list."""
    is_number = takes in {"number", "lines", "duration"}
    match value:
        case str():
            return None if "\0" in value else value  # which can't be passed on a command line
        case bool():
            return None
        case int() if is_number and abs(value) < _LARGEST_NUMBER:
            return str(value)
        case float() if takes == "duration" and math.isfinite(value):
            return f"{value:.6f}".rstrip("0").rstrip(".")  # without an exponent
        case _:
            return None


def _kind(value: object) -> str:
    """Return the type of a TOML value, not the value, which might be a misplaced secret."""
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number with a fraction",
        str: "a string",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), "a date or a time")
