"""The command's surface: version, help, and how errors are reported."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from reportgen import __version__
from reportgen.cli.commands import program
from tests.command import Command
from tests.parameters import thorough
from tests.standin import StandIn, completed, job

README = Path(__file__).resolve().parents[2] / "README.md"


def test_version(command: Command) -> None:
    assert command.run("--version").stdout == f"arkor-report {__version__}\n"


@pytest.mark.parametrize("name", ["", *program.commands])
def test_help(name: str) -> None:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(program, [*name.split(), "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


def options_of(name: str) -> set[str]:
    text = CliRunner().invoke(program, [name, "--help"]).stdout
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", text))


def test_options_belong_to_the_commands_that_use_them() -> None:
    build = options_of("build")
    said = {"--quiet", "--verbose", "--progress", "--no-progress", "--log-format"}
    everywhere = said | {"--config", "--project-dir", "--help"}
    looks = {"--out", "--log-lines", "--single-file", "--layout", "--title", "--theme"}
    looks |= {"--timezone", "--stale-after", "--auto-refresh", "--show-config", "--report-url"}
    judging = {"--strict", "--fail-on", "--no-github"}
    measuring = {"--baseline"}
    fetching = {"--max-wait", "--settle", "--stall-timeout", "--retries", "--concurrency"}
    fetching |= {"--refresh"}
    which = {"--job", "--name", "--status", "--since", "--limit", "--shard"}
    which |= {"--keep", "--keep-last"}
    where = {"--source", "--url", "--token-file", "--org", "--project"}
    kept = {"--snapshot-dir"}
    assert build == everywhere | looks | judging | measuring | fetching | which | where | kept
    assert options_of("config") == build
    assert options_of("snapshot") == build - looks - judging
    assert options_of("render") == build - fetching - {
        "--token-file",
        "--org",
        "--project",
    }
    assert options_of("merge") == everywhere | kept
    assert options_of("doctor") == everywhere | where


def test_help_keeps_its_examples_in_lines_of_their_own(command: Command) -> None:
    text = command.run("--help").stdout
    assert "\n  arkor-report build --source demo " in text
    assert "\\b" not in text


def test_version_and_help_load_nothing_heavy(command: Command) -> None:
    heavy = {"rich", "httpx", "msgspec", "jinja2", "asyncio", "tomllib", "json", "logging"}
    for arguments in (["--version"], ["--help"], ["build", "--help"], ["config", "--help"]):
        code = (
            "import sys, reportgen.cli as cli\n"
            f"sys.argv = ['arkor-report', *{arguments!r}]\n"
            "try:\n    cli.main()\n"
            f"finally:\n    print(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=README.parent,
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.stderr == "[]\n", arguments


def test_the_readmes_first_two_blocks_are_commands_of_one_line() -> None:
    text = README.read_text("utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    commands = [body for kind, body in blocks if kind == "sh"][:2]
    assert len(commands) == 2
    assert all(command.count("\n") == 1 for command in commands)
    assert "--source demo" in commands[0]
    assert "pytest" in commands[1]


def test_the_readme_names_only_options_that_exist() -> None:
    pattern = r"arkor-report (\w+)[^\n|#]*"
    named = {
        (found[1], option)
        for found in re.finditer(pattern, README.read_text("utf-8"))
        if found[1] in {"build", "snapshot", "render", "merge", "doctor", "config"}
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", found[0])
    }
    assert len(named) > 10
    commands = {name for name, _ in named}
    options = {name: options_of(name) for name in commands}
    assert {(name, option) for name, option in named if option not in options[name]} == set()


def test_an_option_can_come_from_a_variable(command: Command) -> None:
    done = completed()
    with StandIn(job("a", events=[done]), job("b", "failed", events=[done])) as studio:
        built = command.build(studio, ARKOR_REPORT_STATUS="failed", ARKOR_REPORT_LIMIT="")
    assert [entry["id"] for entry in built.report["jobs"]] == ["b"]


def test_a_traceback_only_with_verbose(command: Command) -> None:
    (command.directory / "out").write_text("a file")
    for arguments, shown in ((["render"], False), (["render", "-v"], True)):
        result = command.run(*arguments)
        assert result.code == 1
        assert ("Traceback" in result.stderr) == shown


def test_quiet_prints_nothing(command: Command) -> None:
    result = command.run("build", "--source", "demo", "--limit", "1", "-q")
    assert (result.code, result.stdout, result.stderr) == (0, "out/index.html\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--layout", "odd"], ["--shard", "4/3"], ["--fail-on", "los>3"], ["--keep", "soon"],
        ["--keep-last", "-1"], ["--log-lines", "9" * 5000], ["--timezone", "Mars"],
        *thorough(
            ["--shard", "0/3"], ["--shard", "1"], ["--fail-on", ","], ["--keep", "1h30"],
            ["--keep-last", "x"], ["--log-format", "xml"], ["--limit", "1.5"],
        ),
    ],
)  # fmt: skip
def test_a_wrong_value_is_reported_before_any_work(command: Command, arguments: list[str]) -> None:
    result = command.run("build", "--source", "demo", *arguments)
    assert (result.code, result.stdout) == (2, "")
    assert f"Invalid value for '{arguments[0]}'" in result.stderr
    assert len(result.stderr.splitlines()) == 2
    assert list(command.directory.iterdir()) == []


JSON = {"ARKOR_REPORT_LOG_FORMAT": "json"}


@pytest.mark.parametrize(
    ("arguments", "file", "variables"),
    [
        (["build", "--bogus", "--log-format", "json"], "", {}),
        (["build", "--log-format", "json", "extra"], "", {}),
        (["build", "--out", "", "--log-format", "json"], "", {}),
        (["build", "--config", "missing", "--log-format", "json"], "", {}),
        (["bogus"], "", JSON),
        ([], "", JSON),
        (["render", "--limit", "x"], 'log-format = "json"', {}),
        (["render"], 'bogus = 1\nlog-format = "json"', {}),
        *thorough(
            (["build", "--log-format", "json", "--bogus"], "", {}),
            (["build", "--bogus", "--log-format=json", "--limit", "x"], "", {}),
            (["merge", "--log-format", "json"], "", {}),
            (["build", "--limit", "x"], "", JSON),
            (["build", "--bogus"], "", JSON),
            (["render", "--bogus"], 'log-format = "json"', {}),
            (["render"], 'limit = true\nlog-format = "json"', {}),
            (["render"], 'token-file = "x"\nlog-format = "json"', {}),
        ),
    ],
)
def test_usage_errors_come_in_the_format_that_was_asked_for(
    command: Command, arguments: list[str], file: str, variables: dict[str, str]
) -> None:
    (command.directory / "arkor-report.toml").write_text(file)
    result = command.run(*arguments, **variables)
    assert (result.code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert json.loads(line)["event"] in {"usage", "error"}


@pytest.mark.parametrize(
    ("arguments", "file", "variables"),
    [
        (["build", "--bogus", "--log-format", "text"], "", {"ARKOR_REPORT_LOG_FORMAT": "json"}),
        (["build", "--bogus"], 'log-format = "json"', {"ARKOR_REPORT_LOG_FORMAT": "text"}),
        (["build", "--bogus", "--", "--log-format", "json"], "", {}),
    ],
)
def test_precedence_holds_for_the_format_too(
    command: Command, arguments: list[str], file: str, variables: dict[str, str]
) -> None:
    (command.directory / "arkor-report.toml").write_text(file)
    result = command.run(*arguments, **variables)
    assert result.code == 2
    assert result.stderr.startswith("arkor-report: ")


def test_merge_needs_a_directory(command: Command) -> None:
    result = command.run("merge")
    assert result.code == 2
    assert "DIR" in result.stderr


def test_merge_prints_where_it_is(command: Command) -> None:
    for shard in ("1/2", "2/2"):
        part = command.run(
            "snapshot", "--source", "demo", "--shard", shard, "--snapshot-dir", f"s{shard[0]}", "-q"
        )
        assert part.code == 0, part.stderr
    merged = command.run("merge", "s1", "s2", "--snapshot-dir", "whole")
    assert (merged.code, merged.stdout) == (0, "whole\n"), merged.stderr
