"""A home or a current directory that is not there: unaffected, or a plain message."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests import users
from tests.command import NOWHERE, Command, Result
from tests.standin import StandIn, job, training

pytestmark = pytest.mark.thorough

DEMO = ("build", "--source", "demo", "--limit", "1", "-q")
JOB = job("job_done", events=training(5))


@pytest.fixture
def homeless() -> Iterator[Command]:
    """The command as a user without a passwd entry, and without HOME."""
    with users.open_directory() as directory:
        yield Command(directory, prefix=(*users.nobody(), "env", "-u", "HOME"))


def assert_plain(result: Result, code: int, *words: str) -> None:
    assert result.code == code, result.stderr
    assert len(result.stderr.splitlines()) <= 2
    for word in words:
        assert word in result.stderr
    assert "unexpected" not in result.stderr


# --- Home ----------------------------------------------------------------------------------------


def test_without_a_home_everything_works_that_needs_none(homeless: Command) -> None:
    assert homeless.run(*DEMO).code == 0
    assert homeless.run("config").code == 0
    with StandIn(JOB) as studio:
        built = homeless.run("build", "--url", studio.url, ARKOR_REPORT_TOKEN=studio.token)
    assert built.code == 0, built.stderr


@pytest.mark.parametrize("source", ["studio", "cloud"])
def test_without_a_home_a_secret_that_is_looked_for_there_names_the_variable(
    homeless: Command, source: str
) -> None:
    nowhere = ("--source", source, "--url", NOWHERE)
    assert_plain(homeless.run("build", *nowhere), 3, "HOME", "--token-file")
    told = homeless.run("doctor", *nowhere)
    assert told.code == 3
    assert "HOME" in told.stderr


@pytest.mark.parametrize("source", ["studio", "cloud"])
@pytest.mark.parametrize(
    ("home", "reason"),
    [
        ("", "HOME"),
        ("relative", "HOME"),
        ("/nonexistent", "HOME is /nonexistent, No such file or directory"),
        ("/dev/null", "HOME is /dev/null, Not a directory"),
    ],
)
def test_a_home_that_is_not_a_directory_is_named(
    command: Command, source: str, home: str, reason: str
) -> None:
    assert_plain(command.run("build", "--source", source, "--url", NOWHERE, HOME=home), 3, reason)


def test_a_home_that_may_not_be_searched_is_named(homeless: Command) -> None:
    home = homeless.directory / "home"
    home.mkdir(mode=0)
    searching = replace(homeless, prefix=users.nobody())
    built = searching.run("build", "--url", NOWHERE, HOME=str(home))
    assert_plain(built, 3, f"HOME is {home}, Permission denied")


def test_a_home_without_a_token_is_not_at_fault(command: Command) -> None:
    (command.directory / "home").mkdir()
    built = command.run("build", "--url", NOWHERE)
    assert_plain(built, 3, "There is no Studio token")
    assert "HOME" not in built.stderr


@pytest.mark.parametrize("place", ["option", "variable", "file", "config"])
def test_a_tilde_without_a_home_is_wrong_usage(homeless: Command, place: str) -> None:
    arguments, variables = list(DEMO), {}
    match place:
        case "option":
            arguments += ["--out", "~/out"]
        case "variable":
            variables = {"ARKOR_REPORT_OUT": "~"}
        case "config":
            arguments += ["--config", "~/arkor-report.toml"]
        case _:
            (homeless.directory / "arkor-report.toml").write_text('out = "~/out"')
    assert_plain(homeless.run(*arguments, **variables), 2, "HOME")


@pytest.mark.parametrize("place", ["option", "variable", "file"])
def test_a_tilde_is_the_home(command: Command, place: str) -> None:
    (command.directory / "home").mkdir()
    arguments, variables = list(DEMO), {}
    match place:
        case "option":
            arguments += ["--out", "~/report"]
        case "variable":
            variables = {"ARKOR_REPORT_OUT": "~/report"}
        case _:
            (command.directory / "named.toml").write_text('out = "~/report"')
            arguments += ["--config", "named.toml"]
    assert command.run(*arguments, **variables).code == 0
    assert (command.directory / "home/report/index.html").is_file()


@pytest.mark.parametrize("option", ["--out", "--snapshot-dir", "--project-dir", "--config"])
def test_an_empty_path_is_wrong_usage(command: Command, option: str) -> None:
    assert_plain(command.run(*DEMO, option, ""), 2, option, "empty")


def test_an_empty_path_in_a_file_is_wrong_usage(command: Command) -> None:
    (command.directory / "arkor-report.toml").write_text('out = ""')
    assert_plain(command.run(*DEMO), 2, "out", "empty")


# --- The current directory -----------------------------------------------------------------------

GONE = ("bash", "-c", 'mkdir gone; cd gone; rmdir ../gone; exec "$@"', "bash")
CLOSED = ("bash", "-c", 'cd "$(mktemp -d -p .)"; chmod 0 .; exec "$@"', "bash")


def elsewhere(command: Command) -> list[str]:
    place = command.directory
    return ["--out", str(place / "out"), "--snapshot-dir", str(place / "kept")]


def test_a_current_directory_that_is_gone_matters_to_relative_paths_alone(
    command: Command,
) -> None:
    gone = replace(command, prefix=GONE)
    assert gone.run(*DEMO, *elsewhere(command)).code == 0
    assert gone.run("config", *elsewhere(command)).code == 0
    assert gone.run("render", *elsewhere(command)).code == 0
    for arguments in ([], ["--out", "out", *elsewhere(command)[2:]], elsewhere(command)[:2]):
        assert_plain(gone.run(*DEMO, *arguments), 1, "current directory")
    assert_plain(gone.run("merge", "a", "b", *elsewhere(command)[2:]), 1, "a")
    with StandIn(JOB) as studio:
        built = gone.build(studio, *elsewhere(command))
    assert built.code == 0, built.stderr


def test_a_current_directory_that_may_not_be_read_matters_to_relative_paths_alone(
    homeless: Command,
) -> None:
    closed = replace(homeless, prefix=(*homeless.prefix, *CLOSED))
    assert closed.run(*DEMO, *elsewhere(homeless)).code == 0
    for arguments in ([], elsewhere(homeless)[:2]):
        assert_plain(closed.run(*DEMO, *arguments), 1, "Permission denied")
