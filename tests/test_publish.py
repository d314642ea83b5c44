"""Publishing: whole or not at all, and never a stranger's file."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen.errors import WriteError
from reportgen.publish import Publication


def publish(out: Path, **files: str) -> None:
    with Publication.into(out) as publication:
        for name, text in files.items():
            publication.stage(name.replace("__", "/") + ".html", [text])


def files_of(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): path.read_text()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.name.startswith(".arkor-report")
    }


def ours(out: Path) -> dict[str, list[str]]:
    document: dict[str, list[str]] = json.loads((out / ".arkor-report.json").read_bytes())
    return document


def test_a_new_report_takes_the_olds_place(tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish(out, index="1", jobs__a="a", jobs__b="b")
    publish(out, index="2", jobs__a="a")
    assert files_of(out) == {"index.html": "2", "jobs/a.html": "a"}
    assert ours(out)["files"] == ["index.html", "jobs/a.html"]
    assert ours(out)["temporary"] == []
    publish(out, index="3")
    assert not (out / "jobs").exists()


def test_what_did_not_change_is_not_touched(tmp_path: Path) -> None:
    publish(tmp_path, index="1", jobs__a="a")
    before = (tmp_path / "jobs" / "a.html").stat()
    publish(tmp_path, index="2", jobs__a="a")
    after = (tmp_path / "jobs" / "a.html").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_an_error_leaves_the_old_report_and_nothing_else(tmp_path: Path) -> None:
    publish(tmp_path, index="1")

    def texts() -> Iterator[str]:
        yield "2"
        raise RuntimeError

    with pytest.raises(RuntimeError), Publication.into(tmp_path) as publication:
        publication.stage("index.html", texts())
    assert files_of(tmp_path) == {"index.html": "1"}
    assert not (tmp_path / ".arkor-report.tmp").exists()


def test_before_the_first_file_moves_all_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, index="1", jobs__old="x")
    moved: list[str] = []
    move = Path.replace

    def watch(self: Path, target: Path) -> Path:
        if ".arkor-report.tmp" in self.parts:
            moved.append(self.name)
            assert ours(tmp_path)["files"] == ["index.html", "jobs/new.html", "jobs/old.html"]
            assert ours(tmp_path)["temporary"] == [".arkor-report.tmp/"]
        return move(self, target)

    monkeypatch.setattr(Path, "replace", watch)
    publish(tmp_path, index="2", jobs__new="y")
    assert moved == ["new.html", "index.html"]


@pytest.mark.parametrize("name", ["index.html", "jobs/a.html"])
def test_a_strangers_file_is_named_and_left(tmp_path: Path, name: str) -> None:
    stranger = tmp_path / name
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_text("mine")
    with pytest.raises(WriteError, match=name):
        publish(tmp_path, index="1", jobs__a="a")
    assert files_of(tmp_path) == {name: "mine"}


def test_a_strangers_file_beside_ours_stays(tmp_path: Path) -> None:
    publish(tmp_path, index="1", jobs__a="a")
    (tmp_path / "jobs" / "notes.txt").write_text("mine")
    publish(tmp_path, index="2")
    assert files_of(tmp_path) == {"index.html": "2", "jobs/notes.txt": "mine"}


def test_a_forged_list_removes_nothing_outside(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    forged = {"version": 1, "files": ["../outside.txt", str(outside)], "temporary": []}
    (out / ".arkor-report.json").write_text(json.dumps(forged))
    publish(out, index="1")
    assert outside.read_text() == "mine"


@pytest.mark.parametrize("text", ["", "[]", '{"files": 7}'])
def test_a_damaged_list(tmp_path: Path, text: str) -> None:
    publish(tmp_path, index="1")
    (tmp_path / ".arkor-report.json").write_text(text)
    with pytest.raises(WriteError, match=r"\.arkor-report\.json"):
        publish(tmp_path, index="2")
    assert files_of(tmp_path) == {"index.html": "1"}


def test_out_is_a_file(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("mine")
    with pytest.raises(WriteError, match="out"):
        publish(out, index="1")
    assert out.read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_can_not_be_written(tmp_path: Path) -> None:
    publish(tmp_path, index="1")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(WriteError, match="Permission denied"):
            publish(tmp_path, index="2")
    finally:
        tmp_path.chmod(0o700)
    assert files_of(tmp_path) == {"index.html": "1"}


def test_another_waits_for_its_turn(tmp_path: Path) -> None:
    publish(tmp_path, index="0")
    second = threading.Thread(target=publish, args=(tmp_path,), kwargs={"index": "2"})
    with Publication.into(tmp_path) as publication:
        publication.stage("index.html", ["1"])
        second.start()
        assert files_of(tmp_path) == {"index.html": "0"} | {
            name: text for name, text in files_of(tmp_path).items() if name != "index.html"
        }
    second.join(10)
    assert files_of(tmp_path) == {"index.html": "2"}
