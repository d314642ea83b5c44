"""How every page of a report looks, whatever it is about."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Looks:
    """How every page of a report looks, whatever it is about."""

    title: str
    theme: str
    """`auto` (as the reader's system), `light` or `dark`."""
    timezone: ZoneInfo
    """The zone in which times are shown."""
    stale_after: float
    """After how many seconds a page with running jobs says that it is old."""
    linked: bool
    """Whether style and script are files of their own beside the pages."""
