"""Where jobs come from, as plain values that snapshot, sources and report share."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the jobs came from, as far as the source tells."""

    kind: str
    url: str | None = None
    """The base URL without user info and query; None where there is no server."""
    mode: str | None = None
    org: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the project would train next: the trainer's name, or why there is none."""

    trainer: str | None = None
    error: str | None = None
