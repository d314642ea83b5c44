"""Runs commands as an ordinary user that has no name and no home, as containers do."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

UID = 54_321


_SETPRIV = ("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups")
_UNSHARE = ("unshare", "--user", f"--map-user={UID}")
_VERSION = "import reportgen.cli, sys; print(sys.version)"


def nobody() -> tuple[str, ...]:
    """Return a program, with arguments, that runs another as a user without a passwd entry."""
    for way in (_SETPRIV, _UNSHARE):
        # A Python in somebody's home may not be there for others, who then get the system's.
        if _version_under(way) == sys.version:
            return way
    pytest.skip("neither setpriv nor unshare may run this Python as another user here")


def limited() -> tuple[str, ...]:
    """Return a program, with arguments, that runs another as a user whom limits bind."""
    if os.getuid():
        return ("env",)
    if not _version_under(_SETPRIV):
        pytest.skip("limits do not bind root, and setpriv can't run a Python as another user here")
    return _SETPRIV


@cache
def _version_under(way: tuple[str, ...]) -> str:
    if shutil.which(way[0]) is None:
        return ""
    checkout = Path(__file__).resolve().parent.parent
    # By a shell, for which the rights that root still has at the first program are gone.
    tried = subprocess.run(
        [*way, "sh", "-c", 'exec "$@"', "sh", sys.executable, "-c", _VERSION],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return tried.stdout.removesuffix("\n")


@contextmanager
def open_directory() -> Iterator[Path]:
    """Make a directory that everyone may use; pytest's own are the user's alone."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o777)
        try:
            yield directory
        finally:
            for folder in directory.iterdir():
                if folder.is_dir() and os.geteuid() in {0, folder.stat().st_uid}:
                    folder.chmod(0o700)
