"""Access to fetched data for its owner alone, wherever modes can be set."""

from collections.abc import Callable, Iterable

from reportgen.files import Directory


def make_private(directory: Directory, names: Iterable[str], warn: Callable[[str], None]) -> bool:
    """Make a directory and these of its files private; if that fails, warn and return False.

    On some file systems, and in someone else's directory, modes cannot be set; the command goes on
    all the same.
    """
    try:
        directory.make_private()
        for name in names:
            if directory.has(name):
                directory.make_file_private(name)
    except OSError as error:
        warn(
            f"cannot make {directory.path} private ({error.strerror or error}): "
            "others on this machine may be able to read it"
        )
        return False
    return True
