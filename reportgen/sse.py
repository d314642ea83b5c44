"""Bytes in, frames of an event stream out: sans-I/O, by the HTML standard's section 9.2.6.

httpx-sse connects and checks the response; its line decoder is not used behind it, since what it
leaves open is what a batch command meets: it decodes by the header's charset instead of UTF-8,
lets a byte order mark swallow the first event, gives frames without a data line as events, holds
an endless line in memory, and turns bytes into text that is then kept as bytes. Its field rules
are what `tests/test_sse.py` holds this decoder against.

Nearly all frames look alike: a name, one data line, perhaps an id. Such ones are found many at a
time by one pattern; where a stretch of a stream holds anything else, its fields are read one by
one by the standard's rules. Both ways give the same frames.
"""

import re
from typing import Final

import msgspec

MAX_FRAME_BYTES: Final = 16 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_MAX_KEPT_LINE: Final = 4096  # of a frame over the limit, name and id lines up to this length count
_MAX_RETRY_DIGITS: Final = 12

_PLAIN_FRAME: Final = re.compile(
    rb"(?:id: ([^\n\0]+)\n)?event: ([^\n]+)\ndata: ([^\n]*)\n(?:id: ([^\n\0]+)\n)?\n"
)
_PLAIN_BYTES: Final = len(b"event: \ndata: \n\n")  # of a plain frame, besides its values
_PLAIN_ID_BYTES: Final = len(b"id: \n")


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A dispatched event, its texts as the bytes that came.

    `id` is None where neither this frame nor an id-only one just before it brought an id, and
    empty where the id was reset. `over_limit` marks a frame of more than the bytes allowed; its
    data is then empty.
    """

    name: bytes
    data: bytes
    id: bytes | None = None
    over_limit: bool = False


class FrameDecoder:
    """Decodes one connection's bytes, in any chunks.

    `retry` is the last reconnection time that the server asked for, in milliseconds, or None.
    """

    def __init__(self, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._limit = max_frame_bytes
        self._start: bytes | None = b""  # None once a byte order mark can't come any more
        self._after_cr = False
        self._parts: list[bytes] = []
        self._size = 0
        self._fields = _Fields()
        self._overrun: _Overrun | None = None

    @property
    def retry(self) -> int | None:
        """The last `retry:` of the stream, in milliseconds."""
        return self._fields.retry

    def feed(self, chunk: bytes) -> list[Frame]:
        """Take the next bytes and give the frames that they complete."""
        chunk = self._with_line_feeds(self._without_bom(chunk))
        frames: list[Frame] = []
        if chunk and self._overrun is not None:
            chunk = self._read_over(self._overrun, chunk, frames)
        if chunk:
            self._take_blocks(chunk, frames)
        return frames

    def close(self) -> list[Frame]:
        """Give what the end of the connection leaves: the frame that was too large to end.

        Any other unfinished frame is none, by the standard.
        """
        overrun, self._overrun = self._overrun, None
        return [overrun.frame()] if overrun is not None and overrun.has_data else []

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
        """Make every line end a line feed; a CR at the end of a chunk ends its line at once."""
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def _take_blocks(self, chunk: bytes, frames: list[Frame]) -> None:
        """Dispatch the blocks that the chunk completes, and keep the unfinished last one."""
        end = self._block_end(chunk)
        if end < 0:
            self._keep(chunk, frames)
            return
        self._dispatch(b"".join((*self._parts, chunk[:end])), frames)
        self._forget()
        last = chunk.rfind(b"\n\n", end) + 2
        if last > end:
            self._take_whole(chunk[end:last], frames)
            end = last
        self._keep(chunk[end:].lstrip(b"\n"), frames)

    def _take_whole(self, blocks: bytes, frames: list[Frame]) -> None:
        """Dispatch blocks that all end within these bytes."""
        plain = None
        if len(blocks) <= self._limit and not self._fields.has_id:
            plain = _plain_frames(blocks)
        if plain is not None:
            frames += plain
            return
        for block in blocks.split(b"\n\n"):
            if block:
                self._dispatch(block, frames)

    def _block_end(self, chunk: bytes) -> int:
        """Give the index in the chunk behind the blank line that ends the block in hand, or -1."""
        at_line_start = not self._parts or self._parts[-1].endswith(b"\n")
        if at_line_start and chunk.startswith(b"\n"):
            return 1
        end = chunk.find(b"\n\n")
        return end + 2 if end >= 0 else -1

    def _dispatch(self, block: bytes, frames: list[Frame]) -> None:
        if len(block) <= self._limit or len(block.strip(b"\n")) <= self._limit:
            frame = self._fields.frame(block)
            if frame is not None:
                frames.append(frame)
        else:
            self._read_over(_Overrun(self._fields), block.rstrip(b"\n") + b"\n\n", frames)

    def _keep(self, part: bytes, frames: list[Frame]) -> None:
        if not part:
            return
        self._parts.append(part)
        self._size += len(part)
        if self._size > self._limit + 1:  # 1: its last line's end does not count as its own
            block = b"".join(self._parts)
            self._forget()
            self._read_over(_Overrun(self._fields), block, frames)

    def _forget(self) -> None:
        self._parts.clear()
        self._size = 0

    def _read_over(self, overrun: "_Overrun", chunk: bytes, frames: list[Frame]) -> bytes:
        """Read on in a block that is too large; give what stands behind its end."""
        rest = overrun.feed(chunk)
        self._overrun = overrun
        if rest is not None:
            frames += self.close()
        return rest or b""


def _plain_frames(blocks: bytes) -> list[Frame] | None:
    """Give the frames of whole blocks that are all plain ones; None where anything else is there.

    What the pattern finds never overlaps: if it is as long as the blocks are, it is all of them.
    """
    found = _PLAIN_FRAME.findall(blocks)
    if not found:
        return None
    before, names, datas, after = zip(*found, strict=True)
    ids = 2 * len(found) - before.count(b"") - after.count(b"")
    size = sum(sum(map(len, values)) for values in (before, names, datas, after))
    if size + _PLAIN_BYTES * len(found) + _PLAIN_ID_BYTES * ids != len(blocks):
        return None
    return [Frame(name, data, last or first or None) for first, name, data, last in found]


class _Fields:
    """The field rules of the standard, over one block of lines at a time."""

    def __init__(self) -> None:
        self.retry: int | None = None
        self._id: bytes | None = None

    @property
    def has_id(self) -> bool:
        """Whether an id came in a block without data: it counts for the next frame."""
        return self._id is not None

    def frame(self, block: bytes) -> Frame | None:
        name = b""
        data: list[bytes] = []
        for line in block.split(b"\n"):
            field, colon, value = line.partition(b":")
            if colon and value[:1] == b" ":
                value = value[1:]
            if field == b"data":
                data.append(value)
            elif field == b"event":
                name = value
            elif field:
                self.other(field, value)
        if not data:
            return None
        return Frame(name or b"message", b"\n".join(data), self.take_id())

    def other(self, field: bytes, value: bytes) -> None:
        """Take a field that is about the stream rather than the event: `id` or `retry`."""
        if field == b"id":
            if b"\0" not in value:
                self._id = value
        elif field == b"retry" and value.isdigit() and len(value) <= _MAX_RETRY_DIGITS:
            self.retry = int(value)

    def take_id(self) -> bytes | None:
        event_id, self._id = self._id, None
        return event_id


class _Overrun:
    """Reads over a block that is too large, line by line, holding only the head of each line."""

    def __init__(self, fields: _Fields) -> None:
        self.name = b""
        self._fields = fields
        self._data_lines = 0
        self._head = b""
        self._at_line_start = False

    @property
    def has_data(self) -> bool:
        """Whether a data line was seen, be it an unfinished one: without one there is no event."""
        return self._data_lines > 0 or self._head.startswith(b"data:")

    def feed(self, chunk: bytes) -> bytes | None:
        """Read on; give what stands behind the block's end, or None where the block goes on."""
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            self._grow(chunk[start : min(end, start + _MAX_KEPT_LINE + 1)])
            if self._at_line_start:
                return chunk[end + 1 :]
            self._end_line()
            start = end + 1
        self._grow(chunk[start : start + _MAX_KEPT_LINE + 1])
        return None

    def frame(self) -> Frame:
        return Frame(self.name or b"message", b"", self._fields.take_id(), over_limit=True)

    def _grow(self, piece: bytes) -> None:
        if piece:
            self._at_line_start = False
            self._head = (self._head + piece)[: _MAX_KEPT_LINE + 1]

    def _end_line(self) -> None:
        field, _, value = self._head.partition(b":")
        if field == b"data":
            self._data_lines += 1
        elif len(self._head) <= _MAX_KEPT_LINE:
            value = value.removeprefix(b" ")
            if field == b"event":
                self.name = value
            else:
                self._fields.other(field, value)
        self._head = b""
        self._at_line_start = True
