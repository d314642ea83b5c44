"""The demo: real training data, without network and without waiting."""

import math
import socket
import time

import pytest

from reportgen.model.selection import Selection
from reportgen.snapshot.retention import Retention
from reportgen.text.secrets import Secrets
from tests import samples
from tests.command import Command, Result

STATUSES = {"queued": 1, "running": 1, "completed": 4, "failed": 1, "cancelled": 1}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return Command(tmp_path_factory.mktemp("demo")).run("build", "--source", "demo")


def test_it_is_as_of_the_recording(demo: Result) -> None:
    assert demo.code == 0, demo.stderr
    assert demo.report["counts"] == STATUSES
    assert demo.report["source"]["kind"] == "demo"
    assert demo.report["source"]["url"] is None
    assert demo.report["snapshotAt"].startswith("2026-05-0")


def test_each_job_has_its_outcome(demo: Result) -> None:
    states = {job["status"]: job["stream"]["state"] for job in demo.report["jobs"]}
    assert states == {
        "queued": "caught-up",
        "running": "caught-up",
        "completed": "complete",
        "failed": "complete",
        "cancelled": "complete",
    }


def test_one_diverged_and_one_was_resumed(demo: Result) -> None:
    (failed,) = (job for job in demo.report["jobs"] if job["status"] == "failed")
    assert "NaN" in failed["error"]
    assert "losses not finite" in demo.page(failed["id"])
    resumed = [job for job in demo.report["jobs"] if "resumed at step" in demo.page(job["id"])]
    assert [job["status"] for job in resumed] == ["completed"]


def test_three_runs_can_be_compared(demo: Result) -> None:
    done = [job for job in demo.report["jobs"] if job["status"] == "completed"]
    rates = {job["config"]["learningRate"]: job["evalLoss"]["min"] for job in done}
    assert len(rates) >= 3
    assert len(set(rates.values())) == len(rates)


def test_nothing_secret_is_in_the_recording(demo: Result) -> None:
    text = (demo.out / "report.json").read_text("utf-8")
    assert "X-Signature" not in text
    assert "made-up" not in text


def test_the_same_bytes_every_time(demo: Result, command: Command) -> None:
    again = command.run(
        "build", "--source", "demo", TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7"
    )
    assert again.code == 0
    files = {path.relative_to(demo.out) for path in demo.out.rglob("*") if path.is_file()}
    for name in files:
        assert (again.out / name).read_bytes() == (demo.out / name).read_bytes(), name


def test_it_works_on_a_machine_without_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the demo opened a connection")

    from pathlib import Path  # noqa: PLC0415

    from reportgen import settings  # noqa: PLC0415
    from reportgen.build import World, build  # noqa: PLC0415
    from reportgen.console.plain import Quiet  # noqa: PLC0415
    from reportgen.console.signals import Interrupts  # noqa: PLC0415

    monkeypatch.setattr(socket.socket, "connect", refuse)
    directory = Path(str(tmp_path))
    fetching = settings.FetchSettings(
        settings.SourceSettings("demo", None, None, None, None, directory),
        Selection(),
        Retention(),
        settings.Following(math.inf, 2.0, 90.0, 8, 16, refresh=False),
        directory / "snapshot",
        None,
    )
    began = time.monotonic()
    build(
        fetching,
        samples.output(directory / "out"),
        World(lambda: settings.now({}), {}, Interrupts(), Quiet(), Secrets()),
    )
    assert time.monotonic() - began < 60  # it never waits: a second or two here
