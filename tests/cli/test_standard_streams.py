"""Stdout or stderr that cannot be written: messages are lost, and nothing else changes."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from reportgen.cli.standard_streams import Descriptor
from tests.command import PATIENCE, Command
from tests.standin import Close, StandIn, completed, failed, job, numbered, started, training

pytestmark = pytest.mark.thorough

DEMO = ("build", "--source", "demo", "--limit", "2")
FAILED = job("job_failed", "failed", events=[started(), failed("out of memory")])
SURROGATE = "\udcff"
"""What Python makes of an argument's byte that is not UTF-8."""


def assert_ends_well(stderr: str) -> None:
    for word in ("Traceback", "unexpected", "Exception ignored"):
        assert word not in stderr


# --- Stderr --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where", ["-v 2>/dev/full", "--log-format json 2>/dev/full", "-v 2>&-", "-v 2</dev/null"]
)
def test_a_report_is_written_wherever_messages_go(command: Command, where: str) -> None:
    built = command.run_in_bash(where, *DEMO)
    assert (built.code, built.stdout) == (0, "out/index.html\n")
    assert len(built.report["jobs"]) == 2


def test_a_reader_of_all_output_may_leave_after_the_first_line(command: Command) -> None:
    built = command.run_in_bash("2>&1 | head -1; exit ${PIPESTATUS[0]}", *DEMO, "-v")
    assert built.code == 0
    assert len(built.stdout.splitlines()) == 1
    assert len(built.report["jobs"]) == 2


def test_no_closed_descriptor_is_reused_for_a_file(command: Command) -> None:
    """The next files would get the lowest free descriptors, and messages would end up in them."""
    built = command.run_in_bash("--bogus-is-not-here <&- >&- 2>&-", "build")
    assert built.code == 2
    with StandIn(FAILED) as studio:
        built = command.run_in_bash("-v <&- >&- 2>&-", "build", *command.options(studio))
    assert built.code == 0
    (log,) = (command.directory / ".arkor-report").glob("*/events/*.log")
    assert b"open\n" not in log.read_bytes().replace(b"\topen", b"")
    assert command.run("render").code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("build --bogus 2>/dev/full", 2),
        ("2>/dev/full", 2),
        ("bogus 2>&-", 2),
        ("render 2>/dev/full", 1),
    ],
)
def test_an_error_keeps_its_exit_code(command: Command, words: str, code: int) -> None:
    assert command.run_in_bash(words).code == code


def test_a_terminal_may_go_away_while_jobs_are_followed(command: Command) -> None:
    running = job("job_run", "running", events=training(5, "job_run", complete=False))
    master, terminal = os.openpty()
    with StandIn(running) as studio:
        process = command.start("build", *command.options(studio), "--progress", stderr=terminal)
        os.close(terminal)
        studio.wait_for_opening("job_run")
        assert b"listed" not in os.read(master, 1 << 16)  # the display is live
        os.close(master)
        time.sleep(0.3)  # time for the display to draw itself
        studio.jobs.update("job_run", status="completed")
        studio.jobs.send("job_run", *numbered([completed([], "job_run")], 101))
        studio.jobs.finish("job_run", Close())
        stdout, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stdout) == (0, "out/index.html\n")


def test_a_full_pipe_that_does_not_block_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    data = b"x" * 1_000_000
    with subprocess.Popen(["/usr/bin/wc", "-c"], stdin=reading, stdout=subprocess.PIPE) as counting:
        os.close(reading)
        stream = Descriptor(writing)
        assert stream.write(data) == len(data)
        os.close(writing)
        assert counting.communicate(timeout=PATIENCE)[0].strip() == b"1000000"
    assert stream.failure is None


# --- Stdout --------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", [">/dev/full", ">&-", "| true"])
def test_gates_summary_and_annotations_come_before_stdout(command: Command, where: str) -> None:
    words = f"{where}; exit ${{PIPESTATUS[0]}}"
    with StandIn(FAILED) as studio:
        built = command.run_in_bash(
            words,
            "build",
            *command.options(studio),
            "--fail-on=failed",
            GITHUB_ACTIONS="true",
            GITHUB_STEP_SUMMARY=str(command.directory / "summary"),
        )
    assert built.code == 5
    assert "::error" in built.stderr
    assert "job_failed" in (command.directory / "summary").read_text("utf-8")
    assert_ends_well(built.stderr)


def test_a_path_that_cannot_be_printed_is_not_a_failure(command: Command) -> None:
    for words in (
        "snapshot --source demo --limit 1 >/dev/full",
        "render >/dev/full",
        "render >&-",
        "merge .arkor-report --snapshot-dir merged >/dev/full",
    ):
        ended = command.run_in_bash(words)
        assert ended.code == 0, ended.stderr
        assert_ends_well(ended.stderr)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("config >/dev/full", 1),
        ("config >&-", 1),
        ("config | true; exit ${PIPESTATUS[0]}", 0),
        ("doctor --source demo >/dev/full", 1),
        ("doctor --source demo >&-", 1),
        ("doctor --source demo | true; exit ${PIPESTATUS[0]}", 0),
        ("doctor --url http://127.0.0.1:1 >/dev/full", 3),
        ("--help >/dev/full", 1),
        ("--version >&-", 1),
    ],
)
def test_output_that_is_the_result_must_be_written(command: Command, words: str, code: int) -> None:
    ended = command.run_in_bash(words)
    assert ended.code == code
    assert ("Cannot write to stdout" in ended.stderr) == (code == 1)
    assert_ends_well(ended.stderr)


# --- Encodings -----------------------------------------------------------------------------------

ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
LOCALES = pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii:strict"},
        ASCII,
        {"LC_ALL": "C"},
    ],
    ids=str,
)


@LOCALES
def test_output_is_written_in_any_locale(command: Command, variables: dict[str, str]) -> None:
    for arguments in (["build", "--help"], ["config", "--out", "≤…"]):
        ended = command.run_in_bash(">printed", *arguments, **variables)
        assert (ended.code, ended.stderr) == (0, "")
        assert (command.directory / "printed").stat().st_size


@LOCALES
def test_the_printed_path_leads_to_the_page_in_any_locale(
    command: Command, variables: dict[str, str]
) -> None:
    out = f"größe ≤ {SURROGATE}"
    built = command.run_in_bash(">printed", *DEMO, "-q", "--out", out, **variables)
    assert (built.code, built.stderr) == (0, "")
    printed = (command.directory / "printed").read_bytes()
    page = Path(os.fsdecode(os.fsencode(command.directory) + b"/" + printed.rstrip(b"\n")))
    assert page.is_file()
