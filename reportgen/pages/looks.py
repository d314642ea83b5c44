"""The looks that all pages of a report share."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks that all pages of a report share."""

    title: str
    theme: str
    """`auto` (the reader's system decides), `light` or `dark`."""
    timezone: ZoneInfo
    """The time zone of the times on the pages."""
    stale_after: float
    """The age, in seconds, from which on a page with running jobs warns."""
    linked: bool
    """Whether style and script are separate files that the pages link to."""
    auto_refresh: float | None = None
    """How often, in seconds, home and the single file reload themselves; None if they do not."""
