"""Which jobs changed since the previous snapshot, based on their status then and now. Pure."""

from collections.abc import Mapping
from typing import Final

from reportgen.events import wire

NEW: Final = "new"
ENDED: Final = "ended"
FAILED: Final = "failed"


def mark(job_id: str, status_now: str, before: Mapping[str, str] | None) -> str | None:
    """Return how a job changed since the previous snapshot: `new`, `ended`, `failed` or None.

    `before` maps the id of each job in that snapshot to the status shown then. It is None if there
    was no such snapshot, and then no job counts as changed.
    """
    if before is None:
        return None
    status_then = before.get(job_id)
    if status_then is None:
        return NEW
    if status_now == status_then:
        return None
    if status_now == "failed":
        return FAILED
    if status_now in wire.ENDED_STATUSES and status_then not in wire.ENDED_STATUSES:
        return ENDED
    return None
