"""Foreign files in `out/`: named and left alone, and nothing outside is ever touched."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType

import pytest

from reportgen.errors import WriteError
from reportgen.rendering.file_list import is_report_file
from reportgen.rendering.publish import Publication
from tests.command import Command
from tests.parameters import pairs
from tests.rendering.planting import (
    FOLDER,
    HARD_LINK,
    LINKS,
    SPECIAL,
    make_outside,
    plant,
    tree,
)

pytestmark = pytest.mark.thorough

CHECKOUT = Path(__file__).resolve().parents[2]
LIST, LOCK = ".arkor-report.json", ".arkor-report.lock"
NAMES = ["index.html", "report.json", "jobs/a.html", "jobs/a.log.txt"]
TEMPORARY = ".arkor-report.0123456789abcdef.tmp"


@pytest.fixture(autouse=True)
def bounded(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that hangs, for example at opening a FIFO."""
    is_long = request.node.get_closest_marker("thorough") is not None

    def fail(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(600 if is_long else 300)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return make_outside(tmp_path / "outside")


def publish(out: Path, text: str = "new", names: list[str] = NAMES) -> None:
    with Publication.into(out) as publication:
        for name in names:
            publication.stage(name, [text])


def claim(out: Path, *names: object, temporary: tuple[str, ...] = ()) -> None:
    """Write a list that claims files, as a foreign directory's list may."""
    out.mkdir(exist_ok=True)
    document = {"version": 1, "files": [*NAMES, *names], "temporary": list(temporary)}
    (out / LIST).write_text(json.dumps(document))


# --- In the way ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*NAMES, "jobs", LIST, LOCK])
@pytest.mark.parametrize("kind", [*LINKS, *SPECIAL, FOLDER, HARD_LINK])
@pytest.mark.parametrize("claimed", [True, False])
def test_a_foreign_file_in_the_way_is_named_and_left_alone(
    out: Path, outside: Path, name: str, kind: str, *, claimed: bool
) -> None:
    if name == "jobs" and kind == FOLDER:
        pytest.skip("a folder `jobs` may have files of others")
    if claimed:
        publish(out, "old")
        claim(out)
    plant(kind, out / name, outside)
    before = tree(outside), tree(out)
    # According to that list this name is ours, and replacing it does not change the file outside.
    if claimed and kind == HARD_LINK and name in NAMES:
        publish(out)
        assert (out / name).read_text() == "new"
    else:
        with pytest.raises(WriteError, match=str(out / name)):
            publish(out)
        planted = tree(out)
        for unmoved in (*NAMES, name):
            assert planted.get(unmoved) == before[1].get(unmoved)
    assert tree(outside) == before[0]


@pytest.mark.parametrize(
    ("name", "kind"),
    pairs(
        ["index.html", "jobs/a.csv", "jobs", LIST, LOCK],
        ["FIFO", "link to a file", "dangling link", FOLDER],
        impossible=[("jobs", FOLDER)],  # which may have files of others
    ),
)
def test_the_command_names_it_and_exits_with_1(
    command: Command, outside: Path, name: str, kind: str
) -> None:
    out = command.directory / "out"
    job = "job_01KQS4Q76XEBFRYYB94S9TF6AB"
    name = name.replace("jobs/a", f"jobs/{job}")
    plant(kind, out / name, outside)
    before = tree(outside)
    result = command.run("build", "--source", "demo", "--limit", "1", "-q")
    assert result.code == 1
    assert f"out/{name}" in result.stderr
    assert "Traceback" not in result.stderr
    assert tree(outside) == before
    assert not (out / "report.json").exists()


@pytest.mark.parametrize("name", ["lost+found", ".gitkeep", ".DS_Store", "notes.txt"])
@pytest.mark.parametrize("where", ["", "jobs"])
def test_foreign_files_elsewhere_do_not_matter(out: Path, name: str, where: str) -> None:
    (out / where).mkdir(parents=True)
    if name == "lost+found":
        (out / where / name).mkdir(mode=0)
    else:
        (out / where / name).write_text("")
    for names in (NAMES, ["index.html"], NAMES):
        publish(out, names=names)
        assert (out / where / name).exists()
        assert (out / "index.html").read_text() == "new"


def test_the_directory_itself_may_be_a_link(out: Path, tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    out.symlink_to("volume")
    publish(out)
    publish(out, "again")
    assert (tmp_path / "volume" / "jobs" / "a.html").read_text() == "again"


# --- Lists that claim too much -------------------------------------------------------------------


FOREIGN = [
    "notes.txt",
    "INDEX.HTML",
    ".git/config",
    ".gitignore",
    LOCK,
    "jobs/.hidden.html",
    "jobs/-a.html",
    "jobs/a.svg",
    "jobs/con.html",
    "jobs/.html",
    "jobs/deep/a.html",
    "pages/a.html",
    "jobs/" + "x" * 81 + ".html",
]


@pytest.mark.parametrize("name", FOREIGN)
def test_a_name_that_is_not_of_our_form_is_not_believed(out: Path, name: str) -> None:
    assert not is_report_file(name)
    publish(out, "old")
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("" if name == LOCK else "mine")
    before = tree(out)[name]
    claim(out, name)
    publish(out, names=["index.html"])
    assert tree(out)[name] == before


@pytest.mark.parametrize(
    "name", ["../outside/a.html", "jobs/../../outside/a.html", "{outside}/a.html", "jobs/"]
)
def test_a_name_that_leads_elsewhere_is_not_believed(out: Path, outside: Path, name: str) -> None:
    publish(out, "old")
    claim(out, name.format(outside=outside), 7, None, ["x"], {"a": 1})
    before = tree(outside)
    publish(out, names=["index.html"])
    assert tree(outside) == before
    assert sorted(tree(out)) == [LIST, LOCK, "index.html"]


@pytest.mark.parametrize("kind", [*LINKS, *SPECIAL, FOLDER])
@pytest.mark.parametrize("name", ["summary.md", "jobs/b.csv"])
def test_what_is_claimed_but_not_a_file_is_not_removed(
    out: Path, outside: Path, kind: str, name: str
) -> None:
    publish(out, "old")
    claim(out, name)
    plant(kind, out / name, outside)
    before = tree(outside), tree(out)[name]
    publish(out)
    assert (tree(outside), tree(out)[name]) == before


def test_nothing_is_removed_through_a_linked_folder(out: Path, outside: Path) -> None:
    publish(out, "old")
    plant("link to a folder", out / "jobs", outside)
    before = tree(outside)
    publish(out, names=["index.html"])  # without any jobs
    assert tree(outside) == before
    assert (out / "jobs").is_symlink()


# --- Temporary names -----------------------------------------------------------------------------


def test_a_temporary_folder_that_a_list_names_keeps_what_is_not_ours(
    out: Path, outside: Path
) -> None:
    folder = out / TEMPORARY
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    (folder / "index.html").write_text("ours")
    (folder / "jobs").symlink_to(outside)
    (folder / "old").symlink_to(outside / "folder")
    os.mkfifo(folder / "report.json")
    claim(out, temporary=(f"{TEMPORARY}/",))
    before = tree(outside)
    publish(out)
    assert tree(outside) == before
    assert sorted(path.name for path in folder.iterdir()) == [
        "jobs", "notes.txt", "old", "report.json",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", LINKS)
def test_a_temporary_folder_that_a_list_names_and_is_a_link(
    out: Path, outside: Path, kind: str
) -> None:
    claim(out, temporary=(f"{TEMPORARY}/",))
    plant(kind, out / TEMPORARY, outside)
    before = tree(outside)
    publish(out)
    assert tree(outside) == before
    assert (out / TEMPORARY).is_symlink()


@pytest.mark.parametrize("named", ["notes", "jobs", "../outside", "{outside}", ".", "", ".git"])
def test_a_temporary_folder_of_another_form_is_not_believed(
    out: Path, outside: Path, named: str
) -> None:
    publish(out, "old")
    for name in ("notes", ".git"):
        (out / name).mkdir()
        (out / name / "index.html").write_text("mine")
    claim(out, temporary=(f"{named.format(outside=outside)}/",))
    before = tree(outside)
    publish(out)
    assert tree(outside) == before
    for name in ("notes", ".git"):
        assert (out / name / "index.html").read_text() == "mine"


def test_a_temporary_folder_that_no_list_names_stays(out: Path) -> None:
    (out / TEMPORARY).mkdir(parents=True)
    (out / TEMPORARY / "index.html").write_text("mine")
    publish(out)
    assert (out / TEMPORARY / "index.html").read_text() == "mine"


@pytest.mark.parametrize(
    "name",
    [".arkor-report.json.tmp", ".arkor-report.tmp", ".arkor-report.json.new", "index.html.new"],
)
@pytest.mark.parametrize("kind", ["link to a file", "link to a folder", HARD_LINK, "FIFO", FOLDER])
def test_no_name_is_used_that_can_be_guessed(
    out: Path, outside: Path, name: str, kind: str
) -> None:
    plant(kind, out / name, outside)
    before = tree(outside), tree(out)
    publish(out)
    publish(out, "again")
    assert tree(outside) == before[0]
    assert tree(out).items() >= before[1].items()


# --- Backups, and locks --------------------------------------------------------------------------


def test_a_backup_of_hard_links_stays_as_it_is(out: Path, tmp_path: Path) -> None:
    publish(out, "old", [*NAMES, "summary.md", "jobs/b.html"])
    backup = tmp_path / "backup"
    shutil.copytree(out, backup, copy_function=os.link)
    before = tree(backup)
    publish(out)
    with suppress(KeyboardInterrupt), Publication.into(out) as publication:
        publication.stage("index.html", ["never"])
        raise KeyboardInterrupt
    assert tree(backup) == before
    assert (out / "jobs" / "a.html").read_text() == "new"
    assert not (out / "summary.md").exists()
    publish(backup, "of the backup")  # and vice versa
    assert (out / "jobs" / "a.html").read_text() == "new"


# --- Swapped while it is used --------------------------------------------------------------------

SWAPS = """
# Publishes again and again, each time with something swapped for something else one step later.
import itertools, os, signal, sys
from pathlib import Path
from reportgen.errors import WriteError
from reportgen.rendering.publish import Publication
from tests.rendering.planting import plant

STEPS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "open"}
top, name, kind, outside = Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])

def publish(out, text, names):
    with Publication.into(out) as publication:
        for name in names.split():
            publication.stage(name, [text])

def child(out, swap_at):
    publish(out, "old", "index.html report.json jobs/a.html jobs/gone.html summary.md")
    steps = itertools.count()
    def swap(event, arguments):
        if event in STEPS and next(steps) == swap_at:
            for path in list(out.glob(name)) or [out / name]:
                if "*" not in path.name:
                    plant(kind, path, outside)
    sys.addaudithook(swap)
    signal.alarm(300)
    try:
        publish(out, "new", "index.html report.json jobs/a.html jobs/b.html")
    except WriteError as error:
        print(error)
    return next(steps) > swap_at

for swap_at in itertools.count():
    pid = os.fork()
    if pid == 0:
        swapped = False
        try:
            swapped = child(top / str(swap_at), swap_at)
        finally:
            sys.stdout.flush()
            os._exit(0 if swapped else 7)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status == 7:
        break
    assert status == 0, (swap_at, status)
print("steps", swap_at)
"""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("jobs", "link to a folder"),
        (".arkor-report.*.tmp", "link to a folder"),
        (".arkor-report.*.tmp/jobs", "link to a folder"),
        (".arkor-report.*.tmp/old", "link to a folder"),
        (".arkor-report.*.tmp/index.html", "link to a file"),
        (".arkor-report.*.tmp/index.html", "FIFO"),
        (LIST, "link to a file"),
        (LIST, HARD_LINK),
        (LIST, "FIFO"),
        (LOCK, "dangling link"),
        (LOCK, HARD_LINK),
        ("index.html", "link to a file"),
        ("index.html", "FIFO"),
        ("jobs/a.html", HARD_LINK),
        ("jobs/b.html", "dangling link"),
        ("summary.md", "link to a file"),
    ],
)
@pytest.mark.thorough
def test_what_is_swapped_at_any_step_leads_nowhere(
    tmp_path: Path, outside: Path, name: str, kind: str
) -> None:
    (tmp_path / "outs").mkdir()
    before = tree(outside)
    script = [sys.executable, "-c", SWAPS, str(tmp_path / "outs"), name, kind, str(outside)]
    ended = subprocess.run(
        script, capture_output=True, text=True, check=False, cwd=CHECKOUT, timeout=500
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert int(ended.stdout.split()[-1]) > 40
    assert tree(outside) == before
