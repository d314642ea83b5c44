"""What other projects' test suites demand of a client of event streams, by suite, in our words.

They are the HTML standard's examples, the Web Platform Tests (`eventsource/` and `fetch/`),
LaunchDarkly's SSE contract tests, the tests of eventsource-parser, httpx-sse and sseclient, and
curl's tests of HTTP.
"""

import gzip
import zlib
from dataclasses import dataclass
from typing import TypeAlias

from reportgen.following.sse import Frame
from tests.following.world import DONE, event

# --- Bytes of a stream, and the events that they are ---------------------------------------------


def message(data: bytes = b"", name: bytes = b"message", event_id: bytes | None = None) -> Frame:
    return Frame(name, data, event_id)


Parsing: TypeAlias = dict[str, tuple[bytes, list[Frame]]]

STANDARD: Parsing = {
    "the stock quote of three lines": (
        b"data: YHOO\ndata: +2\ndata: 10\n\n",
        [message(b"YHOO\n+2\n10")],
    ),
    "a comment, two ids and a third event without end": (
        b": test stream\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third\n",
        [message(b"first", event_id=b"1"), message(b"second", event_id=b"")],
    ),
    "nothing, then a line end": (b"data\n\ndata\ndata\n\ndata:", [message(), message(b"\n")]),
    "a space after the colon or none": (
        b"data:test\n\ndata: test\n\n",
        [message(b"test"), message(b"test")],
    ),
}

WPT: Parsing = {
    "format-bom": (
        b"\xef\xbb\xbfdata:1\n\n\xef\xbb\xbfdata:2\n\ndata:3\n\n",
        [message(b"1"), message(b"3")],
    ),
    "format-bom-2": (b"\xef\xbb\xbf" * 2 + b"data:1\n\ndata:2\n\n", [message(b"2")]),
    "format-comments": (
        b"data:1\n:\0\n:\r\ndata:2\n:%b\rdata:3\n:data:no\r:%b\ndata:4\n\n" % ((b"x" * 2048,) * 2),
        [message(b"1\n2\n3\n4")],
    ),
    "format-data-before-final-empty-line": (
        b"retry:1000\ndata:1\n\nid:x\ndata:2\n",
        [message(b"1")],
    ),
    "format-field-data": (
        b"data:\n\ndata\ndata\n\ndata:x\n\n",
        [message(), message(b"\n"), message(b"x")],
    ),
    "format-field-event": (
        b"event:test\ndata:x\n\ndata:x\n\n",
        [message(b"x", b"test"), message(b"x")],
    ),
    "format-field-event-empty": (b"event: \ndata:data\n\n", [message(b"data")]),
    "format-field-id-null: last": (b"id: 1\0\ndata:x\n\n", [message(b"x")]),
    "format-field-id-null: amid": (
        b"id: 1\n\nid: a\0b\ndata:x\n\n",
        [message(b"x", event_id=b"1")],
    ),
    "format-field-parsing": (
        b"data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata:\r\n data\n\n",
        [message(b"\0\n 2\n1\n")],
    ),
    "format-field-unknown": (
        b"data:test\n data\ndata\nfoobar:xxx\njustsometext\n:comment\ndata:test\n\n",
        [message(b"test\n\ntest")],
    ),
    "format-leading-space": (
        b"data:\ttest\rdata: \ndata:test\n\n",
        [message(b"\ttest\n\ntest")],
    ),
    "format-newlines": (b"data:test\r\ndata\ndata:test\r\n\r", [message(b"test\n\ntest")]),
    "format-null-character": (b"data:\0\n\n\n\n", [message(b"\0")]),
    "format-utf-8": ("data:ok…\n\n".encode(), [message("ok…".encode())]),
}

LAUNCHDARKLY: Parsing = {
    "two messages": (b"data: Hello\n\ndata: World\n\n", [message(b"Hello"), message(b"World")]),
    "two lines": (b"data: Hello\ndata:World\n\n", [message(b"Hello\nWorld")]),
    "type and id": (
        b"event: greeting\nid: abc\ndata: Hello\n\n",
        [message(b"Hello", b"greeting", b"abc")],
    ),
    "fields in reverse order": (
        b"data: Hello\nid: abc\nevent: greeting\n\n",
        [message(b"Hello", b"greeting", b"abc")],
    ),
    "an id of an earlier event": (
        b"id: abc\ndata: 1\n\ndata: 2\n\n",
        [message(b"1", event_id=b"abc"), message(b"2")],
    ),
    "an id that is overridden by an empty one": (
        b"id: abc\ndata: 1\n\nid: \ndata: 2\n\n",
        [message(b"1", event_id=b"abc"), message(b"2", event_id=b"")],
    ),
    "an unknown field": (b"event: a\ncolor: blue\ndata: 1\n\n", [message(b"1", b"a")]),
    "no leading space": (b"event:a\ndata:1\n\n", [message(b"1", b"a")]),
    "extra leading space": (b"event:  a\ndata:  1\n\n", [message(b" 1", b" a")]),
    "many bytes a character": ("data: €豆腐\n\n".encode(), [message("€豆腐".encode())]),
    "a hundred messages": (
        b"".join(b"data: %d\n\n" % n for n in range(100)),
        [message(b"%d" % n) for n in range(100)],
    ),
    "a comment before and within": (b":c\n\ndata: 1\n:c\ndata: 2\n\n", [message(b"1\n2")]),
    "carriage returns": (b"event: a\rdata: 1\rdata: 2\r\r", [message(b"1\n2", b"a")]),
    "both line ends": (b"event: a\r\ndata: 1\r\ndata: 2\r\n\r\n", [message(b"1\n2", b"a")]),
    "line ends of all kinds": (b"event: a\rdata: 1\r\ndata: 2\n\r\n", [message(b"1\n2", b"a")]),
    "a line of 20 kB": (b"data: " + b"x" * 20_000 + b"\n\n", [message(b"x" * 20_000)]),
}

EVENTSOURCE_PARSER: Parsing = {
    "heartbeats": (
        "data: A\n\n: ♥\n\ndata: B\n\n:\n\n".encode(),
        [message(b"A"), message(b"B")],
    ),
    "odd comments": (
        b":\ndata: 1\n:x\n\n:::\n\ndata: 2\n: :data: no\n\n",
        [message(b"1"), message(b"2")],
    ),
    "an empty event field after another": (b"event: a\nevent:\ndata: 1\n\n", [message(b"1")]),
    "a carriage return between the chunks of one event": (
        b"data: A\r\ndata: B\r\ndata: C\r\n\r\n",
        [message(b"A\nB\nC")],
    ),
    "an id before a bad one": (
        b"id: 123\nid: bad\0id\ndata: x\n\n",
        [message(b"x", event_id=b"123")],
    ),
    "an id without data": (b"id: 42\n\ndata: x\n\n", [message(b"x", event_id=b"42")]),
    "an empty stream": (b"", []),
    "blank lines alone": (b"\n\n\r\n\r\r", []),
    "no blank line behind the last event": (b"data: 1\n\ndata: 2", [message(b"1")]),
    "half a byte order mark": (b"\xef\xbbdata: 1\n\ndata: 2\n\n", [message(b"2")]),
}

HTTPX_SSE: Parsing = {
    "an event without data": (b"event: logline\n\ndata: 1\n\n", [message(b"1")]),
    "an id with spaces": (b"id:  1 2 \ndata: x\n\n", [message(b"x", event_id=b" 1 2 ")]),
    "line separators of Unicode are text": (
        "data: a\u2028b\u0085c\x0bd\n\n".encode(),
        [message("a\u2028b\u0085c\x0bd".encode())],
    ),
    "a comment after an id": (b"id: 1\ndata: x\n\n: ping\n\n", [message(b"x", event_id=b"1")]),
}

SSECLIENT: Parsing = {
    "extra line ends": (b"\n\ndata: 1\n\n\n\ndata: 2\n\n\n", [message(b"1"), message(b"2")]),
    "colons in the data": (b'data: {"a": "b:c"}\n\n', [message(b'{"a": "b:c"}')]),
    "a field's name in capitals": (b"DATA: 1\nEvent: x\ndata: 2\n\n", [message(b"2")]),
    "spaces before the colon": (b"data : 1\ndata: 2\n\n", [message(b"2")]),
    "bytes that are not UTF-8": (b"data: \xff\xfe\n\n", [message(b"\xff\xfe")]),
}

PARSING = {
    "HTML standard": STANDARD,
    "WPT": WPT,
    "LaunchDarkly": LAUNCHDARKLY,
    "eventsource-parser": EVENTSOURCE_PARSER,
    "httpx-sse": HTTPX_SSE,
    "sseclient": SSECLIENT,
}

# --- Answers: what is read of the body, and what is reported -------------------------------------

ONE = b"data: 1\n\n"
TWO = b"data: 2\n\n"
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


@dataclass(frozen=True)
class Answer:
    """An answer's bytes; `body` is what must be read of it.

    `trouble` must be in the report of the error; None for a clean end.
    """

    sent: bytes
    body: bytes = ONE
    trouble: str | None = None


def typed(*headers: bytes, trouble: str | None = None) -> Answer:
    """An answer with these `Content-Type` headers."""
    lines = b"".join(b"Content-Type: " + header + b"\r\n" for header in headers)
    head = b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: %d\r\n\r\n" % len(ONE)
    return Answer(head + ONE, b"" if trouble else ONE, trouble)


def packed(
    coding: bytes, body: bytes, read: bytes = ONE + TWO, trouble: str | None = None
) -> Answer:
    head = b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (coding, len(body))
    return Answer(_OK + head + body, read, trouble)


def chunked(rest: bytes, body: bytes = ONE, trouble: str | None = None) -> Answer:
    return Answer(_OK + b"Transfer-Encoding: chunked\r\n\r\n" + rest, body, trouble)


def invalid(sent: bytes, trouble: str = "not valid HTTP") -> Answer:
    return Answer(sent, b"", trouble)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


BOTH = ONE + TWO
GZIP = gzip.compress(BOTH)
MEMBERS = gzip.compress(ONE) + gzip.compress(TWO)
NOT_SSE = "not an event stream"
CUT = "the connection was cut"

FETCH_TYPES: dict[str, Answer] = {
    "one type": typed(b"text/event-stream"),
    "format-mime-valid-bogus": typed(b"text/event-stream;bogus"),
    "format-mime-trailing-semicolon": typed(b"text/event-stream;"),
    "format-mime-bogus": typed(b"x bogus", trouble=NOT_SSE),
    "a type in capitals": typed(b"TEXT/Event-Stream ; charset=x"),
    "two lines, the last is ours": typed(b"text/html", b"text/event-stream"),
    "two lines, the last is not ours": typed(b"text/event-stream", b"text/html", trouble=NOT_SSE),
    "a list whose last is ours": typed(b"text/html, text/event-stream"),
    "a list whose last is not ours": typed(b"text/event-stream,text/plain", trouble="text/plain"),
    "a list whose last is not valid": typed(b"text/event-stream, bogus"),
    "a list whose last is empty": typed(b"text/event-stream,"),
    "a list whose last is anything": typed(b"text/event-stream, */*"),
    "a comma in quotes": typed(b'text/event-stream; a="b,text/html"'),
    "a quote that never ends": typed(b'text/html;a=", text/event-stream', trouble=NOT_SSE),
    "an escaped quote": typed(b'text/html;a="\\", text/event-stream"', trouble=NOT_SSE),
    "a longer subtype": typed(b"text/event-streams", trouble=NOT_SSE),
    "none": typed(trouble=NOT_SSE),
}

CURL: dict[str, Answer] = {
    "gzip": packed(b"gzip", GZIP),
    "gzip by its old name": packed(b"x-gzip", GZIP),
    "gzip in capitals": packed(b"GZIP", GZIP),
    "gzip of two members": packed(b"gzip", MEMBERS),
    "gzip with empty members": packed(b"gzip", gzip.compress(b"") + MEMBERS + gzip.compress(b"")),
    "gzip with zeros behind": packed(b"gzip", GZIP + bytes(99)),
    "gzip with zeros between": packed(b"gzip", gzip.compress(ONE) + bytes(9) + gzip.compress(TWO)),
    "gzip with garbage behind": packed(b"gzip", GZIP + b"<html>"),
    "gzip without its trailer": packed(b"gzip", GZIP[:-8], trouble="is truncated"),
    "gzip whose second member lacks its end": packed(b"gzip", MEMBERS[:-1], trouble="is truncated"),
    "gzip with a wrong checksum": packed(b"gzip", GZIP[:-8] + bytes(8), trouble="damaged"),
    "gzip whose second member has a wrong checksum": packed(
        b"gzip", MEMBERS[:-8] + bytes(8), trouble="damaged"
    ),
    "gzip without its first bytes": packed(b"gzip", GZIP[3:], b"", "damaged"),
    "gzip that is plain text": packed(b"gzip", BOTH, b"", "damaged"),
    "gzip of no bytes": packed(b"gzip", b"", b""),
    "deflate with a zlib header": packed(b"deflate", zlib.compress(BOTH)),
    "deflate without a header": packed(b"deflate", raw_deflate(BOTH)),
    "deflate without its end": packed(b"deflate", zlib.compress(BOTH)[:-2], trouble="is truncated"),
    "identity": packed(b"identity", BOTH),
    "gzip over deflate": packed(b"deflate, gzip", gzip.compress(zlib.compress(BOTH))),
    "brotli": packed(b"br", BOTH, b"", "encoded as br"),
    "zstd": packed(b"zstd", BOTH, b"", "encoded as zstd"),
    "a coding that nobody knows": packed(b"gzip, rot13", BOTH, b"", "encoded as rot13"),
    "codings without end": packed(b"gzip, " * 50 + b"gzip", BOTH, b"", "encoded as gzip"),
    "chunks with extensions and trailers": chunked(b"9;a=b\r\n" + ONE + b"\r\n0\r\nX: y\r\n\r\n"),
    "chunk sizes with zeros before": chunked(b"00009\r\n" + ONE + b"\r\n000\r\n\r\n"),
    "chunk sizes in capitals": chunked(b"A\r\n\n" + ONE + b"\r\n0\r\n\r\n", b"\n" + ONE),
    "chunks without the last": chunked(b"9\r\n" + ONE + b"\r\n", trouble=CUT),
    "an illegal chunk size": chunked(b"9\r\n" + ONE + b"\r\nxyz\r\n", trouble="chunk header"),
    "a negative chunk size": chunked(b"-9\r\n" + ONE, b"", "chunk header"),
    "a chunk size too large": chunked(b"F" * 40 + b"\r\n" + ONE, b"", "chunk header"),
    "a chunk longer than its size": chunked(b"9\r\n" + ONE + b"x\r\n0\r\n\r\n", trouble="chunk"),
    "a body until the close": Answer(_OK + b"\r\n" + ONE),
    "HTTP/1.0": Answer(b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + ONE),
    "early hints": Answer(b"HTTP/1.1 103 Early\r\n\r\n" + _OK + b"\r\n" + ONE),
    "line feeds alone in the head": Answer(_OK.replace(b"\r", b"") + b"\n" + ONE),
    "a folded header": Answer(_OK + b"X: a\r\n b\r\n\r\n" + ONE),
    "one Content-Length twice": Answer(_OK + b"Content-Length: 9\r\n" * 2 + b"\r\n" + ONE),
    "a body shorter than its length": Answer(
        _OK + b"Content-Length: 99\r\n\r\n" + ONE, trouble=CUT
    ),
    "a body longer than its length": Answer(_OK + b"Content-Length: 9\r\n\r\n" + BOTH),
    "two Content-Lengths": invalid(
        _OK + b"Content-Length: 9\r\nContent-Length: 10\r\n\r\n" + ONE, "Content-Length"
    ),
    "a negative Content-Length": invalid(_OK + b"Content-Length: -1\r\n\r\n", "Content-Length"),
    "another transfer coding": invalid(
        _OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "Only Transfer-Encoding: chunked"
    ),
    "NUL in a header": invalid(_OK + b"X: a\0b\r\n\r\n" + ONE, "header line"),
    "a header without a colon": invalid(_OK + b"X\r\n\r\n" + ONE, "header line"),
    "a head without end": invalid(_OK + b"X: y\r\n" * 30_000),
    "HTTP/0.9": invalid(ONE, "status line"),
    "HTTP/0.9 of one line": invalid(b"hello", "without an HTTP answer"),
    "another protocol": invalid(b"220 mail ESMTP\r\n", "without an HTTP answer"),
    "binary garbage": invalid(bytes(range(1, 200)), "status line"),
    "a status of letters": invalid(b"HTTP/1.1 2x0 OK\r\n\r\n", "status line"),
    "nothing": invalid(b"", "without an HTTP answer"),
    "half a head": invalid(_OK, "without an HTTP answer"),
    **{
        f"status {status}": invalid(
            b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status, str(status)
        )
        for status in (204, 205, 206, 301, 302, 307, 400, 401, 404, 410, 500, 503, 999)
    },
    "a refusal that is cut": invalid(
        b"HTTP/1.1 410 Gone\r\nContent-Length: 99\r\n\r\nsorry", "410"
    ),
    "a refusal of an unknown coding": invalid(
        b"HTTP/1.1 410 Gone\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nxyz", "410"
    ),
}

ANSWERS = {"WPT": FETCH_TYPES, "curl": CURL}

# --- Connections in a row ------------------------------------------------------------------------

_RESET = b"id\nevent: training.log\ndata: {}\n\n"


@dataclass(frozen=True)
class Row:
    """What each connection sends, then `close` or `cut`; the last one goes on for all others.

    `sent` are the `Last-Event-ID`s, `waits` the seconds before each retry, without jitter.
    """

    connections: list[tuple[bytes, str]]
    sent: list[bytes | None]
    waits: list[float]
    events: int
    state: str = "complete"
    status: str = "running"


EVENTS = [event(number) for number in range(1, 4)]
ALL = b"".join(EVENTS)

ROWS: dict[str, dict[str, Row]] = {
    "WPT": {
        "format-field-id: the id is sent": Row(
            [(ALL, "cut"), (EVENTS[2] + DONE, "close")], [None, b"2"], [1], 4
        ),
        "format-field-id-3: a reset id is not sent": Row(
            [(ALL + _RESET, "cut"), (ALL + _RESET + DONE, "close")], [None, None], [1], 5
        ),
        "an id that is reset by a block without an event": Row(
            [(ALL + b"id\n\n", "cut"), (ALL + DONE, "close")], [None, None], [1], 4
        ),
        "an id that is reset by a ping": Row(
            [(ALL + b"id\nevent: ping\ndata\n\n", "cut"), (ALL + DONE, "close")],
            [None, None], [1], 4,
        ),
        "an id after a reset": Row(
            [(ALL + b"id\n\n" + event(4), "cut"), (event(4) + DONE, "close")], [None, b"3"], [1], 5
        ),
        "format-field-retry": Row(
            [(b"retry:3000\n\n", "cut"), (DONE, "close")], [None] * 2, [3], 1
        ),
        "format-field-retry-bogus": Row(
            [(b"retry:3000\nretry:1000x\n\n", "cut"), (DONE, "close")], [None] * 2, [3], 1
        ),
        "format-field-retry-empty": Row(
            [(b"retry:3000\nretry\n\n", "cut"), (DONE, "close")], [None] * 2, [3], 1
        ),
    },
    "LaunchDarkly": {
        "retry counts at its line's end": Row(
            [(b"data: x\nretry: 3000\n", "cut"), (DONE, "close")], [None] * 2, [3], 1
        ),
        "retry does not count before its line's end": Row(
            [(b"retry: 3000", "cut"), (DONE, "close")], [None] * 2, [1], 1
        ),
        "retry with zeros before": Row(
            [(b"retry: 00003000\n", "cut"), (DONE, "close")], [None] * 2, [3], 1
        ),
        "retry of very many digits": Row(
            [(b"retry: " + b"7" * 400 + b"\n", "cut"), (DONE, "close")], [None] * 2, [60], 1
        ),
        "retry of 0 takes an earlier one back": Row(
            [(b"retry: 9000\n", "cut"), (b"retry: 0\n", "cut"), (DONE, "close")],
            [None] * 3, [9, 2], 1,
        ),
        "the last id is kept if later events have none": Row(
            [(ALL + b"event: training.log\ndata: {}\n\n", "cut"), (EVENTS[2] + DONE, "close")],
            [None, b"2"], [1], 5,
        ),
        "it reconnects after a clean close": Row(
            [(ALL, "close"), (EVENTS[2] + DONE, "close")], [None, b"2"], [1], 4
        ),
    },
    "proxies": {
        "two clean closes at the same place": Row(
            [(ALL, "close"), (ALL, "close")], [None, b"2"], [1], 3, status="completed"
        ),
        "a second clean close that came short": Row(
            [(ALL, "close"), (EVENTS[0], "close"), (ALL, "close"), (ALL, "close")],
            [None, b"2", b"2", b"2"], [1, 2, 4], 3, status="completed",
        ),
        "a second clean close without an event": Row(
            [(ALL, "close"), (b": hello\n\n", "close")],
            [None, b"2", b"2", b"2"], [1, 2, 4], 3, "interrupted", "completed",
        ),
        "a clean close of a cancelled job": Row(
            [(ALL, "close")], [None], [], 3, status="cancelled"
        ),
        "a clean close that came short of a cancelled job": Row(
            [(ALL, "cut"), (EVENTS[0], "close"), (ALL, "close")],
            [None, b"2", b"2"], [1, 2], 3, status="cancelled",
        ),
    },
}  # fmt: skip
