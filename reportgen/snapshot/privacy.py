"""What was fetched is its owner's business alone, wherever modes can be set."""

from collections.abc import Callable, Iterable

from reportgen.files import Directory


def make_private(directory: Directory, names: Iterable[str], warn: Callable[[str], None]) -> bool:
    """Leave a directory, and those of its files, to their owner alone; else warn.

    Return whether that was possible. On some file systems, or in a directory that belongs to
    someone else, modes can't be set, which is no reason to fetch nothing.
    """
    try:
        directory.make_private()
        for name in names:
            if directory.has(name):
                directory.make_file_private(name)
    except OSError as error:
        warn(
            f"{directory.path} cannot be made private ({error.strerror or error}): "
            "others on this machine may be able to read it"
        )
        return False
    return True
