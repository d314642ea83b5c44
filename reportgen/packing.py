"""A log's file on the disk: plain while it may grow, packed once it is long and read to its end.

    <job>.log        the log
    <job>.log.zst    the same bytes, packed by Zstandard to about a fourteenth

A log is packed beside the plain one, which goes when that is done, and is made plain again before
anything is appended to it. A crash can leave both: then the plain one counts.
"""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from reportgen.eventlog import DamagedLogError
from reportgen.replacing import replacing

if TYPE_CHECKING:  # most logs are short: no command waits for an import that it has no use for
    import zstandard

WORTH_PACKING: Final = 1 << 20
"""From how many bytes on a log is packed: a small one takes a block or two of a disk anyway."""

_PACKED: Final = ".zst"
_LEVEL: Final = 1  # higher ones take several times as long for hardly less
_WINDOW: Final = 1 << 23
_MOST_TIMES: Final = 1000
"""A log that packs to less is left plain, so that a small file which says it is long is a lie."""
_BLOCK: Final = 1 << 18
_LONGEST_HEADER: Final = 18

_Seen = TypeVar("_Seen")


class Readable(Protocol):
    """An open log, to be read from its start to its end."""

    def read(self, size: int, /) -> bytes:
        """Give the next bytes, up to so many; none at the end."""
        ...


def status(path: Path) -> os.stat_result:
    """Give size and times of a log's file, however it is kept. Raises `FileNotFoundError`."""
    return _as_kept(path, Path.stat)


def is_kept(path: Path) -> bool:
    """Tell whether there is a log."""
    try:
        return bool(status(path))
    except FileNotFoundError:
        return False


def length(path: Path) -> int:
    """Give the length of a log in bytes, 0 where there is none.

    Raises `OSError`, and `DamagedLogError` where a packed log does not tell it.
    """
    try:
        with _as_kept(path, _open) as file:
            return _length_of_packed(file) if _is_packed(file) else _size(file)
    except FileNotFoundError:
        return 0


@contextmanager
def reading(path: Path) -> Iterator[Readable]:
    """Open a log, however it is kept.

    Raises `FileNotFoundError`, and `DamagedLogError` also within the block, where a packed log
    can't be read or is not whole.
    """
    with _as_kept(path, _open) as file:
        if not _is_packed(file):
            yield file
            return
        import zstandard  # noqa: PLC0415

        length = _length_of_packed(file)
        file.seek(0)
        try:
            unpacking = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
            yield _Unpacked(unpacking.stream_reader(file), length)
        except zstandard.ZstdError as error:
            raise DamagedLogError(f"the packed log can't be read ({error})") from error


def tail(path: Path, most: int) -> tuple[bytes, int]:
    """Give the last bytes of a log, up to so many, and its length. Raises as `reading` does."""
    with reading(path) as log:
        if isinstance(log, io.FileIO):
            size = log.seek(0, os.SEEK_END)
            log.seek(max(0, size - most))
            return log.read(), size
        size, last = 0, b""
        while block := log.read(_BLOCK):
            size += len(block)
            last = (last + block)[-most:]
        return last, size


def pack(path: Path) -> bool:
    """Put a log's packed form in its place, once it is on the disk; tell whether that was done.

    Raises `OSError`; then the plain one stays, and is all there is.
    """
    import zstandard  # noqa: PLC0415

    packed, size = _packed(path), path.stat().st_size
    with path.open("rb") as plain, replacing(packed) as file:
        compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
        try:
            _, length = compressor.copy_stream(plain, file, size=size)
        except zstandard.ZstdError as error:
            raise OSError(f"it can't be packed ({error})") from error
    if size > _MOST_TIMES * length:
        packed.unlink()
        return False
    path.unlink()
    return True


def make_plain(path: Path) -> None:
    """See that a log that is kept can be appended to. Raises `DamagedLogError` and `OSError`."""
    if path.exists():
        forget_packed(path)
        return
    with suppress(FileNotFoundError):
        with reading(path) as log, replacing(path) as file:
            while block := log.read(_BLOCK):
                file.write(block)
        _packed(path).unlink()


def move(fresh: Path, path: Path) -> None:
    """Let one log take another's place, both however they are kept. Raises `OSError`."""
    if fresh.exists():
        fresh.replace(path)
        forget_packed(path)
    else:
        _packed(fresh).replace(_packed(path))
        path.unlink(missing_ok=True)


def delete(path: Path) -> None:
    """Delete a log, if there is one. Raises `OSError`."""
    forget_packed(path)  # first: without the plain one it would count
    path.unlink(missing_ok=True)


def forget_packed(path: Path) -> None:
    """Delete what is packed of a log that is kept plain, and newer. Raises `OSError`."""
    _packed(path).unlink(missing_ok=True)


class _Unpacked:
    """A packed log's bytes, as they were."""

    def __init__(self, reader: "zstandard.ZstdDecompressionReader", size: int) -> None:
        self._reader = reader
        self._left = size

    def read(self, size: int, /) -> bytes:
        data = self._reader.read(size)
        self._left -= len(data)
        if not data and self._left:
            raise DamagedLogError("the packed log is cut off")
        return data


def _packed(path: Path) -> Path:
    return path.with_name(path.name + _PACKED)


def _as_kept(path: Path, look: Callable[[Path], _Seen]) -> _Seen:
    """Look at the file that a log is kept in. Raises `FileNotFoundError`."""
    for kept in (path, _packed(path)):
        with suppress(FileNotFoundError):
            return look(kept)
    return look(path)  # another command may have made it plain between the two looks


def _open(file: Path) -> io.FileIO:
    return file.open("rb", buffering=0)


def _is_packed(file: io.FileIO) -> bool:
    return str(file.name).endswith(_PACKED)


def _length_of_packed(file: io.FileIO) -> int:
    """Give the length that a packed log tells of itself. Raises `DamagedLogError`."""
    import zstandard  # noqa: PLC0415

    try:
        length = zstandard.frame_content_size(file.read(_LONGEST_HEADER))
    except zstandard.ZstdError as error:
        raise DamagedLogError(f"the packed log has no beginning ({error})") from error
    if not 0 <= length <= _MOST_TIMES * _size(file):
        raise DamagedLogError("the packed log does not tell how long it is")
    return length


def _size(file: io.FileIO) -> int:
    return os.fstat(file.fileno()).st_size
