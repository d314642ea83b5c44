"""The stand-in server: uvicorn on a loopback port, in a thread beside the test."""

import asyncio
import os
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from tests.standin.app import Answers, Cloud, Request, application
from tests.standin.connection import StandInProtocol
from tests.standin.jobs import Job, Jobs

_PATIENCE = 300.0
"""Seconds until a test that waits for something that never comes fails."""

_CLOSING = 5.0
"""Seconds that open connections get to end when the server stops."""


class StandIn:
    """A Studio (and a cloud) with these jobs, from `with` to the end of the block.

    `jobs` is changed while the server runs (see `Jobs`), and so is `answers`: the token, the
    manifest, the cloud's scope, or any route's whole answer. `requests` holds what was asked.
    """

    def __init__(
        self,
        *jobs: Job,
        token: str | None = None,
        port: int = 0,
        trainer: str | None = "support-bot-v1",
        cloud: Cloud | None = None,
    ) -> None:
        self.jobs = Jobs(jobs, self._changed)
        self.answers = Answers(
            token=token or secrets.token_hex(16), cloud=cloud or Cloud(), trainer=trainer
        )
        self.answers.credentials = {
            "token": "bearer-of-the-stand-in",
            "mode": "anon",
            "baseUrl": "https://api.arkor.ai",
            "orgSlug": self.answers.cloud.org,
            "projectSlug": self.answers.cloud.project,
        }
        self._requests: list[Request] = []
        self._counts: Counter[str] = Counter()
        self._released: set[str] = set()
        self._change = asyncio.Event()
        self._ready = threading.Event()
        self._port = port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="stand-in", daemon=True)
        self._server = uvicorn.Server(self._config())

    # --- Life ------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen. Raises `OSError` where the port is taken."""
        self._socket = _listen(self._port)
        self._port = self._socket.getsockname()[1]
        self._thread.start()
        self._ready.wait(_PATIENCE)
        return self

    def stop(self) -> None:
        """Close every connection and the port at once."""
        if self._thread.is_alive():
            self._call(self._stopping.set)
            self._thread.join(_PATIENCE)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _config(self) -> uvicorn.Config:
        return uvicorn.Config(
            application(self),
            http=StandInProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=60,
        )

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        # uvicorn's own `serve` checks every 0.1 s whether to stop, and then waits for open
        # streams; a suite that starts hundreds of servers has no time for either.
        self._loop = asyncio.get_running_loop()
        config = self._server.config
        config.load()
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup(sockets=[self._socket])
        self._ready.set()
        await self._stopping.wait()
        for listener in self._server.servers:
            listener.close()
        state = self._server.server_state
        for connection in list(state.connections):
            connection.transport.abort()
        if state.tasks:
            await asyncio.wait(list(state.tasks), timeout=_CLOSING)

    # --- Address ---------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def token(self) -> str:
        return self.answers.token

    def write_token(self, path: Path) -> Path:
        """Write the token as `arkor dev` does, readable by its owner only; return the path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self.token)
        return path

    # --- Requests --------------------------------------------------------------------------------

    @property
    def requests(self) -> list[Request]:
        return list(self._requests)

    def openings(self, job_id: str) -> list[Request]:
        """Return the requests for a job's stream, refused ones included."""
        return [request for request in self.requests if request.job_id == job_id]

    @property
    def open_connections(self) -> int:
        return len(self._server.server_state.connections)

    def wait_until(self, what: Callable[[], bool], seconds: float = _PATIENCE) -> None:
        """Wait until this is true. Raises `TimeoutError`."""
        deadline = time.monotonic() + seconds
        while not what():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {seconds:g} s")
            time.sleep(0.005)

    def wait_for_opening(self, job_id: str, number: int = 1) -> None:
        """Wait until a job's stream has been opened this many times."""
        self.wait_until(lambda: len(self.openings(job_id)) >= number)

    # --- Control by the test ---------------------------------------------------------------------

    def release(self, name: str) -> None:
        """Release the streams that wait for this name."""
        self._released.add(name)
        self._changed()

    def cancel(self, job_id: str, at: str = "2026-05-01T01:00:00.000Z") -> None:
        """Cancel a job: only the list shows it; its stream stays open."""
        self.jobs.update(job_id, status="cancelled", completedAt=at)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something this many seconds from now, while the server runs."""
        loop = self._running_loop()
        loop.call_soon_threadsafe(lambda: loop.call_later(seconds, action))

    # --- For the application ---------------------------------------------------------------------

    def job(self, job_id: str) -> Job | None:
        return self.jobs.get(job_id)

    def released(self, name: str) -> bool:
        return name in self._released

    def next_change(self) -> asyncio.Event:
        return self._change

    def record(self, request: Request) -> None:
        self._requests.append(request)

    def count(self, key: str) -> int:
        self._counts[key] += 1
        return self._counts[key]

    def _changed(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._call(self._wake)

    def _wake(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    def _call(self, action: Callable[[], None]) -> None:
        self._running_loop().call_soon_threadsafe(action)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError("the stand-in has not been started")
        return self._loop


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    # A stand-in may reuse the port of a stopped one without waiting for its old connections.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener
