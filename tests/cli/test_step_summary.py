"""GitHub Actions' file for a step's summary: appended to, without ever waiting for it."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command import Command

pytestmark = pytest.mark.thorough


def test_it_is_appended_to_through_a_link(command: Command) -> None:
    summary = command.directory / "summary"
    summary.write_text("before\n")
    (command.directory / "link").symlink_to("summary")
    result = command.run("build", "-s", "demo", "--limit", "1", "-q", GITHUB_STEP_SUMMARY="link")
    assert result.code == 0, result.stderr
    assert summary.read_text("utf-8").startswith("before\n\n#")


def test_a_missing_file_is_created(command: Command) -> None:
    result = command.run("build", "-s", "demo", "--limit", "1", "-q", GITHUB_STEP_SUMMARY="summary")
    assert result.code == 0, result.stderr
    report = (result.out / "summary.md").read_text("utf-8")
    assert (command.directory / "summary").read_text("utf-8") == f"\n{report}"


def link_to_fifo(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (os.mkfifo, "a FIFO"),
        (link_to_fifo, "a FIFO"),
        (os.mkdir, "a directory"),
        (lambda path: path.symlink_to("/dev/full"), "a device"),
    ],
)
def test_anything_but_a_file_is_a_warning_at_once(
    command: Command, make: Callable[[Path], None], kind: str
) -> None:
    make(command.directory / "summary")
    began = time.monotonic()
    result = command.run("build", "-s", "demo", "--limit", "1", GITHUB_STEP_SUMMARY="summary")
    assert result.code == 0
    assert f"can't be written to summary: it is {kind}" in result.stderr
    assert time.monotonic() - began < 30
