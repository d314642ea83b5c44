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
    """The zone that times are shown in."""
    stale_after: float
    """After how many seconds a page of what goes on says that it is old."""
    linked: bool
    """Whether style and script stand in files of their own beside the pages."""
