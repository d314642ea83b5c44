"""Publishing: all or nothing, and never over a foreign file."""

import json
import os
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reportgen.errors import WriteError
from reportgen.rendering import file_list
from reportgen.rendering.publish import Publication

CHECKOUT = Path(__file__).resolve().parents[2]
LIST = ".arkor-report.json"
OURS = {"index.html", LIST, ".arkor-report.lock"}


def publish(out: Path, **files: str) -> None:
    """Publish files: `jobs__a="x"` is a page `jobs/a.html` with the text x."""
    suffixes = {"badge": ".svg", "summary": ".md"}
    with Publication.into(out) as publication:
        for key, text in files.items():
            publication.stage(key.replace("__", "/") + suffixes.get(key, ".html"), [text])


def temporary_folders(out: Path) -> list[str]:
    """Return the names of the temporary folders, as the list writes them."""
    return [f"{path.name}/" for path in out.glob(".arkor-report.*.tmp") if path.is_dir()]


def files_of(out: Path) -> dict[str, str]:
    """Return all files except those that publishing itself needs."""
    return {
        path.relative_to(out).as_posix(): path.read_text()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.relative_to(out).parts[0].startswith(".arkor-report")
    }


def ours(out: Path) -> dict[str, list[str]]:
    document: dict[str, list[str]] = json.loads((out / LIST).read_bytes())
    return document


def forge(out: Path, *names: object) -> None:
    """Add names to the list that are not ours."""
    document = ours(out)
    (out / LIST).write_text(json.dumps({**document, "files": [*document["files"], *names]}))


# --- A new report for an old one -----------------------------------------------------------------


def test_a_new_report_replaces_the_old_one(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    publish(out, index="1", jobs__a="a", jobs__b="b")
    publish(out, index="2", jobs__a="a")
    assert files_of(out) == {"index.html": "2", "jobs/a.html": "a"}
    assert ours(out)["files"] == ["index.html", "jobs/a.html"]
    assert ours(out)["temporary"] == []
    assert not temporary_folders(out)
    publish(out, index="3")
    assert not (out / "jobs").exists()


def test_unchanged_files_are_not_touched(tmp_path: Path) -> None:
    publish(tmp_path, index="1", jobs__a="a", jobs__b="b")
    before = (tmp_path / "jobs" / "a.html").stat()
    with Publication.into(tmp_path) as publication:
        publication.stage("index.html", ["2"])
        publication.stage("jobs/a.html", ["a"])
        assert publication.has("jobs/b.html")
        publication.keep("jobs/b.html")
    after = (tmp_path / "jobs" / "a.html").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert files_of(tmp_path) == {"index.html": "2", "jobs/a.html": "a", "jobs/b.html": "b"}
    assert ours(tmp_path)["files"] == ["index.html", "jobs/a.html", "jobs/b.html"]


def test_a_file_of_ours_that_is_gone_is_written_again(tmp_path: Path) -> None:
    publish(tmp_path, index="1", jobs__a="a")
    (tmp_path / "jobs" / "a.html").unlink()
    (tmp_path / "jobs").rmdir()
    publish(tmp_path, index="1", jobs__a="a")
    assert files_of(tmp_path) == {"index.html": "1", "jobs/a.html": "a"}


def test_the_files_of_the_old_report(tmp_path: Path) -> None:
    publish(tmp_path, index="1", jobs__a="a", jobs__b="b")
    (tmp_path / "jobs" / "a.html").unlink()
    (tmp_path / "report.html").write_text("mine")
    with Publication.into(tmp_path) as publication:
        names = ["index.html", "jobs/a.html", "jobs/b.html", "report.html", "compare.html"]
        assert [name for name in names if publication.has(name)] == ["index.html", "jobs/b.html"]


def test_text_is_written_as_it_is_whatever_its_pieces(tmp_path: Path) -> None:
    pieces = ["é\r\n", "", "x" * 100_000, "\n", "y" * 70_000]
    with Publication.into(tmp_path) as publication:
        publication.stage("index.html", pieces)
    assert (tmp_path / "index.html").read_bytes() == "".join(pieces).encode()


def test_what_files_were_made_from_is_kept_with_their_report(tmp_path: Path) -> None:
    for expected in (None, "abc", None):
        with Publication.into(tmp_path) as publication:
            publication.stage("index.html", ["1"])
            assert publication.made_from("a") == expected
            if expected is None:
                publication.remember("a", "abc")
    with Publication.into(tmp_path) as publication:
        assert publication.made_from("a") == "abc"
        assert publication.made_from("b") is None


def test_a_list_of_an_older_version_still_names_our_files(tmp_path: Path) -> None:
    publish(tmp_path, index="1", jobs__a="a")
    old = {"version": 1, "files": ["index.html", "jobs/a.html"], "temporary": []}
    remembered = {"jobs/a.html": {"key": "abc", "summary": [1, None]}}
    (tmp_path / file_list.NAME).write_text(json.dumps({**old, "remembered": remembered}))
    publish(tmp_path, index="2")
    assert files_of(tmp_path) == {"index.html": "2"}


def test_a_scratch_file_leaves_no_trace(tmp_path: Path) -> None:
    publish(tmp_path, index="1")
    with Publication.into(tmp_path) as publication, publication.scratch() as scratch:
        publication.stage("index.html", ["2"])
        scratch.write(b"x")
        assert os.pread(scratch.fileno(), 9, 0) == b"x"
        inside = (tmp_path / temporary_folders(tmp_path)[0]).iterdir()
        assert {path.name for path in inside} == {"old", "jobs", "index.html"}


# --- An error, a crash ---------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, MemoryError])
def test_an_error_leaves_the_old_report_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    publish(tmp_path, index="1", jobs__a="a")
    before = ours(tmp_path)

    def texts() -> Iterator[str]:
        yield "x" * 200_000
        raise error

    with pytest.raises(error), Publication.into(tmp_path) as publication:  # noqa: PT012
        publication.stage("jobs/b.html", ["b"])
        publication.remember("b", "1")
        publication.stage("index.html", texts())
    assert files_of(tmp_path) == {"index.html": "1", "jobs/a.html": "a"}
    assert ours(tmp_path) == before
    assert not temporary_folders(tmp_path)


def test_a_secret_is_never_published(tmp_path: Path) -> None:
    publish(tmp_path, index="1")
    with (  # noqa: PT012
        pytest.raises(WriteError, match="token") as raised,
        Publication.into(tmp_path, lambda data: b"s3cret" in data) as publication,
    ):
        publication.stage("badge.svg", ["fine"])
        publication.stage("index.html", ["x" * 70_000, "s3cret"])
    assert "s3cret" not in str(raised.value)
    assert files_of(tmp_path) == {"index.html": "1"}
    assert not temporary_folders(tmp_path)


@pytest.mark.parametrize("name", ["index.html", LIST])
def test_a_file_that_is_open_is_read_to_its_old_end(tmp_path: Path, name: str) -> None:
    publish(tmp_path, index="1" * 100)
    before = (tmp_path / name).read_bytes()
    with (tmp_path / name).open("rb", buffering=0) as reader:
        half = reader.read(20)
        publish(tmp_path, index="2" * 90, jobs__a="a")
        assert half + reader.read() == before
    assert (tmp_path / name).read_bytes() != before


def test_while_files_are_written_the_temporary_folder_is_named(tmp_path: Path) -> None:
    publish(tmp_path, index="1")
    with Publication.into(tmp_path) as publication:
        publication.stage("index.html", ["2"])
        assert ours(tmp_path)["files"] == ["index.html"]
        assert ours(tmp_path)["temporary"] == temporary_folders(tmp_path) != []


CRASHES = """
# Publishes again and again, each time killed one step later, until it comes to its end.
import itertools, os, shutil, sys
from pathlib import Path
from reportgen.rendering import file_list
from reportgen.rendering.publish import Publication

STEPS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link"}

def publish(out, files):
    with Publication.into(out) as publication:
        for name in files.split():
            publication.stage(name, [f"{files} {name}"])

def is_step(event, arguments):
    return event in STEPS or (event == "open" and arguments[2] & os.O_CREAT)

top = Path(sys.argv[1])
publish(top / "0", sys.argv[2])
for crash in itertools.count():
    shutil.copytree(top / str(crash), top / str(crash + 1))
    child = os.fork()
    if child == 0:
        steps = itertools.count()
        def kill(event, arguments):
            if is_step(event, arguments) and next(steps) == crash:
                os._exit(9)
        sys.addaudithook(kill)
        publish(top / str(crash), sys.argv[3])
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
"""

OLD = "badge.svg report.html index.html jobs/gone.html jobs/changed.html"
NEW = "badge.svg index.html jobs/changed.html jobs/new.html summary.md"


def test_killed_at_any_step_a_reader_sees_whole_files_and_the_next_build_clears_up(
    tmp_path: Path,
) -> None:
    script = [sys.executable, "-c", CRASHES, str(tmp_path), OLD, NEW]
    subprocess.run(script, check=True, cwd=CHECKOUT, timeout=300)
    crashed = sorted(tmp_path.iterdir(), key=lambda out: int(out.name))
    old, new = ({name: f"{files} {name}" for name in files.split()} for files in (OLD, NEW))
    seen = set()
    for out in crashed:
        found = {n: text for n, text in files_of(out).items() if not Path(n).name.startswith(".")}
        for folder in temporary_folders(out):
            assert ours(out)["temporary"] == [folder], out.name
        for name, text in found.items():
            assert text in {old.get(name), new.get(name)}, out.name
            assert name in ours(out)["files"], out.name
        if found["index.html"] == new["index.html"]:
            assert found.items() >= new.items()  # every link of the new home page works
        else:
            assert found.keys() >= old.keys()  # and so does every link of the old one
        seen.add(tuple(sorted(found)))
        publish(out, index="again")
        assert files_of(out) == {"index.html": "again"}, out.name
        assert {path.name for path in out.iterdir()} <= OURS
    assert len(crashed) > 40
    assert len(seen) >= 5


# --- Foreign files -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["index.html", "jobs/a.html"])
@pytest.mark.parametrize("kind", ["file", "link", "dangling", "folder"])
def test_a_foreign_file_found_while_publishing_is_named_and_left_alone(
    tmp_path: Path, name: str, kind: str
) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    publish(out, compare="1")
    foreign = out / name
    foreign.parent.mkdir(exist_ok=True)
    if kind == "folder":
        foreign.mkdir()
    elif kind == "file":
        foreign.write_text("mine")
    else:
        foreign.symlink_to(elsewhere)
        if kind == "link":
            elsewhere.write_text("mine")
    before = files_of(out)
    with pytest.raises(WriteError, match=f"{foreign} is in the way"):
        publish(out, badge="0", index="1", jobs__a="a", compare="2")
    assert files_of(out) == before
    assert os.path.lexists(foreign)
    assert elsewhere.exists() == (kind == "link")


def test_a_foreign_file_in_place_of_a_folder_is_named_before_anything_moves(
    tmp_path: Path,
) -> None:
    publish(tmp_path, badge="1", index="1")
    (tmp_path / "jobs").write_text("mine")
    with pytest.raises(WriteError, match=f"{tmp_path / 'jobs'} is in the way"):
        publish(tmp_path, badge="2", index="2", jobs__a="a")
    assert files_of(tmp_path) == {"badge.svg": "1", "index.html": "1", "jobs": "mine"}


def test_a_foreign_folder_in_place_of_a_file_of_ours(tmp_path: Path) -> None:
    publish(tmp_path, badge="1", index="1", jobs__a="1")
    page = tmp_path / "jobs" / "a.html"
    page.unlink()
    page.mkdir()
    (page / "notes.txt").write_text("mine")
    with pytest.raises(WriteError, match=f"{page} is in the way"):
        publish(tmp_path, badge="2", index="2", jobs__a="2")
    assert (tmp_path / "badge.svg").read_text() == "1"
    publish(tmp_path, index="3")
    assert files_of(tmp_path) == {"index.html": "3", "jobs/a.html/notes.txt": "mine"}


def test_nothing_is_written_or_removed_behind_a_link(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    publish(out, index="1")
    elsewhere.mkdir()
    (elsewhere / "b.html").write_text("mine")
    (out / "jobs").symlink_to(elsewhere)
    forge(out, "jobs/b.html")
    with pytest.raises(WriteError, match="jobs is in the way"):
        publish(out, index="2", jobs__a="a")
    publish(out, index="2")
    assert files_of(elsewhere) == {"b.html": "mine"}


@pytest.mark.parametrize("name", ["", ".", "jobs", "a\0b"])
def test_a_list_that_names_something_else_than_a_file(tmp_path: Path, name: str) -> None:
    publish(tmp_path, index="1", jobs__a="a")
    forge(tmp_path, name)
    publish(tmp_path, index="2", jobs__a="b")
    assert files_of(tmp_path) == {"index.html": "2", "jobs/a.html": "b"}
    assert ours(tmp_path)["files"] == ["index.html", "jobs/a.html"]


def test_a_foreign_file_beside_ours_stays(tmp_path: Path) -> None:
    publish(tmp_path, index="1", jobs__a="a")
    (tmp_path / "jobs" / "notes.txt").write_text("mine")
    publish(tmp_path, index="2")
    assert files_of(tmp_path) == {"index.html": "2", "jobs/notes.txt": "mine"}


def test_without_the_list_nothing_is_ours(tmp_path: Path) -> None:
    publish(tmp_path, index="1", jobs__a="a")
    (tmp_path / LIST).unlink()
    with pytest.raises(WriteError, match=r"index\.html"):
        publish(tmp_path, index="2")
    assert files_of(tmp_path) == {"index.html": "1", "jobs/a.html": "a"}


@pytest.mark.parametrize(
    "name", ["../outside.txt", "{absolute}", "jobs/../../outside.txt", "./../outside.txt"]
)
def test_a_forged_list_removes_nothing_outside(tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    out = tmp_path / "out"
    publish(out, index="1", jobs__a="a")
    forge(out, name.format(absolute=outside), 7, None)
    publish(out, index="2")
    assert outside.read_text() == "mine"
    assert files_of(out) == {"index.html": "2"}
    assert ours(out)["files"] == ["index.html"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 7}', '{"files": null}', "[" * 100_000])
def test_a_damaged_list(tmp_path: Path, text: str) -> None:
    publish(tmp_path, index="1")
    (tmp_path / LIST).write_text(text)
    with pytest.raises(WriteError, match=r"\.arkor-report\.json"):
        publish(tmp_path, index="2")
    assert files_of(tmp_path) == {"index.html": "1"}


@pytest.mark.parametrize("inside", ["", "deeper/out"])
def test_a_file_where_a_directory_should_be(tmp_path: Path, inside: str) -> None:
    out = tmp_path / "out"
    out.write_text("mine")
    with pytest.raises(WriteError, match=f"{out} is in the way"):
        publish(out / inside, index="1")
    assert out.read_text() == "mine"


@contextmanager
def an_ordinary_user() -> Iterator[None]:
    """Run as someone who may not write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_directory_that_cannot_be_written() -> None:
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "out"
        publish(out, index="1")
        Path(place).chmod(0o755)
        out.chmod(0o555)
        try:
            with an_ordinary_user(), pytest.raises(WriteError, match=f"{out}.*Permission denied"):
                publish(out, index="2")
        finally:
            out.chmod(0o755)
        assert files_of(out) == {"index.html": "1"}
        assert {path.name for path in out.iterdir()} <= OURS


def test_pages_can_be_read_by_others(tmp_path: Path) -> None:
    """A web server runs as another user, whom the usual umask lets read."""
    before = os.umask(0o022)
    try:
        publish(tmp_path / "out", index="1", jobs__a="a")
    finally:
        os.umask(before)
    for path in (tmp_path / "out", *(tmp_path / "out").rglob("*.html")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644)


# --- Two at once ---------------------------------------------------------------------------------


def test_another_waits_for_its_turn(tmp_path: Path) -> None:
    publish(tmp_path, index="0")
    second = threading.Thread(target=publish, args=(tmp_path,), kwargs={"index": "2"})
    with Publication.into(tmp_path) as publication:
        second.start()
        publication.stage("index.html", ["1"])
        publication.stage("compare.html", ["1"])
        second.join(0.1)
        assert second.is_alive()
        assert (tmp_path / "index.html").read_text() == "0"
    second.join(10)
    assert files_of(tmp_path) == {"index.html": "2"}
