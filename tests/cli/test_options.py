"""Options as the values that commands receive, wherever the options come from."""

import math
from collections.abc import Callable
from contextlib import chdir
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from click.testing import CliRunner

from reportgen.cli import options
from reportgen.cli.configured import Command
from reportgen.model.selection import Selection
from reportgen.report import gates
from reportgen.settings import Following, Gates, Output, SourceSettings
from reportgen.snapshot.retention import Retention


def values(*groups: Callable[[Any], Any]) -> Callable[..., dict[str, Any]]:
    """Return a function that parses a command line of these groups into what a command takes.

    It runs in a directory with only a configuration file with the text `file`; variables are named
    without their prefix.
    """

    def command(**given: Any) -> dict[str, Any]:
        return given

    for group in reversed(groups):
        command = group(command)
    parsed = click.command(cls=Command)(command)

    def parse(*arguments: str, file: str = "", **variables: str) -> dict[str, Any]:
        runner = CliRunner(env={f"ARKOR_REPORT_{name}": text for name, text in variables.items()})
        with TemporaryDirectory() as directory, chdir(directory):
            Path("arkor-report.toml").write_text(file)
            result = runner.invoke(parsed, arguments, catch_exceptions=False, standalone_mode=False)
        given: dict[str, Any] = result.return_value
        return given

    return parse


SELECTION = values(options.selection, options.verbosity)
SOURCE = values(options.source, options.config_file, options.verbosity)
OUTPUT = values(options.output, options.verbosity)
FOLLOWING = values(options.following, options.verbosity)
GATES = values(options.gates, options.retention, options.verbosity)


def test_defaults() -> None:
    assert SELECTION()["selection"] == Selection()
    assert SOURCE()["source"] == SourceSettings("studio", None, None, None, None, Path())
    assert FOLLOWING()["following"] == Following(math.inf, 2.0, 90.0, 8, 16, refresh=False)
    assert GATES()["gates"] == Gates(strict=False, fail_on=())
    assert GATES()["retention"] == Retention()
    output = OUTPUT()["output"]
    assert isinstance(output, Output)
    assert (output.out, output.log_lines, output.single_file) == (Path("out"), 50, False)
    assert (output.show_config, output.report_url) == ((), None)
    looks = output.looks
    assert (looks.title, looks.theme, looks.timezone.key) == ("Arkor report", "auto", "UTC")
    assert (looks.stale_after, looks.linked) == (86_400.0, False)


def test_values_are_final() -> None:
    parsed = SELECTION(
        "-j", "a", "-j", "b", "--status", "failed", "--since", "1m", "--shard", "2/3",
        "--limit", "4",
    )  # fmt: skip
    assert parsed["selection"] == Selection(
        ids=("a", "b"),
        statuses=frozenset({"failed"}),
        since=timedelta(minutes=1),
        limit=4,
        shard=(2, 3),
    )
    parsed = FOLLOWING("--max-wait", "0", "--settle", "0.5s", "--refresh")
    assert parsed["following"] == Following(0.0, 0.5, 90.0, 8, 16, refresh=True)
    parsed = GATES("--keep", "1m", "--keep-last", "0", "--strict", "--fail-on", "failed,loss>2")
    assert parsed["retention"] == Retention(60.0, 0)
    assert parsed["gates"] == Gates(strict=True, fail_on=gates.parse("failed,loss>2"))
    output = OUTPUT(
        "--log-lines", "all", "--layout", "linked", "--report-url", "https://ci/x",
        "--timezone", "Asia/Tokyo", "--stale-after", "2h", "--show-config", "a", "-o", "x/y",
    )["output"]  # fmt: skip
    assert (output.log_lines, output.report_url, output.show_config) == (
        None,
        "https://ci/x/",
        ("a",),
    )
    assert (output.looks.linked, output.looks.timezone.key) == (True, "Asia/Tokyo")
    assert (output.looks.stale_after, output.out) == (7200.0, Path("x/y"))
    source = SOURCE("--url", "HTTP://Localhost:4001/?x=1", "--token-file", "t")["source"]
    assert (source.url, source.token_file) == ("http://localhost:4001", Path("t"))


def test_values_are_the_same_from_a_variable_and_from_the_file() -> None:
    parse = values(
        options.source,
        options.selection,
        options.following,
        options.output,
        options.gates,
        options.config_file,
        options.verbosity,
    )
    written = {
        "url": "http://127.0.0.1:4001", "status": "failed", "since": "1h", "shard": "1/2",
        "settle": "3s", "log-lines": "all", "timezone": "Asia/Tokyo", "layout": "linked",
        "fail-on": "nan", "report-url": "https://ci/x", "concurrency": "3", "out": "pages",
    }  # fmt: skip
    by_line = parse(*(word for key, text in written.items() for word in (f"--{key}", text)))
    by_file = parse(file="".join(f'{key} = "{text}"\n' for key, text in written.items()))
    assert by_file == by_line
    variables = {key.replace("-", "_").upper(): text for key, text in written.items()}
    assert parse(**variables) == by_line
