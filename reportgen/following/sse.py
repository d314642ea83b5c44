"""Decode event streams: bytes in, frames out, by section 9.2.6 of the HTML standard. No network.

httpx-sse opens the streams, but its decoder is unsuitable here: it uses the header's charset
instead of UTF-8, loses the first event after a byte order mark, returns frames without a data line
as events, buffers an endless line in memory, and decodes text that is then stored as bytes.
`tests/following/test_sse.py` compares this decoder's field rules with those of httpx-sse.

Nearly all frames look alike: a log's name, one data line, perhaps an id. A single pattern matches
many of them at a time, and they are returned as a run; everything between them is parsed field by
field. Both ways produce the same frames.

A frame's own lines count towards its limit; comments and fields that are not in the standard are
dropped as they arrive. However an unfinished frame is split into chunks, little of it is buffered
in memory: sixteen streams can be in the middle of a frame of the largest size.
"""

import re
from collections.abc import Iterable
from tempfile import SpooledTemporaryFile
from typing import Final, TypeAlias

import msgspec

from reportgen.events import wire
from reportgen.events.wire import MAX_FRAME_BYTES

_BOM: Final = b"\xef\xbb\xbf"
_MAX_KEPT_LINE: Final = 4096  # of name and id lines in a frame over the limit
_MAX_RETRY_DIGITS: Final = 12  # centuries; a server may send any number of digits
_FIELD_SHOWN: Final = 32  # bytes of a line, enough to recognise its field
_IN_MEMORY: Final = 1 << 20
"""How many bytes of an unfinished frame stay in memory before it moves to a temporary file."""

_FIELD: Final = rb"(?:data|event|id|retry)(?=[:\n])"
_OTHER_LINES: Final = re.compile(rb"(?>(?:^(?!%b).*\n)+)" % _FIELD, re.MULTILINE)
_OWN_LINE: Final = re.compile(_FIELD)
_RETRY_LINE: Final = re.compile(rb"^retry: ?(.*)$", re.MULTILINE)

# A log's frame and the blank line before it. Possessive groups keep it fast on any input.
_PLAIN_LOG: Final = re.compile(
    rb"\n\n(?>(?:id: ?+([^\n\0]++)\n)?)event: ?+%b\ndata: ?+(.*+)"
    rb"(?>(?:\nid: ?+([^\n\0]++))?)(?=\n\n|\Z)" % re.escape(wire.LOG)
)


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A dispatched event; its fields are the raw bytes received.

    `id` is None if neither this frame nor one without data just before it has an id, and empty if
    the id was reset. `over_limit` marks a frame above the size limit; its data is empty.
    """

    name: bytes
    data: bytes
    id: bytes | None = None
    over_limit: bool = False


class Run(msgspec.Struct, frozen=True, gc=False):
    """Consecutive `training.log` events with one line of data each; see `Frame` for the fields."""

    ids: list[bytes | None]
    datas: list[bytes]

    def frames(self) -> list[Frame]:
        """Return the events one by one."""
        return [
            Frame(wire.LOG, data, event_id)
            for event_id, data in zip(self.ids, self.datas, strict=True)
        ]


Parts: TypeAlias = list[Frame | Run]


class FrameDecoder:
    """Decodes one connection's bytes, in chunks of any size."""

    def __init__(self, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._limit = max_frame_bytes
        self._start: bytes | None = b""  # None once a byte order mark can no longer follow
        self._after_cr = False
        self._fields = _Fields()
        self._unfinished: _Block | None = None

    @property
    def retry(self) -> int | None:
        """The last reconnection time that the server set, in milliseconds."""
        return self._fields.retry

    @property
    def last_id(self) -> bytes | None:
        """The last event ID so far: None before the first one, and empty after a reset."""
        return self._fields.last_id

    def feed(self, chunk: bytes) -> list[Frame]:
        """Return the frames that the next bytes complete. Raises `OSError` like `parts`."""
        frames: list[Frame] = []
        for part in self.parts(chunk):
            frames += [part] if isinstance(part, Frame) else part.frames()
        return frames

    def parts(self, chunk: bytes) -> Parts:
        """Return the frames that the next bytes complete, with logs grouped into runs.

        Raises `OSError` if a large frame does not fit into the directory for temporary files.
        """
        chunk = self._with_line_feeds(self._without_bom(chunk))
        parts: Parts = []
        if self._unfinished is not None:
            chunk = self._go_on(self._unfinished, chunk, parts)
        end = chunk.rfind(b"\n\n") + 2
        if end >= 2:  # noqa: PLR2004 - the length of a blank line
            self._take_whole(chunk[:end], parts)
            chunk = chunk[end:]
        if chunk := chunk.lstrip(b"\n"):
            self._unfinished = _Block(self._limit, self._fields)
            self._unfinished.feed(chunk)
        return parts

    def close(self) -> list[Frame]:
        """Return the unfinished frame if it is over the limit, once the connection has ended.

        Any other unfinished frame is dropped with its id, as the standard requires.
        """
        unfinished, self._unfinished = self._unfinished, None
        if unfinished is None:
            return []
        if not unfinished.is_over_limit:
            unfinished.drop()
            return []
        frame = unfinished.frame()
        return [] if frame is None else [frame]

    def _without_bom(self, chunk: bytes) -> bytes:
        if self._start is None:
            return chunk
        seen = self._start + chunk
        if len(seen) < len(_BOM) and _BOM.startswith(seen):
            self._start = seen
            return b""
        self._start = None
        return seen.removeprefix(_BOM)

    def _with_line_feeds(self, chunk: bytes) -> bytes:
        """Convert line ends to line feeds; a CR at a chunk's end ends its line immediately."""
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def _go_on(self, block: "_Block", chunk: bytes, parts: Parts) -> bytes:
        """Continue the unfinished block, and return the bytes after its end."""
        rest = block.feed(chunk)
        if rest is None:
            return b""
        self._unfinished = None
        frame = block.frame()
        if frame is not None:
            parts.append(frame)
        return rest

    def _take_whole(self, blocks: bytes, parts: Parts) -> None:
        """Dispatch blocks that are all complete."""
        if len(blocks) > self._limit:
            self._dispatch_each(blocks, parts)
            return
        # The logs, and everything before, between and after them.
        split = _PLAIN_LOG.split(b"\n\n" + blocks.removesuffix(b"\n\n"))
        others, first_ids, datas, last_ids = split[::4], split[1::4], split[2::4], split[3::4]
        ids = first_ids if not any(last_ids) else list(map(_either, last_ids, first_ids))
        start = 0
        for at, other in enumerate(others):
            if other:
                self._take_logs(ids[start:at], datas[start:at], parts)
                self._dispatch_each(other, parts)
                start = at
        self._take_logs(ids[start:], datas[start:], parts)

    def _take_logs(self, ids: list[bytes | None], datas: list[bytes], parts: Parts) -> None:
        if datas:
            before = self._fields.take_id()
            if ids[0] is None:
                ids[0] = before
            self._fields.last_id = next(filter(None, reversed(ids)), self._fields.last_id)
            parts.append(Run(ids, datas))

    def _dispatch_each(self, blocks: bytes, parts: Parts) -> None:
        for block in blocks.split(b"\n\n"):
            if block:
                self._dispatch(block, parts)

    def _dispatch(self, block: bytes, parts: Parts) -> None:
        if len(block) > self._limit:  # perhaps only because of its comments
            self._go_on(_Block(self._limit, self._fields), block.strip(b"\n") + b"\n\n", parts)
            return
        frame = self._fields.frame(block.split(b"\n"))
        if frame is not None:
            parts.append(frame)


def _either(event_id: bytes | None, other: bytes | None) -> bytes | None:
    return event_id or other


class _Fields:
    """The field rules of the standard, applied to one block of lines at a time."""

    def __init__(self) -> None:
        self.retry: int | None = None
        self.last_id: bytes | None = None
        self._id: bytes | None = None

    def frame(self, lines: Iterable[bytes]) -> Frame | None:
        name = b""
        data: bytearray | None = None
        for line in lines:
            field, colon, value = line.rstrip(b"\n").partition(b":")
            if colon and value[:1] == b" ":
                value = value[1:]
            if field == b"data":
                # Join lines as they arrive, since there can be millions of them.
                if data is None:
                    data = bytearray()
                else:
                    data += b"\n"
                data += value
            elif field == b"event":
                name = value
            elif field:
                self.other(field, value)
        if data is None:
            return None
        return Frame(name or b"message", bytes(data), self.take_id())

    def other(self, field: bytes, value: bytes) -> None:
        """Apply `id` or `retry`, which concern the stream rather than the event."""
        if field == b"id":
            if b"\0" not in value:
                self._id = self.last_id = value
        elif field == b"retry" and value.isdigit():
            self.retry = int(value.lstrip(b"0")[:_MAX_RETRY_DIGITS] or b"0")

    def take_id(self) -> bytes | None:
        """Return this frame's id, which may come from a block without data before it."""
        event_id, self._id = self._id, None
        return event_id


def _spool() -> SpooledTemporaryFile[bytes]:
    return SpooledTemporaryFile(max_size=_IN_MEMORY)


class _Block:
    """The lines of an unfinished block; above the limit, only the name and id are kept."""

    def __init__(self, limit: int, fields: _Fields) -> None:
        self.is_over_limit = False
        self._limit = limit
        self._fields = fields
        self._lines = _spool()
        self._size = 0
        self._has_data = False
        self._line = b""  # the unfinished line while it is short
        self._in_long_line = False

    def feed(self, chunk: bytes) -> bytes | None:
        """Add bytes; return those after the block's end, or None if it has not ended."""
        if chunk.startswith(b"\n") and not self._line and not self._in_long_line:
            return chunk[1:]
        end = chunk.find(b"\n\n")
        self._take(chunk if end < 0 else chunk[: end + 1])
        return None if end < 0 else chunk[end + 2 :]

    def frame(self) -> Frame | None:
        """Return the block as a frame, if it has data."""
        if self.is_over_limit:
            self._drop_data()
        with self._lines as lines:
            lines.seek(0)
            frame = self._fields.frame(
                [*lines, b"data"] if self.is_over_limit and self._has_data else lines
            )
        if frame is None or not self.is_over_limit:
            return frame
        return Frame(frame.name, b"", frame.id, over_limit=True)

    def drop(self) -> None:
        """Discard the block."""
        self._lines.close()

    def _take(self, text: bytes) -> None:
        if self._in_long_line:
            end, feed, text = text.partition(b"\n")
            self._keep_long(end + feed)
            if not feed:
                return
            self._in_long_line = False
        lines, feed, rest = (self._line + text).rpartition(b"\n")
        if feed:
            self._set_retry(lines)
            self._keep(_OTHER_LINES.sub(b"", lines + feed))
        self._line = rest
        if len(rest) > _FIELD_SHOWN:
            self._cut_line(rest)

    def _set_retry(self, lines: bytes) -> None:
        """Apply reconnection times when their line ends, without waiting for the block's end."""
        if b"retry" in lines:
            for value in _RETRY_LINE.findall(lines):
                self._fields.other(b"retry", value)

    def _cut_line(self, line: bytes) -> None:
        """Keep only the beginning of an unfinished line, which may never end."""
        is_data = line.startswith(b"data:")
        self._has_data |= is_data
        if not _OWN_LINE.match(line):
            self._line = line[:_FIELD_SHOWN]  # still the same field
        elif is_data or len(line) > _MAX_KEPT_LINE:
            self._line = b""
            self._in_long_line = True
            self._keep_long(line)

    def _keep_long(self, piece: bytes) -> None:
        if not self.is_over_limit:
            self._keep(piece)

    def _keep(self, lines: bytes) -> None:
        self._lines.write(lines)
        self._size += len(lines)
        if self._size > self._limit + 1:  # + 1: the end of its last line does not count
            self.is_over_limit = True
            self._drop_data()

    def _drop_data(self) -> None:
        """Keep only the last name, id and reconnection time."""
        last: dict[bytes, bytes] = {}
        with self._lines as lines:
            lines.seek(0)
            for line in lines:
                field = line.rstrip(b"\n").partition(b":")[0]
                self._has_data |= field == b"data"
                if field != b"data" and len(line) <= _MAX_KEPT_LINE + 1:
                    last[field] = line
        self._lines = _spool()
        self._lines.writelines(last.values())
        self._size = sum(map(len, last.values()))
