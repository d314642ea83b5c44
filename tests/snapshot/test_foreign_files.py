"""Whatever is in a snapshot directory, nothing outside it is touched, and nothing hangs."""

import os
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from reportgen.errors import SnapshotError, WriteError
from reportgen.snapshot.directory import Snapshot
from tests.command import Command
from tests.rendering.planting import (
    FOLDER,
    HARD_LINK,
    LINKS,
    SPECIAL,
    make_outside,
    plant,
    tree,
)
from tests.snapshot.using import READS, WRITES, Base, Use, copy_of, fetch_into_it, names_in

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("bounded")]

NOT_READ = {"CACHEDIR.TAG", ".gitignore", "lock"}
"""What a reader does not need may be anything."""

KINDS = [
    kind
    if kind in {"link to a file", "dangling link", "FIFO", FOLDER}
    else pytest.param(kind, marks=pytest.mark.thorough)
    for kind in (*LINKS, *SPECIAL, FOLDER)
]

# --- In the way ----------------------------------------------------------------------------------


@pytest.mark.parametrize("use", WRITES)
@pytest.mark.parametrize("kind", [*KINDS, "file"])
def test_a_foreign_file_in_the_way_is_named_and_left_alone(
    base: Base, tmp_path: Path, kind: str, use: Use
) -> None:
    before = tree(base.outside)
    for number, name in enumerate(names_in(base.snapshot)):
        place = copy_of(base, tmp_path / str(number))
        is_folder = (place / name).is_dir()
        if kind == (FOLDER if is_folder else "file"):
            continue
        if kind == "file":
            shutil.rmtree(place / name)
            (place / name).write_text("theirs")
        else:
            plant(kind, place / name, base.outside)
        planted = (place / name).lstat()
        with pytest.raises((SnapshotError, WriteError)) as raised:
            use(base, place)
        assert f"{place / name} is a" in str(raised.value)
        assert os.path.samestat((place / name).lstat(), planted)
        assert (place / name).lstat().st_mtime_ns == planted.st_mtime_ns
    assert tree(base.outside) == before


@pytest.mark.parametrize("use", READS)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_read_through_what_is_in_the_way(
    base: Base, tmp_path: Path, kind: str, use: Use
) -> None:
    before = tree(base.outside)
    for number, name in enumerate(names_in(base.snapshot)):
        place = copy_of(base, tmp_path / str(number) / "snapshot")
        if kind == FOLDER and (place / name).is_dir():
            continue
        plant(kind, place / name, base.outside)
        message = ""
        try:
            message = "\n".join(use(base, place))
        except SnapshotError as error:
            message = str(error)
        assert (str(place / name) in message) == (name not in NOT_READ)
    assert tree(base.outside) == before


@pytest.mark.parametrize("use", WRITES)
def test_hard_links_are_not_written_through(base: Base, tmp_path: Path, use: Use) -> None:
    """With someone else's file under each name: it is damaged, foreign, or replaced."""
    before = tree(base.outside)
    for number, name in enumerate(names_in(base.snapshot)):
        place = copy_of(base, tmp_path / str(number))
        if (place / name).is_dir():
            continue
        plant(HARD_LINK, place / name, base.outside)
        with suppress(SnapshotError, WriteError):
            use(base, place)
    assert tree(base.outside) == before


@pytest.mark.parametrize("use", WRITES)
def test_a_backup_by_hard_links_stays_as_it_is(base: Base, tmp_path: Path, use: Use) -> None:
    place, backup = copy_of(base, tmp_path / "place"), tmp_path / "backup"
    for path in place.rglob("*.json"):
        path.chmod(0o644)
    subprocess.run(["cp", "-al", place, backup], check=True)  # noqa: S607
    before = tree(backup)
    base.studio.jobs.update("done", status="running")  # so that its stream is read again
    try:
        use(base, place)
    finally:
        base.studio.jobs.update("done", status="completed")
    assert tree(backup) == before
    assert use(base, backup) is not None  # and the backup is still a good snapshot


def test_each_of_two_backups_by_hard_links_can_be_built(base: Base, tmp_path: Path) -> None:
    place, backup = copy_of(base, tmp_path / "place"), tmp_path / "backup"
    subprocess.run(["cp", "-al", place, backup], check=True)  # noqa: S607
    with Snapshot.locked(place), Snapshot.locked(backup):
        pass


@pytest.mark.parametrize("level", ["", "*-*", "*-*/events"])
def test_a_folder_swapped_for_a_link_while_we_work_is_still_itself(
    base: Base, tmp_path: Path, level: str
) -> None:
    """The folders of an open snapshot, since what is open is not looked up again."""
    place = copy_of(base, tmp_path / "place")
    before = tree(base.outside)
    with Snapshot.locked(place) as snapshot:
        folder = snapshot.last_folder()
        folder.check()
        (swapped,) = place.glob(level) if level else [place]
        swapped.rename(tmp_path / "moved")
        swapped.symlink_to(base.outside)
        listing = folder.listing()
        assert listing is not None
        folder.keep_listing(listing)
        folder.logs.place("done", [b"x"])
        folder.logs.drop("off", forget=True)
        folder.logs.keep_facts()
        folder.make_private(lambda _: None)
        folder.clear_unfinished()
    assert tree(base.outside) == before
    (log,) = (tmp_path / "moved").rglob("done*.log") if level else [tmp_path]
    assert not level or log.read_bytes() == b"x"


def test_foreign_files_elsewhere_do_not_matter(base: Base, tmp_path: Path) -> None:
    place = tmp_path / "new"
    for path in (place / "lost+found", place / ".gitkeep", place / ".DS_Store"):
        path.mkdir(parents=True)
    (place / "lost+found" / "file").touch()
    fetch_into_it(base, place)
    for folder in (place, *place.glob("studio-*"), *place.glob("studio-*/events")):
        for name in ("lost+found", ".gitkeep", ".DS_Store"):
            (folder / name).mkdir(exist_ok=True)
            (folder / name).chmod(0o755)
    for use in (*WRITES, *READS):
        assert use(base, place) == []
    modes = {stat.S_IMODE(path.stat().st_mode) for path in place.rglob("lost+found")}
    assert modes == {0o755}


def test_files_of_others_in_the_directory_stay_as_they_are(base: Base, tmp_path: Path) -> None:
    place = copy_of(base, tmp_path / "place")
    (folder,) = place.glob("studio-*")
    others = [
        place / "index.json.new", place / "CACHEDIR.TAG.new", place / "notes.txt",
        folder / "jobs.json.new", folder / "logs.json.tmp", folder / "events" / "done.log",
        folder / "events" / "done.new", folder / "events" / ".0123456789abcdef.tmp",
    ]  # fmt: skip
    for number, path in enumerate(others):
        if number % 2:
            path.write_text("mine")
        else:
            path.symlink_to(base.outside / "file")
    states = {path: path.lstat() for path in others}
    before = tree(base.outside)
    for use in WRITES:
        assert use(base, place) == []
    assert {path: path.lstat() for path in others} == states
    assert tree(base.outside) == before


def test_modes_that_cannot_be_set_are_a_warning(base: Base, tmp_path: Path) -> None:
    """On an immutable file; a file system without modes behaves alike."""
    place = copy_of(base, tmp_path / "place")
    (log,) = place.rglob("done*.log")
    log.chmod(0o644)
    if subprocess.run(["chattr", "+i", log], check=False, capture_output=True).returncode:  # noqa: S607
        pytest.skip("making a file immutable needs root and a file system that can")
    try:
        (warning,) = fetch_into_it(base, place)
    finally:
        subprocess.run(["chattr", "-i", log], check=True)  # noqa: S607
    assert warning.startswith("cannot make ")
    assert str(log.parent) in warning


@pytest.mark.parametrize("mode", [0o666, 0o644], ids=["shared", "restored"])
def test_someone_elses_snapshot_that_may_be_written(base: Base, mode: int) -> None:
    if os.geteuid() != 0:
        pytest.skip("being someone else needs root")
    with tempfile.TemporaryDirectory() as open_place:
        Path(open_place).chmod(0o755)
        place = copy_of(base, Path(open_place) / "place")
        for path in [*place.rglob("*"), place]:
            path.chmod(0o777 if path.is_dir() else mode)
        os.seteuid(65534)
        try:
            (warning,) = fetch_into_it(base, place)
        finally:
            os.seteuid(0)
        assert f"cannot make {place} private" in warning


def test_a_read_only_snapshot_is_rendered_and_merged(base: Base, tmp_path: Path) -> None:
    place = copy_of(base, tmp_path / "snapshot")
    for path in [*place.rglob("*"), place]:
        path.chmod(0o500 if path.is_dir() else 0o400)
    for use in READS:
        assert use(base, place) == []


# --- By the command itself -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("demo-*/events", "link to a folder"),
        pytest.param("index.json", "FIFO", marks=pytest.mark.thorough),
        pytest.param("lock", "link to a file", marks=pytest.mark.thorough),
        pytest.param("demo-*/jobs.json", FOLDER, marks=pytest.mark.thorough),
        pytest.param("demo-*/events/*.log", "FIFO", marks=pytest.mark.thorough),
    ],
)
def test_the_command_names_it_and_exits_with_1(command: Command, name: str, kind: str) -> None:
    outside = make_outside(command.directory / "outside")
    assert command.run("snapshot", "--source", "demo").code == 0
    planted = next((command.directory / ".arkor-report").glob(name))
    plant(kind, planted, outside)
    before = tree(outside)
    for arguments in (("build", "--source", "demo"), ("render",), ("merge", ".arkor-report")):
        result = command.run(*arguments, "--snapshot-dir", ".arkor-report")
        if arguments[0] == "merge" or (arguments[0] == "render" and name == "lock"):
            assert result.code in {0, 1}
        else:
            assert result.code == 1, (arguments, result.stderr)
            assert planted.name in result.stderr
        assert "unexpected" not in result.stderr
    assert tree(outside) == before


def test_the_second_build_says_so(command: Command) -> None:
    place = command.directory / "snapshot"
    arguments = ("build", "--source", "demo", "--limit", "1", "--snapshot-dir", "snapshot")
    with Snapshot.locked(place):
        result = command.run(*arguments)
    assert result.code == 1
    assert f"Another build is working on the snapshot directory {place.name}" in result.stderr
    assert command.run(*arguments).code == 0
