"""Bytes in, frames of an event stream out: sans-I/O, by the HTML standard's section 9.2.6.

httpx-sse connects and checks the response; its line decoder is not used behind it, since what it
leaves open is what a batch command meets: it decodes by the header's charset instead of UTF-8,
lets a byte order mark swallow the first event, gives frames without a data line as events, holds
an endless line in memory, and turns bytes into text that is then kept as bytes. Its field rules
are what `tests/following/test_sse.py` holds this decoder against.

Nearly all frames look alike: a log's name, one data line, perhaps an id. Such ones are found many
at a time by one pattern and given as a run; whatever stands between them is read field by field,
by the standard's rules. Both ways give the same frames.
"""

import re
from typing import Final, TypeAlias

import msgspec

from reportgen.events import wire
from reportgen.events.wire import MAX_FRAME_BYTES

_BOM: Final = b"\xef\xbb\xbf"
_MAX_KEPT_LINE: Final = 4096  # of a frame over the limit, name and id lines up to this length count
_MAX_RETRY_DIGITS: Final = 12

# A frame of a log behind the blank line before it. Each group takes all that it can and gives
# nothing back, so that no bytes make this slow.
_PLAIN_LOG: Final = re.compile(
    rb"\n\n(?:id: ?+([^\n\0]++)\n)?+event: ?+%b\ndata: ?+(.*+)(?:\nid: ?+([^\n\0]++))?+(?=\n\n|\Z)"
    % re.escape(wire.LOG)
)


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


class Run(msgspec.Struct, frozen=True, gc=False):
    """Dispatched `training.log` events that follow one another, each with one line of data.

    `ids` and `datas` hold what `Frame` holds of each.
    """

    ids: list[bytes | None]
    datas: list[bytes]

    def frames(self) -> list[Frame]:
        """Give the same events one by one."""
        return [
            Frame(wire.LOG, data, event_id)
            for event_id, data in zip(self.ids, self.datas, strict=True)
        ]


Parts: TypeAlias = list[Frame | Run]


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
        frames: list[Frame] = []
        for part in self.parts(chunk):
            frames += [part] if isinstance(part, Frame) else part.frames()
        return frames

    def parts(self, chunk: bytes) -> Parts:
        """Take the next bytes and give the frames that they complete, logs in runs."""
        chunk = self._with_line_feeds(self._without_bom(chunk))
        parts: Parts = []
        if chunk and self._overrun is not None:
            chunk = self._read_over(self._overrun, chunk, parts)
        if chunk:
            self._take_blocks(chunk, parts)
        return parts

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

    def _take_blocks(self, chunk: bytes, parts: Parts) -> None:
        """Dispatch the blocks that the chunk completes, and keep the unfinished last one."""
        end = self._block_end(chunk)
        if end < 0:
            self._keep(chunk, parts)
            return
        self._dispatch(b"".join((*self._parts, chunk[:end])), parts)
        self._forget()
        last = chunk.rfind(b"\n\n", end) + 2
        if last > end:
            self._take_whole(chunk[end:last], parts)
            end = last
        self._keep(chunk[end:].lstrip(b"\n"), parts)

    def _take_whole(self, blocks: bytes, parts: Parts) -> None:
        """Dispatch blocks that all end within these bytes."""
        if len(blocks) > self._limit:
            self._dispatch_each(blocks, parts)
            return
        # Other blocks stand before, between and behind the logs, where there are any.
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
            parts.append(Run(ids, datas))

    def _dispatch_each(self, blocks: bytes, parts: Parts) -> None:
        for block in blocks.split(b"\n\n"):
            if block:
                self._dispatch(block, parts)

    def _block_end(self, chunk: bytes) -> int:
        """Give the index in the chunk behind the blank line that ends the block in hand, or -1."""
        at_line_start = not self._parts or self._parts[-1].endswith(b"\n")
        if at_line_start and chunk.startswith(b"\n"):
            return 1
        end = chunk.find(b"\n\n")
        return end + 2 if end >= 0 else -1

    def _dispatch(self, block: bytes, parts: Parts) -> None:
        if len(block) <= self._limit or len(block.strip(b"\n")) <= self._limit:
            frame = self._fields.frame(block)
            if frame is not None:
                parts.append(frame)
        else:
            self._read_over(_Overrun(self._fields), block.rstrip(b"\n") + b"\n\n", parts)

    def _keep(self, part: bytes, parts: Parts) -> None:
        if not part:
            return
        self._parts.append(part)
        self._size += len(part)
        if self._size > self._limit + 1:  # 1: its last line's end does not count as its own
            block = b"".join(self._parts)
            self._forget()
            self._read_over(_Overrun(self._fields), block, parts)

    def _forget(self) -> None:
        self._parts.clear()
        self._size = 0

    def _read_over(self, overrun: "_Overrun", chunk: bytes, parts: Parts) -> bytes:
        """Read on in a block that is too large; give what stands behind its end."""
        rest = overrun.feed(chunk)
        self._overrun = overrun
        if rest is not None:
            parts += self.close()
        return rest or b""


def _either(event_id: bytes | None, other: bytes | None) -> bytes | None:
    return event_id or other


class _Fields:
    """The field rules of the standard, over one block of lines at a time."""

    def __init__(self) -> None:
        self.retry: int | None = None
        self._id: bytes | None = None

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
        """Give the id that counts for this frame; one of a block without data still does."""
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
