"""Cases that were written down from other projects' test suites; `foreign_cases` has the tables."""

import asyncio
import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from reportgen.following.sse import Frame, FrameDecoder
from reportgen.sources import StreamBrokenError, StreamRefusedError, bodies
from reportgen.sources.http import BaseURL, Secret, Server
from reportgen.text.secrets import Secrets
from tests.following.foreign_cases import ANSWERS, ONE, PARSING, ROWS, TWO
from tests.following.world import Chunks, Opening, World, follow

T = TypeVar("T")


def flat(table: Mapping[str, Mapping[str, T]]) -> dict[str, T]:
    return {f"{suite}: {name}": case for suite in table for name, case in table[suite].items()}


STREAMS, REPLIES, STORIES = flat(PARSING), flat(ANSWERS), flat(ROWS)


def test_there_are_more_than_a_hundred() -> None:
    assert len(STREAMS) + len(REPLIES) + len(STORIES) > 100


@pytest.mark.parametrize("name", STREAMS)
def test_parsing_in_any_chunks(name: str) -> None:
    stream, expected = STREAMS[name]
    for size in (1, 2, 3, 7, 1000):
        decoder = FrameDecoder()
        frames: list[Frame] = []
        for at in range(0, len(stream), size):
            frames += decoder.feed(stream[at : at + size])
        assert frames + decoder.close() == expected


# --- Answers -------------------------------------------------------------------------------------


async def read(
    *connections: list[bytes],
    times: int = 1,
    size: int = 10**6,
    requests: list[bytes] | None = None,
) -> list[str]:
    """Return what is read from a server, and how it ends; `requests` receives their heads.

    The server answers the requests of each connection with these bytes; then it closes.
    """
    waiting = iter(connections)
    heads = [] if requests is None else requests

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in next(waiting):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            for at in range(0, len(answer), size):
                writer.write(answer[at : at + size])
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        secret = Secret(lambda: "a token of ours", Secrets())
        server = Server(BaseURL.parse(f"http://127.0.0.1:{port}"), secret, lambda _: {})
        ends = [await _read_once(server) for _ in range(times)]
        await server.close()
    return ends


async def _read_once(server: Server) -> str:
    body = b""
    try:
        async with server.stream("/", None, ended=True) as stream:
            async for chunk in stream.chunks:
                body += chunk
    except (StreamBrokenError, StreamRefusedError) as error:
        return f"{body.decode()}{getattr(error, 'reason', error)}"
    return body.decode()


@pytest.mark.parametrize("name", REPLIES)
def test_answer(name: str) -> None:
    answer = REPLIES[name]
    (end,) = asyncio.run(read([answer.sent]))
    body = answer.body.decode()
    assert end.startswith(body)
    trouble = end.removeprefix(body)
    assert answer.trouble in trouble if answer.trouble else not trouble


@pytest.mark.parametrize("name", [name for name in REPLIES if "gzip" in name or "deflate" in name])
def test_a_packed_body_in_any_chunks(name: str) -> None:
    whole = asyncio.run(read([REPLIES[name].sent]))
    assert asyncio.run(read([REPLIES[name].sent], size=1)) == whole


PLAIN = REPLIES["curl: identity"].sent


def test_a_stream_is_requested_as_browsers_do() -> None:
    requests: list[bytes] = []
    asyncio.run(read([PLAIN], requests=requests))
    method, *headers = requests[0].lower().splitlines()
    assert method.startswith(b"get ")
    assert {b"accept: text/event-stream", b"cache-control: no-cache"} <= set(headers)
    assert not any(header.startswith(b"last-event-id") for header in headers)


def test_a_reused_connection_that_turns_out_closed_is_replaced() -> None:
    both = (ONE + TWO).decode()
    assert asyncio.run(read([PLAIN, b""], [PLAIN], times=2)) == [both, both]


def test_a_new_connection_that_is_closed_is_not_replaced() -> None:
    both = (ONE + TWO).decode()
    first, second, third = asyncio.run(read([PLAIN, b""], [b""], [PLAIN], times=3))
    assert (first, third) == (both, both)
    assert "without an HTTP answer" in second


def test_nothing_that_was_unpacked_waits_for_more_bytes() -> None:
    """At one of these cuts zlib has taken all bytes and returned only the most that it may."""
    packed = gzip.compress(bytes((1 << 18) + 4096))

    async def sending(chunk: bytes) -> Chunks:
        yield chunk
        await asyncio.Event().wait()

    async def unpack() -> None:
        for cut in range(len(packed) // 2, len(packed)):
            content = sending(packed[:cut])
            response = httpx.Response(200, headers={"content-encoding": "gzip"}, content=content)
            pieces = bodies.unpacked(response)
            rest = len(zlib.decompressobj(31).decompress(packed[:cut]))
            while rest > 0:
                rest -= len(await asyncio.wait_for(anext(pieces), 5))

    asyncio.run(unpack())


# --- Connections in a row ------------------------------------------------------------------------


@pytest.mark.parametrize("name", STORIES)
def test_connections_in_a_row(name: str, tmp_path: Path) -> None:
    row = STORIES[name]

    async def serve(world: World, opening: Opening) -> Chunks:
        sent, ending = row.connections[min(opening.number, len(row.connections)) - 1]
        yield sent
        if ending == "cut":
            raise StreamBrokenError("cut")

    followed = follow(tmp_path, serve, statuses={"job": row.status}, retries=4)
    world, stream = followed.world, followed.jobs["job"].stream
    assert [opening.last_event_id for opening in world.openings] == row.sent
    assert [wait for *_, wait in world.breaks] == row.waits
    assert (stream.state, stream.events) == (row.state, row.events)
