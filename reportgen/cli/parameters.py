"""The options' types, which convert text from any origin into a final value."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import click

from reportgen.cli.lazy import imported, lazily
from reportgen.errors import UsageError
from reportgen.sources import home

_SECONDS: Final = re.compile(r"\d+(?:\.\d+)?")
_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")
_UNITS: Final = (86_400, 3_600, 60, 1)
_LONGEST: Final = 10_000 * 86_400.0
_SHORTEST_REFRESH: Final = 5.0


# Generic, but not in the oldest supported version of click.
class Parsed(click.ParamType):  # type: ignore[type-arg]
    """Text that `parse` converts to a value, or refuses by raising `UsageError`.

    A value that is not a string is a default, and already final. `takes` is the kind of value that
    it accepts in the configuration file, a key of `configuration.KINDS`.
    """

    def __init__(self, metavar: str, parse: Callable[[str], Any], takes: str = "text") -> None:
        self.name = self.metavar = metavar
        self.takes = takes
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the final value. Raises `click.BadParameter`."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except UsageError as error:
            message = str(error)
            option = max(param.opts, key=len) if param is not None else ""
            if message.startswith(option):  # click's own message begins with it
                message = re.sub("^(?=[a-z])", "it ", message.removeprefix(option).lstrip(": "))
            self.fail(message, param, ctx)


class Count(click.IntRange):
    """A whole number that is not negative."""

    metavar = "N"
    takes = "number"

    def __init__(self, min: int = 0) -> None:  # noqa: A002 - as in click
        super().__init__(min)


class PathType(click.Path):
    """A path, never empty; a leading `~` is expanded, wherever the path comes from."""

    takes = "path"

    def __init__(self, metavar: str, *, file_okay: bool = True, dir_okay: bool = True) -> None:
        super().__init__(file_okay=file_okay, dir_okay=dir_okay, path_type=Path)
        self.metavar = metavar

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path. Raises `click.BadParameter`."""
        text = os.fspath(value)
        if not text:
            self.fail("the path is empty.", param, ctx)
        try:
            return super().convert(home.expand(text), param, ctx)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class LinkedType(click.Choice):  # type: ignore[type-arg]
    """A layout, converted to whether style and script are separate files."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return whether the layout is `linked`. Raises `click.BadParameter`."""
        return super().convert(value, param, ctx) == "linked"


def duration(text: str) -> float:
    """Return the seconds of `90`, `90s`, `10m`, `2h`, `1h30m` or `7d`. Raises `UsageError`."""
    words = text.strip().lower()
    # A bare number is seconds only on its own, since 1h30 would be read as minutes.
    match = _DURATION.fullmatch(f"{words}s" if _SECONDS.fullmatch(words) else words)
    if match is None or not any(match.groups()):
        raise UsageError(
            f"{text!r} is not a duration: write it like 90, 90s, 10m, 2h, 1h30m or 7d."
        )
    parts = zip(match.groups(), _UNITS, strict=True)
    return min(_LONGEST, sum(float(number) * unit for number, unit in parts if number))


def refresh(text: str) -> float:
    """Parse `--auto-refresh` into seconds, with a minimum that leaves time to read the page."""
    seconds = duration(text)
    if seconds < _SHORTEST_REFRESH:
        raise UsageError(f"{text!r} is too short: a page can reload at most once every 5 s.")
    return seconds


def log_lines(text: str) -> int | None:
    """Return how many lines of a log to show; None for all. Raises `UsageError`."""
    if text == "all":
        return None
    if re.fullmatch("[0-9]{1,15}", text):
        return int(text)
    raise UsageError(f"{text!r} is neither a number nor `all`.")


def _base_url(text: str) -> str:
    return str(imported("reportgen.sources.http:BaseURL.parse")(text).shown)


DIRECTORY: Final = PathType("DIR")
FILE: Final = PathType("FILE")
DURATION: Final = Parsed("DURATION", duration, "duration")
REFRESH: Final = Parsed("DURATION", refresh, "duration")
PERIOD: Final = Parsed("DURATION", lambda text: timedelta(seconds=duration(text)), "duration")
LAYOUT: Final = LinkedType(["inline", "linked"])
LOG_LINES: Final = Parsed("N|all", log_lines, "lines")
URL: Final = Parsed("URL", _base_url)
REPORT_URL: Final = Parsed("URL", lazily("reportgen.exports.summary_md:base_url"))
STATUSES: Final = Parsed("S,…", lazily("reportgen.model.selection:parse_statuses"), "words")
SHARD: Final = Parsed("I/N", lazily("reportgen.model.selection:parse_shard"))
RULES: Final = Parsed("RULE,…", lazily("reportgen.report.gates:parse"), "words")
ZONE: Final = Parsed("ZONE", lazily("reportgen.cli.zones:zone"))
