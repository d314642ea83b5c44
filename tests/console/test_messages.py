"""Messages on stderr: for people, for programs, and never obeyed by a terminal or a runner."""

import json
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from reportgen.console import messages
from reportgen.console.messages import Message
from reportgen.text import inert
from tests.command import NOWHERE, Command, Result
from tests.parameters import thorough
from tests.standin import StandIn, job, refusal, training

NOON = datetime(2026, 5, 1, 12, 0, 1, 250_900, tzinfo=timezone(timedelta(hours=2)))
ENDED = Message(
    NOON, messages.INFO, "ended", "complete, 412 new events", "job_1",
    {"state": "complete", "reason": None, "events": 412},
)  # fmt: skip
TOKEN = "a-token-of-studio-1"  # noqa: S105 - made up


def same(text: str) -> str:
    return text


def objects(result: Result) -> list[dict[str, Any]]:
    """Read stderr as JSON objects, one per line."""
    lines = result.stderr.splitlines()
    read = [json.loads(line) for line in lines]
    for line, record in zip(lines, read, strict=True):
        assert line.isascii()
        assert line.isprintable()
        assert {"time", "level", "event", "message"} <= record.keys()
        assert record["level"] in {"info", "warning", "error"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["time"])
    return read


# --- Lines ---------------------------------------------------------------------------------------


def test_a_line_for_people() -> None:
    assert (
        messages.text_line(ENDED, same, colour=False) == "12:00:01 job_1: complete, 412 new events"
    )
    warning = Message(NOON, messages.WARNING, "warning", "the manifest is unknown")
    assert messages.text_line(warning, same, colour=False) == (
        "12:00:01 warning: the manifest is unknown"
    )
    lost = Message(NOON, messages.WARNING, "ended", "unavailable", "a", {"state": "unavailable"})
    assert messages.text_line(lost, same, colour=False) == "12:00:01 a: unavailable"


def test_a_line_for_programs() -> None:
    assert messages.json_line(ENDED, same) == (
        '{"time":"2026-05-01T10:00:01.250Z","level":"info","event":"ended","job":"job_1",'
        '"message":"complete, 412 new events","state":"complete","reason":null,"events":412}'
    )
    without_job = Message(NOON, messages.INFO, "listed", "no jobs", details={"jobs": 0})
    assert "job" not in json.loads(messages.json_line(without_job, same))


def test_colours_are_put_around_what_was_made_inert() -> None:
    hostile = Message(NOON, messages.WARNING, "warning", "\x1b[2J")
    line = messages.text_line(hostile, inert.terminal, colour=True)
    assert line == "\x1b[2m12:00:01\x1b[0m \x1b[33mwarning: ␛[2J\x1b[0m"
    assert "\x1b[32mjob_1: complete" in messages.text_line(ENDED, same, colour=True)


@hypothesis_settings(deadline=None)
@given(st.text(st.characters() | st.sampled_from(':#\x1b\x7f\x9b\u202e\ud800\\"\n\r'), max_size=40))
def test_a_program_gets_each_text_back_and_nobody_else_anything(text: str) -> None:
    record = Message(NOON, messages.INFO, "broke", text, text, {"reason": text})
    line = messages.json_line(record, same)
    assert line.isascii()
    assert line.isprintable()
    assert "::" not in line
    assert "##" not in line
    read = json.loads(line)
    for got in (read["message"], read["job"], read["reason"]):
        # In JSON, a pair of surrogates is the same as its character.
        assert got.encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")


def test_every_text_is_redacted() -> None:
    record = Message(
        NOON, messages.INFO, "broke", "x s3cret", "s3cret", {"reason": "s3cret", "wait": 1}
    )
    line = messages.json_line(record, lambda text: text.replace("s3cret", "…"))
    assert "s3cret" not in line


# --- Colours and the display ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "on", "colour"),
    [
        ({}, True, True), ({}, False, False), ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False), ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True), ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": ""}, False, False), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, True), ({"CI": "true"}, True, True),
    ],
)  # fmt: skip
def test_when_there_are_colours(environment: dict[str, str], on: object, colour: object) -> None:
    assert messages.in_colour(environment, terminal=bool(on)) == colour


@pytest.mark.parametrize(
    ("asked", "environment", "on", "live"),
    [
        (None, {}, True, True), (None, {}, False, False), (True, {}, False, False),
        (False, {}, True, False), (None, {"CI": "true"}, True, False),
        (None, {"CI": "1"}, True, False), (None, {"CI": ""}, True, True),
        (None, {"CI": "false"}, True, True), (True, {"CI": "true"}, True, True),
        (True, {"TERM": "dumb"}, True, False), (None, {"TERM": "dumb"}, True, False),
        (None, {"NO_COLOR": "1"}, True, True), (True, {"FORCE_COLOR": "1"}, False, False),
    ],
)  # fmt: skip
def test_when_the_display_is_live(
    asked: bool | None,  # noqa: FBT001 - an option's value
    environment: dict[str, str],
    on: object,
    live: object,
) -> None:
    assert messages.is_live(asked, environment, terminal=bool(on)) == live


def seen_on_a_terminal(command: Command, *arguments: str, **variables: str) -> str:
    """Run the command with a terminal as its stderr; return what was sent there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "reportgen", *arguments],
        cwd=command.directory,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(command.directory),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "TERM": "xterm-256color",
            **variables,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    try:
        while chunk := os.read(ours, 65_536):
            said += chunk
    except OSError:
        pass  # how a terminal reports that its last writer is gone
    os.close(ours)
    stdout, _ = process.communicate(timeout=300)
    assert (process.returncode, stdout) == (0, b"out/index.html\n"), said
    return said.decode()


_MOVES = "\x1b[?25l"
"""Hides the cursor: only a live display does."""


@pytest.mark.parametrize(
    ("arguments", "variables", "moves", "colours"),
    [
        ([], {}, True, True),
        ([], {"NO_COLOR": "1"}, True, False),
        ([], {"CI": "true"}, False, True),
        (["--progress"], {"CI": "true"}, True, True),
        (["--no-progress"], {}, False, True),
        (["--no-progress"], {"NO_COLOR": "1"}, False, False),
        ([], {"TERM": "dumb"}, False, False),
        (["--log-format", "json", "--progress"], {}, False, False),
    ],
)
@pytest.mark.thorough
def test_on_a_terminal(
    command: Command,
    arguments: list[str],
    variables: dict[str, str],
    moves: object,
    colours: object,
) -> None:
    said = seen_on_a_terminal(
        command, "build", "--source", "demo", "--limit", "2", *arguments, **variables
    )
    assert (_MOVES in said) == moves
    assert bool(re.search(r"\x1b\[(?:3[0-9]|[0-9;]*;3[0-9])[0-9;]*m", said)) == colours
    assert "caught-up, " in said
    if not moves and not colours:
        assert "\x1b" not in said


# --- The command ---------------------------------------------------------------------------------


def test_plain_lines_carry_a_time_and_a_job_and_no_colour(command: Command) -> None:
    with StandIn(job("job_1", events=training(3))) as studio:
        result = command.build(studio, "--progress")
    times = re.compile(r"^\d\d:\d\d:\d\d ", re.MULTILINE)
    assert times.sub("", result.stderr) == (
        f"reading the Studio at {studio.url}\n"
        "1 job, 1 stream to read\njob_1: complete, 6 new events\n"
    )
    assert len(times.findall(result.stderr)) == 3


def test_colours_on_request(command: Command) -> None:
    with StandIn(job("job_1", events=training(3))) as studio:
        forced = command.build(studio, FORCE_COLOR="1")
        assert "\x1b[32mjob_1: complete" in forced.stderr
        unwanted = command.build(studio, "--refresh", FORCE_COLOR="1", NO_COLOR="1")
        assert "job_1: complete" in unwanted.stderr
        assert "\x1b" not in unwanted.stderr


def test_json_reports_the_outcome_of_each_stream(command: Command) -> None:
    with StandIn(job("a", events=training(3)), job("b", script=refusal(410, "gone"))) as studio:
        result = command.build(studio, "-v", "--log-format", "json")
    assert (result.code, result.stdout) == (0, "out/index.html\n")
    source, listed, *records = objects(result)
    assert (source["event"], listed["event"]) == ("source", "listed")
    assert studio.url in source["message"]
    assert (listed["jobs"], listed["streams"]) == (2, 2)
    ended = {record["job"]: record for record in records if record["event"] == "ended"}
    assert (ended["a"]["state"], ended["a"]["events"], ended["a"]["level"]) == (
        "complete", 6, "info",
    )  # fmt: skip
    assert (ended["b"]["state"], ended["b"]["level"]) == ("unavailable", "warning")
    assert "410" in ended["b"]["reason"]
    assert {record["job"] for record in records if record["event"] == "opened"} >= {"a"}


def test_json_is_inert_and_without_secrets(command: Command) -> None:
    hostile = f"::error::x ##[error]y\x1b[31m\u202e {TOKEN}"
    with StandIn(job("r", script=refusal(410, hostile)), token=TOKEN) as studio:
        result = command.build(studio, "-v", "--log-format", "json")
    (ended,) = [record for record in objects(result) if record["event"] == "ended"]
    assert "::error::x ##[error]y\x1b[31m" in ended["reason"]
    assert TOKEN not in result.stderr
    assert "::" not in result.stderr
    assert "##" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "end", "words"),
    [
        (["--nonsense"], {"ARKOR_REPORT_LOG_FORMAT": "json"}, (2, "usage"), "--nonsense"),
        (["build", "--log-format", "json", "--url", NOWHERE], {}, (3, "error"), "arkor dev"),
        (["render", "--log-format", "json"], {}, (1, "error"), "no snapshot"),
        *thorough(
            (["doctor", "--log-format", "json", "--url", NOWHERE], {}, (3, "error"), "arkor dev"),
            (["build", "--log-format", "json"], {"SOURCE_DATE_EPOCH": "x"}, (2, "error"), "EPOCH"),
        ),
    ],
)  # fmt: skip
def test_errors_are_objects_too(
    command: Command,
    arguments: list[str],
    variables: dict[str, str],
    end: tuple[int, str],
    words: str,
) -> None:
    (command.directory / "home").mkdir()
    code, event = end
    result = command.run(*arguments, **variables)
    assert result.code == code
    (record,) = objects(result)
    assert (record["event"], record["level"]) == (event, "error")
    assert words in record["message"]
    assert ("hint" in record) == (event == "usage")


def test_a_traceback_is_part_of_its_object(command: Command) -> None:
    (record,) = objects(command.run("render", "-v", "--log-format", "json"))
    assert "Traceback" in record["traceback"]


def test_quiet_leaves_errors(command: Command) -> None:
    (record,) = objects(command.run("build", "-q", "--log-format", "json"))
    assert record["level"] == "error"


@pytest.mark.parametrize("as_json", [False, True])
def test_library_logs_are_printed_like_our_own_messages(as_json: bool) -> None:  # noqa: FBT001
    code = (
        "import logging, warnings\nfrom reportgen.cli.session import Session\n"
        f"stderr = Session(as_json={as_json}).stderr\nstderr.capture_libraries(quiet=False)\n"
        "stderr.secrets.learn('s3cret-s3cret')\n"
        "logging.getLogger('asyncio').error('::error::%s\\nx', 's3cret-s3cret')\n"
        "logging.getLogger('httpx').info('not this')\n"
        "warnings.warn('odd')\n"
        "stderr.write_raw('::warning::an annotation s3cret-s3cret')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    result = Result(done.returncode, done.stdout, done.stderr, Path())
    assert "s3cret-" not in result.stderr
    assert "not this" not in result.stderr
    if as_json:
        assert [record["level"] for record in objects(result)] == ["warning", "warning"]
    else:
        first, second, third = result.stderr.splitlines()
        assert first.endswith("warning: : :error: :[redacted] x")
        assert "odd" in second
        assert third == "::warning::an annotation [redacted]"


def test_no_message_is_older_than_the_command(command: Command) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    (record,) = objects(command.run("build", "--log-format", "json", TZ="Asia/Tokyo"))
    assert before <= datetime.fromisoformat(record["time"]) <= datetime.now(UTC)
