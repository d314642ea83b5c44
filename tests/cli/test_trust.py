"""What a configuration file that was merely found may not do; directories that may not overlap."""

import os
import shutil
from pathlib import Path

import pytest

from tests.command import Command, Result
from tests.parameters import pairs, thorough
from tests.standin import StandIn, completed, job

pytestmark = pytest.mark.thorough

COMMANDS = {
    "build": ["build"],
    "snapshot": ["snapshot"],
    "render": ["render"],
    "merge": ["merge", "shard"],
    "doctor": ["doctor"],
    "config": ["config"],
}


def write(command: Command, text: str, name: str = "arkor-report.toml") -> Path:
    file = command.directory / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def refused(result: Result, *words: str) -> None:
    assert (result.code, result.stdout) == (2, ""), result.stderr
    assert "unexpected" not in result.stderr
    assert len(result.stderr.splitlines()) <= 2
    for word in words:
        assert word in result.stderr


# --- Secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    pairs(
        list(COMMANDS),
        [
            'token-file = "~/.ssh/id_ed25519"',
            'token-file = "secret"',
            'url = "https://evil.example"',
            'url = "http://127.0.0.1.evil.example:4000"',
            'source = "cloud"\nurl = "https://127.0.0.1:1"',
            'source = "demo"\nurl = "http://localhost:4000"',
        ],
    ),
)
def test_a_found_file_may_not_send_secrets(command: Command, name: str, text: str) -> None:
    write(command, text)
    key = text.splitlines()[-1].partition(" ")[0]
    refused(command.run(*COMMANDS[name]), "arkor-report.toml", f"'{key}'", "--config", f"--{key}")


@pytest.mark.parametrize(
    "url",
    [
        "http://0.0.0.0:4000",
        "http://localhost.example:4000",
        "//127.0.0.1:4000",
        "",
        *thorough(
            "http://[::ffff:192.0.2.1]:4000",
            "http://notlocalhost:4000",
            "http://2130706433:4000",
            "file://127.0.0.1/",
        ),
    ],
)
def test_addresses_that_only_look_like_loopback_are_not(command: Command, url: str) -> None:
    write(command, f'url = "{url}"')
    refused(command.run("doctor"), "url")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.8.9.1:4001",
        "http://[::1]:4001",
        "http://studio.localhost:4001",
        *thorough("http://127.0.0.1:4001", "http://localhost:4001", "http://LOCALHOST:4001"),
    ],
)
def test_studio_on_this_machine_may_be_named(command: Command, url: str) -> None:
    write(command, f'url = "{url}"')
    assert command.run("config").code == 0


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (["--source", "cloud"], {}),
        ([], {"ARKOR_REPORT_SOURCE": "cloud"}),
    ],
)
def test_the_source_in_force_counts_whatever_set_it(
    command: Command, arguments: list[str], variables: dict[str, str]
) -> None:
    write(command, 'url = "https://localhost:1"')
    for name in ("build", "doctor", "config"):
        refused(command.run(name, *arguments, **variables), "'url'")


def test_no_token_is_sent_to_a_url_from_a_found_file(command: Command) -> None:
    command.environment["ARKOR_REPORT_TOKEN"] = "a-token-of-some-length"  # noqa: S105
    with StandIn(job(events=[completed()])) as studio:
        for name in ("build", "snapshot", "doctor"):
            write(command, f'source = "cloud"\nurl = "{studio.url}"\norg = "o"\nproject = "p"')
            refused(command.run(name))
            assert studio.requests == []


def test_an_overridden_setting_is_not_judged(command: Command) -> None:
    write(command, 'url = "https://evil.example"\ntoken-file = "secret"\nout = "../x"\n')
    overriding = ["--url", "http://127.0.0.1:1", "--token-file", "mine", "--out", "out"]
    assert command.run("config", *overriding).code == 0
    variables = {
        "ARKOR_REPORT_URL": "http://127.0.0.1:1",
        "ARKOR_REPORT_TOKEN_FILE": "mine",
        "ARKOR_REPORT_OUT": "out",
    }
    assert command.run("config", **variables).code == 0
    # For a command without the option, only the variable can set it.
    (command.directory / "shard").mkdir()
    assert command.run("merge", "shard", **variables).code == 1
    refused(command.run("merge", "shard"), "'token-file'")
    refused(command.run("config", **dict.fromkeys(variables, "")), "'token-file'")


def test_a_secret_in_its_variable_overrides_a_token_file(command: Command) -> None:
    write(command, 'token-file = "secret"')
    for name in ("config", "doctor", "render"):
        assert command.run(name, ARKOR_REPORT_TOKEN="").code == 2
        assert command.run(name, ARKOR_REPORT_TOKEN="a-token-of-some-length").code != 2
    (command.directory / "secret").write_text("the-secret-of-the-file")
    token = "the-token-of-the-variable"  # noqa: S105
    with StandIn(job(events=[completed()]), token=token) as studio:
        for more in ({"ARKOR_REPORT_TOKEN_FILE": "secret"}, {"ARKOR_REPORT_CONFIG": "x.toml"}):
            write(command, 'token-file = "secret"', "x.toml")
            result = command.run(
                "build", "--url", studio.url, "-q", ARKOR_REPORT_TOKEN=token, **more
            )
            assert result.code == 0, result.stderr
        result = command.run(
            "build", "--url", studio.url, "--token-file", "secret", ARKOR_REPORT_TOKEN=token
        )
        assert result.code == 3


@pytest.mark.parametrize("named_by", ["option", "variable"])
def test_a_named_file_is_obeyed(command: Command, named_by: str) -> None:
    text = 'url = "https://host.example"\ntoken-file = "/s"\nout = "/o"\nproject-dir = "../x"'
    write(command, text, "conf/arkor-report.toml")
    name = "conf/arkor-report.toml"
    result = (
        command.run("config", "--config", name)
        if named_by == "option"
        else command.run("config", ARKOR_REPORT_CONFIG=name)
    )
    assert result.code == 0, result.stderr
    assert "https://host.example" in result.stdout


# --- Paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"),
    pairs(
        ["out", "snapshot-dir", "project-dir"],
        ["..", "../sibling", "/elsewhere", "~/x", "a/../../b", "link", "link/below"],
    ),
)
def test_a_found_files_paths_stay_below_it(command: Command, key: str, value: str) -> None:
    repository = Command(command.directory / "p", {"HOME": str(command.directory)})
    repository.directory.mkdir()
    (repository.directory / "link").symlink_to(command.directory)
    write(repository, f'{key} = "{value}"')
    for name in ("snapshot", "config"):
        refused(repository.run(*COMMANDS[name]), "arkor-report.toml", f"'{key}'", "--config")


def test_paths_below_a_found_file_are_fine(command: Command) -> None:
    (command.directory / "real").mkdir()
    (command.directory / "within").symlink_to("real")
    write(command, 'out = "within/../pages"\nsnapshot-dir = "within/kept"\nproject-dir = "."')
    built = command.run("build", "--source", "demo", "--limit", "1", "-q")
    assert (built.code, built.stderr) == (0, "")
    assert (command.directory / "pages" / "index.html").exists()
    assert (command.directory / "real" / "kept").is_dir()


@pytest.mark.parametrize("key", ["out", "snapshot-dir"])
def test_output_may_not_go_into_the_found_files_own_directory(command: Command, key: str) -> None:
    write(command, f'{key} = "."')
    refused(command.run("snapshot"), f"'{key}'")


@pytest.mark.parametrize("name", ["out", ".arkor-report"])
def test_a_default_directory_may_not_be_a_link_that_leads_out(command: Command, name: str) -> None:
    outside = command.directory / "outside"
    outside.mkdir()
    repository = Command(command.directory / "repository")
    repository.directory.mkdir()
    (repository.directory / name).symlink_to(outside)
    built = repository.run("build", "--source", "demo")
    assert (built.code, built.stdout) == (1, "")
    assert f"{name} leads out of this directory" in built.stderr
    assert list(outside.iterdir()) == []
    option = "--out" if name == "out" else "--snapshot-dir"
    assert repository.run("build", "--source", "demo", "--limit", "1", option, name).code == 0
    assert list(outside.iterdir())


# --- The file itself -----------------------------------------------------------------------------


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "huge", "loop"])
def test_anything_but_a_small_regular_file_is_refused(
    command: Command, kind: str, *, named: bool
) -> None:
    file = command.directory / "arkor-report.toml"
    match kind:
        case "pipe":
            os.mkfifo(file)
        case "device":
            file.symlink_to("/dev/zero")
        case "folder":
            file.mkdir()
        case "huge":
            file.write_bytes(b"#" * 2_000_000)
        case _:
            file.symlink_to(file.name)
    result = command.run("build", *(["--config", file.name] if named else []))
    refused(result, "The configuration file arkor-report.toml can't be read", "--config")


def test_a_found_link_may_not_lead_out(command: Command) -> None:
    outside = command.directory / "outside.toml"
    outside.write_text("limit = 1")
    inside = Command(command.directory / "p")
    (inside.directory / "conf").mkdir(parents=True)
    file = inside.directory / "arkor-report.toml"
    file.symlink_to(outside)
    refused(inside.run("config"), "arkor-report.toml", "--config")
    assert inside.run("config", "--config", file.name).code == 0
    file.unlink()
    (inside.directory / "conf" / "x.toml").write_text("limit = 1")
    file.symlink_to("conf/x.toml")
    assert inside.run("config").code == 0


@pytest.fixture
def ordinary(command: Command) -> Command:
    """The command, without root's right to read everything."""
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root reads everything, and setpriv is not installed")
        command.prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    return command


def test_a_file_in_a_directory_that_cannot_be_entered_counts_as_absent(
    ordinary: Command,
) -> None:
    file = write(ordinary, "limit = 1", "p/arkor-report.toml")
    file.parent.chmod(0o600)
    result = ordinary.run("config", "--project-dir", "p")
    refused(ordinary.run("config", "--config", "p/arkor-report.toml"), "can't be read")
    file.parent.chmod(0o700)
    assert result.code == 0, result.stderr
    assert "arkor-report.toml" not in result.stdout


def test_a_file_without_read_permission_is_wrong_usage(ordinary: Command) -> None:
    write(ordinary, "limit = 1").chmod(0)
    refused(ordinary.run("config"), "arkor-report.toml can't be read: Permission denied")


# --- Empty paths and home directories ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("build", ["--out", "--snapshot-dir", "--token-file", "--project-dir", "--config"]),
        ("snapshot", ["--snapshot-dir"]),
        ("render", ["--out", "--snapshot-dir"]),
        ("doctor", ["--token-file", "--project-dir"]),
    ],
)
def test_an_empty_path_is_wrong_usage(command: Command, name: str, options: list[str]) -> None:
    for option in options:
        refused(command.run(name, option, ""), f"Invalid value for '{option}'", "empty")


def test_an_empty_path_to_merge_is_wrong_usage(command: Command) -> None:
    refused(command.run("merge", ""), "empty")


def test_an_empty_path_in_the_file_is_wrong_usage(command: Command) -> None:
    write(command, 'out = ""')
    refused(command.run("build"), "Invalid value for 'out' in arkor-report.toml", "empty")


def test_a_tilde_is_expanded_wherever_a_path_comes_from(command: Command) -> None:
    home = command.directory / "home"
    by_line = command.run(
        "snapshot", "--source", "demo", "--limit", "1", "--snapshot-dir", "~/one", "-q"
    )
    assert (by_line.code, by_line.stdout) == (0, f"{home}/one\n")
    by_variable = command.run(
        "snapshot", "--source", "demo", "--limit", "1", "-q", ARKOR_REPORT_SNAPSHOT_DIR="~/two"
    )
    assert (by_variable.code, by_variable.stdout) == (0, f"{home}/two\n")
    write(command, 'snapshot-dir = "~/three"', "c.toml")
    by_file = command.run(
        "snapshot", "--source", "demo", "--limit", "1", "-q", "--config", "c.toml"
    )
    assert (by_file.code, by_file.stdout) == (0, f"{home}/three\n")
    assert command.run("merge", "~/one", "--snapshot-dir", "~/four").code == 0
    assert not (command.directory / "~").exists()


@pytest.mark.parametrize(
    ("path", "home"), pairs(["~/x", "~", "~nobody-of-this-name/x"], ["", "relative"])
)
def test_a_tilde_without_a_home_directory_is_wrong_usage(
    command: Command, path: str, home: str
) -> None:
    command.environment["HOME"] = home
    refused(command.run("build", "--out", path), "no home directory is known for ~")
    refused(command.run("build", ARKOR_REPORT_PROJECT_DIR=path), "no home directory")
    write(command, f'out = "{path}"')
    refused(command.run("build"), "no home directory")
    refused(command.run("merge", "shard"), "'out' in arkor-report.toml", "no home directory")


# --- Overlapping directories ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "directories"),
    pairs(
        ["build", "render", "config"],
        [
            ("x", "x"),
            ("x", "x/y"),
            ("x/y", "x"),
            (".", ".arkor-report"),
            ("x/../z", "z"),
            ("x", "link/y"),
            ("link/y/z", "x/y"),
            ("up/z", "z/deep"),
            ("/", "x"),
            ("new/a", "new/b/../a/c"),
        ],
    ),
)
def test_report_and_snapshot_may_not_overlap(
    command: Command, name: str, directories: tuple[str, str]
) -> None:
    out, kept = directories
    (command.directory / "x").mkdir()
    (command.directory / "link").symlink_to("x")
    (command.directory / "up").symlink_to("x/..")
    result = command.run(name, "--out", out, "--snapshot-dir", kept)
    refused(result, "--out", "--snapshot-dir", "different directories")
    assert not list((command.directory / "x").iterdir())


def test_defaults_and_files_count_too(command: Command) -> None:
    refused(command.run("build", "--out", ".arkor-report/pages"), "different directories")
    refused(command.run("build", ARKOR_REPORT_SNAPSHOT_DIR="out"), "different directories")
    write(command, 'snapshot-dir = "out/kept"')
    refused(command.run("render"), "different directories")


def test_neighbours_do_not_overlap(command: Command) -> None:
    result = command.run("config", "--out", "x/a", "--snapshot-dir", "x/ab")
    assert result.code == 0, result.stderr


def test_only_commands_that_use_both_directories_compare_them(command: Command) -> None:
    """`out` in the environment does not concern a command that writes no report."""
    result = command.run(
        "snapshot", "--source", "demo", "--limit", "1", ARKOR_REPORT_OUT=".arkor-report"
    )
    assert result.code == 0, result.stderr
    assert command.run("merge", ".arkor-report", "--snapshot-dir", "whole").code == 0
