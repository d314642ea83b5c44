"""Logs that are packed, made plain again, and damaged."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen import packing
from reportgen.eventlog import DamagedLogError

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
