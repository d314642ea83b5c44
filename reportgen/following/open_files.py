"""How many streams can be open at once: each takes a socket and the file of its log."""

import os
import resource
from contextlib import suppress
from typing import Final

_EACH: Final = 2
_OTHERS: Final = 32
"""For everything else that a build opens: directories, idle connections, the event loop, pipes."""


def most_streams(wanted: int) -> int:
    """Return how many streams can be open at once, up to `wanted` and at least one.

    The open-file limit, 256 on macOS, is raised as far as needed and allowed.
    """
    others = _OTHERS + _open_now()
    needed = others + wanted * _EACH
    limit, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _is_under(limit, needed):
        goal = highest if _is_under(highest, needed) else needed
        with suppress(OSError, ValueError):  # the system may have a lower limit of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (goal, highest))
            limit = goal
    if not _is_under(limit, needed):
        return wanted
    return max(1, (limit - others) // _EACH)


def _is_under(limit: int, needed: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < needed


def _open_now() -> int:
    try:
        return len(os.listdir("/dev/fd"))  # noqa: PTH208 - only the names are needed
    except OSError:  # not every system has it
        return 0
