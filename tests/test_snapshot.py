"""The snapshot directory: private, bound to its source, whole after any crash."""

import resource
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen import eventlog, wire
from reportgen.errors import SnapshotError, WriteError
from reportgen.origin import Manifest, Origin
from reportgen.snapshot import EventLog, Listing, Snapshot

HERE = Origin("studio", "http://127.0.0.1:4000", "anon", "org", "project")
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def folder_of(path: Path, origin: Origin) -> Path:
    """Fetch something from this source, as a build does; give the folder."""
    with Snapshot.locked(path) as snapshot:
        folder = snapshot.folder(origin)
        snapshot.use(folder, origin)
    return folder.path


def test_a_source_is_known_by_its_scope_else_by_its_url(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    first = folder_of(place, HERE)
    other_port = Origin("studio", "http://127.0.0.1:4001", "anon", "org", "project")
    assert folder_of(place, other_port) == first
    # A Studio that fails to tell its scope: the folder last used with this URL.
    assert folder_of(place, Origin("studio", "http://127.0.0.1:4000")) == first
    assert folder_of(place, Origin("studio", "http://127.0.0.1:4001")) == first
    strangers = {
        folder_of(place, origin)
        for origin in (
            Origin("studio", "http://127.0.0.1:4002"),
            Origin("studio", "http://127.0.0.1:4000", "anon", "org", "other"),
            Origin("cloud", "http://127.0.0.1:4000", "anon", "org", "project"),
            Origin("demo"),
        )
    }
    assert len(strangers | {first}) == 5


def test_the_scope_told_last_is_the_one_of_the_url(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    folder_of(place, HERE)
    later = folder_of(place, Origin("studio", HERE.url, "anon", "org", "later"))
    assert folder_of(place, Origin("studio", HERE.url)) == later
    assert Snapshot.reading(place).last_folder().path == later


def test_everything_is_private(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    place.mkdir(mode=0o755)
    folder_of(place, HERE)
    for path in [place, *place.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_list_is_read_back(tmp_path: Path) -> None:
    entries: dict[str, wire.Object] = {"b": {"id": "b", "x": "\ud800"}, "a": {"id": "a"}}
    listing = Listing(HERE, Manifest("t"), NOW, ("b",), ("b", "a"), entries)
    with Snapshot.locked(tmp_path / "snapshot") as snapshot:
        folder = snapshot.folder(HERE)
        assert folder.listing() is None
        snapshot.use(folder, HERE)
        folder.keep_listing(listing)
        assert folder.listing() == listing


def test_strangers_directories_are_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(WriteError, match="no snapshot directory"), Snapshot.locked(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_one_build_at_a_time(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    with (
        Snapshot.locked(place),
        pytest.raises(WriteError, match=str(place)),
        Snapshot.locked(place),
    ):
        pass
    with Snapshot.locked(place):
        pass


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}'])
def test_a_damaged_index(tmp_path: Path, text: str) -> None:
    place = tmp_path / "snapshot"
    folder_of(place, HERE)
    (place / "index.json").write_text(text)
    with pytest.raises(SnapshotError, match=r"index\.json"):
        Snapshot.reading(place)


def test_a_newer_version(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    folder_of(place, HERE)
    (place / "index.json").write_text('{"version": 99, "last": null, "urls": {}}')
    with pytest.raises(SnapshotError, match="newer"):
        Snapshot.reading(place)


@pytest.mark.parametrize("text", ["", "7", '{"version": 1}', '{"version": 2}'])
def test_a_damaged_list(tmp_path: Path, text: str) -> None:
    place = tmp_path / "snapshot"
    folder = folder_of(place, HERE)
    (folder / "jobs.json").write_text(text)
    with pytest.raises(SnapshotError, match=r"jobs\.json"):
        Snapshot.reading(place).last_folder().listing()


# --- Event logs ----------------------------------------------------------------------------------

EVENTS = [(wire.LOG, b"1", b'{"step":1}'), (wire.LOG, b"2", b"a\nb"), (wire.COMPLETED, None, b"{}")]


def write(path: Path) -> None:
    with EventLog(path, "job") as log:
        log.append(eventlog.note_line(0, "run"))
        for name, event_id, data in EVENTS:
            log.note_event(log.size, name, event_id, data)
            log.append(eventlog.event_line(1, name, event_id, data))


def test_a_reopened_log_knows_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "job.log"
    write(path)
    with EventLog(path, "job") as log:
        assert (log.trail.events, log.terminal, log.was_read) == (3, True, False)
        assert log.trail.last_event_id(log.ids) == b"1"
        kept = [(event.name, event.id, event.data) for event in log.kept(0)]
        assert kept == EVENTS
        assert log.trail.last is not None
        assert [event.data for event in log.kept(log.trail.last.start)] == [b"a\nb", b"{}"]


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_torn_log_keeps_its_whole_lines(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("torn") / "job.log"
    write(path)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    with EventLog(path, "job") as log:
        log.append(eventlog.event_line(9, wire.LOG, b"9", b"{}"))
        kept = [event.id for event in log.kept(0)]
    lines = whole[:cut].count(b"\n")
    before = [event_id for _, event_id, _ in EVENTS][: max(0, lines - 2)]
    assert kept == [*before, b"9"]
    assert path.read_bytes().endswith(b"\n")


def test_a_damaged_log_is_started_again(tmp_path: Path) -> None:
    path = tmp_path / "job.log"
    write(path)
    path.write_bytes(path.read_bytes().replace(b"\r", b" "))
    with EventLog(path, "job") as log:
        assert log.trail.events == 0
    assert path.read_bytes().startswith(b"#0\rlog")


def test_a_write_that_fails_is_told_with_the_place(tmp_path: Path) -> None:
    """A file may not grow: what a full disk does, without one."""
    path = tmp_path / "job.log"
    write(path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with EventLog(path, "job") as log:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, limits[1]))
        try:
            with pytest.raises(WriteError, match=r"job\.log.*File too large"):
                log.append(b"x" * 100)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
