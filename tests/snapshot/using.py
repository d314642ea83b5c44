"""Everything that commands do with a snapshot directory, by plain calls."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reportgen import build
from reportgen.model.selection import Selection
from reportgen.snapshot.merge import merge
from reportgen.snapshot.render_records import FILE
from reportgen.snapshot.retention import Retention
from reportgen.text.secrets import Secrets
from tests import samples
from tests.rendering.planting import tree
from tests.snapshotting import RecordingListener, take
from tests.standin import StandIn, job, training

JOBS = (
    job("done", events=training(4, "done")),
    job("off", "failed", events=training(2, "off", complete=False)),
    job("cut", "cancelled", events=training(3, "cut", complete=False)),
)


@dataclass(frozen=True)
class Base:
    """A good snapshot, the server it came from, and someone else's folder tree."""

    studio: StandIn
    snapshot: Path
    outside: Path


def _fetched(place: Path) -> dict[str, tuple[int, int, int, str]]:
    """Return everything below a directory, except what a render remembers there."""
    found = tree(place)
    remembered = (path for path in place.rglob(FILE) if path.is_file() and not path.is_symlink())
    for path in remembered:
        del found[path.relative_to(place).as_posix()]
    return found


def render_it(base: Base, place: Path) -> list[str]:
    """Render a snapshot; return the warnings."""
    warnings: list[str] = []
    before = _fetched(place)
    try:
        build.render_only(
            place,
            (None, None),
            Selection(),
            Retention(),
            samples.output(place.parent / "out"),
            warn=warnings.append,
            secrets=Secrets(),
        )
    finally:
        assert _fetched(place) == before
    return warnings


def merge_it(base: Base, place: Path) -> list[str]:
    """Merge a snapshot into a new one; return the warnings."""
    warnings: list[str] = []
    before = tree(place)
    try:
        merge(place.parent / "into", [place], warnings.append)
    finally:
        assert tree(place) == before
    return warnings


def merge_into_it(base: Base, place: Path) -> list[str]:
    """Merge a good snapshot into this one; return the warnings."""
    warnings: list[str] = []
    merge(place, [base.snapshot], warnings.append)
    return warnings


def fetch_into_it(base: Base, place: Path) -> list[str]:
    """Fetch into a snapshot; return the warnings."""
    watcher = RecordingListener()
    take(base.studio, place, watcher=watcher)
    return watcher.warnings


def refresh_it(base: Base, place: Path) -> list[str]:
    """Fetch all of it again; return the warnings."""
    watcher = RecordingListener()
    take(base.studio, place, refresh=True, watcher=watcher)
    return watcher.warnings


Use = Callable[[Base, Path], list[str]]
READS: list[Use] = [render_it, merge_it]
WRITES: list[Use] = [merge_into_it, fetch_into_it, refresh_it]


def copy_of(base: Base, place: Path) -> Path:
    shutil.copytree(base.snapshot, place, symlinks=True)
    return place


def names_in(snapshot: Path) -> list[str]:
    """Return the paths of everything in a snapshot directory, relative to it."""
    return sorted(path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*"))
