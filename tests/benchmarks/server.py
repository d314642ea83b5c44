"""A server of loads in its own process, cheap enough not to affect what is measured.

It sends prepared bytes and looks only at a request's path. `/asked` returns the paths requested
since it was last called, as JSON.

    python -m tests.benchmarks.server DIRECTORY   prints its port; serves until its stdin ends
"""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from tests.benchmarks import live

_CACHED: Final = 1 << 20
"""Streams of up to so many bytes are held; larger ones are sent from the file."""

_STREAM_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)
_MANIFEST: Final = b'{"trainer":{"name":"support-bot"}}'
_CREDENTIALS: Final = b'{"mode":"anon","orgSlug":"anon-a1b2","projectSlug":"support-bot"}'


@contextmanager
def serving(directory: Path) -> Iterator[str]:
    """Serve a load as long as the context lasts; yield the base URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.server", str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


def asked(url: str) -> list[str]:
    """Return the paths requested since this was last called."""
    with urllib.request.urlopen(f"{url}/asked", timeout=30) as answer:  # noqa: S310 - our own
        paths: list[str] = json.load(answer)
    return paths


class _Load:
    """A load as it is served; the list is read each time, since benchmarks add jobs."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._files: dict[str, str] = {}
        self._cached: dict[str, bytes] = {}
        self.asked: list[str] = []

    def body(self, path: str) -> bytes | None:
        match path:
            case "/api/jobs":
                return (self._directory / "jobs.json").read_bytes()
            case "/api/manifest":
                return _MANIFEST
            case "/api/credentials":
                return _CREDENTIALS
            case "/asked":
                paths = [path for path in self.asked if path != "/asked"]
                self.asked.clear()
                return json.dumps(paths).encode()
        return None

    def stream(self, path: str) -> bytes | Path:
        """Return a stream's bytes, or its file if that is too large for memory."""
        job_id = unquote(path.split("/")[3])
        if job_id not in self._files:
            self._files = json.loads((self._directory / "streams.json").read_bytes())
        name = self._files[job_id]
        file = self._directory / name
        if file.stat().st_size > _CACHED:
            return file
        if name not in self._cached:
            self._cached[name] = file.read_bytes()
        return self._cached[name]


class _Connection(asyncio.Protocol):
    """One client's connection, kept alive between requests."""

    def __init__(self, load: _Load, ticker: live.Ticker) -> None:
        self._load = load
        self._ticker = ticker
        self._head = b""
        self._transport: asyncio.Transport | None = None
        self._sending: asyncio.Task[object] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        if self._transport is not None:
            self._ticker.leave(self._transport)
        if self._sending is not None:
            self._sending.cancel()

    def data_received(self, data: bytes) -> None:
        self._head += data
        while b"\r\n\r\n" in self._head:
            request, _, self._head = self._head.partition(b"\r\n\r\n")
            self._answer(request.split(b" ", 2)[1].decode("ascii"))

    def _answer(self, path: str) -> None:
        assert self._transport is not None
        body = self._load.body(path)
        self._load.asked.append(path)
        if body is not None:
            head = (
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            )
            self._transport.write(head % len(body) + body)
            return
        self._transport.write(_STREAM_HEAD)
        if self._ticker.serves(path):
            self._ticker.join(self._transport)
            return
        stream = self._load.stream(path)
        if isinstance(stream, bytes):
            self._transport.write(stream)
        else:
            self._sending = asyncio.create_task(_send(self._transport, stream))


async def _send(transport: asyncio.Transport, file: Path) -> None:
    with file.open("rb") as body, contextlib.suppress(ConnectionError, RuntimeError):
        await asyncio.get_running_loop().sendfile(transport, body)


async def _serve(directory: Path) -> None:
    load, ticker = _Load(directory), live.Ticker.of(directory)
    loop = asyncio.get_running_loop()
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    # Send at once, as Node does; asyncio does not change the options of a ready socket.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = await loop.create_server(lambda: _Connection(load, ticker), sock=listening)
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
