"""A command's settings, as nested values that are passed on as a whole.

Each is built from one group of options in `cli.options`, which has the defaults. `Selection`,
`Retention` and `Looks` are also such values, defined next to the code that uses them. Durations
are in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reportgen.errors import UsageError

if TYPE_CHECKING:  # a command imports only what it runs
    from reportgen.model.selection import Selection
    from reportgen.pages.looks import Looks
    from reportgen.report.gates import Rule
    from reportgen.snapshot.retention import Retention

_STUDIO_PORTS: Final = range(4000, 4010)
STUDIO_URLS: Final = tuple(f"http://127.0.0.1:{port}" for port in _STUDIO_PORTS)
"""The addresses where a Studio may run, in the order in which Studios claim the ports."""
STUDIO_URL: Final = f"{STUDIO_URLS[0]} to {_STUDIO_PORTS[-1]}"
"""The same, for display."""
CLOUD_URL: Final = "https://api.arkor.ai"


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Where jobs come from."""

    kind: str
    """`studio`, `cloud` or `demo`."""
    url: str | None
    token_file: Path | None
    org: str | None
    project: str | None
    project_dir: Path


@dataclass(frozen=True, slots=True)
class Following:
    """How streams are followed."""

    max_wait: float
    """The total time to wait for jobs that have not ended; infinity to wait until they do."""
    settle: float
    """How long a stream must be quiet to count as read, once its job or the wait has ended."""
    stall_timeout: float
    """How long a followed stream may go without sending a byte."""
    retries: int
    concurrency: int
    refresh: bool


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """What to fetch, from where, and what to keep."""

    source: SourceSettings
    selection: "Selection"
    retention: "Retention"
    following: Following
    snapshot_dir: Path
    baseline: str | None
    """What each job is compared with (see `model.baseline`)."""


@dataclass(frozen=True, slots=True)
class Output:
    """What to write, where to write it, and how it looks."""

    out: Path
    looks: "Looks"
    log_lines: int | None
    """How many log lines a job's page shows; None for all of them."""
    single_file: bool
    show_config: tuple[str, ...]
    report_url: str | None


@dataclass(frozen=True, slots=True)
class Gates:
    """The conditions that fail a build once its report is written."""

    strict: bool
    fail_on: "tuple[Rule, ...]"


def now(environment: Mapping[str, str]) -> datetime:
    """Return the current time, or that in `SOURCE_DATE_EPOCH`. Raises `UsageError`."""
    epoch = environment.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"SOURCE_DATE_EPOCH is not a number of seconds: {epoch!r}") from error
