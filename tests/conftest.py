"""What many tests share."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

from tests.command import Command

# CI runs each property test once more with `--hypothesis-profile thorough`.
settings.register_profile("quick", deadline=None, max_examples=40, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=500, derandomize=True)
settings.load_profile("quick")


def pytest_configure() -> None:
    """Handle signals as usual: `nohup`, and a shell's `&`, hand some down ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The real command, in an empty directory with an empty home."""
    return Command(tmp_path)
