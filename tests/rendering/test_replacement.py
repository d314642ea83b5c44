"""A file that cannot be replaced: found before the first one moves, or everything is put back."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reportgen.errors import WriteError
from reportgen.files import Directory, ForeignFileError
from reportgen.rendering.publish import Publication
from reportgen.rendering.replacement import Replacement, ReportFolders
from reportgen.snapshot.directory import Snapshot
from tests.rendering.planting import tree

pytestmark = pytest.mark.thorough

CHECKOUT = Path(__file__).resolve().parents[2]
OLD = {"badge.svg": "1", "index.html": "1", "jobs/a.html": "1", "jobs/gone.html": "1"}
NEW = {"badge.svg": "2", "index.html": "2", "jobs/a.html": "2", "jobs/b.html": "2"}
ORDINARY = 65534


def publish(out: Path, files: dict[str, str]) -> None:
    with Publication.into(out) as publication:
        for name, text in files.items():
            publication.stage(name, [text])


def files_of(out: Path) -> dict[str, str]:
    """Return the files of the report, and all leftovers."""
    return {
        path.relative_to(out).as_posix(): path.read_text()
        for path in out.rglob("*")
        if path.is_file() and path.name not in {".arkor-report.json", ".arkor-report.lock"}
    }


# --- Found before the first one moves ------------------------------------------------------------


def run_or_skip(*command: str) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        pytest.skip(f"{command[0]} is not possible here: {ended.stderr.strip()}")


@contextmanager
def mounted(source: Path, target: Path) -> Iterator[None]:
    """Mount a file or a folder of the same file system on another one."""
    run_or_skip("mount", "--bind", str(source), str(target))
    try:
        yield
    finally:
        subprocess.run(["umount", str(target)], check=True)  # noqa: S607


def refused(out: Path, name: str, files: dict[str, str] = NEW) -> None:
    """Check that a build names this file, and that nothing moved."""
    before = {path: state for path, state in tree(out).items() if path != ".arkor-report.json"}
    with pytest.raises(WriteError, match=f"{out / name} cannot be replaced"):
        publish(out, files)
    after = {path: state for path, state in tree(out).items() if path != ".arkor-report.json"}
    assert after == before


@pytest.mark.parametrize("name", ["index.html", "badge.svg", "jobs/a.html", "jobs/gone.html"])
def test_a_file_that_is_a_mount(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    publish(out, OLD)
    (tmp_path / "source").write_text("mounted")
    with mounted(tmp_path / "source", out / name):
        refused(out, name)
        assert (tmp_path / "source").read_text() == "mounted"
    publish(out, NEW)
    assert files_of(out) == NEW


@pytest.mark.parametrize("files", [NEW, {**NEW, "jobs/a.html": "1"}], ids=["changed", "only new"])
def test_a_folder_that_is_a_mount(tmp_path: Path, files: dict[str, str]) -> None:
    out = tmp_path / "out"
    publish(out, OLD)
    volume = tmp_path / "volume"
    volume.mkdir()
    with mounted(volume, out / "jobs"):
        refused(out, "jobs", files)
        assert list(volume.iterdir()) == []


def test_what_does_not_change_may_be_a_mount(tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish(out, OLD)
    (tmp_path / "source").write_text(OLD["badge.svg"])
    with mounted(tmp_path / "source", out / "badge.svg"):
        publish(out, {**NEW, "badge.svg": OLD["badge.svg"]})
        assert (out / "index.html").read_text() == "2"


@pytest.mark.parametrize("name", ["", "jobs"])
def test_a_read_only_file_system(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    publish(out, OLD)
    with mounted(out / name, out / name):
        run_or_skip("mount", "-o", "remount,bind,ro", str(out / name))
        with pytest.raises(WriteError, match=f"{out / name}.* (Read-only|a mount)"):
            publish(out, NEW)
        assert files_of(out) == OLD
    publish(out, NEW)
    assert files_of(out) == NEW


@pytest.mark.parametrize("name", ["badge.svg", "jobs/a.html", "jobs"])
def test_what_is_immutable(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    publish(out, OLD)
    run_or_skip("chattr", "+i", str(out / name))
    try:
        refused(out, name)
    finally:
        subprocess.run(["chattr", "-i", str(out / name)], check=True)  # noqa: S607


@contextmanager
def ordinary_user(*owned: Path) -> Iterator[None]:
    """Run as someone who may not write everywhere, and who owns these directories."""
    if os.geteuid() != 0:
        yield
        return
    for path in owned:
        os.chown(path, ORDINARY, ORDINARY)
    os.seteuid(ORDINARY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """Return a directory that everyone may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yield Path(place)


@pytest.mark.parametrize("mode", [0o555, 0o500, 0o666])
def test_a_folder_that_may_not_be_written(open_place: Path, mode: int) -> None:
    out = open_place / "out"
    out.mkdir()
    with ordinary_user(out):
        publish(out, OLD)
        (out / "jobs").chmod(mode)
        for files in (NEW, {"index.html": "2"}):
            with pytest.raises(WriteError, match=str(out / "jobs")):
                publish(out, files)
        (out / "jobs").chmod(0o755)
        assert files_of(out) == OLD


def test_someone_elses_report_in_a_folder_that_may_be_written(open_place: Path) -> None:
    out = open_place / "out"
    publish(out, OLD)
    for folder in (out, out / "jobs"):
        folder.chmod(0o777)
    with ordinary_user():
        publish(out, NEW)
    assert files_of(out) == NEW


def test_someone_elses_file_in_a_sticky_folder(open_place: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("giving files to others needs root")
    out = open_place / "out"
    publish(out, OLD)
    for folder in (out, out / "jobs"):
        folder.chmod(0o1777)
    for path in (out / "badge.svg", out / ".arkor-report.json", out / ".arkor-report.lock"):
        os.chown(path, ORDINARY, ORDINARY)
    with ordinary_user():
        refused(out, "jobs/a.html")
        refused(out, "index.html", {"badge.svg": "2", "index.html": "2", "jobs/a.html": "1"})
        refused(out, "jobs/a.html", {"badge.svg": "2", "index.html": "1"})


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("dangling", "a symbolic link that does not lead to a directory"),
        ("dangling/out", "a symbolic link that does not lead to a directory"),
        ("loop", "a symbolic link that does not lead to a directory"),
        ("to a file", "a symbolic link that does not lead to a directory"),
        ("file", "a file"),
        ("file/out", "a file"),
        ("FIFO/x/y", "a FIFO"),
    ],
)
def test_no_directory_can_be_made_there(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "to a file").symlink_to("file")
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "FIFO")
    at_fault = tmp_path / name.partition("/")[0]
    with pytest.raises(WriteError, match=f"{at_fault} is in the way: it is {kind}, not made"):
        publish(tmp_path / name, NEW)
    with (
        pytest.raises(WriteError, match=f"{at_fault} is {kind}, not made"),
        Snapshot.locked(tmp_path / name),
    ):
        pass


# --- Put back ------------------------------------------------------------------------------------


@pytest.fixture
def three(tmp_path: Path) -> Iterator[tuple[ReportFolders, ReportFolders, ReportFolders]]:
    """Return three folders: a published report, new files, and old files that are kept."""
    for name, files in (("out", OLD), ("staged", NEW)):
        (tmp_path / name / "jobs").mkdir(parents=True)
        for path, text in files.items():
            (tmp_path / name / path).write_text(text)
    with (
        Directory.open(tmp_path / "out") as out,
        Directory.open(tmp_path / "staged") as staged,
        Directory.open(tmp_path / "kept", create=True) as kept,
        ReportFolders(out) as of_out,
        ReportFolders(staged, create=True) as of_staged,
        ReportFolders(kept, create=True) as of_kept,
    ):
        yield of_out, of_staged, of_kept


def put_in_the_way(path: Path, kind: str) -> None:
    path.unlink(missing_ok=True)
    match kind:
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to("elsewhere")
        case "FIFO":
            os.mkfifo(path)
        case _:
            path.write_text("theirs")


@pytest.mark.parametrize("name", [*NEW, "jobs/gone.html"])
@pytest.mark.parametrize("kind", ["folder", "link", "FIFO", "file"])
def test_what_gets_in_the_way_after_the_check(
    tmp_path: Path,
    three: tuple[ReportFolders, ReportFolders, ReportFolders],
    name: str,
    kind: str,
) -> None:
    replacement = Replacement(*three)
    replacement.prepare(NEW, ["jobs/gone.html"], ours=OLD)
    before = tree(tmp_path / "out")
    put_in_the_way(tmp_path / "out" / name, kind)
    planted = tree(tmp_path / "out")[name]
    with pytest.raises(ForeignFileError):
        replacement.carry_out()
    assert replacement.undo() == [name]
    assert tree(tmp_path / "out") == {**before, name: planted}


@pytest.mark.parametrize("name", ["jobs/b.html", "summary.md"])
@pytest.mark.parametrize("kind", ["folder", "link", "FIFO", "file"])
def test_what_gets_in_the_way_after_it_was_staged(tmp_path: Path, name: str, kind: str) -> None:
    out = tmp_path / "out"
    publish(out, OLD)
    with (  # noqa: PT012
        pytest.raises(WriteError, match=f"{out / name} is in the way"),
        Publication.into(out) as publication,
    ):
        for staged in ("badge.svg", "index.html", name):
            publication.stage(staged, ["2"])
        put_in_the_way(out / name, kind)
        planted = tree(out)[name]
    assert tree(out)[name] == planted
    assert files_of(out).items() >= OLD.items()


def test_without_an_error_all_is_new_and_can_still_be_put_back(
    tmp_path: Path, three: tuple[ReportFolders, ReportFolders, ReportFolders]
) -> None:
    before = tree(tmp_path / "out")
    replacement = Replacement(*three)
    replacement.prepare(NEW, ["jobs/gone.html"], ours=OLD)
    replacement.carry_out()
    assert files_of(tmp_path / "out") == NEW
    assert replacement.undo() == []
    assert tree(tmp_path / "out") == before


def test_a_file_that_cannot_be_put_back_does_not_stop_the_others(
    tmp_path: Path, three: tuple[ReportFolders, ReportFolders, ReportFolders]
) -> None:
    replacement = Replacement(*three)
    replacement.prepare(NEW, ["jobs/gone.html"], ours=OLD)
    replacement.carry_out()
    put_in_the_way(tmp_path / "out" / "index.html", "folder")
    put_in_the_way(tmp_path / "out" / "jobs" / "b.html", "file")
    (tmp_path / "kept" / "badge.svg").unlink()
    assert set(replacement.undo()) == {"index.html", "jobs/b.html", "badge.svg"}
    assert files_of(tmp_path / "out") == {
        "badge.svg": "2", "jobs/a.html": "1", "jobs/gone.html": "1", "jobs/b.html": "theirs",
    }  # fmt: skip


def test_a_file_that_cannot_be_linked_is_copied(open_place: Path) -> None:
    """Linux allows no hard link to someone else's file without write permission."""
    out = open_place / "out"
    publish(out, OLD)
    with ordinary_user(out, out / "jobs", out / ".arkor-report.lock"):
        publish(out, NEW)
    assert files_of(out) == NEW


OBSTACLES = """
# Publishes again and again; each time, one step later, a folder gets in the way of a file.
import itertools, os, sys
from pathlib import Path
from reportgen.errors import WriteError
from reportgen.rendering.publish import Publication

STEPS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "open"}

def publish(out, text, names):
    with Publication.into(out) as publication:
        for name in names.split():
            publication.stage(name, [text])

def child(out, name, step):
    publish(out, "1", "badge.svg index.html jobs/a.html jobs/gone.html summary.md")
    steps = itertools.count()
    def get_in_the_way(event, arguments):
        if event in STEPS and next(steps) == step:
            (out / name).unlink(missing_ok=True)
            (out / name).mkdir()
    sys.addaudithook(get_in_the_way)
    code = 0
    try:
        publish(out, "2", "badge.svg index.html jobs/a.html jobs/b.html summary.md")
    except WriteError:
        code = 1
    return code if next(steps) > step else 7

for step in itertools.count():
    pid = os.fork()
    if pid == 0:
        code = 9
        try:
            code = child(Path(sys.argv[1]) / str(step), sys.argv[2], step)
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, 1, 7), (step, code)
    if code == 7:
        break
    print(step, code)
"""


@pytest.mark.parametrize(
    "name",
    [
        "index.html",
        pytest.param("jobs/a.html", marks=pytest.mark.thorough),
        pytest.param("summary.md", marks=pytest.mark.thorough),
    ],
)
def test_whenever_a_folder_gets_in_the_way_no_mixture_is_left(tmp_path: Path, name: str) -> None:
    script = [sys.executable, "-c", OBSTACLES, str(tmp_path), name]
    ended = subprocess.run(
        script, capture_output=True, text=True, check=False, cwd=CHECKOUT, timeout=500
    )
    assert ended.returncode == 0, ended.stderr
    steps = dict(line.split() for line in ended.stdout.splitlines())
    assert len(steps) > 40
    assert set(steps.values()) == {"0", "1"}
    for step, code in steps.items():
        out = tmp_path / step
        found = files_of(out)
        assert not list(out.glob(".arkor-report.*.tmp")), step
        assert (out / name).is_dir(), step
        assert set(found.values()) == {"1" if code == "1" else "2"}, step
        assert len(found) == 4
