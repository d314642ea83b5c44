"""Killed at any moment, or out of space: old files stay, new ones are whole."""

import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import Command
from tests.standin import Framing, Replay, StandIn, job, log, numbered, training

pytestmark = pytest.mark.thorough

EPOCH = "1777600000"
JOBS = [
    job(
        f"job_{number}",
        events=training(600, f"job_{number}"),
        script=Replay(framing=Framing(chunk=4096)),
    )
    for number in range(6)
]
LONG = job("long", events=training(9000, "long"))
"""One whose log is packed."""


def files_of(out: Path) -> dict[str, bytes]:
    """Return all files of the report."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file()
    }


def test_killed_again_and_again_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    undisturbed, killed = Command(tmp_path / "a"), Command(tmp_path / "b")
    for each in (undisturbed, killed):
        each.directory.mkdir()
    chance = random.Random(7)
    with StandIn(*JOBS, LONG) as studio:
        began = time.monotonic()
        whole = undisturbed.build(studio, "-q", SOURCE_DATE_EPOCH=EPOCH)
        took = time.monotonic() - began
        expected = files_of(whole.out)
        out = killed.directory / "out"
        with reading(out) as torn:
            kills = 0
            while kills < 20:
                process = killed.start(
                    "build", *killed.options(studio), "-q", "--title", f"{kills}",
                    SOURCE_DATE_EPOCH=EPOCH,
                )  # fmt: skip
                time.sleep(chance.uniform(0.25, 1.0) * took)
                process.kill()
                process.communicate()
                kills += process.returncode == -signal.SIGKILL
                if chance.random() < 0.2:
                    shutil.rmtree(killed.directory / ".arkor-report", ignore_errors=True)
        result = killed.build(studio, SOURCE_DATE_EPOCH=EPOCH)
    assert torn == []
    assert result.code == 0, result.stderr
    assert files_of(result.out) == expected
    kept = {path.name for path in (killed.directory / ".arkor-report").rglob("*")}
    assert not [name for name in kept if name.endswith(".tmp")]


class reading:  # noqa: N801 - used as a function is
    """Reads pages all the time; yields those that were seen incomplete."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._done = threading.Event()
        self._torn: list[str] = []
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> list[str]:
        self._thread.start()
        return self._torn

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._done.wait(0.002):
            for page in (self._out / "index.html", self._out / "jobs" / "job_3.html"):
                try:
                    text = page.read_text("utf-8")
                except FileNotFoundError:
                    continue
                if not text.rstrip().endswith("</html>"):
                    self._torn.append(page.name)


# --- A disk that fills up ------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a file system of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)  # noqa: S607


@pytest.mark.parametrize("option", ["--out", "--snapshot-dir"])
def test_a_disk_that_fills_up(command: Command, small_disk: Path, option: str) -> None:
    place = small_disk / "place"
    filler = small_disk / "filler"
    arguments = [option, str(place)]
    out = place if option == "--out" else command.directory / "out"
    with StandIn(*JOBS[:2]) as studio:
        assert command.build(studio, *arguments, SOURCE_DATE_EPOCH=EPOCH).code == 0
        before = files_of(out)
        for number in range(2):
            more = [log(step, 0.1, f"job_{number}") for step in range(601, 9000)]
            studio.jobs.update(f"job_{number}", status="running")
            studio.jobs.send(f"job_{number}", *numbered(more, 5000))
        filler.write_bytes(b"x" * (os.statvfs(small_disk).f_bavail * 4096 - 200_000))
        full = command.build(studio, "--max-wait", "0", *arguments, SOURCE_DATE_EPOCH=EPOCH)
        assert full.code == 1, full.stderr
        assert "No space left" in full.stderr
        assert len(full.stderr.strip().splitlines()[-1]) < 400
        assert files_of(out) == before
        filler.unlink()
        well = command.build(studio, "--max-wait", "0", *arguments, SOURCE_DATE_EPOCH=EPOCH)
    assert well.code == 0, well.stderr
    assert len((out / "jobs" / "job_1.csv").read_bytes().splitlines()) == 1 + 600 + 8399


# --- Odd places ----------------------------------------------------------------------------------


def test_out_and_snapshot_directory_are_files(command: Command) -> None:
    place = command.directory / "place"
    place.write_text("mine")
    for option in ("--out", "--snapshot-dir"):
        result = command.run("build", "--source", "demo", option, "place")
        assert result.code == 1
        assert "place" in result.stderr
        assert "Traceback" not in result.stderr
    assert place.read_text() == "mine"


def test_a_log_of_another_length_is_fetched_again(command: Command) -> None:
    with StandIn(JOBS[0]) as studio:
        command.build(studio)
        (kept,) = (command.directory / ".arkor-report").rglob("*.log")
        whole = kept.read_bytes()
        middle = len(whole) // 2
        kept.write_bytes(whole[:middle] + b"\n\n" + whole[middle:])
        result = command.build(studio)
        assert len(studio.openings("job_0")) == 2
    assert result.code == 0, result.stderr
    assert result.job("job_0")["stream"]["events"] == 603


def test_a_log_that_is_damaged_within_is_fetched_again_when_it_is_read(command: Command) -> None:
    with StandIn(JOBS[0]) as studio:
        command.build(studio)
        (kept,) = (command.directory / ".arkor-report").rglob("*.log")
        kept.write_bytes(kept.read_bytes().replace(b"\r{", b" {", 300))
        shutil.rmtree(command.directory / "out")
        result = command.build(studio)
        assert len(studio.openings("job_0")) == 2
    assert result.code == 0, result.stderr
    assert "damaged" in result.stderr
    assert result.job("job_0")["stream"]["events"] == 603


def test_render_reports_a_damaged_or_newer_snapshot(command: Command) -> None:
    command.run("build", "--source", "demo", "--limit", "1")
    before = files_of(command.directory / "out")
    index = command.directory / ".arkor-report" / "index.json"
    newer = json.loads(index.read_bytes()) | {"version": 3}
    index.write_text(json.dumps(newer))
    result = command.run("render")
    assert result.code == 1
    assert "another version" in result.stderr
    assert files_of(command.directory / "out") == before
