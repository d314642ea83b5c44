"""Every option, variable and file that decides what a command does, resolved into one value."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from reportgen.errors import UsageError
from reportgen.events import wire
from reportgen.model.selection import Selection

if TYPE_CHECKING:
    from reportgen.report.gates import Rule

EPOCH_VARIABLE: Final = "SOURCE_DATE_EPOCH"

_SECONDS: Final = re.compile(r"\d+(?:\.\d+)?")
_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")
_UNITS: Final = (86_400, 3_600, 60, 1)
_LONGEST: Final = 10_000 * 86_400.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What a command was asked to do; durations in seconds."""

    source: str = "studio"
    url: str | None = None
    token_file: Path | None = None
    org: str | None = None
    project: str | None = None
    project_dir: Path = Path()
    out: Path = Path("out")
    snapshot_dir: Path = Path(".arkor-report")
    selection: Selection = field(default_factory=Selection)
    max_wait: float = math.inf
    settle: float = 2.0
    stall_timeout: float = 90.0
    retries: int = 8
    concurrency: int = 16
    refresh: bool = False
    log_lines: int | None = 50
    """None for all."""
    title: str = "Arkor report"
    single_file: bool = False
    layout: str = "inline"
    """`inline` or `linked`."""
    theme: str = "auto"
    timezone: str = "UTC"
    stale_after: float = 86_400.0
    show_config: tuple[str, ...] = ()
    report_url: str | None = None
    strict: bool = False
    fail_on: "tuple[Rule, ...]" = ()
    keep: float | None = None
    keep_last: int | None = None
    no_github: bool = False
    log_format: str = "text"
    """`text` or `json`."""


def duration(text: str) -> float:
    """Read `90`, `90s`, `10m`, `2h`, `1h30m` or `7d` as seconds. Raises `UsageError`."""
    words = text.strip().lower()
    # A number without a unit is seconds where it stands alone: who writes 1h30 means minutes.
    match = _DURATION.fullmatch(f"{words}s" if _SECONDS.fullmatch(words) else words)
    if match is None or not any(match.groups()):
        raise UsageError(f"{text!r} is no duration: write it like 90, 90s, 10m, 2h, 1h30m or 7d.")
    parts = zip(match.groups(), _UNITS, strict=True)
    return min(_LONGEST, sum(float(number) * unit for number, unit in parts if number))


def timezone(name: str) -> ZoneInfo:
    """Load a zone from the tzdata package, never from the system, so that pages are the same.

    Raises `UsageError`.
    """
    folder, slash, leaf = name.rpartition("/")
    package = ".".join(["tzdata", "zoneinfo", *folder.split("/")]) if folder else "tzdata.zoneinfo"
    try:
        if slash and not folder:
            raise ValueError("no folder before the slash")  # noqa: TRY301 - one way to say it
        with resources.files(package).joinpath(leaf).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError, ImportError, TypeError) as error:
        raise UsageError(
            f"--timezone {name!r} is no zone of the IANA database: write it like Europe/Berlin."
        ) from error


def now(environment: Mapping[str, str]) -> datetime:
    """Give the time, or what `SOURCE_DATE_EPOCH` says it is. Raises `UsageError`."""
    epoch = environment.get(EPOCH_VARIABLE)
    if not epoch:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"{EPOCH_VARIABLE} is no number of seconds: {epoch!r}") from error


def environment() -> Mapping[str, str]:
    """Give the process's environment."""
    return os.environ


def statuses(words: str) -> frozenset[str]:
    """Read `--status`: statuses, apart by commas. Raises `UsageError`."""
    names = [name.strip() for name in words.split(",") if name.strip()]
    if not names:
        raise UsageError(f"--status names no status: use some of {', '.join(wire.STATUSES)}.")
    return frozenset(names)
