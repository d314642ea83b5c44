"""The command's face: version, help, and how errors are told."""

import re
from pathlib import Path

import pytest

from reportgen import __version__
from tests.command import Command
from tests.standin import StandIn, completed, job

README = Path(__file__).resolve().parent.parent / "README.md"


def test_version(command: Command) -> None:
    assert command.run("--version").stdout == f"arkor-report {__version__}\n"


@pytest.mark.parametrize("name", ["", "build", "snapshot", "render", "doctor"])
def test_help(command: Command, name: str) -> None:
    result = command.run(*name.split(), "--help")
    assert result.code == 0
    assert "Usage:" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_the_readmes_first_two_blocks_are_commands_of_one_line() -> None:
    text = README.read_text("utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    commands = [body for kind, body in blocks if kind == "sh"][:2]
    assert len(commands) == 2
    assert all(command.count("\n") == 1 for command in commands)
    assert "--source demo" in commands[0]
    assert "pytest" in commands[1]


def test_every_option_of_build_stands_in_the_readme(command: Command) -> None:
    text = README.read_text("utf-8")
    options = set(re.findall(r"--[a-z][a-z-]+", command.run("build", "--help").stdout))
    missing = {option for option in options - {"--help", "--no-progress"} if option not in text}
    assert missing <= {"--quiet", "--verbose"}  # told as -q and -v


def test_an_option_can_come_from_a_variable_and_the_command_line_wins(command: Command) -> None:
    done = completed()
    with StandIn(job("a", events=[done]), job("b", "failed", events=[done])) as studio:
        limited = command.build(studio, "--max-wait", "0", ARKOR_REPORT_STATUS="failed")
        assert [told["id"] for told in limited.report["jobs"]] == ["b"]
        both = command.build(
            studio, "--max-wait", "0", "--status", "completed", ARKOR_REPORT_STATUS="failed"
        )
        assert [told["id"] for told in both.report["jobs"]] == ["a"]
        empty = command.build(studio, "--max-wait", "0", ARKOR_REPORT_STATUS="")
        assert len(empty.report["jobs"]) == 2


def test_a_traceback_only_where_it_was_asked_for(command: Command) -> None:
    (command.directory / "out").write_text("a file")
    for arguments, shown in ((["render"], False), (["render", "-v"], True)):
        result = command.run(*arguments)
        assert result.code == 1
        assert ("Traceback" in result.stderr) == shown


def test_quiet_says_nothing(command: Command) -> None:
    result = command.run("build", "--source", "demo", "-q")
    assert (result.code, result.stdout, result.stderr) == (0, "out/index.html\n", "")
