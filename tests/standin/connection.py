"""Scripts performed on a real connection: what ASGI cannot do is done on the transport itself."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterable
from http import HTTPStatus
from itertools import repeat
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.standin import script
from tests.standin.events import Framing
from tests.standin.jobs import Job

SCOPE_KEY = "standin.connection"
_WITHOUT_BODY = (204, 304)
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class StandInProtocol(H11Protocol):
    """uvicorn's HTTP protocol, which also passes its connection to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app: ASGIApp = self.app

        async def with_connection(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "extensions": {SCOPE_KEY: self}}, receive, send)

        self.app = with_connection


class Stage(Protocol):
    """What the steps of a script need to know of the server that they run in."""

    def job(self, job_id: str) -> Job | None: ...

    def released(self, name: str) -> bool: ...

    def next_change(self) -> asyncio.Event:
        """Return an event that is set at the next change after this call."""


class Performance:
    """An ASGI application that acts out one `Stream`, until it ends or the other side leaves."""

    def __init__(self, stream: script.Stream, stage: Stage, job_id: str = "") -> None:
        self._stream = stream
        self._stage = stage
        self._job_id = job_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        actor = _Actor(self._stream, self._stage, self._job_id, scope, send)
        acting = asyncio.ensure_future(actor.act())
        leaving = asyncio.ensure_future(_disconnected(receive))
        await asyncio.wait((acting, leaving), return_when=asyncio.FIRST_COMPLETED)
        if acting.done() and acting.exception() is None:
            # uvicorn reports a silent end as a fault unless it knows that the connection is gone.
            await leaving
        acting.cancel()
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        with contextlib.suppress(asyncio.CancelledError):  # the other side has left
            await acting


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _pieces(step: script.Send | script.Flow) -> Iterable[bytes]:
    return repeat(step.data, step.times) if isinstance(step, script.Send) else step.source()


class _Actor:
    """Carries out the steps of one stream, and knows how to write to the connection."""

    def __init__(
        self, stream: script.Stream, stage: Stage, job_id: str, scope: Scope, send: Send
    ) -> None:
        self._stream = stream
        self._stage = stage
        self._job_id = job_id
        self._send = send
        self._connection: StandInProtocol = scope["extensions"][SCOPE_KEY]

    async def act(self) -> None:
        if await self._steps(self._stream.before):
            return
        await self._head()
        if not await self._steps(self._stream.steps):
            await self._close()

    async def _steps(self, steps: script.Steps) -> bool:
        """Carry out the steps in order; return whether one of them ended the answer."""
        for step in steps:
            if await self._step(step):
                return True
        return False

    async def _step(self, step: script.Step) -> bool:
        match step:
            case script.Pause(seconds):
                await asyncio.sleep(seconds)
            case script.WaitFor(name):
                await self._wait_for(name)
            case script.Follow():
                return await self._end(await self._follow(step))
            case script.Send() | script.Flow():
                for data in _pieces(step):
                    await self._write(data)
            case _:
                return await self._end(step)
        return False

    async def _end(self, ending: script.Ending) -> bool:
        match ending:
            case script.Hold():
                await asyncio.Event().wait()
            case script.Close():
                await self._close()
            case script.Cut(reset):
                self._cut(reset=reset)
        return True

    async def _wait_for(self, name: str) -> None:
        while True:
            change = self._stage.next_change()
            if self._stage.released(name):
                return
            await change.wait()

    async def _follow(self, step: script.Follow) -> script.Ending:
        """Send the job's events as they arrive; return how the stream then ends."""
        at = step.start
        stop = None if step.count is None else step.start + step.count
        cuts = self._job().cuts
        while True:
            change = self._stage.next_change()
            job = self._job()
            for event in job.events[at:stop]:
                await self._write_in_chunks(step.framing, step.framing.frame(event))
                at += 1
            if at == stop:
                torn = b"".join(map(step.framing.frame, job.events[at : at + 1]))[: step.torn]
                await self._write(torn)
                return step.then
            if job.cuts > cuts:
                return script.Cut()
            if job.finish and at >= len(job.events):
                return job.finish
            await change.wait()

    def _job(self) -> Job:
        return self._stage.job(self._job_id) or Job(self._job_id, {}, finish=script.Close())

    # --- Writing ---------------------------------------------------------------------------------

    async def _head(self) -> None:
        headers = [(name.encode(), text.encode()) for name, text in self._headers()]
        if self._stream.until_close:
            reason = HTTPStatus(self._stream.status).phrase
            lines = [f"HTTP/1.1 {self._stream.status} {reason}".encode()]
            lines += [name + b": " + text for name, text in headers]
            self._connection.transport.write(b"\r\n".join([*lines, b"", b""]))
            return
        status = self._stream.status
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    def _headers(self) -> list[tuple[str, str]]:
        stream = self._stream
        headers = [("cache-control", "no-cache")]
        if stream.content_type is not None:
            headers.append(("content-type", stream.content_type))
        if stream.until_close:
            headers.append(("connection", "close"))
        if stream.status in _WITHOUT_BODY:
            return [*headers, *((k, v) for k, v in stream.headers.items() if k != "content-length")]
        return headers + list(stream.headers.items())

    async def _write_in_chunks(self, framing: Framing, data: bytes) -> None:
        for chunk in framing.chunks(data):
            await self._write(chunk)

    async def _write(self, data: bytes) -> None:
        if not data or self._stream.status in _WITHOUT_BODY:
            return
        if self._stream.until_close:
            await self._connection.flow.drain()
            self._connection.transport.write(data)
        else:
            await self._send({"type": "http.response.body", "body": data, "more_body": True})
        # An endless flow must let the other connections run.
        await asyncio.sleep(0)

    async def _close(self) -> None:
        if self._stream.until_close:
            self._cut(reset=False)
        else:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _cut(self, *, reset: bool) -> None:
        transport = self._connection.transport
        if reset:
            connection: socket.socket = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            transport.abort()
        else:
            transport.close()
