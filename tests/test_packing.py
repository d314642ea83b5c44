"""Logs that are packed, made plain again, and damaged."""

import json
import os
import random
import stat
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen import logindex, merge, packing
from reportgen.eventlog import DamagedLogError
from reportgen.snapshot import Snapshot
from tests.command import Command
from tests.standin import StandIn, completed, job, log, numbered, refusal, started, training
from tests.taking import Taken, read_log, take

TEXT = b"".join(b"%d\rtraining.log\r%d\r{}\n" % (n * 7, n) for n in range(40_000))


def read(path: Path, size: int = 1 << 16) -> bytes:
    with packing.reading(path) as log:
        return b"".join(iter(lambda: log.read(size), b""))


def kept(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "job.log"
    path.write_bytes(TEXT)
    return path


def test_a_packed_log_is_small_and_reads_as_before(path: Path) -> None:
    packing.pack(path)
    assert kept(path.parent) == {"job.log.zst"}
    assert packing.status(path).st_size < len(TEXT) / 4
    assert stat.S_IMODE(packing.status(path).st_mode) == 0o600
    assert packing.length(path) == len(TEXT)
    assert read(path) == TEXT


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=3000), st.integers(1, 4000))
def test_any_bytes_survive(tmp_path_factory: pytest.TempPathFactory, data: bytes, n: int) -> None:
    path = tmp_path_factory.mktemp("log") / "job.log"
    path.write_bytes(data)
    packing.pack(path)
    assert (read(path, n), packing.length(path)) == (data, len(data))
    packing.make_plain(path)
    assert (path.read_bytes(), kept(path.parent)) == (data, {"job.log"})


def test_a_log_is_made_plain_to_be_appended_to(path: Path) -> None:
    packing.pack(path)
    packing.make_plain(path)
    assert kept(path.parent) == {"job.log"}
    assert path.read_bytes() == TEXT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_plain_log_counts_where_a_crash_left_both(path: Path) -> None:
    packing.pack(path)
    path.write_bytes(b"newer\n")
    assert (read(path), packing.length(path)) == (b"newer\n", 6)
    packing.make_plain(path)
    assert kept(path.parent) == {"job.log"}
    assert path.read_bytes() == b"newer\n"


def test_where_there_is_no_log_nothing_is_made(tmp_path: Path) -> None:
    path = tmp_path / "job.log"
    packing.make_plain(path)
    packing.delete(path)
    assert packing.length(path) == 0
    with pytest.raises(FileNotFoundError):
        packing.status(path)
    with pytest.raises(FileNotFoundError):
        read(path)
    assert kept(tmp_path) == set()


@pytest.mark.parametrize("fresh_is_packed", [True, False])
@pytest.mark.parametrize("old_is_packed", [True, False])
def test_a_log_takes_anothers_place(
    path: Path, *, fresh_is_packed: bool, old_is_packed: bool
) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(TEXT[::-1])
    if fresh_is_packed:
        packing.pack(fresh)
    if old_is_packed:
        packing.pack(path)
    packing.move(fresh, path)
    assert kept(path.parent) == {"job.log.zst" if fresh_is_packed else "job.log"}
    assert read(path) == TEXT[::-1]


def test_a_log_is_deleted_however_it_is_kept(path: Path) -> None:
    packing.pack(path)
    path.write_bytes(TEXT)
    packing.delete(path)
    assert kept(path.parent) == set()


def test_a_disk_that_is_full_leaves_the_plain_log(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        packing.pack(path)
    assert kept(path.parent) == {"job.log"}
    assert path.read_bytes() == TEXT


@pytest.mark.parametrize("size", [0, 3, 12, 1000, -9])
def test_a_packed_log_that_was_cut_is_damaged(path: Path, size: int) -> None:
    packing.pack(path)
    packed = path.with_name("job.log.zst")
    packed.write_bytes(packed.read_bytes()[:size])
    with pytest.raises(DamagedLogError):
        read(path)
    with pytest.raises(DamagedLogError):
        packing.make_plain(path)
    assert kept(path.parent) == {"job.log.zst"}


@pytest.mark.parametrize("place", [0, 20, 5000, -1])
def test_a_packed_log_that_was_changed_is_damaged(path: Path, place: int) -> None:
    packing.pack(path)
    packed = path.with_name("job.log.zst")
    data = bytearray(packed.read_bytes())
    data[place] ^= 0x55
    packed.write_bytes(data)
    with pytest.raises(DamagedLogError):
        read(path)


def test_a_log_that_packs_to_next_to_nothing_stays_plain(path: Path) -> None:
    path.write_bytes(b"1\rping\r\r\n" * 500_000)
    assert not packing.pack(path)
    assert kept(path.parent) == {"job.log"}


def test_a_small_file_that_would_unpack_to_a_huge_one_is_damaged(path: Path) -> None:
    path.unlink()
    packed = path.with_name("job.log.zst")
    packed.write_bytes(zstandard.compress(bytes(5_000_000), 1))
    with pytest.raises(DamagedLogError):
        read(path)
    with pytest.raises(DamagedLogError):
        packing.length(path)


def test_a_line_without_end_is_not_gathered(path: Path) -> None:
    path.write_bytes(b"1\rping\r\r\n")
    with path.open("ab") as log:
        log.truncate(100_000_000)
    with logindex.reading(path) as blocks:
        assert next(blocks) == b"1\rping\r\r"
        with pytest.raises(DamagedLogError):
            next(blocks)


# --- In a snapshot -------------------------------------------------------------------------------

STEPS = 120
CHANCE = random.Random(7)
LONG = [
    started("a"),
    *(log(step, 0.5, "a", note=CHANCE.randbytes(5000).hex()) for step in range(1, STEPS + 1)),
    completed("a"),
]
"""A run whose log is packed, in few events."""


@pytest.fixture
def all_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every log that is done be packed, for what does not depend on its length."""
    monkeypatch.setattr(packing, "WORTH_PACKING", 1)


def logs_of(place: Path) -> list[str]:
    return sorted(path.name.partition(".")[2] for path in place.glob("*/events/*"))


def steps_of(taken: Taken, job_id: str = "a") -> list[int]:
    lines = [line.split(b"\r") for line in read_log(taken.folder, job_id)]
    return [json.loads(line[3])["step"] for line in lines if line[1] == b"training.log"]


def test_a_long_log_is_packed_and_all_is_made_from_it(command: Command) -> None:
    with StandIn(job("a", events=LONG), job("b", events=training(9))) as studio:
        first = command.build(studio)
        assert first.code == 0, first.stderr
        assert logs_of(command.directory / ".arkor-report") == ["log", "log.zst"]
        pages = {path: path.read_bytes() for path in (first.out / "jobs").iterdir()}
        asked = len(studio.requests)
        assert command.build(studio).code == 0
        assert len(studio.requests) - asked == 3
    for packed in (command.directory / ".arkor-report").rglob("*.zst"):
        os.utime(packed, ns=(0, 0))
    result = command.run("render", "--theme", "dark")
    assert result.code == 0, result.stderr
    assert result.job("a")["stream"]["events"] == STEPS + 2
    for path, before in pages.items():
        if path.suffix != ".html":
            assert path.read_bytes() == before
    assert len((first.out / "jobs/a.csv").read_text("utf-8").splitlines()) == STEPS + 1


@pytest.mark.usefixtures("all_are_long")
def test_a_job_that_goes_on_is_resumed_behind_its_packed_log(tmp_path: Path) -> None:
    with StandIn(job("a", events=numbered(training(9, "a")))) as studio:
        first = take(studio, tmp_path)
        assert logs_of(tmp_path) == ["log.zst"]
        assert steps_of(first) == list(range(1, 10))
        studio.jobs.update("a", status="running")
        studio.jobs.send("a", *numbered([log(step, 0.1, "a") for step in range(10, 20)], 100))
        second = take(studio, tmp_path)
        assert studio.openings("a")[-1].last_event_id is not None
        assert logs_of(tmp_path) == ["log.zst"]
        assert steps_of(second) == list(range(1, 20))


@pytest.mark.usefixtures("all_are_long")
def test_a_refreshed_log_takes_the_packed_ones_place(tmp_path: Path) -> None:
    with StandIn(job("a", events=training(9, "a"))) as studio:
        take(studio, tmp_path)
        again = take(studio, tmp_path, refresh=True)
        assert logs_of(tmp_path) == ["log.zst"]
        assert steps_of(again) == list(range(1, 10))
        studio.jobs.script("a", refusal(410, "gone"))
        failed = take(studio, tmp_path, refresh=True)
        assert logs_of(tmp_path) == ["log.zst"]
        assert steps_of(failed) == list(range(1, 10))


@pytest.mark.usefixtures("all_are_long")
@pytest.mark.parametrize("first_is_plain", [True, False])
def test_packed_logs_are_merged(tmp_path: Path, *, first_is_plain: bool) -> None:
    with StandIn(job("a", events=training(9, "a")), job("b", events=training(3, "b"))) as studio:
        one = take(studio, tmp_path / "1")
        take(studio, tmp_path / "2")
    if first_is_plain:
        packing.make_plain(one.folder.log_path("a"))
    warnings: list[str] = []
    merge.merge(tmp_path / "all", [tmp_path / "1", tmp_path / "2"], warnings.append)
    assert warnings == []
    assert logs_of(tmp_path / "all") == ["log.zst", "log.zst"]
    merged = Snapshot.reading(tmp_path / "all").last_folder()
    for job_id in ("a", "b"):
        assert read_log(merged, job_id) == read_log(one.folder, job_id)


@pytest.mark.usefixtures("all_are_long")
@pytest.mark.parametrize("data", [b"", b"garbage", b"\x28\xb5\x2f\xfd"])
def test_a_merge_tells_of_a_packed_log_that_it_cannot_read(tmp_path: Path, data: bytes) -> None:
    with StandIn(job("a", events=training(9, "a"))) as studio:
        bad = take(studio, tmp_path / "bad").folder.log_path("a")
        good = take(studio, tmp_path / "good").folder
    bad.with_name(f"{bad.name}.zst").write_bytes(data)
    warnings: list[str] = []
    merge.merge(tmp_path / "all", [tmp_path / "bad", tmp_path / "good"], warnings.append)
    (warning,) = warnings
    assert str(bad) in warning
    merged = Snapshot.reading(tmp_path / "all").last_folder()
    assert read_log(merged, "a") == read_log(good, "a")


@pytest.mark.usefixtures("all_are_long")
def test_a_merge_leaves_the_packed_log_that_it_has(tmp_path: Path) -> None:
    with StandIn(job("a", events=training(9, "a"))) as studio:
        one, two = take(studio, tmp_path / "1"), take(studio, tmp_path / "2")
    before = packing.status(one.folder.log_path("a")).st_ino
    packing.make_plain(two.folder.log_path("a"))
    merge.merge(tmp_path / "1", [tmp_path / "2"], lambda _: None)
    assert packing.status(one.folder.log_path("a")).st_ino == before


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_packed_log_that_is_damaged_is_fetched_again(command: Command, damage: str) -> None:
    with StandIn(job("a", events=LONG)) as studio:
        command.build(studio)
        (packed,) = (command.directory / ".arkor-report").rglob("*.zst")
        data = packed.read_bytes()
        middle = len(data) // 2
        rest = b"" if damage == "cut" else b"?" * 9 + data[middle + 9 :]
        packed.write_bytes(data[:middle] + rest)
        result = command.build(studio, "--theme", "dark")
        assert result.code == 0, result.stderr
        assert len(studio.openings("a")) == 2
    assert result.job("a")["stream"]["events"] == STEPS + 2
    assert logs_of(command.directory / ".arkor-report") == ["log.zst"]


@pytest.mark.usefixtures("all_are_long")
def test_a_log_that_is_put_in_a_packed_ones_place_is_all_there_is(tmp_path: Path) -> None:
    with StandIn(job("a", events=training(9, "a"))) as studio:
        folder = take(studio, tmp_path).folder
    lines = read_log(folder, "a")[:5]
    folder.place("a", [b"\n".join(lines), b"\n"])
    assert logs_of(tmp_path) == ["log"]
    assert read_log(folder, "a") == lines


@pytest.mark.usefixtures("all_are_long")
def test_what_is_kept_no_longer_is_deleted_packed_or_not(tmp_path: Path) -> None:
    with StandIn(job("a", events=training(9, "a")), job("b", events=training(9, "b"))) as studio:
        take(studio, tmp_path)
        assert logs_of(tmp_path) == ["log.zst", "log.zst"]
        take(studio, tmp_path, keep_last=1)
        assert logs_of(tmp_path) == ["log.zst"]


@pytest.mark.usefixtures("all_are_long")
def test_a_crash_while_a_log_is_packed_or_made_plain_loses_nothing(tmp_path: Path) -> None:
    with StandIn(job("a", events=training(9, "a"))) as studio:
        path = take(studio, tmp_path).folder.log_path("a")
        packed = path.with_name(f"{path.name}.zst")
        data = packed.read_bytes()
        packing.make_plain(path)
        packed.write_bytes(data)
        packed.with_name(f"{packed.name}.new").write_bytes(data[:9])
        asked = len(studio.openings("a"))
        again = take(studio, tmp_path)
        assert steps_of(again) == list(range(1, 10))
        assert len(studio.openings("a")) == asked
        assert logs_of(tmp_path) == ["log", "log.zst"]
        assert steps_of(take(studio, tmp_path, refresh=True)) == list(range(1, 10))
        assert logs_of(tmp_path) == ["log.zst"]
