"""Merging snapshot directories: real snapshots of a real server, merged and rendered."""

import itertools
import json
import os
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.errors import SnapshotError, UsageError, WriteError
from reportgen.events import wire
from reportgen.events.event_log import Ended, Events, RunStarted, State
from reportgen.model.origin import Manifest, Origin
from reportgen.model.selection import Selection
from reportgen.report import changes
from reportgen.snapshot import merge
from reportgen.snapshot.directory import Snapshot
from reportgen.snapshot.job_list import Listing
from reportgen.snapshot.source_folder import SourceFolder
from tests.command import Command
from tests.snapshotting import NOW, end_note, lines_of, open_log, read_log, take
from tests.standin import StandIn, completed, job, log, numbered, training

HERE = Origin("studio", "http://127.0.0.1:4000", "anon", "org", "project")
JOBS = [
    *(job(f"job_{number}", events=training(20, f"job_{number}")) for number in range(8)),
    job("runs", "running", events=training(5, "runs", complete=False)),
    job("é/..", "failed", events=training(4, "é", complete=False)),
]


def merged(into: Path, *directories: Path) -> list[str]:
    """Merge, and return the warnings."""
    warnings: list[str] = []
    merge.merge(into, directories, warnings.append)
    return warnings


def files_of(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def state_of(directory: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return everything that may not change in a directory that is only read."""
    return {
        path.relative_to(directory).as_posix(): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            b"" if path.is_dir() else path.read_bytes(),
        )
        for path in [directory, *directory.rglob("*")]
    }


def as_an_artifact(directory: Path) -> None:
    """Change a directory as an artifact store does: no dot files or empty folders, other modes."""
    for path in [*directory.rglob("*")]:
        if path.name.startswith(".") or path.name in ("CACHEDIR.TAG", "lock"):
            path.unlink()
        elif path.is_dir():
            path.chmod(0o755)
            if not any(path.iterdir()):
                path.rmdir()
        else:
            path.chmod(0o644)
    directory.chmod(0o755)


def render(command: Command, snapshot: Path, out: str) -> dict[str, bytes]:
    """Render with the real command; return what it wrote."""
    result = command.run("render", "--snapshot-dir", str(snapshot), "--out", out)
    assert result.code == 0, result.stderr
    return files_of(command.directory / out)


def shards(studio: StandIn, place: Path, parts: int, cache: Path | None = None) -> list[Path]:
    """Fetch in shards, each on its own machine with the same restored cache."""
    directories = []
    for part in range(1, parts + 1):
        directory = place / f"shard-{part}"
        if cache is not None:
            shutil.copytree(cache, directory, copy_function=shutil.copy)
        take(studio, directory, selection=Selection(shard=(part, parts)))
        directories.append(directory)
    return directories


# --- As one build --------------------------------------------------------------------------------


@pytest.mark.thorough
@pytest.mark.parametrize("parts", [1, 12])
def test_shards_make_the_same_bytes_as_one_build(command: Command, parts: int) -> None:
    place = command.directory
    with StandIn(*JOBS) as studio:
        directories = shards(studio, place, parts)
        take(studio, place / "whole")
    for directory in directories:
        as_an_artifact(directory)
    before = {directory: state_of(directory) for directory in directories}
    assert merged(place / "merged", *directories) == []
    assert {directory: state_of(directory) for directory in directories} == before
    assert render(command, place / "merged", "a") == render(command, place / "whole", "b")
    for path in [place / "merged", *(place / "merged").rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_merged_snapshot_goes_on_as_one_that_was_built(command: Command) -> None:
    place = command.directory
    with StandIn(*JOBS) as studio:
        merged(place / "merged", *shards(studio, place, 3))
        opened = len(studio.openings("job_1")) + len(studio.openings("job_2"))
        taken = take(studio, place / "merged")
        assert taken.watcher.to_fetch == 1  # the one that is still running
        assert len(studio.openings("job_1")) + len(studio.openings("job_2")) == opened
        assert taken.marks == {}


def test_a_cache_that_every_shard_had_costs_no_reading(command: Command) -> None:
    place = command.directory
    with StandIn(*JOBS[:4]) as studio:
        take(studio, place / "cache")
        studio.jobs.remove("job_0")
        studio.jobs.add(job("job_9", events=training(5, "job_9")))
        directories = shards(studio, place, 3, place / "cache")
        take(studio, place / "cache")
    assert merged(place / "merged", *directories) == []
    whole = render(command, place / "cache", "whole")
    # The marks of what is new since the cache, too, are those of one build.
    ours = render(command, place / "merged", "ours")
    assert "Since the previous snapshot: 1 new" in ours["index.html"].decode()
    assert ours["index.html"] == whole["index.html"]
    assert {name: ours[name] for name in ours if name.startswith("jobs/")} == {
        name: whole[name] for name in whole if name.startswith("jobs/")
    }
    assert json.loads(ours["report.json"])["jobs"] == json.loads(whole["report.json"])["jobs"]
    # When merged again, each log is there already: only its end is looked at.
    for directory in directories:
        for path in directory.rglob("*.log"):
            head, last = path.read_bytes()[:-1].rsplit(b"\n", 1)
            path.write_bytes(b"x" * len(head) + b"\n" + last + b"\n")
    kept = {path: path.stat().st_ino for path in (place / "merged").rglob("*.log")}
    assert merged(place / "merged", *directories) == []
    assert {path: path.stat().st_ino for path in (place / "merged").rglob("*.log")} == kept
    assert render(command, place / "merged", "again")["report.json"] == ours["report.json"]
    for path in kept:
        head, last = path.read_bytes()[:-1].rsplit(b"\n", 1)
        status = path.stat()
        path.write_bytes(b"x" * len(head) + b"\n" + last + b"\n")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert merged(place / "merged", *directories) == []


def test_a_shard_without_jobs(command: Command) -> None:
    place = command.directory
    with StandIn(JOBS[0]) as studio:
        directories = shards(studio, place, 4)
    held = [list(directory.rglob("*.log")) for directory in directories]
    assert sorted(map(len, held)) == [0, 0, 0, 1]
    for directory in directories:
        as_an_artifact(directory)
    empty = [directory for directory, logs in zip(directories, held, strict=True) if not logs]
    assert merged(place / "of-nothing", *empty) == []
    assert json.loads(render(command, place / "of-nothing", "none")["report.json"])["jobs"] == []
    merged(place / "merged", *directories)
    (entry,) = json.loads(render(command, place / "merged", "all")["report.json"])["jobs"]
    assert entry["stream"]["state"] == "complete"


def test_the_list_is_the_newest_and_what_was_selected_the_union(tmp_path: Path) -> None:
    early, late = tmp_path / "early", tmp_path / "late"
    with StandIn(*JOBS[:4]) as studio:
        take(studio, early, selection=Selection(ids=("job_0", "job_3")))
        studio.jobs.remove("job_3")
        studio.jobs.update("job_0", name="renamed")
        studio.jobs.add(job("young", events=training(3, "young")), first=True)
        take(studio, late, selection=Selection(ids=("job_1",)), now=NOW + timedelta(minutes=1))
    for order in itertools.permutations([early, late]):
        into = tmp_path / f"into-{order[0].name}"
        merged(into, *order)
        listing = Snapshot.reading(into).last_folder().listing()
        assert listing is not None
        assert listing.read_at == NOW + timedelta(minutes=1)
        assert listing.listed == ("young", "job_0", "job_1", "job_2")
        assert list(listing.entries) == ["young", "job_0", "job_1", "job_2", "job_3"]
        assert json.loads(listing.entries["job_0"])["name"] == "renamed"
        assert listing.selected == ("job_0", "job_1", "job_3")
        assert listing.finished
        assert listing.before is None


# --- What was there before -----------------------------------------------------------------------


def test_the_target_takes_part_and_its_statuses_are_those_before(tmp_path: Path) -> None:
    into = tmp_path / "into"
    with StandIn(*JOBS[:2], JOBS[8]) as studio:
        merged(into, *shards(studio, tmp_path / "monday", 2))
        studio.jobs.remove("job_0")
        studio.jobs.send("runs", *numbered([completed([], "runs")], 100))
        studio.jobs.add(JOBS[5])
        merged(into, *shards(studio, tmp_path / "tuesday", 2))
    folder = Snapshot.reading(into).last_folder()
    listing = folder.listing()
    assert listing is not None
    assert listing.before == {"job_0": "completed", "job_1": "completed", "runs": "running"}
    statuses = folder.statuses(listing)
    assert {job_id: changes.mark(job_id, statuses[job_id], listing.before) for job_id in statuses} \
        == {"job_1": None, "runs": "ended", "job_5": "new", "job_0": None}  # fmt: skip
    assert listing.selected == ("job_1", "runs", "job_5", "job_0")
    assert folder.logs.ends_complete("job_0")


def test_what_the_newest_shard_knows_of_the_snapshot_before_it_is_kept(tmp_path: Path) -> None:
    early, late, into = tmp_path / "early", tmp_path / "late", tmp_path / "into"
    with StandIn(JOBS[0], JOBS[8]) as studio:
        merged(into, take(studio, early).folder.path.parent)
        take(studio, late)
        studio.jobs.send("runs", *numbered([completed([], "runs")], 100))
        take(studio, late, now=NOW + timedelta(minutes=1))
    for order in itertools.permutations([early, late]):
        for target in (into, tmp_path / f"empty-{order[0].name}"):
            merged(target, *order)
            listing = Snapshot.reading(target).last_folder().listing()
            assert listing is not None
            assert listing.before == {"job_0": "completed", "runs": "running"}


def test_the_same_directory_twice_and_the_target_itself_are_harmless(command: Command) -> None:
    place = command.directory
    with StandIn(*JOBS[:3]) as studio:
        directories = shards(studio, place, 2)
    into = place / "into"
    merged(into, *directories)
    expected = render(command, into, "a")
    (place / "link").symlink_to(into)
    assert merged(into, *directories, directories[0], into, place / "link") == []
    assert render(command, into, "b") == expected
    before = state_of(into)
    assert merged(into, into) == []
    assert state_of(into) == before


# --- Which log wins ------------------------------------------------------------------------------


def a_log(folder: SourceFolder, events: int, state: State | None, *, name: str = "job") -> Path:
    """Write a log with this many events, whose stream ended like this."""
    path = folder.logs.path_of(name)
    with open_log(path, name) as written:
        written.append_note(0, RunStarted())
        for step in range(events):
            written.append_events([Events.of(step, wire.LOG, [None], [b'{"step":%d}' % step])])
        if state is not None:
            reason = None if state == "complete" else "x"
            written.append_note(9, Ended(state, reason, written.state.fingerprint, written.size))
    return path


def a_snapshot(
    place: Path, events: int | None, state: State | None = None, *, at: int = 0,
    origin: Origin = HERE,
) -> Path:  # fmt: skip
    """Make a snapshot of one job."""
    with Snapshot.locked(place) as snapshot:
        folder = snapshot.folder(origin)
        snapshot.use(folder, origin)
        if events is not None:
            a_log(folder, events, state)
        entries = {"job": b'{"id": "job", "status": "running"}'}
        read_at = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(minutes=at)
        folder.keep_listing(Listing(origin, Manifest("t"), read_at, ("job",), ("job",), entries))
    return place


def log_of(place: Path) -> bytes | None:
    path = Snapshot.reading(place).last_folder().logs.path_of("job")
    return path.read_bytes() if path.exists() else None


CANDIDATE = st.tuples(
    st.none() | st.integers(0, 4),
    st.sampled_from([None, "complete", "interrupted", "caught-up"]),
    st.integers(0, 3),
)


@settings(deadline=None, max_examples=25)
@given(st.lists(CANDIDATE, min_size=1, max_size=4), st.booleans())
def test_the_complete_log_wins_else_the_longer(
    tmp_path_factory: pytest.TempPathFactory,
    candidates: list[tuple[int | None, State | None, int]],
    has_target: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    place = tmp_path_factory.mktemp("merge")
    places = [
        a_snapshot(place / str(number), events, state, at=at)
        for number, (events, state, at) in enumerate(candidates)
    ]
    held = [log_of(each) for each in places]
    into = place / "into"
    if has_target:
        shutil.copytree(places[0], into)
    assert merged(into, *places) == []
    ranks = [(state == "complete", events) for events, state, _ in candidates if events is not None]
    won = log_of(into)
    if not ranks:
        assert won is None
        return
    assert won in held
    assert won is not None
    assert (b'"complete"' in won, won.count(b"training.log")) == max(ranks)


def test_among_equal_logs_the_targets_stays(tmp_path: Path) -> None:
    into = a_snapshot(tmp_path / "into", 3, "complete")
    other = a_snapshot(tmp_path / "other", 3, "complete", at=5)
    inode = Snapshot.reading(into).last_folder().logs.path_of("job").stat().st_ino
    merged(into, other)
    assert Snapshot.reading(into).last_folder().logs.path_of("job").stat().st_ino == inode


@pytest.mark.parametrize("held", [None, 2])
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.replace(b"1\rtraining.log\r\r", b"1 training.log", 1),
        lambda data: data.replace(b"#0\rrun\r\r{}", b"#0\rrun\r\r{]", 1),
        lambda data: data.replace(b"2\rtraining", b"x\rtraining", 1),
        lambda data: b"\0" * len(data),
        lambda data: data[: len(data) // 2] + b"\n" + data[len(data) // 2 :],
    ],
)
def test_a_damaged_log_never_wins(tmp_path: Path, held: int | None, damage: object) -> None:
    into = a_snapshot(tmp_path / "into", held, "interrupted")
    good = a_snapshot(tmp_path / "good", 3, "interrupted")
    bad = a_snapshot(tmp_path / "bad", 9, "complete", at=7)
    (path,) = bad.rglob("*.log")
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))
    (warning,) = merged(into, bad, good)
    assert str(path) in warning
    assert "damaged" in warning
    assert log_of(into) == log_of(good)


def test_if_all_are_damaged_none_is_merged(tmp_path: Path) -> None:
    bad = a_snapshot(tmp_path / "bad", 9, "complete")
    (path,) = bad.rglob("*.log")
    path.write_bytes(b"garbage\n")
    assert len(merged(tmp_path / "into", bad)) == 1
    assert log_of(tmp_path / "into") is None


def test_a_good_copy_of_a_damaged_log_is_found(tmp_path: Path) -> None:
    """Even if the target's own is the damaged one, with the same end note."""
    good = a_snapshot(tmp_path / "good", 4, "complete")
    whole = log_of(good)
    bad = a_snapshot(tmp_path / "bad", 4, "complete", at=1)
    into = a_snapshot(tmp_path / "into", 4, "complete", at=2)
    assert whole is not None
    held = Snapshot.reading(into).last_folder()
    with open_log(held.logs.path_of("job"), "job") as written:
        state = written.state
    held.logs.learn("job", state, end_note(held.logs.path_of("job")))
    held.logs.keep_facts()
    for place in (bad, into):
        (path,) = place.rglob("*.log")
        path.write_bytes(whole.replace(b"1\rtraining.log\r\r", b"1\rtraining.log\n\n"))
    assert len(merged(into, bad, good)) == 2
    assert log_of(into) == whole


def test_a_torn_last_line_is_dropped(tmp_path: Path) -> None:
    torn = a_snapshot(tmp_path / "torn", 4)
    (path,) = torn.rglob("*.log")
    whole = path.read_bytes()
    path.write_bytes(whole + b"9\rtraining.l")
    assert merged(tmp_path / "into", torn) == []
    assert log_of(tmp_path / "into") == whole


@pytest.mark.parametrize("what", ["folder", "pipe", "link"])
def test_anything_but_a_log_is_reported_and_left_out(tmp_path: Path, what: str) -> None:
    odd = a_snapshot(tmp_path / "odd", 1)
    (path,) = odd.rglob("*.log")
    path.unlink()
    match what:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case _:
            (tmp_path / "secret").write_text("mine")
            path.symlink_to(tmp_path / "secret")
    warnings = merged(tmp_path / "into", odd)
    assert log_of(tmp_path / "into") is None
    assert [str(path) in warning for warning in warnings] in ([True], [])


# --- What is refused -----------------------------------------------------------------------------


def studio(port: int, org: str | None, project: str | None) -> Origin:
    return Origin("studio", f"http://127.0.0.1:{port}", "anon", org, project)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (HERE, studio(4001, "org", "project"), True),
        (HERE, studio(4000, None, None), True),
        (studio(4000, None, None), studio(4000, "org", None), True),
        (Origin("demo"), Origin("demo"), True),
        (HERE, studio(4000, "org", "other"), False),
        (HERE, Origin("cloud", "https://api", "anon", "org", "project"), False),
        (HERE, studio(4001, None, None), False),
        (studio(4000, None, None), studio(4001, None, None), False),
        (HERE, Origin("demo"), False),
    ],
)
def test_only_one_source_is_merged(
    tmp_path: Path, one: Origin, other: Origin, *, same: bool
) -> None:
    a = a_snapshot(tmp_path / "a", 1, origin=one)
    b = a_snapshot(tmp_path / "b", 2, origin=other, at=1)
    for number, order in enumerate(itertools.permutations([a, b])):
        beside, onto = tmp_path / f"beside-{number}", tmp_path / f"onto-{number}"
        shutil.copytree(order[0], onto)
        before = files_of(onto)
        if same:
            merged(beside, *order)
            merged(onto, order[1])
            for place in (beside, onto):
                listing = Snapshot.reading(place).last_folder().listing()
                assert listing is not None
                assert (listing.origin.org is None) == (one.org is None and other.org is None)
                assert (log_of(place) or b"").count(b"training.log") == 2
        else:
            with pytest.raises(UsageError) as raised:
                merged(beside, *order)
            assert str(a) in str(raised.value)
            assert str(b) in str(raised.value)
            assert not beside.exists()
            with pytest.raises(UsageError, match=str(onto)):
                merged(onto, order[1])
            after = files_of(onto)
            assert {name: after[name] for name in before} == before


def test_the_source_fetched_last_counts_and_others_in_the_target_stay(tmp_path: Path) -> None:
    into = a_snapshot(tmp_path / "into", 1)
    a_snapshot(into, 2, origin=Origin("demo"))
    shard = a_snapshot(tmp_path / "shard", 3, origin=Origin("demo"))
    a_snapshot(shard, 4)
    merged(into, shard)
    assert (log_of(into) or b"").count(b"training.log") == 4
    demo = Snapshot.reading(into).last_folder("demo")
    assert len(lines_of(demo, "job")) == 4
    assert Snapshot.reading(into).last_folder("studio", HERE.url).logs.ends_complete("job") is False


def test_anything_but_a_snapshot_is_named(tmp_path: Path) -> None:
    good = a_snapshot(tmp_path / "good", 1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("mine")
    damaged = a_snapshot(tmp_path / "damaged", 1)
    (damaged / "index.json").write_text("{")
    listless = a_snapshot(tmp_path / "listless", 1)
    next(listless.rglob("jobs.json")).unlink()
    torn = a_snapshot(tmp_path / "torn", 1)
    next(torn.rglob("jobs.json")).write_text('{"version": 1')
    newer = a_snapshot(tmp_path / "newer", 1)
    (newer / "index.json").write_text('{"version": 2}')
    for name in ("empty", "file", "damaged", "listless", "torn", "newer", "nowhere"):
        with pytest.raises(SnapshotError, match=str(tmp_path / name)) as raised:
            merged(tmp_path / "into", good, tmp_path / name)
        assert raised.value.exit_code == 1
        assert not (tmp_path / "into").exists()
    with pytest.raises(UsageError):
        merged(tmp_path / "into")
    with pytest.raises(SnapshotError, match="into"):
        merged(tmp_path / "into", good, tmp_path / "into")


def test_a_target_of_someone_else_or_in_use(tmp_path: Path) -> None:
    good = a_snapshot(tmp_path / "good", 1)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("mine")
    with pytest.raises(WriteError, match=str(mine)):
        merged(mine, good)
    assert [path.name for path in mine.iterdir()] == ["thesis.tex"]
    with Snapshot.locked(tmp_path / "into"), pytest.raises(WriteError, match="Another build"):
        merged(tmp_path / "into", good)
    with Snapshot.locked(good):  # an input may be in use
        merged(tmp_path / "into", good)


# --- Whole or not at all -------------------------------------------------------------------------


class _StoppedError(Exception):
    pass


@pytest.mark.thorough
def test_stopped_anywhere_it_can_be_done_again(tmp_path: Path) -> None:
    """Each time at another file that was about to be replaced."""
    with StandIn(*JOBS[:3], JOBS[8]) as studio:
        directories = shards(studio, tmp_path, 2)
        into = tmp_path / "into"
        take(studio, into, selection=Selection(ids=("job_0", "runs")))
        studio.jobs.send("runs", *numbered([log(6, 0.1, "runs")], 100))
        take(studio, directories[0], now=NOW + timedelta(hours=1))
    whole = tmp_path / "whole"
    shutil.copytree(into, whole)
    merged(whole, *directories)
    expected = Snapshot.reading(whole).last_folder()
    replacing = Path.replace
    steps = 0
    while True:
        target = tmp_path / f"stopped-{steps}"
        shutil.copytree(into, target)
        if not _stopped_at(steps, target, directories):
            break
        assert Path.replace is replacing
        folder = Snapshot.reading(target).last_folder()
        listing = folder.listing()  # the target can be rendered, with the old list or the new one
        assert listing is not None
        for job_id in listing.selected:
            read_log(folder, job_id)
        assert merged(target, *directories) == []
        again = Snapshot.reading(target).last_folder()
        assert again.listing() == expected.listing()
        for job_id in listing.entries:
            assert lines_of(again, job_id) == lines_of(expected, job_id)
        assert not list(target.rglob("*.tmp"))
        steps += 1
    assert steps >= 5


def _stopped_at(step: int, target: Path, directories: list[Path]) -> bool:
    """Merge, and stop as if killed once this many files have been replaced."""
    code = (
        "import os, sys; from pathlib import Path; from reportgen.snapshot.merge import merge\n"
        "left = int(sys.argv[1])\n"
        "def audit(event, arguments):\n"
        "    global left\n"
        "    if event == 'os.rename':\n"
        "        left -= 1\n"
        "        if left < 0: os._exit(9)\n"
        "sys.addaudithook(audit)\n"
        "merge(Path(sys.argv[2]), [Path(each) for each in sys.argv[3:]], print)\n"
    )
    checkout = str(Path(__file__).resolve().parents[2])
    process = subprocess.run(
        [sys.executable, "-c", code, str(step), str(target),
         *map(str, directories)],
        env={**os.environ, "PYTHONPATH": checkout}, check=False, timeout=300,
    )  # fmt: skip
    assert process.returncode in (0, 9)
    return process.returncode == 9


def test_a_target_that_an_artifact_store_left_is_private_again(tmp_path: Path) -> None:
    into = a_snapshot(tmp_path / "into", 3, "complete")
    other = a_snapshot(tmp_path / "other", 1, at=1)
    for path in [into, *into.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    merged(into, other)
    for path in [into, *into.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
