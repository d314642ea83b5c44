"""The home directory, which may not exist: a container's user, a service, a typo."""

import os
from collections.abc import Mapping


def expand(text: str) -> str:
    """Return a path with a leading `~` or `~user` expanded. Raises `ValueError` without a home."""
    if not text.startswith("~"):
        return text
    user = text[1:].partition("/")[0]
    # With an empty HOME Python expands ~/x to /x.
    expanded = text if not user and os.environ.get("HOME") == "" else os.path.expanduser(text)  # noqa: PTH111 - pathlib would also expand ./~
    if expanded.startswith("/"):
        return expanded
    if user:
        raise ValueError(f"no home directory is known for ~{user}: write ./~{user} for a file name")
    raise ValueError("no home directory is known for ~: set HOME, or write the path in full")


def trouble(environment: Mapping[str, str]) -> str | None:
    """Return why the home directory is unusable, naming the variable; None if it is usable."""
    try:
        home = expand("~")
    except ValueError:
        return "HOME does not name a directory"
    try:
        os.stat(os.path.join(home, "."))  # noqa: PTH116, PTH118 - pathlib would drop the dot
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        unset = "" if environment.get("HOME") else "not set, and the user's is "
        return f"HOME is {unset}{home}, {reason}"
    return None
