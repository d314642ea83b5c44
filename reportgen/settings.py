"""Every option, variable and file that decides what a command does, resolved into one value."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from reportgen import wire
from reportgen.errors import SourceError, UsageError
from reportgen.selection import Selection

TOKEN_VARIABLE: Final = "ARKOR_REPORT_TOKEN"  # noqa: S105 - the variable's name
EPOCH_VARIABLE: Final = "SOURCE_DATE_EPOCH"
STUDIO_TOKEN_FILE: Final = "~/.arkor/studio-token"  # noqa: S105

_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")
_UNITS: Final = (86_400, 3_600, 60, 1)
_LONGEST: Final = 10_000 * 86_400.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What a command was asked to do; durations in seconds."""

    source: str = "studio"
    url: str | None = None
    token_file: Path | None = None
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
    theme: str = "auto"
    timezone: str = "UTC"
    stale_after: float = 86_400.0
    show_config: tuple[str, ...] = ()


def duration(text: str) -> float:
    """Read `90`, `90s`, `10m`, `2h`, `1h30m` or `7d` as seconds. Raises `UsageError`."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or not any(match.groups()):
        raise UsageError(f"{text!r} is no duration: write it like 90, 90s, 10m, 2h, 1h30m or 7d.")
    parts = zip(match.groups(), _UNITS, strict=True)
    return min(_LONGEST, sum(float(number) * unit for number, unit in parts if number))


def timezone(name: str) -> ZoneInfo:
    """Load a zone from the tzdata package, never from the system, so that pages are the same.

    Raises `UsageError`.
    """
    folder, _, leaf = name.rpartition("/")
    package = ".".join(["tzdata", "zoneinfo", *folder.split("/")]) if folder else "tzdata.zoneinfo"
    try:
        with resources.files(package).joinpath(leaf).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError, ImportError) as error:
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


def studio_token(token_file: Path | None, environment: Mapping[str, str]) -> str:
    """Find Studio's token: a file that was named, else the variable, else Studio's own file.

    Raises `SourceError`, which never holds any of what was read.
    """
    if token_file is None and environment.get(TOKEN_VARIABLE):
        return _header_safe(environment[TOKEN_VARIABLE].strip(), TOKEN_VARIABLE)
    file = token_file or Path(STUDIO_TOKEN_FILE).expanduser()
    try:
        text = file.read_bytes()[:65_536].decode("utf-8", "replace")
    except FileNotFoundError as error:
        raise SourceError(
            f"There is no Studio token at {file}, so Studio is most likely not running: start it "
            "with `arkor dev`, name the file with --token-file, or try `--source demo`."
        ) from error
    except OSError as error:
        raise SourceError(
            f"The Studio token at {file} can't be read: {error.strerror}. "
            "Mend its permissions, or name another file with --token-file."
        ) from error
    return _header_safe(text.strip(), str(file))


def _header_safe(token: str, place: str) -> str:
    if token and token.isascii() and token.isprintable():
        return token
    raise SourceError(
        f"{place} holds no token that can be sent: expected one line of printable ASCII; "
        "start Studio again with `arkor dev`, or name another file with --token-file."
    )


def environment() -> Mapping[str, str]:
    """Give the process's environment."""
    return os.environ


def statuses(words: str) -> frozenset[str]:
    """Read `--status`: statuses, apart by commas. Raises `UsageError`."""
    names = [name.strip() for name in words.split(",") if name.strip()]
    if not names:
        raise UsageError(f"--status names no status: use some of {', '.join(wire.STATUSES)}.")
    return frozenset(names)
