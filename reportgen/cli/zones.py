"""Time zones from the tzdata package, a module of its own since its imports are slow."""

from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from reportgen.errors import ReportError, UsageError


@cache  # two objects for the same zone are not equal
def zone(name: str) -> ZoneInfo:
    """Return a zone from the tzdata package, so that pages are the same on every system.

    Raises `UsageError`, or `ReportError` if the package is damaged.
    """
    try:
        data = resources.files("tzdata")
        # Not every path in the package is a zone, and which ones open depends on the system.
        listed = data.joinpath("zones").read_text("ascii").splitlines()
        if name not in listed:
            raise UsageError(
                f"{name!r} is not a time zone in the IANA database: write it like Europe/Berlin."
            )
        with data.joinpath("zoneinfo", name).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError, ImportError) as error:
        raise ReportError(
            "The package tzdata is missing or damaged, so no time zone is known: install it with "
            "`pip install --force-reinstall tzdata`."
        ) from error
