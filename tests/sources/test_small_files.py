"""Token, credentials and scope: regular files, or a pipe for the token, without ever hanging."""

import os
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import IO

import pytest

from reportgen.errors import SourceError
from reportgen.sources import small_files
from tests.command import Command
from tests.parameters import pairs
from tests.standin import Cloud, StandIn, job, refusal, training

pytestmark = pytest.mark.thorough

JOB = job("job_done", events=training(5, "job_done"))
TOKEN = "bearer-token-of-the-test"  # noqa: S105 - it opens the stand-in alone


# --- What is read --------------------------------------------------------------------------------


@pytest.fixture(params=["itself", "link"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return the path to plant something at, or a link to it, which makes no difference."""
    if request.param == "link":
        (tmp_path / "link").symlink_to("file")
        (tmp_path / "named").symlink_to("link")
    return tmp_path / "file"


def named(path: Path) -> Path:
    link = path.with_name("named")
    return link if link.is_symlink() else path


def test_a_regular_file(path: Path) -> None:
    path.write_bytes(b"x" * small_files.LARGEST)
    assert small_files.read(named(path)) == "x" * small_files.LARGEST
    path.write_bytes(b"caf\xe9")
    assert small_files.read(named(path)) == "caf�"


def test_a_file_that_is_too_large(path: Path) -> None:
    path.write_bytes(b"x" * (small_files.LARGEST + 1))
    with pytest.raises(SourceError, match=f"{named(path)}: File too large"):
        small_files.read(named(path))


@pytest.mark.parametrize("may_be_pipe", [True, False], ids=["token", "other"])
@pytest.mark.parametrize("kind", ["directory", "socket", "device", "FIFO"])
def test_what_is_not_a_file_is_refused_at_once(path: Path, kind: str, *, may_be_pipe: bool) -> None:
    match kind:
        case "directory":
            path.mkdir()
        case "socket":
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(os.path.relpath(path))
        case "device":
            path.symlink_to("/dev/zero")
        case _:
            if may_be_pipe:
                pytest.skip("a token may come through a pipe")
            os.mkfifo(path)
    with pytest.raises(SourceError, match=f"Cannot read {named(path)}: it is a {kind}"):
        small_files.read(named(path), may_be_pipe=may_be_pipe)


def test_a_link_that_leads_nowhere_is_a_missing_file(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        small_files.read(named(path))


def test_a_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(SourceError, match="loop"):
        small_files.read(tmp_path / "loop")


# --- Pipes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [b"", b"one\n", b"x" * 200_000])
def test_a_pipe_is_read_to_its_end(text: bytes) -> None:
    def write(pipe: IO[bytes]) -> None:
        pipe.write(text)
        pipe.close()

    reading, writing = os.pipe()
    with open(writing, "wb") as pipe:  # noqa: PTH123 - a descriptor
        writer = threading.Thread(target=write, args=(pipe,))
        writer.start()
        assert small_files.read_pipe(reading, 30) == text
        writer.join()
    os.close(reading)


@pytest.mark.parametrize("text", [b"", b"half"])
def test_a_pipe_that_nobody_closes(text: bytes) -> None:
    reading, writing = os.pipe()
    os.write(writing, text)
    began = time.monotonic()
    with pytest.raises(OSError, match="this pipe was still open after 0 s"):
        small_files.read_pipe(reading, 0.3)
    assert 0.3 <= time.monotonic() - began < 10
    os.close(reading)
    os.close(writing)


def test_a_pipe_without_an_end_is_cut_off() -> None:
    reading, writing = os.pipe()
    endless = subprocess.Popen(["yes"], stdout=writing)  # noqa: S607
    os.close(writing)
    with pytest.raises(OSError, match="File too large"):
        small_files.read_pipe(reading, 30)
    os.close(reading)
    assert endless.wait(30) != 0


def test_a_writer_may_come_later_and_is_needed_once(path: Path) -> None:
    os.mkfifo(path)

    def write() -> None:
        time.sleep(0.2)
        path.write_text(TOKEN)

    writer = threading.Thread(target=write)
    writer.start()
    assert small_files.read(named(path), may_be_pipe=True) == TOKEN
    writer.join()
    assert small_files.read(named(path), may_be_pipe=True) == TOKEN


# --- The command ---------------------------------------------------------------------------------


def test_a_token_from_a_process(command: Command) -> None:
    with StandIn(JOB) as studio:
        words = f"--token-file <(sleep 0.2; echo {studio.token})"
        result = command.run_in_bash(words, "build", "--url", studio.url)
    assert result.code == 0, result.stderr


@pytest.mark.parametrize("arguments", [("build", "-q"), ("snapshot",), ("doctor",)])
def test_every_command_that_asks_reads_the_process_once(
    command: Command, arguments: tuple[str, ...]
) -> None:
    with StandIn(JOB) as studio:
        words = f"--token-file <(echo x >> asked; echo {studio.token})"
        result = command.run_in_bash(words, *arguments, "--url", studio.url)
    assert result.code == 0, result.stderr
    assert (command.directory / "asked").read_text() == "x\n"
    assert studio.token not in result.stdout + result.stderr


def test_a_token_from_standard_input(command: Command) -> None:
    with StandIn(JOB) as studio:
        words = f"--token-file /dev/stdin < <(sleep 0.2; echo {studio.token})"
        result = command.run_in_bash(words, "build", "--url", studio.url)
    assert result.code == 0, result.stderr


def test_a_refused_stream_does_not_ask_the_pipe_again(command: Command) -> None:
    with StandIn(job("a", script=refusal(401, "no"))) as studio:
        words = f"--token-file <(echo x >> asked; echo {studio.token})"
        result = command.run_in_bash(words, "build", "--url", studio.url, "--max-wait", "0")
        assert len(studio.openings("a")) == 1
    assert result.code == 0, result.stderr
    assert result.job("a")["stream"]["state"] == "unavailable"
    assert (command.directory / "asked").read_text() == "x\n"


def test_a_token_from_a_pipe_by_the_variable(command: Command) -> None:
    os.mkfifo(command.directory / "pipe")
    with StandIn(JOB) as studio:
        process = command.start("build", "--url", studio.url, ARKOR_REPORT_TOKEN_FILE="pipe")
        (command.directory / "pipe").write_text(studio.token)
        _, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr


def test_credentials_from_a_process(command: Command) -> None:
    words = f"""--token-file <(echo '{{"mode": "anon", "token": "{TOKEN}", "orgSlug": "acme"}}')"""
    with StandIn(JOB, cloud=Cloud(token=TOKEN, org="acme")) as server:
        result = command.run_in_bash(
            words, "build", "-s", "cloud", "--url", server.url, "--project", "support-bot"
        )
    assert result.code == 0, result.stderr


def test_a_refusal_does_not_ask_the_pipe_again(command: Command) -> None:
    with StandIn(JOB) as studio:
        result = command.run_in_bash(
            "--token-file <(echo wrong-token)", "build", "--url", studio.url
        )
        assert len([r for r in studio.requests if r.path == "/api/jobs"]) == 1
    assert result.code == 3
    assert "refused the token" in result.stderr


def test_a_process_that_fails_leaves_no_token(command: Command) -> None:
    began = time.monotonic()
    result = command.run_in_bash("--token-file <(exit 1)", "build")
    assert result.code == 3
    assert "/dev/fd/" in result.stderr
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("source", ["studio", "cloud"])
def test_a_token_file_that_is_a_device(command: Command, source: str) -> None:
    result = command.run("build", "-s", source, "--token-file", "/dev/zero")
    assert result.code == 3
    assert "Cannot read /dev/zero: it is a device" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("file", "kind"),
    pairs(
        [
            "home/.arkor/credentials.json",
            "home/.arkor/studio-token",
            ".arkor/state.json",
            "node_modules/arkor/package.json",
        ],
        ["FIFO", "directory"],
    ),
)
def test_no_file_of_arkors_can_block(command: Command, file: str, kind: str) -> None:
    code = 0 if file.endswith("package.json") else 3  # without it, a version is assumed
    path = command.directory / file
    path.parent.mkdir(parents=True)
    (os.mkfifo if kind == "FIFO" else os.mkdir)(path)
    source = "studio" if file.endswith("token") else "cloud"
    variables = {} if file.startswith("home") else {"ARKOR_REPORT_TOKEN": TOKEN}
    scope = [] if file.endswith("state.json") else ["--org", "acme", "--project", "support-bot"]
    with StandIn(JOB, cloud=Cloud(token=TOKEN, org="acme")) as server:
        server.answers.overrides["page"] = refusal(404, "This Studio's page has no token")
        result = command.run("build", "-s", source, "--url", server.url, *scope, **variables)
    assert result.code == code, result.stderr
    if code:
        assert f"{file}: it is a {kind}" in result.stderr
