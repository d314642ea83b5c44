"""`arkor-report.toml`, variables and the command line: which wins, and what is refused."""

import tomllib
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from reportgen.cli import configuration
from reportgen.cli.commands import program
from reportgen.cli.configuration import Given
from reportgen.cli.session import Session
from reportgen.errors import UsageError
from tests.command import Command
from tests.parameters import thorough

FILE = Path("conf/arkor-report.toml")
KNOWN: dict[str, str] = {
    "title": "text", "out": "path", "strict": "flag", "limit": "number", "max-wait": "duration",
    "log-lines": "lines", "status": "words", "job": "list", "token-file": "path",
}  # fmt: skip


def read(text: str) -> dict[str, Given]:
    return read_bytes(text.encode())


def read_bytes(data: bytes) -> dict[str, Given]:
    return configuration.values(configuration.parse(data, FILE), FILE, KNOWN)


def table_of(text: str) -> dict[str, tuple[str, str]]:
    """Read the table of `config` back: value and origin of each setting."""
    heading, *lines = text.splitlines()
    second, third = heading.index("value"), heading.index("from")
    return {
        line[:second].strip(): (line[second:third].strip(), line[third:].strip()) for line in lines
    }


def in_force(
    directory: Path, *arguments: str, **variables: str | None
) -> dict[str, tuple[str, str]]:
    """Run `config` within this process, and read its table back."""
    with chdir(directory):
        result = CliRunner(env=variables).invoke(
            program, ["config", *arguments], obj=Session(), catch_exceptions=False
        )
    assert result.exit_code == 0, result.output
    return table_of(result.stdout)


# --- Values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('title = "A b"', "A b"), ('title = ""', ""),
        ("strict = true", True), ("strict = false", False),
        ("limit = 20", "20"), ('limit = "20"', "20"), ("limit = -1", "-1"), ("limit = 0x10", "16"),
        ('max-wait = "1h30m"', "1h30m"), ("max-wait = 90", "90"), ("max-wait = 0.25", "0.25"),
        ("max-wait = 1e-9", "0"), ("max-wait = 1e5", "100000"), ("max-wait = -1.5", "-1.5"),
        ("log-lines = 7", "7"), ('log-lines = "all"', "all"),
        ('status = "failed,running"', "failed,running"),
        ('status = ["failed", "running"]', "failed,running"), ("status = []", ""),
        ('job = "a b"', ["a b"]), ('job = ["a b", "c"]', ["a b", "c"]), ("job = []", []),
        ('out = "public/x"', "conf/public/x"), ('out = "/abs"', "/abs"), ('out = "."', "conf"),
        ('out = "~x"', "~x"), ('out = ""', ""),
    ],
)  # fmt: skip
def test_values_as_the_command_line_would_give_them(line: str, value: Given) -> None:
    (read_value,) = read(line).values()
    assert read_value == value
    assert type(read_value) is type(value)


@pytest.mark.parametrize(
    ("line", "expected", "got"),
    [
        ("title = 7", "a string", "a number"),
        ("title = [1]", "a string", "a list"),
        ('title = ["a"]', "a string", "a list"),
        ("title = 2026-05-01", "a string", "a date"),
        ('title = {a = "hunter2"}', "a string", "a table"),
        ('title = "a\\u0000b"', "a string", "a string"),
        ('strict = "true"', "true or false", "a string"),
        ("strict = 1", "true or false", "a number"),
        ("limit = true", "a whole number", "a boolean"),
        ("limit = 1.5", "a whole number", "a number with a fraction"),
        (f"limit = {'9' * 30}", "a whole number", "a number"),
        ("max-wait = true", "1h30m", "a boolean"),
        ("max-wait = inf", "1h30m", "a number"),
        ("max-wait = nan", "1h30m", "a number"),
        ('max-wait = ["1h"]', "1h30m", "a list"),
        ("log-lines = 1.5", "a whole number or a string", "a number"),
        ("status = [1]", "a list of strings", "a list"),
        ('job = ["a", 1]', "a list of strings", "a list"),
        ("job = 1", "a list of strings", "a number"),
        ("out = false", "a string", "a boolean"),
    ],
)
def test_a_wrong_kind_names_file_and_key_and_never_the_value(
    line: str, expected: str, got: str
) -> None:
    with pytest.raises(UsageError) as raised:
        read(line)
    words = str(raised.value)
    key = line.partition(" ")[0]
    assert words.startswith(f"Wrong value for '{key}' in {FILE}: expected {expected}"[:40])
    assert expected in words
    assert got in words
    assert "hunter2" not in words


@pytest.mark.parametrize(
    ("key", "nearest"),
    [("max_wait", "max-wait"), ("Limit", "limit"), ("statuses", "status"), ("jobs", "job"),
     ("loglines", "log-lines"), ("token_file", "token-file"), ('""', ""), ("xyzzy", "")],
)  # fmt: skip
def test_an_unknown_key_is_refused_with_the_nearest(key: str, nearest: str) -> None:
    with pytest.raises(UsageError, match="Unknown key") as raised:
        read(f"{key} = 1")
    assert str(FILE) in str(raised.value)
    assert f"'{nearest}" in str(raised.value).partition("did you mean ")[2]


def test_a_secret_has_no_key() -> None:
    with pytest.raises(UsageError, match=r"'token-file'.*ARKOR_REPORT_TOKEN") as raised:
        read('token = "hunter2hunter2"')
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"limit = 1\nlimit", 2), (b"limit = 1\nlimit = 2\n", 2), (b"\n\nx = \n", 3),
        (b'a = 1\ntitle = """\nx\n', 3), (b'ok = "a"\n\nbad = "\xff"', 3), (b"x = [\n1,\n", 2),
        (b"title = 'x' limit = 1", 1), (b"x = " + b"[" * 100_000, 1), (b"x = " + b"9" * 10_000, 1),
    ],
)  # fmt: skip
def test_invalid_toml_names_file_and_line(data: bytes, line: int) -> None:
    with pytest.raises(UsageError) as raised:
        read_bytes(data)
    assert str(FILE) in str(raised.value)
    assert f"(at line {line}," in str(raised.value).replace(")", ",")


def test_a_byte_order_mark_is_ignored() -> None:
    assert read_bytes(b"\xef\xbb\xbflimit = 1") == {"limit": "1"}


@hypothesis_settings(deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=80).map(str.encode)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read_bytes(data)
    except UsageError as error:
        assert str(FILE) in str(error)  # noqa: PT017 - either is right
    else:
        tomllib.loads(data.decode("utf-8-sig"))


# --- Which wins ----------------------------------------------------------------------------------


def test_the_command_line_wins_then_the_variable_then_the_file(command: Command) -> None:
    (command.directory / "arkor-report.toml").write_text(
        'limit = 1\ntitle = "file"\ntheme = "dark"\nstrict = true\nprogress = false\n'
        'job = ["a b", "c"]\nmax-wait = 90\n'
    )
    found = in_force(
        command.directory, "--limit", "3", ARKOR_REPORT_LIMIT="2", ARKOR_REPORT_TITLE="variable"
    )
    assert found["limit"] == ("3", "command line")
    assert found["title"] == ("variable", "ARKOR_REPORT_TITLE")
    assert found["theme"] == ("dark", "arkor-report.toml")
    assert found["strict"] == ("true", "arkor-report.toml")
    assert found["progress"] == ("false", "arkor-report.toml")
    assert found["job"] == ("a b, c", "arkor-report.toml")
    assert found["max-wait"] == ("90", "arkor-report.toml")
    assert found["settle"] == ("2s", "default")
    assert found["url"] == ("http://127.0.0.1:4000 to 4009", "default")


def test_settings_of_the_file_can_be_undone(command: Command) -> None:
    (command.directory / "arkor-report.toml").write_text(
        'strict = true\nprogress = false\njob = ["a"]\nrefresh = true\n'
    )
    found = in_force(
        command.directory, "--progress", "-j", "b", "-j", "c d", ARKOR_REPORT_STRICT="no"
    )
    assert found["strict"] == ("false", "ARKOR_REPORT_STRICT")
    assert found["progress"] == ("true", "command line")
    assert found["job"] == ("b, c d", "command line")
    assert found["refresh"] == ("true", "arkor-report.toml")


def test_an_empty_variable_counts_as_not_set(command: Command) -> None:
    (command.directory / "arkor-report.toml").write_text("limit = 4\nstrict = true\n")
    names = {f"ARKOR_REPORT_{key.replace('-', '_').upper()}" for key in in_force(command.directory)}
    assert {"ARKOR_REPORT_PROGRESS", "ARKOR_REPORT_JOB", "ARKOR_REPORT_CONFIG"} <= names
    untouched = in_force(command.directory)
    assert in_force(command.directory, **dict.fromkeys(names, "")) == untouched


def test_spaces_separate_the_values_in_a_variable(command: Command) -> None:
    found = in_force(command.directory, ARKOR_REPORT_JOB=" a  b", ARKOR_REPORT_SHOW_CONFIG="x")
    assert found["job"] == ("a, b", "ARKOR_REPORT_JOB")
    assert found["show-config"] == ("x", "ARKOR_REPORT_SHOW_CONFIG")


@pytest.mark.parametrize(
    ("file", "arguments", "variables", "limit"),
    [
        ("arkor-report.toml", [], {}, "1"),
        ("p/arkor-report.toml", ["--project-dir", "p"], {}, "1"),
        ("p/arkor-report.toml", [], {"ARKOR_REPORT_PROJECT_DIR": "p"}, "1"),
        ("p/arkor-report.toml", [], {}, "none"),
        ("ci.toml", ["--config", "ci.toml"], {}, "1"),
        ("ci.toml", [], {"ARKOR_REPORT_CONFIG": "ci.toml"}, "1"),
    ],
)
def test_where_the_file_is_searched(
    command: Command, file: str, arguments: list[str], variables: dict[str, str], limit: str
) -> None:
    (command.directory / "p").mkdir()
    (command.directory / file).write_text('limit = 1\nout = "o"\n')
    found = in_force(command.directory, *arguments, **variables)
    assert found["limit"][0] == limit
    if limit == "1":
        assert found["limit"][1] == found["config"][0] == file
        assert found["out"][0] == str(Path(file).parent / "o")


def test_the_file_named_wins_over_the_projects_and_may_name_the_project(command: Command) -> None:
    (command.directory / "ci").mkdir()
    (command.directory / "arkor-report.toml").write_text("limit = 1")
    (command.directory / "ci" / "x.toml").write_text('project-dir = "../training"\n')
    found = in_force(command.directory, "--config", "ci/x.toml")
    assert found["project-dir"] == ("ci/../training", "ci/x.toml")
    assert found["limit"] == ("none", "default")


def test_one_file_serves_all_commands(command: Command) -> None:
    (command.directory / "arkor-report.toml").write_text(
        'source = "demo"\nout = "pages"\nconcurrency = 3\nquiet = true\n'
    )
    assert command.run("snapshot").stdout == ".arkor-report\n"
    rendered = command.run("render")
    assert (rendered.code, rendered.stdout, rendered.stderr) == (0, "pages/index.html\n", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("max_wait = 1", "did you mean 'max-wait'?"),
        ('config = "x"', "Unknown key 'config'"),
        ("limit = true", "Wrong value for 'limit' in arkor-report.toml"),
        ("limit = -1", "Invalid value for 'limit' in arkor-report.toml: -1"),
        ('timezone = "Mars"', "Invalid value for 'timezone' in arkor-report.toml: 'Mars'"),
        ("x =", "arkor-report.toml is not TOML"),
        *thorough(
            ("no-progress = true", "did you mean 'progress'?"),
            ('max-wait = "soon"', "Invalid value for 'max-wait' in arkor-report.toml: 'soon'"),
            ('theme = "pink"', "Invalid value for 'theme' in arkor-report.toml: 'pink'"),
            ('shard = "4/3"', "Invalid value for 'shard' in arkor-report.toml: '4/3'"),
            ('status = ","', "Invalid value for 'status' in arkor-report.toml:"),
        ),
    ],
)
def test_a_wrong_file_is_wrong_usage(command: Command, text: str, words: str) -> None:
    (command.directory / "arkor-report.toml").write_text(text)
    result = command.run("build", "--source", "demo")
    assert (result.code, result.stdout) == (2, "")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) <= 2
    assert not (command.directory / ".arkor-report").exists()


def test_a_wrong_file_does_not_keep_help_from_being_shown(command: Command) -> None:
    (command.directory / "arkor-report.toml").write_text("x =")
    assert command.run("build", "--help").code == 0


@pytest.mark.parametrize("name", ["missing.toml", "folder", "missing/x.toml"])
def test_a_file_that_cannot_be_read_is_named(command: Command, name: str) -> None:
    (command.directory / "folder").mkdir()
    result = command.run("config", "--config", name)
    assert result.code == 2
    assert f"The configuration file {name} can't be read" in result.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LIMIT", "some"),
        ("MAX_WAIT", "1h30"),
        *thorough(("STRICT", "maybe"), ("LAYOUT", "odd")),
    ],
)
def test_a_wrong_variable_is_named(command: Command, variable: str, value: str) -> None:
    result = command.run("build", **{f"ARKOR_REPORT_{variable}": value})
    assert result.code == 2
    assert f"Invalid value for ARKOR_REPORT_{variable}: " in result.stderr
    assert value in result.stderr


# --- `config` ------------------------------------------------------------------------------------


def test_config_shows_no_secret(command: Command) -> None:
    secret = "abcdefgh-12345"  # noqa: S105 - made up
    result = command.run(
        "config", "--report-url", f"https://user:{secret}@host/x", "--org", secret,
        ARKOR_REPORT_TOKEN=secret,
    )  # fmt: skip
    found = table_of(result.stdout)
    assert secret not in result.stdout + result.stderr
    assert found["token"] == ("set", "ARKOR_REPORT_TOKEN")
    assert found["report-url"] == ("https://host/x", "command line")
    assert in_force(command.directory)["token"] == ("not set", "ARKOR_REPORT_TOKEN")


def test_no_shown_value_is_obeyed(command: Command) -> None:
    (command.directory / "arkor-report.toml").write_text(
        'title = "\\u001b[31m::error::x\\n\\u202ey"\n', "utf-8"
    )
    result = command.run("config")
    assert result.code == 0
    assert all(line.isprintable() for line in result.stdout.splitlines())
    assert "::error" not in result.stdout
