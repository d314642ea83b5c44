"""Fixtures that many tests share."""

from pathlib import Path

import pytest

from tests.command import Command


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The real command, in an empty directory with an empty home."""
    return Command(tmp_path)
