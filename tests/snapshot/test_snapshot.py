"""The snapshot directory: private, bound to its source, whole after any crash."""

import json
import os
import re
import resource
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reportgen.errors import DamagedRecordError, SnapshotError, WriteError
from reportgen.events import event_log, wire
from reportgen.events.event_log import Ended, Events, OverLimitEvents, Record, State
from reportgen.files import temporary_name
from reportgen.following.log_writer import LogWriter
from reportgen.following.replay import Kept, Trail
from reportgen.following.sse import FrameDecoder
from reportgen.model import history
from reportgen.model.origin import Manifest, Origin
from reportgen.snapshot import log_index
from reportgen.snapshot.directory import Snapshot
from reportgen.snapshot.job_list import Listing
from reportgen.snapshot.source_folder import SourceFolder
from tests import logs
from tests.snapshotting import end_note, folder_at, lines_of, open_log, read_log
from tests.standin import Event, Framing, log, ping, training

HERE = Origin("studio", "http://127.0.0.1:4000", "anon", "org", "project")
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def folder_of(path: Path, origin: Origin) -> Path:
    """Fetch something from this source, as a build does; return the folder."""
    with Snapshot.locked(path) as snapshot:
        folder = snapshot.folder(origin)
        snapshot.use(folder, origin)
    return folder.path


@pytest.fixture
def folder(tmp_path: Path) -> SourceFolder:
    """Create and return the folder of a source."""
    return folder_at(folder_of(tmp_path / "snapshot", HERE))


# --- Which folder --------------------------------------------------------------------------------


def studio(port: int, org: str | None = None, project: str | None = None) -> Origin:
    return Origin("studio", f"http://127.0.0.1:{port}", "anon", org, project)


def test_a_source_is_known_by_its_scope_else_by_its_url(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    first = folder_of(place, HERE)
    assert folder_of(place, studio(4001, "org", "project")) == first
    # A Studio that does not report its scope: the folder last used with this URL.
    assert folder_of(place, studio(4000)) == first
    assert folder_of(place, studio(4001)) == first
    others = {
        folder_of(place, origin)
        for origin in (
            studio(4002),
            studio(4003),
            studio(4000, "org", "other"),
            studio(4000, "other", "project"),
            Origin("cloud", "http://127.0.0.1:4000", "anon", "org", "project"),
            Origin("cloud", "http://127.0.0.1:4009"),
            Origin("demo"),
        )
    }
    assert len(others | {first}) == 8
    assert {path.parent for path in others} == {place}


def test_the_scope_reported_last_is_the_urls(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    folder_of(place, HERE)
    later = folder_of(place, studio(4000, "org", "later"))
    assert folder_of(place, studio(4000)) == later
    assert Snapshot.reading(place).last_folder().path == later


def test_a_scope_that_is_reported_later_gets_its_own_folder(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    by_url = folder_of(place, studio(4000))
    by_scope = folder_of(place, HERE)
    assert by_scope != by_url
    assert folder_of(place, studio(4000)) == by_scope


SCOPES = st.tuples(st.text(max_size=4), st.text(max_size=4))


@settings(deadline=None)
@given(SCOPES, SCOPES)
def test_two_scopes_never_share_a_folder(
    tmp_path_factory: pytest.TempPathFactory, one: tuple[str, str], other: tuple[str, str]
) -> None:
    with Snapshot.locked(tmp_path_factory.getbasetemp() / "scopes") as kept:
        paths = [kept.folder(studio(4000, *scope)).path for scope in (one, other)]
    assert (paths[0] == paths[1]) == (one == other)
    for path in paths:
        assert path.parent == kept.path
        assert re.fullmatch(r"[a-z0-9-]+", path.name)


def test_the_folder_fetched_last_of_all_of_a_kind_or_of_a_url(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    first, demo = folder_of(place, HERE), folder_of(place, Origin("demo"))
    second = folder_of(place, studio(4001, "org", "second"))
    cloud = folder_of(place, Origin("cloud", "https://api.arkor.ai", "anon", "org", "project"))
    kept = Snapshot.reading(place)
    assert kept.last_folder().path == cloud
    assert kept.last_folder("demo").path == demo
    assert kept.last_folder("studio").path == second
    assert kept.last_folder(url="http://127.0.0.1:4000").path == first
    assert kept.last_folder("cloud", "https://api.arkor.ai").path == cloud
    for kind, url in (("cloud", "http://127.0.0.1:4000"), (None, "http://127.0.0.1:9")):
        with pytest.raises(SnapshotError, match=url):
            kept.last_folder(kind, url)


def test_an_org_alone_is_not_a_scope(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    first = folder_of(place, studio(4000, "org"))
    assert folder_of(place, studio(4001, "org")) != first
    assert folder_of(place, studio(4000, "org")) == first


def test_a_missing_snapshot(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=str(tmp_path)):
        Snapshot.reading(tmp_path)
    with pytest.raises(SnapshotError, match="no snapshot"):
        Snapshot.reading(tmp_path / "nowhere")
    with Snapshot.locked(tmp_path / "new"), pytest.raises(SnapshotError):
        Snapshot.reading(tmp_path / "new")


# --- Private, ours, and one at a time ------------------------------------------------------------


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_everything_is_for_its_owner_alone_and_not_for_git(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    place.mkdir(mode=0o755)
    with Snapshot.locked(place) as snapshot:
        folder = snapshot.folder(HERE)
        snapshot.use(folder, HERE)
        folder.keep_listing(Listing(HERE, None, NOW, (), ()))
        with open_log(folder.logs.path_of("job"), "job"):
            pass
        paths = [place, *place.rglob("*")]
        for path in paths:
            mode = stat.S_IMODE(path.stat().st_mode)
            assert mode == (0o700 if path.is_dir() else 0o600), path
    assert {path.name for path in paths} >= {"CACHEDIR.TAG", "index.json", "jobs.json", "lock"}
    tag = (place / "CACHEDIR.TAG").read_bytes()
    assert tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")
    assert (place / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("name", ["thesis.tex", ".hidden", "index.json"])
def test_directories_of_others_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    before = tmp_path.stat().st_mode
    with pytest.raises(WriteError, match=str(tmp_path)), Snapshot.locked(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"
    assert tmp_path.stat().st_mode == before


def test_someone_elses_cache_is_refused(tmp_path: Path) -> None:
    tag = "Signature: 8a477f597d28d172789f06886806bc55\n# This is a cache tag created by cargo.\n"
    (tmp_path / "CACHEDIR.TAG").write_text(tag)
    (tmp_path / "debug").mkdir()
    with pytest.raises(WriteError, match=str(tmp_path)), Snapshot.locked(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"CACHEDIR.TAG", "debug"}


def test_an_empty_directory_is_taken_and_so_is_one_that_a_crash_left(tmp_path: Path) -> None:
    (tmp_path / ".arkor-report.0123456789abcdef.tmp").write_text("Signa")
    with Snapshot.locked(tmp_path):
        pass
    (tmp_path / ".gitignore").unlink()
    with Snapshot.locked(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} >= {"CACHEDIR.TAG", ".gitignore"}


@pytest.mark.parametrize("inside", ["", "deeper/down"])
def test_a_file_is_in_the_way(tmp_path: Path, inside: str) -> None:
    place = tmp_path / "place"
    place.write_text("mine")
    with pytest.raises(WriteError, match="place"), Snapshot.locked(place / inside):
        pass
    assert place.read_text() == "mine"


def test_one_build_at_a_time(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    with (
        Snapshot.locked(place),
        pytest.raises(WriteError, match=f"Another build.*{place}"),
        Snapshot.locked(place),
    ):
        pass
    with Snapshot.locked(place):
        pass


def test_what_is_being_written_can_be_read(tmp_path: Path) -> None:
    first = folder_of(tmp_path / "snapshot", HERE)
    with Snapshot.locked(tmp_path / "snapshot"):
        assert Snapshot.reading(tmp_path / "snapshot").last_folder().path == first


# --- Damaged, or of another version --------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "7", '{"version": 2}', "\0" * 40, "[" * 100_000),
        '{"version": 2, "last": 5, "urls": {}}',
        '{"version": 2, "last": null, "urls": 7}',
        '{"version": 2, "last": "../x", "urls": {}}',
        '{"version": 2, "last": "x", "urls": {"u": null}}',
        '{"version": 2, "last": "x", "urls": {}, "kinds": null}',
        '{"version": true, "last": null, "urls": {}, "kinds": {}}',
        *(
            json.dumps({"version": 2, "last": name, "urls": {}, "kinds": {}})
            for name in (
                "..",
                "x/y-0123456789",
                "/etc-0123456789",
                "x-0123456789\n",
                "X-0123456789",
            )
        ),
    ],
)
def test_a_damaged_index(tmp_path: Path, text: str) -> None:
    place = tmp_path / "snapshot"
    folder_of(place, HERE)
    (place / "index.json").write_text(text)
    with pytest.raises(SnapshotError, match=r"index\.json"):
        Snapshot.reading(place)
    with pytest.raises(SnapshotError, match=r"index\.json"), Snapshot.locked(place):
        pass
    (place / "index.json").unlink()
    with Snapshot.locked(place):  # the lock was released
        pass


def test_a_newer_version(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    folder_of(place, HERE)
    document = json.loads((place / "index.json").read_bytes()) | {"version": 3, "more": [1]}
    (place / "index.json").write_text(json.dumps(document))
    with pytest.raises(SnapshotError, match=f"{place}.*another version"):
        Snapshot.reading(place)
    with pytest.raises(SnapshotError, match="another version"), Snapshot.locked(place):
        pass
    assert json.loads((place / "index.json").read_bytes()) == document


def test_a_newer_version_of_another_shape(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    folder_of(place, HERE)
    (place / "index.json").write_text('{"version": 3}')
    with pytest.raises(SnapshotError, match="another version"):
        Snapshot.reading(place)


LISTING = Listing(
    HERE,
    Manifest("t", None),
    NOW,
    ("b",),
    ("b", "a"),
    {
        "b": rb'{"id": "b", "x": "\ud800", "n": Infinity}',
        "a": b'{"id": "a", "deep": [{"c": null}]}',
    },
)


@pytest.mark.parametrize(
    "listing",
    [
        LISTING,
        Listing(Origin("demo"), None, NOW, (), ()),
        Listing(HERE, Manifest(), NOW, (), ()),
        replace(LISTING, before={}, finished=False),
        replace(LISTING, before={"b": "running", "\ud800": "resting"}),
    ],
)  # fmt: skip
def test_the_list_is_read_back(folder: SourceFolder, listing: Listing) -> None:
    assert folder.listing() is None
    folder.keep_listing(listing)
    assert folder.listing() == listing
    read = folder.listing()
    assert read is not None
    assert list(read.entries) == list(listing.entries)


def test_a_torn_list_is_damaged(folder: SourceFolder) -> None:
    folder.keep_listing(LISTING)
    file = folder.path / "jobs.json"
    whole = file.read_bytes().rstrip()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(SnapshotError, match=r"jobs\.json"):
            folder.listing()


@pytest.mark.parametrize(
    "change",
    [{"version": 3}, {"origin": None}, {"origin": {"x": 1}}, {"readAt": "soon"}, {"listed": None},
     {"entries": 7}, {"entries": [["a"]]}, {"entries": [["a", 7]]}, {"manifest": 7},
     {"before": 7}, {"before": {"a": 7}}, {"origin": {"kind": "nowhere"}},
     {"origin": {"kind": "demo", "url": 7}}, {"manifest": {"trainer": ["t"]}}, {"listed": "ab"},
     {"selected": [7]}, {"numbers": {"a": "1"}}, {"finished": "no"}, {"readAt": 7},
     {"entries": [["a", {"id": "b"}]]}, {"entries": [["a", {}]]}, {"entries": [["a", {"id": 1}]]},
     {"entries": [["a", {"id": "a", "x": json.loads("[" * 70 + "]" * 70)}]]}],
)  # fmt: skip
def test_a_damaged_list(folder: SourceFolder, change: dict[str, object]) -> None:
    folder.keep_listing(LISTING)
    file = folder.path / "jobs.json"
    file.write_text(json.dumps(json.loads(file.read_bytes()) | change))
    with pytest.raises(SnapshotError, match=r"jobs\.json"):
        folder.listing()


@pytest.mark.parametrize("text", ["", "7", "[]", '{"version": 1}', "[" * 100_000])
def test_anything_but_a_list(folder: SourceFolder, text: str) -> None:
    (folder.path / "jobs.json").write_text(text)
    with pytest.raises(SnapshotError, match=r"jobs\.json"):
        folder.listing()


# --- Event logs ----------------------------------------------------------------------------------

Logged = tuple[bytes, bytes | None, bytes]
EVENTS: list[Logged] = [
    (wire.LOG, b"1", b'{"step":1}'),
    (wire.LOG, b"2", b"a\nb"),
    (wire.CHECKPOINT, None, b""),
    (wire.COMPLETED, b"", b"{}"),
]


def append(log: LogWriter, events: list[Logged], ms: int = 1) -> None:
    """Append events to a log."""
    log.append_events([Events.of(ms, name, [i], [data]) for name, i, data in events])


def note(log: LogWriter, kind: str, **values: str | int | None) -> None:
    log.append_note(2, logs.note(kind, **values))


def end(log: LogWriter, state: State = "complete", reason: str | None = None) -> None:
    log.append_note(2, Ended(state, reason, log.state.fingerprint, log.size))


def write(path: Path, events: list[Logged] = EVENTS) -> None:
    with open_log(path, "job") as log:
        note(log, "run")
        append(log, events)


def finish(path: Path, state: State = "complete") -> None:
    with open_log(path, "job") as log:
        end(log, state)


def kept(log: LogWriter, start: int = 0) -> list[Logged]:
    return [(event.name, event.id, event.data or b"") for event in log.kept(start)]


def knowledge(log: LogWriter) -> tuple[object, ...]:
    """Return everything that a log knows of its content."""
    return (
        log.size, log.trail, log.state.ended_as, log.state.was_opened, log.state.is_complete,
        log.state.fingerprint, log.state.outcome, list(log.kept(0)), list(log.ids()),
    )  # fmt: skip


def test_a_log_knows_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "job.log"
    write(path)
    with open_log(path, "job") as log:
        state = log.state
        assert (log.trail.events, state.events, state.ended_as) == (4, 4, "completed")
        assert (state.was_opened, state.is_complete) == (False, False)
        assert kept(log) == EVENTS
        assert list(log.ids()) == [b"1", b"2", None, b""]
        assert log.trail.before_last is not None
        assert log.trail.last_event_id(log.ids) is None  # an empty id resets it
        assert kept(log, log.trail.before_last.start) == EVENTS[1:]


def test_events_that_are_alike_are_separate_events(tmp_path: Path) -> None:
    write(tmp_path / "job.log", EVENTS[:1] * 3)
    with open_log(tmp_path / "job.log", "job") as log:
        assert kept(log) == EVENTS[:1] * 3


def test_an_event_that_was_too_large_keeps_its_place(tmp_path: Path) -> None:
    with open_log(tmp_path / "job.log", "job") as log:
        append(log, EVENTS[:1])
        log.append_events([OverLimitEvents.at(1, wire.LOG, b"9", "too large")])
        append(log, EVENTS[1:2])
        assert [(event.id, event.data) for event in log.kept(0)] == [
            (b"1", b'{"step":1}'), (b"9", None), (b"2", b"a\nb"),
        ]  # fmt: skip


ONE_EVENT = st.tuples(
    st.sampled_from([*sorted(wire.JOB_EVENTS), wire.PING, b"new.kind"]),
    st.none() | st.sampled_from([b"", b"1", b"2", b"10", b"x\xff"]),
    st.binary(max_size=30).map(lambda data: data.replace(b"\r", b"")),
)


@given(st.lists(st.lists(ONE_EVENT | st.sampled_from(["open", "break"]), max_size=8), max_size=4))
def test_a_reopened_log_knows_the_same(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[Logged | str]]
) -> None:
    path = tmp_path_factory.mktemp("log") / "job.log"
    going_on = open_log(path, "job")
    for run in runs:
        with going_on as log:
            for what in run:
                if isinstance(what, str):
                    note(log, what)
                else:
                    append(log, [what])
        with open_log(path, "job") as reopened, going_on as log:
            assert knowledge(reopened) == knowledge(log)
    events = [what for run in runs for what in run if not isinstance(what, str)]
    with open_log(path, "job") as log:
        assert kept(log) == [event for event in events if event[0] in wire.JOB_EVENTS]


def test_cut_at_any_byte_a_log_keeps_its_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "job.log"
    write(path)
    finish(path)
    whole = path.read_bytes()
    starts = [0, *(at + 1 for at, byte in enumerate(whole) if byte == ord("\n"))]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        lines = sum(start <= cut for start in starts[1:])
        with open_log(path, "job") as log:
            before = whole[: starts[lines]] or whole[: starts[1]]  # a log without a header gets one
            assert path.read_bytes() == before, cut
            assert kept(log) == EVENTS[: max(0, lines - 2)], cut
            assert log.trail.events == len(kept(log))
            assert log.state.ended_as == ("completed" if lines >= 6 else None)
            assert log.state.is_complete == (lines == 7)
            append(log, [(wire.LOG, b"9", b"new")])
        assert path.read_bytes() == before + b"1\rtraining.log\r9\rnew\n"


def described(record: Record) -> object:
    return record.lines if isinstance(record, Events) else record


def test_cut_at_any_byte_a_log_that_is_only_read_gives_whole_lines(folder: SourceFolder) -> None:
    path = folder.logs.path_of("job")
    write(path)
    whole = path.read_bytes()
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        lines = whole[:cut].split(b"\n")[:-1]
        expected = logs.records_of(lines)
        assert list(map(described, read_log(folder, "job"))) == list(map(described, expected))
        assert path.stat().st_size == cut
    assert list(read_log(folder, "nobody")) == []


def test_a_line_longer_than_what_is_read_at_once(tmp_path: Path) -> None:
    long: list[Logged] = [
        (wire.LOG, b"%d" % number, b"%d" % number * size)
        for number, size in enumerate([10, 3_000_000, 5, (1 << 20) - 20, 1 << 20, 7])
    ]
    write(tmp_path / "job.log", long)
    with open_log(tmp_path / "job.log", "job") as log:
        assert kept(log) == long
        assert log.trail.events == len(long)


def test_what_is_read_ends_where_the_log_ended_at_the_call(tmp_path: Path) -> None:
    with open_log(tmp_path / "job.log", "job") as log:
        append(log, EVENTS[:2])
        reading = log.kept(0)
        first: Kept = next(reading)
        append(log, EVENTS[2:])
        assert [first.id, *(event.id for event in reading)] == [b"1", b"2"]


@pytest.mark.parametrize("damage", [(b"\r", b" "), (b"{", b"["), (b"\r\r", b"\r")])
def test_a_damaged_log_is_started_again(tmp_path: Path, damage: tuple[bytes, bytes]) -> None:
    path = tmp_path / "job.log"
    write(path)
    finish(path)
    path.write_bytes(path.read_bytes().replace(*damage))
    with open_log(path, "job") as log:
        assert (log.trail, log.state.events) == (Trail(), 0)
        assert (log.state.ended_as, log.state.is_complete) == (None, False)
        assert kept(log) == []
    assert path.read_bytes().startswith(b"#0\rlog")
    assert path.read_bytes().count(b"\n") == 1


def test_many_logs_are_learned_as_one_after_another(tmp_path: Path) -> None:
    ids: list[bytes | None] = [None, b"1", b"1", *(b"%d" % n for n in range(2, 30)), b"x", b""]
    events = [(wire.LOG, event_id, b'{"step":%d}' % at) for at, event_id in enumerate(ids)]
    single, bulk = open_log(tmp_path / "single.log", "job"), open_log(tmp_path / "bulk.log", "job")
    with single, bulk:
        note(single, "open")
        note(bulk, "open")
        for start, stop in pairwise([0, 1, 2, 20, 29, len(events)]):
            part = events[start:stop]
            run = Events.of(1, wire.LOG, [item[1] for item in part], [item[2] for item in part])
            bulk.append_events([run])
            append(single, part)
            expected = knowledge(single)
            assert knowledge(bulk) == expected
    with open_log(bulk.path, "job") as again:
        assert knowledge(again) == expected


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize("steps", [40, 400, 4000])
@pytest.mark.parametrize("alive", [0, 1, 20])
def test_a_log_takes_no_more_than_a_fifth_more_than_its_stream(
    tmp_path: Path, newline: bytes, *, ids: bool, steps: int, alive: int
) -> None:
    """Even late on its third day, with `alive` pings after every tenth event."""
    events: list[Event] = []
    for place, event in enumerate(training(steps)):
        events.append(event if ids else Event(event.name, event.data))
        events += [ping()] * (alive if place % 10 == 0 else 0)
    stream = Framing(newline).stream(events)
    path = tmp_path / "job.log"
    with open_log(path, "job") as log:
        note(log, "run", at=NOW.isoformat(timespec="milliseconds"))
        note(log, "open", resumed=None)
        for frame in FrameDecoder().feed(stream):
            append(log, [(frame.name, frame.id, frame.data)], ms=200_000_000)
        end(log)
    assert path.stat().st_size <= 1.2 * len(stream)


@settings(deadline=None)
@given(
    st.sampled_from(
        [log(1, 0.5), log(1, None), Event("training.log", "{}"), Event("end", ""), ping()]
    ),
    st.none() | st.text("0123456789", min_size=1, max_size=20),
    st.integers(0, 10**8),
)  # fmt: skip
def test_no_event_takes_more_than_its_frame(event: Event, event_id: str | None, ms: int) -> None:
    stream = Framing().frame(Event(event.name, event.data, event_id))
    (frame,) = FrameDecoder().feed(stream)
    assert len(logs.event_line(ms, frame.name, frame.id, frame.data)) <= len(stream)


def test_a_failed_write_is_reported_with_its_path(tmp_path: Path) -> None:
    """With a limit on the file's size, which acts like a full disk."""
    path = tmp_path / "job.log"
    write(path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with open_log(path, "job") as log:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, limits[1]))
        try:
            with pytest.raises(WriteError, match=r"job\.log.*File too large"):
                append(log, EVENTS)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with open_log(path, "job") as log:  # the part that was written is torn, and removed
        assert kept(log) == EVENTS


# --- What became of a stream ---------------------------------------------------------------------


def test_a_log_is_read_if_it_ends_with_the_note_that_says_so(folder: SourceFolder) -> None:
    path = folder.logs.path_of("job")
    assert not folder.logs.ends_complete("job")
    write(path)
    assert not folder.logs.ends_complete("job")
    finish(path, "caught-up")
    assert not folder.logs.ends_complete("job")
    finish(path)
    assert folder.logs.ends_complete("job")
    finish(path, "interrupted")
    assert not folder.logs.ends_complete("job")


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data + b"1\rtraining.log\r\r{}\n",
        lambda data: data + b"\n",
        lambda data: b"" + data[1:],
        lambda data: data.replace(b"a\rb", b"a\r\rb"),
        lambda data: data.replace(b"complete", b"complet"),
        lambda data: data.replace(b'"state":', b'"state"'),
    ],
)
def test_a_log_that_is_not_as_it_was_left_is_not_read(folder: SourceFolder, change: object) -> None:
    path = folder.logs.path_of("job")
    write(path)
    finish(path)
    assert callable(change)
    path.write_bytes(change(path.read_bytes()))
    assert not folder.logs.ends_complete("job")


def test_a_drained_stream_without_news_stays_drained(tmp_path: Path) -> None:
    path = tmp_path / "job.log"
    write(path)
    finish(path)
    with open_log(path, "job") as log:
        assert log.state.is_complete
        note(log, "run")
        note(log, "open", resumed="2")
        assert log.state.is_complete
        append(log, EVENTS[:1])
        assert not log.state.is_complete


def test_a_restart_cancels_a_terminal_event(tmp_path: Path) -> None:
    path = tmp_path / "job.log"
    terminal = []
    for name in (wire.COMPLETED, wire.LOG, wire.STARTED, wire.FAILED):
        with open_log(path, "job") as log:
            append(log, [(name, None, b"{}")])
        with open_log(path, "job") as log:
            terminal.append(log.state.ended_as)
    assert terminal == ["completed", "completed", None, "failed"]


def test_a_fingerprint_depends_on_the_events_and_not_on_their_arrival(
    folder: SourceFolder,
) -> None:
    assert folder.logs.fingerprint("one") == "no log"
    for job_id, ms in (("one", 1), ("two", 99_999)):
        with open_log(folder.logs.path_of(job_id), job_id) as log:
            append(log, EVENTS, ms)
        assert folder.logs.fingerprint(job_id) is None
        finish(folder.logs.path_of(job_id))
    assert folder.logs.fingerprint("one") == folder.logs.fingerprint("two")
    write(folder.logs.path_of("three"), [*EVENTS[:-1], (wire.COMPLETED, b"", b"{ }")])
    finish(folder.logs.path_of("three"))
    assert folder.logs.fingerprint("three") != folder.logs.fingerprint("one")


def test_a_fingerprint_depends_on_breaks_and_reconnects_but_not_on_a_later_run(
    tmp_path: Path,
) -> None:
    fingerprints: list[int] = []
    for kinds in ([], ["break"], ["break", "open"], ["break", "run", "open"], ["run", "open"]):
        with open_log(tmp_path / f"{len(fingerprints)}.log", "job") as log:
            append(log, EVENTS)
            for kind in kinds:
                note(log, kind)
            fingerprints.append(log.state.fingerprint)
    plain, broken, reconnected, went_on, only_went_on = fingerprints
    assert (plain, broken) == (only_went_on, went_on)
    assert len({plain, broken, reconnected}) == 3


# --- Fetched again -------------------------------------------------------------------------------


def test_a_refetched_log_replaces_the_old_one_once_drained(folder: SourceFolder) -> None:
    old, fresh = folder.logs.path_of("job"), folder.logs.path_of("job").with_suffix(".new")
    write(old)
    finish(old)
    write(fresh, EVENTS[3:])
    finish(fresh)
    folder.logs.renew("job", fresh.name)
    assert not fresh.exists()
    with open_log(old, "job") as log:
        assert kept(log) == EVENTS[3:]


def test_a_drained_log_stays_until_the_new_one_is_drained(folder: SourceFolder) -> None:
    old, fresh = folder.logs.path_of("job"), folder.logs.path_of("job").with_suffix(".new")
    write(old)
    finish(old)
    before = old.read_bytes()
    write(fresh, EVENTS * 3)
    finish(fresh, "interrupted")
    folder.logs.renew("job", fresh.name)
    assert old.read_bytes() == before
    assert not fresh.exists()


def test_if_neither_is_drained_the_log_with_more_events_is_kept(folder: SourceFolder) -> None:
    old, fresh = folder.logs.path_of("job"), folder.logs.path_of("job").with_suffix(".new")
    pings = [(wire.PING, None, b"")] * 50
    for events, others, expected in (
        (EVENTS[:2], [EVENTS[0], *pings], EVENTS[:2]),
        ([EVENTS[0], *pings], EVENTS[:2], EVENTS[:2]),
    ):
        old.unlink(missing_ok=True)
        write(old, events)
        finish(old, "caught-up")
        write(fresh, others)
        finish(fresh, "interrupted")
        folder.logs.renew("job", fresh.name)
        with open_log(old, "job") as log:
            assert kept(log) == expected
        assert not fresh.exists()


def test_without_an_old_log_the_new_one_is_kept(folder: SourceFolder) -> None:
    fresh = folder.logs.path_of("job").with_suffix(".new")
    write(fresh)
    folder.logs.renew("job", fresh.name)
    assert len(lines_of(folder, "job")) == 6


def test_leftovers_of_an_interrupted_refresh_are_removed(folder: SourceFolder) -> None:
    write(folder.logs.path_of("job"))
    write(folder.logs.path_of("job").with_name(temporary_name()))
    folder.clear_unfinished()
    assert list((folder.path / "events").iterdir()) == [folder.logs.path_of("job")]


# --- Names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "job_id",
    ["job_1", "", "..", "../../x", "/etc/passwd", "a\0b", "-", "é" * 200, "\ud800", "CON"],
)
def test_any_id_has_a_safe_log_of_its_own(folder: SourceFolder, job_id: str) -> None:
    path = folder.logs.path_of(job_id)
    assert path.parent == folder.path / "events"
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,70}\.log", path.name)
    write(path)
    assert path.is_file()


@settings(deadline=None)
@given(st.text(st.characters(), max_size=8), st.text(st.characters(), max_size=8))
@example("\ud800", "\udfff")
@example("job", "JOB")
@example("a/b", "a-b")
def test_two_ids_never_share_a_log(one: str, other: str) -> None:
    folder = folder_at(Path("folder"))
    names = [folder.logs.path_of(job_id).name.lower() for job_id in (one, other)]
    assert (names[0] == names[1]) == (one == other)


# --- What is known of the logs -------------------------------------------------------------------


def learned(folder: SourceFolder, job_id: str) -> SourceFolder:
    """Learn a log's facts, as a snapshot does; return the folder as the next command sees it."""
    with open_log(folder.logs.path_of(job_id), job_id) as log:
        state = log.state
    folder.logs.learn(job_id, state, end_note(folder.logs.path_of(job_id)))
    folder.logs.keep_facts()
    return folder_at(folder.path)


def spoil(path: Path) -> None:
    """Damage a log without changing its `stat`."""
    status = path.stat()
    path.write_bytes(b"x" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_log_that_is_as_it_was_left_is_not_read(folder: SourceFolder) -> None:
    path = folder.logs.path_of("job")
    write(path)
    finish(path)
    again = learned(folder, "job")
    known = (
        folder.logs.ends_complete("job"),
        folder.logs.fingerprint("job"),
        folder.logs.facts("job"),
    )
    assert known[0]
    spoil(path)
    assert (
        again.logs.ends_complete("job"),
        again.logs.fingerprint("job"),
        again.logs.facts("job"),
    ) == known
    assert again.logs.is_as_left("job")
    os.utime(path, ns=(0, 0))  # in doubt, its content counts
    assert not again.logs.is_as_left("job")
    assert not again.logs.ends_complete("job")
    assert again.logs.fingerprint("job") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data + b"1\rtraining.log\r\r{}\n",
        lambda data: data.replace(b"a\rb", b"a\r\rb"),
        lambda data: data.replace(b"complete", b"damaged!"),
        lambda data: data[:-2] + b"]\n",
        lambda data: b"",
    ],
)
def test_a_log_that_changed_since_is_noticed(folder: SourceFolder, change: object) -> None:
    path = folder.logs.path_of("job")
    write(path)
    finish(path)
    again = learned(folder, "job")
    assert again.logs.ends_complete("job")
    assert callable(change)
    path.write_bytes(change(path.read_bytes()))
    os.utime(path, ns=(1, 1))
    assert not again.logs.ends_complete("job")
    path.unlink()
    assert not again.logs.ends_complete("job")
    assert again.logs.fingerprint("job") == "no log"
    assert again.logs.facts("job") is None


def test_only_a_new_time_costs_the_last_line_and_not_the_log(folder: SourceFolder) -> None:
    path = folder.logs.path_of("job")
    write(path)
    finish(path)
    again = learned(folder, "job")
    before = again.logs.facts("job")
    assert before is not None
    whole = path.read_bytes()
    path.write_bytes(
        whole.replace(b"1\rtraining.log", b"x\rtraining.log")
    )  # which is not looked at
    os.utime(path, ns=(5, 5))
    after = again.logs.facts("job")
    assert after is not None
    assert (after.mtime_ns, after.ended_as, after.end) == (5, before.ended_as, before.end)
    again.logs.keep_facts()
    assert folder_at(folder.path).logs.is_as_left("job")


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"7", b'{"version": 1}', b'{"version":1,"logs":{"x":7}}',
               b'{"version": 2, "logs": {}}', b"[" * 100_000, b"\xff"],
)  # fmt: skip
def test_lost_facts_are_learned_again(folder: SourceFolder, damage: bytes) -> None:
    path = folder.logs.path_of("job")
    write(path)
    finish(path)
    known = learned(folder, "job").logs.facts("job")
    assert known is not None
    assert (known.started, known.ended_as) == (False, "completed")
    (folder.path / "logs.json").write_bytes(damage)
    again = folder_at(folder.path)
    assert again.logs.ends_complete("job")
    assert again.logs.facts("job") == known
    again.logs.keep_facts()
    assert json.loads((folder.path / "logs.json").read_bytes())["logs"].keys() == {path.name}
    assert stat.S_IMODE((folder.path / "logs.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "change",
    [{"ended_as": "<script>"}, {"ended_as": 7}, {"size": "1"}, {"end": {"state": ["complete"]}}],
)
def test_facts_of_another_form_are_ignored(folder: SourceFolder, change: dict[str, object]) -> None:
    path = folder.logs.path_of("job")
    write(path)
    finish(path)
    known = learned(folder, "job").logs.facts("job")
    file = folder.path / "logs.json"
    document = json.loads(file.read_bytes())
    document["logs"][path.name] |= change
    document["logs"]["../outside"] = document["logs"][path.name]
    file.write_text(json.dumps(document))
    again = folder_at(folder.path)
    assert again.logs.facts("job") == known
    again.logs.keep_facts()
    assert json.loads(file.read_bytes())["logs"].keys() == {path.name}


@pytest.mark.parametrize(
    "text",
    ['{"state":[]}', '{"state":{}}', '{"state":1.5}', '{"state":true}', '["end"]', "7",
     '{"state":' + "[" * 3000],
)  # fmt: skip
def test_a_note_with_values_of_other_types_is_damage(folder: SourceFolder, text: str) -> None:
    path = folder.logs.path_of("job")
    write(path)
    path.write_bytes(path.read_bytes() + f"#5\rend\r\r{text}\n".encode())
    assert not folder.logs.ends_complete("job")
    with pytest.raises(DamagedRecordError):
        log_index.examine(read_log(folder, "job"))


def test_a_servers_text_at_the_end_of_a_log_is_kept(folder: SourceFolder) -> None:
    path = folder.logs.path_of("job")
    write(path)
    with open_log(path, "job") as log:
        fingerprint = log.state.fingerprint
        end(log, "interrupted", "\ud800 é")
    again = learned(folder, "job")
    assert again.logs.is_as_left("job")
    assert again.logs.fingerprint("job") == {
        "state": "interrupted", "reason": "\ud800 é", "fingerprint": fingerprint,
    }  # fmt: skip


def test_damage_that_leaves_well_formed_lines_is_found(folder: SourceFolder) -> None:
    """As by a lost disk block: the end note and the log's length still match."""
    path = folder.logs.path_of("job")
    write(path, [(wire.LOG, None, b'{"step":%d,"loss":1}' % step) for step in range(100)])
    finish(path)
    whole = path.read_bytes()
    middle = whole.index(b"{", len(whole) // 2) + 5
    path.write_bytes(whole[:middle] + bytes(500) + whole[middle + 500 :])
    assert folder_at(folder.path).logs.ends_complete("job")  # according to its end only
    with pytest.raises(event_log.DamagedLogError):
        history.fold(read_log(folder, "job"))
    with pytest.raises(event_log.DamagedLogError):
        log_index.examine(read_log(folder, "job"))
    with open_log(path, "job") as log:  # a writer that resumes it starts again
        assert kept(log) == []
        assert not log.state.is_complete


TOLD = st.lists(
    st.tuples(
        st.sampled_from([*sorted(wire.JOB_EVENTS), wire.PING]),
        st.sampled_from(
            [b"{}", b"", b"7", b'{"timestamp":"2026-05-01T00:00:00Z"}', b'{"timestamp":7}',
             b'{\n"timestamp":\n"2026-05-02T00:00:00Z"}']
        ),
        st.booleans(),
    ),
    max_size=8,
)  # fmt: skip


@given(TOLD)
def test_known_facts_equal_what_a_page_shows(
    tmp_path_factory: pytest.TempPathFactory, logged: list[tuple[bytes, bytes, bool]]
) -> None:
    """Whether learned while writing it, by reading it again, or by a reader of all of it."""
    folder = folder_at(tmp_path_factory.mktemp("source"))
    folder.make()
    path = folder.logs.path_of("job")
    with open_log(path, "job") as log:
        for name, data, over_limit in logged:
            if over_limit:
                log.append_events([OverLimitEvents.at(1, name, None, "too large")])
            else:
                append(log, [(name, None, data)])
        end(log)
        live = log.state
    with open_log(path, "job") as reopened:
        assert reopened.state.fingerprint == log.state.fingerprint
    page = history.fold(read_log(folder, "job"))
    expected = (page.started, page.terminal, page.completed_at)
    for known in (live, reopened.state, folder.logs.facts("job")):
        assert known is not None
        assert (known.started, known.ended_as, known.ended_at) == expected
    examined = log_index.examine(read_log(folder, "job"))
    assert (examined.events, examined.is_complete) == (page.stream.events, True)
    for listed in (None, "running", "cancelled", "resting"):
        shown = history.status_of(page.terminal, listed, started=page.started)
        assert folder.status(wire.Job("job", status=listed)) == shown


def test_a_log_that_was_dropped_leaves_how_its_job_ended(folder: SourceFolder) -> None:
    for job_id, forget in (("a", False), ("b", True)):
        write(folder.logs.path_of(job_id))
        finish(folder.logs.path_of(job_id))
        learned(folder, job_id)
        for _ in range(2):
            folder.logs.drop(job_id, forget=forget)
        assert not folder.logs.path_of(job_id).exists()
        assert not folder.logs.ends_complete(job_id)
        assert folder.logs.fingerprint(job_id) == "no log"
    folder.logs.keep_facts()
    again = folder_at(folder.path)
    assert again.status(wire.Job("a", status="running")) == "completed"
    assert again.status(wire.Job("b", status="running")) == "running"
    write(folder.logs.path_of("a"), [(wire.STARTED, None, b"{}")])
    assert again.status(wire.Job("a")) == "running"


def test_a_list_of_an_older_version_has_nothing_to_compare_with(folder: SourceFolder) -> None:
    folder.keep_listing(LISTING)
    file = folder.path / "jobs.json"
    document = json.loads(file.read_bytes())
    del document["before"], document["finished"]
    file.write_text(json.dumps(document))
    assert folder.listing() == LISTING
