"""Where jobs come from, as plain values shared by snapshot, sources and report."""

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the jobs came from, as far as the source says."""

    kind: str
    url: str | None = None
    """The base URL without user info and query; None without a server."""
    mode: str | None = None
    org: str | None = None
    project: str | None = None
    without_project: bool = False
    """Whether the source says that it has no project, and so no jobs."""

    def redacted(self, clean: Callable[[str], str]) -> "Origin":
        """Return a copy with all text from the server cleaned."""
        mode, org, project = (_clean(text, clean) for text in (self.mode, self.org, self.project))
        return replace(self, mode=mode, org=org, project=project)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The name of the trainer that the project would run next, or why there is none."""

    trainer: str | None = None
    error: str | None = None

    def redacted(self, clean: Callable[[str], str]) -> "Manifest":
        """Return a copy with all text from the server cleaned."""
        return Manifest(_clean(self.trainer, clean), _clean(self.error, clean))


def _clean(text: str | None, clean: Callable[[str], str]) -> str | None:
    return None if text is None else clean(text)
