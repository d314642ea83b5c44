"""What options take: each type turns a text into a final value, wherever the text comes from."""

import os
from pathlib import Path
from typing import Any

import click


class PathType(click.Path):
    """A path, never empty; a leading `~` is the home directory wherever the path comes from."""

    def __init__(self, *, file_okay: bool = True, dir_okay: bool = True) -> None:
        super().__init__(file_okay=file_okay, dir_okay=dir_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path. Raises `click.BadParameter`."""
        text = os.fspath(value)
        if not text:
            self.fail("the path is empty.", param, ctx)
        try:
            return super().convert(expand_home(text), param, ctx)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


def expand_home(text: str) -> str:
    """Return a path with a leading `~` or `~user` expanded. Raises `ValueError` without a home."""
    if not text.startswith("~"):
        return text
    user = text[1:].partition("/")[0]
    # With an empty HOME Python expands ~/x to /x.
    expanded = text if not user and os.environ.get("HOME") == "" else os.path.expanduser(text)  # noqa: PTH111 - pathlib would also expand ./~
    if expanded.startswith("/"):
        return expanded
    if user:
        raise ValueError(f"no home directory is known for ~{user}: write ./~{user} for such a name")
    raise ValueError("no home directory is known for ~: set HOME, or write the path in full")
