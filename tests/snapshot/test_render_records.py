"""The records of what was rendered: whole or not at all, whatever happens to their file."""

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from reportgen.errors import SnapshotError, WriteError
from reportgen.files import Directory
from reportgen.snapshot import render_records
from reportgen.snapshot.render_records import FILE, RenderRecords

A, B = "a-0123456789abcdef0123.log", "b-0123456789abcdef0123.log"


@contextmanager
def records_in(folder: Path) -> Iterator[RenderRecords]:
    with (
        tempfile.TemporaryFile(buffering=0) as scratch,
        closing(
            RenderRecords(folder, lambda: Directory.open(folder, private=True), raw(scratch))
        ) as records,
    ):
        yield records


def raw(file: object) -> io.FileIO:
    assert isinstance(file, io.FileIO)
    return file


def store(folder: Path, log: str = A, **values: bytes) -> None:
    with records_in(folder) as records:
        for key, value in values.items():
            records.add(log, key, value)
        records.keep(values)


def stored(folder: Path, *keys: str) -> list[bytes | None]:
    with records_in(folder) as records:
        return [records.value(key) for key in keys]


def test_records_come_back_whether_new_or_kept(tmp_path: Path) -> None:
    store(tmp_path, one=b'{"a":1}', two=b'"]"')
    with records_in(tmp_path) as records:
        records.add(B, "three", b"[3]")
        records.add(B, "four", b"4")
        for key, value in {"one": b'{"a":1}', "two": b'"]"', "three": b"[3]", "four": b"4"}.items():
            assert records.value(key) == value
        assert records.value("five") is None
        records.keep(["one", "three", "five"])
    assert stored(tmp_path, "one", "two", "three", "four") == [b'{"a":1}', b'"]"', b"[3]", None]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    store(tmp_path, one=b"1")
    before = (tmp_path / FILE).stat()
    store(tmp_path, one=b"1")
    assert os.path.samestat((tmp_path / FILE).stat(), before)
    assert (tmp_path / FILE).stat().st_mtime_ns == before.st_mtime_ns
    store(tmp_path, one=b"2")
    assert stored(tmp_path, "one") == [b"2"]


def test_cut_anywhere_it_costs_the_torn_record_only(tmp_path: Path) -> None:
    one, two, three = b'{"a":1}', b'{"a":2}', b"{}"
    store(tmp_path, one=one, two=two)
    whole = (tmp_path / FILE).read_bytes()
    for length in range(len(whole)):
        (tmp_path / FILE).write_bytes(whole[:length])
        kept = whole[:length].count(b"\n")
        assert stored(tmp_path, "one", "two") == [one, two][:kept] + [None] * (2 - kept)
        store(tmp_path, B, three=three)
        found = stored(tmp_path, "one", "two", "three")
        assert found[:kept] == [one, two][:kept]
        assert found[kept] in {None, [one, two][kept]}, "only its line feed was missing"
        assert found[kept + 1 :] == [None] * (1 - kept) + [three]


def test_what_is_not_ours_is_skipped(tmp_path: Path) -> None:
    store(tmp_path, one=b"1")
    ours = (tmp_path / FILE).read_bytes()
    junk = b'{}\n["../x.log","two",2]\n["a.log","TWO",2]\n\xff\n\n["a.log","two",2\n'
    (tmp_path / FILE).write_bytes(junk + ours + b"\0" * 20_000_000)
    assert stored(tmp_path, "one", "two", "TWO") == [b"1", None, None]


def test_a_reader_and_two_writers_at_once(tmp_path: Path) -> None:
    store(tmp_path, one=b"1")
    with records_in(tmp_path) as reader, records_in(tmp_path) as first, records_in(tmp_path) as two:
        first.add(A, "two", b"2")
        two.add(B, "three", b"3")
        first.keep(["two"])
        two.keep(["three"])
        render_records.forget(tmp_path, Directory.open(tmp_path), {A})
        assert [reader.value(key) for key in ("one", "two")] == [b"1", None]
    assert stored(tmp_path, "one", "two", "three") == [None, None, b"3"]


def test_superseded_records_go_once_they_are_most_of_a_large_file(tmp_path: Path) -> None:
    value = b'"%b"' % (b"x" * 100_000)
    with records_in(tmp_path) as records:
        for key in ("other", "other-curves"):
            records.add(B, key, value)
        records.keep(["other", "other-curves"])
    sizes = []
    for number in range(20):
        key = f"key{number}"
        with records_in(tmp_path) as records:
            records.add(A, key, value)
            records.add(A, f"{key}-curves", b"[]")
            records.keep([key, f"{key}-curves"])
        sizes.append((tmp_path / FILE).stat().st_size)
        assert stored(tmp_path, key, "other", "other-curves") == [value] * 3
        assert stored(tmp_path, f"{key}-curves") == [b"[]"]
    assert max(sizes) < 1_400_000


def test_all_records_of_a_log_are_forgotten(tmp_path: Path) -> None:
    folder = Directory.open(tmp_path, private=True)
    render_records.forget(tmp_path, folder, {A})  # without a file
    store(tmp_path, A, one=b"1", two=b"2")
    store(tmp_path, B, three=b"3")
    render_records.forget(tmp_path, folder, {A})
    assert stored(tmp_path, "one", "two", "three") == [None, None, b"3"]
    assert A.encode() not in (tmp_path / FILE).read_bytes()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("theirs")
    folder = tmp_path / "folder"
    folder.mkdir()
    with records_in(folder) as records:
        (folder / FILE).symlink_to(outside)
        records.add(A, "one", b"1")
        with pytest.raises(WriteError, match="symbolic link"):
            records.keep(["one"])
    with pytest.raises(SnapshotError, match="symbolic link"), records_in(folder):
        pass
    assert outside.read_text() == "theirs"


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with records_in(folder) as records:
        records.add(A, "one", b"1")
        folder.rmdir()
        records.keep(["one"])
        assert records.value("one") == b"1"
    assert not folder.exists()


def test_a_file_with_several_links_is_copied_first(tmp_path: Path) -> None:
    store(tmp_path, one=b"1")
    backup = tmp_path / "backup"
    backup.hardlink_to(tmp_path / FILE)
    before = backup.read_bytes()
    store(tmp_path, two=b"2")
    assert backup.read_bytes() == before
    assert stored(tmp_path, "one", "two") == [b"1", b"2"]
