"""What others may have planted in a directory, and how to check that nothing outside changed."""

import os
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

TEXT: Final = "their file"


def make_outside(place: Path) -> Path:
    """Make someone else's folder tree, with odd modes, and return its path."""
    (place / "folder").mkdir(parents=True)
    for name in ("file", "index.html", "a.html", "folder/file", "folder/a.html"):
        (place / name).write_text(TEXT)
        (place / name).chmod(0o640)
    (place / "folder").chmod(0o755)
    return place


def tree(place: Path) -> dict[str, tuple[int, int, int, str]]:
    """Return mode, inode, time of change and content of everything below a directory."""
    return {path.relative_to(place).as_posix(): _state(path) for path in place.rglob("*")}


def _state(path: Path) -> tuple[int, int, int, str]:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        content = str(path.readlink())
    elif stat.S_ISREG(status.st_mode):
        content = path.read_text("utf-8", "replace")
    else:
        content = ""
    # A directory's own times are left out: names that were added or removed show by themselves.
    changed = 0 if stat.S_ISDIR(status.st_mode) else status.st_mtime_ns
    return status.st_mode, status.st_ino, changed, content


def _fifo(path: Path, _: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path, _: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # a socket's address has to be short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(before)


def _device(path: Path, _: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("making a device needs root")


def _folder(path: Path, _: Path) -> None:
    path.mkdir()
    (path / "notes.txt").write_text("mine")


LINKS: Final[Mapping[str, Callable[[Path, Path], None]]] = MappingProxyType(
    {
        "link to a file": lambda path, outside: path.symlink_to(outside / "file"),
        "link to a folder": lambda path, outside: path.symlink_to(outside / "folder"),
        "relative link": lambda path, outside: path.symlink_to(
            os.path.relpath(outside / "file", path.parent)
        ),
        "dangling link": lambda path, outside: path.symlink_to(outside / "new"),
        "link to itself": lambda path, _: path.symlink_to(path.name),
    }
)
SPECIAL: Final[Mapping[str, Callable[[Path, Path], None]]] = MappingProxyType(
    {"FIFO": _fifo, "socket": _socket, "device": _device}
)
HARD_LINK: Final = "hard link"
FOLDER: Final = "folder"


def plant(kind: str, path: Path, outside: Path) -> None:
    """Plant something at a path, in place of what is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        path.rename(path.with_name(f"{path.name} as it was"))
    path.unlink(missing_ok=True)
    if kind == HARD_LINK:
        path.hardlink_to(outside / "file")
    elif kind == FOLDER:
        _folder(path, outside)
    else:
        {**LINKS, **SPECIAL}[kind](path, outside)
