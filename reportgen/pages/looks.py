"""The appearance shared by all pages of a report."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Looks:
    """The appearance shared by all pages of a report."""

    title: str
    theme: str
    """`auto` (the reader's system setting), `light` or `dark`."""
    timezone: ZoneInfo
    """The time zone for times on the pages."""
    stale_after: float
    """The age, in seconds, at which a page with running jobs starts to warn."""
    linked: bool
    """Whether style and script are separate files that the pages link to."""
    auto_refresh: float | None = None
    """The interval, in seconds, at which home and the single file reload; None for never."""
