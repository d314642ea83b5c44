"""Signals at any moment: the report shows what had arrived, and the next build resumes."""

import json
import random
import signal
import time

import pytest

from tests.command import Command
from tests.standin import NO_REPLY, StandIn, job, training

pytestmark = pytest.mark.thorough

RUNNING = job("job_run", "running", events=training(200, "job_run", complete=False))
DONE = job("job_done", events=training(300, "job_done"))


@pytest.mark.parametrize("seed", range(4))
def test_at_a_random_moment(command: Command, seed: int) -> None:
    chance = random.Random(seed)
    number = chance.choice([signal.SIGINT, signal.SIGTERM])
    with StandIn(RUNNING, DONE) as studio:
        process = command.start("build", *command.options(studio))
        studio.wait_until(lambda: bool(studio.requests))  # from now on it catches signals
        time.sleep(chance.uniform(0, 0.4))
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=300)
        assert process.returncode == 128 + number, stderr
        assert "Traceback" not in stderr
        if stdout:  # the list had arrived
            json.loads((command.directory / "out" / "report.json").read_bytes())
        after = command.build(studio, "--max-wait", "0", "--settle", "0.5s")
    assert after.code == 0
    assert after.job("job_done")["stream"]["events"] == 303
    assert after.job("job_run")["loss"]["points"] == 200


def test_before_the_list_there_is_nothing_to_write(command: Command) -> None:
    with StandIn(DONE) as studio:
        first = command.build(studio)
        before = (first.out / "index.html").read_bytes()
        studio.answers.overrides["jobs"] = NO_REPLY
        process = command.start("build", *command.options(studio))
        asked = len(studio.requests)
        studio.wait_until(lambda: len(studio.requests) > asked + 1)
        process.send_signal(signal.SIGTERM)
        stdout, _ = process.communicate(timeout=300)
    assert (process.returncode, stdout) == (143, "")
    assert (first.out / "index.html").read_bytes() == before


def test_two_signals_at_once_count_as_one(command: Command) -> None:
    """`timeout` sends its signal both to the process and to its group."""
    with StandIn(RUNNING) as studio:
        process = command.start("build", *command.options(studio))
        studio.wait_for_opening("job_run")
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        stdout, _ = process.communicate(timeout=300)
    assert (process.returncode, stdout) == (143, "out/index.html\n")


def test_a_second_signal_later_stops_at_once(command: Command) -> None:
    """The first signal arrives while a slow report is being written."""
    jobs = [job(f"job_{i}", events=training(1500, f"job_{i}")) for i in range(30)]
    with StandIn(*jobs) as studio:
        process = command.start("build", *command.options(studio))
        out = command.directory / "out"
        studio.wait_until(
            lambda: any(out.glob(".arkor-report.*.tmp/jobs/*")) or process.poll() is not None, 60
        )
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        # However fast the machine is, the report is not finished when the second one arrives.
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.6)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == 130, stderr
    again = command.run("render")
    assert (again.code, again.stdout) == (0, "out/index.html\n"), stdout
    assert not list((command.directory / "out").glob(".arkor-report.*.tmp"))
