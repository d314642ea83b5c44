"""Files by handle: nothing outside a directory is touched, whatever was planted inside it."""

import errno
import multiprocessing
import os
import pickle
import re
import signal
import socket
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

from reportgen.files import Directory, ForeignFileError, locked, open_named, temporary_name


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return the path of an empty directory, with a file of someone else's beside it."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("theirs")
    (tmp_path / "outside" / "file").chmod(0o644)
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


@pytest.fixture
def directory(place: Path) -> Iterator[Directory]:
    with Directory.open(place, private=True) as directory:
        yield directory


def theirs(place: Path) -> tuple[str, int, set[str]]:
    """Return everything outside that must not change."""
    file = place.parent / "outside" / "file"
    names = {path.name for path in file.parent.iterdir()}
    return file.read_text(), stat.S_IMODE(file.stat().st_mode), names


def plant_link(path: Path) -> None:
    path.symlink_to("../outside/file")


def plant_dangling_link(path: Path) -> None:
    path.symlink_to("../outside/new")


def plant_link_to_directory(path: Path) -> None:
    path.symlink_to("../outside")


def plant_fifo(path: Path) -> None:
    os.mkfifo(path)


def plant_directory(path: Path) -> None:
    path.mkdir()


def plant_socket(path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    before = Path.cwd()
    os.chdir(path.parent)  # a socket's path is limited to 108 bytes
    try:
        server.bind(path.name)
    finally:
        os.chdir(before)
        server.close()


def plant_device(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("making a device needs root")


Plant = Callable[[Path], None]
FOREIGN: list[tuple[Plant, str]] = [
    (plant_link, "a symbolic link"),
    (plant_dangling_link, "a symbolic link"),
    (plant_link_to_directory, "a symbolic link"),
    (plant_fifo, "a FIFO"),
    (plant_directory, "a directory"),
    (plant_socket, "a socket"),
    (plant_device, "a device"),
]


def replace(directory: Directory, name: str) -> None:
    with directory.replacing(name) as file:
        file.write(b"ours")


def lock(directory: Directory, name: str) -> None:
    with locked(directory, name):
        pass


def move_onto(directory: Directory, name: str) -> None:
    replace(directory, "new")
    directory.rename("new", name)


USES: list[Callable[[Directory, str], object]] = [
    Directory.read,
    Directory.open_for_reading,
    Directory.open_for_appending,
    Directory.remove,
    Directory.file_status,
    replace,
    lock,
    move_onto,
]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(("plant", "kind"), FOREIGN)
def test_a_foreign_file_is_named_and_left_alone(
    place: Path, directory: Directory, plant: Plant, kind: str, use: Callable[..., object]
) -> None:
    plant(place / "name")
    before = (place / "name").lstat(), theirs(place)
    with pytest.raises(ForeignFileError) as raised:
        use(directory, "name")
    assert (raised.value.path, raised.value.kind) == (place / "name", kind)
    assert ((place / "name").lstat(), theirs(place)) == before
    assert not directory.has("name")


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(("plant", "kind"), [*FOREIGN, (Path.touch, "a file")])
def test_anything_but_a_folder_is_named_and_left_alone(
    place: Path, directory: Directory, plant: Plant, kind: str, *, create: bool
) -> None:
    if plant is plant_directory:
        return
    plant(place / "name")
    before = (place / "name").lstat(), theirs(place)
    with pytest.raises(ForeignFileError) as raised:
        directory.folder("name", create=create)
    assert raised.value.kind == kind
    assert ((place / "name").lstat(), theirs(place)) == before


@pytest.mark.parametrize(("plant", "kind"), FOREIGN)
def test_no_mode_is_changed_through_a_foreign_file(
    place: Path, directory: Directory, plant: Plant, kind: str
) -> None:
    plant(place / "name")
    before = (place / "name").lstat(), theirs(place)
    with pytest.raises(ForeignFileError, match=kind):
        directory.make_file_private("name")
    assert ((place / "name").lstat(), theirs(place)) == before


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc/passwd", "../outside/file", "a\0b"])
def test_no_name_leads_out(directory: Directory, name: str) -> None:
    for use in (*USES[:-1], Directory.folder, Directory.make_file_private, Directory.remove_folder):
        with pytest.raises(ValueError, match="not a file name"):
            use(directory, name)
    with pytest.raises(ValueError, match="not a file name"):
        directory.rename(name, "new")


# --- Hard links ----------------------------------------------------------------------------------


def append(directory: Directory, name: str) -> None:
    descriptor = directory.open_for_appending(name)
    os.write(descriptor, b" and ours")
    os.close(descriptor)


@pytest.mark.parametrize("use", [append, replace, move_onto, Directory.make_file_private])
def test_a_file_with_several_links_changes_under_one_name_only(
    place: Path, directory: Directory, use: Callable[..., object]
) -> None:
    before = theirs(place)
    (place / "name").hardlink_to(place.parent / "outside" / "file")
    use(directory, "name")
    assert theirs(place) == before
    assert stat.S_IMODE((place / "name").stat().st_mode) == 0o600
    assert (place / "name").stat().st_nlink == 1
    assert list(place.iterdir()) == [place / "name"]


def test_a_copy_keeps_the_time_of_its_original(place: Path, directory: Directory) -> None:
    (place / "name").hardlink_to(place.parent / "outside" / "file")
    os.utime(place / "name", ns=(1, 2))
    os.close(directory.open_for_appending("name"))
    assert (place / "name").stat().st_mtime_ns == 2
    assert (place / "name").read_text() == "theirs"


def test_a_hard_linked_backup_has_its_own_lock(place: Path, directory: Directory) -> None:
    lock(directory, "lock")
    (place / "backup").hardlink_to(place / "lock")
    with locked(directory, "backup"), locked(directory, "lock"):
        assert (place / "lock").stat().st_nlink == 1


# --- Swapped between check and use ---------------------------------------------------------------


def test_a_directory_that_is_swapped_for_a_link_is_still_itself(place: Path) -> None:
    before = theirs(place)
    with Directory.open(place) as directory, directory.folder("sub", create=True) as sub:
        (place / "sub").rename(place / "moved")
        (place / "sub").symlink_to("../outside")
        replace(sub, "file")
        append(sub, "log")
        sub.make_private()
        with pytest.raises(ForeignFileError):
            directory.folder("sub")
    assert theirs(place) == before
    assert sorted(path.name for path in (place / "moved").iterdir()) == ["file", "log"]


def read_nothing_of_theirs(directory: Directory, name: str) -> None:
    with directory.open_for_reading(name) as file:
        assert stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        assert file.readall() != b"theirs"


def swap_forever(place: Path) -> NoReturn:
    """Put a file, a link and a FIFO under one name, in turn, until the process is killed."""
    for name, plant in (("file", Path.touch), ("link", plant_link), ("fifo", plant_fifo)):
        plant(place / name)
    while True:
        for name in ("file", "link", "file", "fifo"):
            with suppress(OSError):
                os.link(place / name, place / "fresh", follow_symlinks=False)
            with suppress(OSError):
                (place / "fresh").replace(place / "name")


@pytest.mark.parametrize(
    "use",
    [read_nothing_of_theirs, append, replace, Directory.make_file_private, Directory.remove, lock],
)
def test_a_name_that_keeps_being_swapped_is_never_followed(
    place: Path, directory: Directory, use: Callable[..., object]
) -> None:
    before = theirs(place)
    swapping = os.fork()
    if swapping == 0:
        swap_forever(place)
    try:
        for _ in range(3000):
            with suppress(OSError):
                use(directory, "name")
    finally:
        os.kill(swapping, signal.SIGKILL)
        os.waitpid(swapping, 0)
    assert theirs(place) == before


# --- Reading and writing -------------------------------------------------------------------------


def test_the_directory_that_the_user_names_may_be_a_link(place: Path) -> None:
    (place.parent / "link").symlink_to("place")
    with Directory.open(place.parent / "link") as directory:
        replace(directory, "name")
    assert (place / "name").read_bytes() == b"ours"


@pytest.mark.parametrize("plant", [plant_link, plant_fifo, Path.touch])
def test_the_directory_that_the_user_names_is_something_else(place: Path, plant: Plant) -> None:
    plant(place / "name")
    for create in (True, False):
        with pytest.raises(OSError, match="name"):
            Directory.open(place / "name", create=create)


@pytest.mark.parametrize(("private", "modes"), [(True, (0o700, 0o600)), (False, (0o755, 0o644))])
def test_new_files_are_private_or_follow_the_umask(
    tmp_path: Path, modes: tuple[int, int], *, private: bool
) -> None:
    before = os.umask(0o022)
    try:
        with Directory.open(tmp_path / "a" / "b", create=True, private=private) as directory:
            with directory.folder("sub", create=True) as sub:
                replace(sub, "replaced")
                append(sub, "log")
            lock(directory, "lock")
    finally:
        os.umask(before)
    for path in (tmp_path / "a" / "b").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == modes[path.is_file()], path
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == modes[0]


def test_an_error_leaves_the_old_file_and_nothing_else(place: Path, directory: Directory) -> None:
    replace(directory, "name")
    seen: set[str] = set()

    def fail() -> None:
        with directory.replacing("name") as file:
            file.write(b"half")
            seen.update(directory.names())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    (temporary,) = seen - {"name"}
    assert re.fullmatch(r"\.arkor-report\.[0-9a-f]{16}\.tmp", temporary)
    assert directory.names() == ["name"]
    assert directory.read("name") == b"ours"


def test_a_file_that_appears_after_the_start_is_not_replaced(
    place: Path, directory: Directory
) -> None:
    def replace_too_late() -> None:
        with directory.replacing("name") as file:
            file.write(b"ours")
            (place / "name").mkdir()

    with pytest.raises(ForeignFileError):
        replace_too_late()
    assert directory.names() == ["name"]


def test_a_file_that_is_far_too_large_is_not_read(place: Path, directory: Directory) -> None:
    replace(directory, "name")
    assert directory.read("name", largest=4) == b"ours"
    os.truncate(place / "name", 1 << 40)
    with pytest.raises(OSError, match="large") as raised:
        directory.read("name")
    assert raised.value.errno == errno.EFBIG


def test_a_file_that_is_not_there(directory: Directory) -> None:
    directory.remove("name")
    directory.make_file_private("name")
    assert directory.file_status("name") is None
    assert not directory.has("name")
    for use in (Directory.read, Directory.open_for_reading, Directory.folder):
        with pytest.raises(FileNotFoundError):
            use(directory, "name")


def test_files_move_between_directories(place: Path, directory: Directory) -> None:
    replace(directory, "name")
    with directory.folder("sub", create=True) as sub:
        directory.rename("name", "moved", sub)
        assert sub.read("moved") == b"ours"
        sub.remove("moved")
    directory.remove_folder("sub")
    assert directory.names() == []


def test_only_leftovers_of_our_own_are_removed(place: Path, directory: Directory) -> None:
    left, linked, link = (temporary_name() for _ in range(3))
    (place / left).touch()
    (place / linked).hardlink_to(place.parent / "outside" / "file")
    plant_link(place / link)
    digits = "0123456789abcdef"
    others = {
        ".arkor-report.tmp",
        f".{digits}.tmp",
        f".arkor-report.{digits}.tmp.x",
        f"arkor-report.{digits}.tmp",
        f".arkor-report.{digits.upper()}.tmp",
    }
    for name in others:
        (place / name).touch()
    directory.remove_leftovers()
    assert set(directory.names()) == others | {linked, link}


# --- Locking -------------------------------------------------------------------------------------


def hold(place: Path, held: "multiprocessing.synchronize.Event") -> None:
    with Directory.open(place) as directory, locked(directory, "lock"):
        held.set()
        threading.Event().wait()


def test_another_process_holds_the_lock_until_it_ends(directory: Directory, place: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    other = context.Process(target=hold, args=(place, held))
    other.start()
    try:
        assert held.wait(30)
        with pytest.raises(BlockingIOError), locked(directory, "lock"):
            pass
    finally:
        other.kill()
        other.join()
    with locked(directory, "lock"):
        pass


@pytest.mark.parametrize("links", [0, 1])
def test_a_file_that_is_not_empty_is_not_a_lock(
    place: Path, directory: Directory, links: int
) -> None:
    before = theirs(place)
    if links:
        (place / "lock").hardlink_to(place.parent / "outside" / "file")
    else:
        (place / "lock").write_text("theirs")
    with pytest.raises(ForeignFileError, match="not a lock"):
        lock(directory, "lock")
    assert (place / "lock").read_text() == "theirs"
    assert (place / "lock").stat().st_nlink == 1 + links
    assert theirs(place) == before


def test_a_replaced_lock_file_does_not_count(place: Path, directory: Directory) -> None:
    with locked(directory, "lock"):
        (place / "lock").unlink()
        with locked(directory, "lock"), pytest.raises(BlockingIOError), locked(directory, "lock"):
            pass


def test_one_holder_at_a_time_although_backups_share_the_lock_file(
    place: Path, directory: Directory
) -> None:
    holders: list[int] = []
    most: list[int] = []
    done = threading.Event()

    def back_up() -> None:
        while not done.is_set():
            with suppress(OSError):
                (place / temporary_name()).hardlink_to(place / "lock")

    def work(number: int) -> None:
        while not done.is_set():
            with suppress(OSError), locked(directory, "lock"):
                holders.append(number)
                most.append(len(holders))
                done.wait(0.0001)
                holders.remove(number)
            if len(most) > 20:
                done.set()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    threads.append(threading.Thread(target=back_up))
    for thread in threads:
        thread.start()
    done.wait(30)
    done.set()
    for thread in threads:
        thread.join()
    assert len(most) > 20
    assert set(most) == {1}


def test_a_lock_is_released_although_a_forked_process_has_it_open(directory: Directory) -> None:
    reading, writing = os.pipe()
    with locked(directory, "lock"):
        pid = os.fork()
        if pid == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
    try:
        lock(directory, "lock")
    finally:
        os.close(writing)
        os.close(reading)
        os.waitpid(pid, 0)


def test_the_error_crosses_processes() -> None:
    error = pickle.loads(pickle.dumps(ForeignFileError(Path("x"), "a FIFO")))  # noqa: S301
    assert (error.path, error.kind, error.strerror) == (Path("x"), "a FIFO", "it is a FIFO")


# --- Files that the user names -------------------------------------------------------------------


def test_a_named_file_may_be_a_link(place: Path) -> None:
    (place / "link").symlink_to("../outside/file")
    descriptor = open_named(place / "link")
    assert os.read(descriptor, 100) == b"theirs"
    os.close(descriptor)


def test_a_named_file_is_created_on_request(place: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_named(place / "new")
    descriptor = open_named(place / "new", os.O_WRONLY | os.O_CREAT)
    os.write(descriptor, b"text")
    os.close(descriptor)
    assert (place / "new").read_text() == "text"


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY | os.O_APPEND | os.O_CREAT, os.O_RDWR])
@pytest.mark.parametrize("linked", [False, True], ids=["", "linked"])
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("FIFO", "a FIFO"),
        ("directory", "a directory"),
        ("socket", "a socket"),
        ("/dev/null", "a device"),
    ],
)
def test_a_named_path_that_is_not_a_file_is_refused_at_once(
    place: Path, kind: str, said: str, flags: int, *, linked: bool
) -> None:
    path = place / "name"
    match kind:
        case "FIFO":
            os.mkfifo(path)
        case "directory":
            path.mkdir()
        case "socket":
            plant_socket(path)
        case _:
            path = Path(kind)
    if linked:
        (place / "link").symlink_to(path)
        path = place / "link"
    with pytest.raises(ForeignFileError, match=f"{said}"):
        open_named(path, flags)


def test_a_file_that_may_only_be_read_is_copied_to_be_appended_to() -> None:
    if os.geteuid() != 0:
        pytest.skip("being someone else needs root")
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o777)
        theirs = Path(place) / "log"
        theirs.write_text("old")
        theirs.chmod(0o644)
        os.seteuid(65534)
        try:
            with Directory.open(Path(place)) as directory:
                descriptor = directory.open_for_appending("log")
            os.write(descriptor, b" new")
            os.close(descriptor)
        finally:
            os.seteuid(0)
        assert theirs.read_text() == "old new"
        assert theirs.stat().st_uid == 65534
