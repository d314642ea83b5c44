"""Which signals the command hears, and what it does while it waits for another build."""

import json
import signal
import subprocess
import time
from dataclasses import replace

import pytest

from reportgen.files import Directory, locked
from tests.command import PATIENCE, Command
from tests.parameters import thorough
from tests.standin import Close, StandIn, completed, job, numbered, training

RUNNING = job("job_run", "running", events=training(5, "job_run", complete=False))


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    stdout, stderr = process.communicate(timeout=PATIENCE)
    return process.returncode, stdout, stderr


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGINT, 130), *thorough((signal.SIGHUP, 129))],
)
def test_the_report_of_what_had_arrived_is_written(
    command: Command, number: signal.Signals, code: int
) -> None:
    with StandIn(RUNNING) as studio:
        process = command.start("build", *command.options(studio))
        studio.wait_for_opening("job_run")
        time.sleep(0.3)  # time for its events to arrive
        process.send_signal(number)
        returned, stdout, stderr = ended(process)
    assert (returned, stdout) == (code, "out/index.html\n"), stderr
    assert "Traceback" not in stderr
    (entry,) = json.loads((command.directory / "out" / "report.json").read_bytes())["jobs"]
    assert (entry["stream"]["state"], entry["loss"]["points"]) == ("interrupted", 5)


@pytest.mark.parametrize("name", ["HUP", *thorough("INT", "TERM")])
def test_a_signal_that_the_caller_ignores_is_not_heard(command: Command, name: str) -> None:
    ignoring = ("bash", "-c", f"trap '' {name}; exec \"$@\"", "bash")
    with StandIn(RUNNING) as studio:
        process = replace(command, prefix=ignoring).start("build", *command.options(studio))
        studio.wait_for_opening("job_run")
        process.send_signal(signal.Signals[f"SIG{name}"])
        studio.jobs.update("job_run", status="completed")
        studio.jobs.send("job_run", *numbered([completed([], "job_run")], 101))
        studio.jobs.finish("job_run", Close())
        assert ended(process)[:2] == (0, "out/index.html\n")


@pytest.mark.parametrize(
    ("arguments", "number", "code"),
    [
        (["build", "--source", "demo", "--limit", "1"], signal.SIGINT, 130),
        *thorough(
            (["build", "--source", "demo", "--limit", "1"], signal.SIGHUP, 129),
            (["render"], signal.SIGINT, 130),
        ),
    ],
)
def test_waiting_for_another_build_says_so_and_ends_at_the_first_signal(
    command: Command, arguments: list[str], number: signal.Signals, code: int
) -> None:
    assert command.run("snapshot", "--source", "demo", "--limit", "1", "-q").code == 0
    out = command.directory / "out"
    with Directory.open(out, create=True) as directory, locked(directory, ".arkor-report.lock"):
        process = command.start(*arguments)
        assert process.stderr is not None
        said = next(line for line in process.stderr if "another build is publishing" in line)
        process.send_signal(number)
        assert ended(process)[:2] == (code, "")
    assert str(out.name) in said
    assert {file.name for file in out.iterdir()} == {".arkor-report.lock"}


def test_a_build_that_was_interrupted_still_waits_for_its_turn(command: Command) -> None:
    out = command.directory / "out"
    with StandIn(RUNNING) as studio:
        with Directory.open(out, create=True) as directory, locked(directory, ".arkor-report.lock"):
            process = command.start("build", *command.options(studio))
            studio.wait_for_opening("job_run")
            process.send_signal(signal.SIGTERM)
            assert process.stderr is not None
            assert any("another build is publishing" in line for line in process.stderr)
        assert ended(process)[:2] == (143, "out/index.html\n")
