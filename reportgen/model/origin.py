"""Where jobs come from, as plain values that snapshot, sources and report share."""

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the jobs came from, as far as the source tells."""

    kind: str
    url: str | None = None
    """The base URL without user info and query; None where there is no server."""
    mode: str | None = None
    org: str | None = None
    project: str | None = None
    without_project: bool = False
    """Whether it says that it has no project, and so no jobs."""

    def redacted(self, clean: Callable[[str], str]) -> "Origin":
        """Return the same with each of the server's texts cleaned."""
        mode, org, project = (_clean(text, clean) for text in (self.mode, self.org, self.project))
        return replace(self, mode=mode, org=org, project=project)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the project would train next: the trainer's name, or why there is none."""

    trainer: str | None = None
    error: str | None = None

    def redacted(self, clean: Callable[[str], str]) -> "Manifest":
        """Return the same with each of the server's texts cleaned."""
        return Manifest(_clean(self.trainer, clean), _clean(self.error, clean))


def _clean(text: str | None, clean: Callable[[str], str]) -> str | None:
    return None if text is None else clean(text)
