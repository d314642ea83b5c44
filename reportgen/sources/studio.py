"""Source `studio`: a Studio that runs on this machine, as `arkor dev` starts it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Final

from reportgen import retry, wire
from reportgen.errors import SourceError
from reportgen.report import Manifest, Origin
from reportgen.sources import JobList, OpenStream, StreamRefusedError
from reportgen.sources.http import (
    MAX_LIST_BYTES,
    Answer,
    BaseURL,
    Server,
    UnreachableError,
    path_segment,
)
from reportgen.sources.joblist import read_job_list

DEFAULT_URL: Final = "http://127.0.0.1:4000"
TOKEN_HEADER: Final = "X-Arkor-Studio-Token"  # noqa: S105 - the header's name
_MAX_SMALL_BYTES: Final = 1024 * 1024


class Studio:
    """A running Studio. `read_token` gives the launch's token, read anew at each call."""

    recorded = False

    def __init__(
        self,
        base: BaseURL,
        read_token: Callable[[], str],
        *,
        concurrency: int,
        now: Callable[[], datetime],
    ) -> None:
        if base.clear_text and not base.loopback:
            raise SourceError(
                f"{base.shown} is not on this machine, and the token would go there in clear "
                "text: use https://, or a tunnel to a loopback address."
            )
        self._read_token = read_token
        self._token = read_token()
        self._tokens = [self._token]
        self._now = now
        self._server = Server(base, lambda: {TOKEN_HEADER: self._token}, concurrency)

    @property
    def origin(self) -> Origin:
        """Kind and URL."""
        return Origin("studio", self._server.base.shown)

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token that was in use."""
        return tuple(self._tokens)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._server.close()

    async def identity(self) -> Origin:
        """Read mode and scope, and nothing else, from the credentials route."""
        answer = await self._get("/api/credentials", _MAX_SMALL_BYTES)
        fields = wire.decode_object(answer.body) if answer.status == HTTPStatus.OK else None
        if fields is None:
            raise SourceError(f"{self._url} does not tell its scope (status {answer.status}).")
        org, project = _text(fields.get("orgSlug")), _text(fields.get("projectSlug"))
        return replace(self.origin, mode=_text(fields.get("mode")), org=org, project=project)

    async def manifest(self) -> Manifest:
        """Read the manifest; what Studio says where the project does not build is its error."""
        answer = await self._get("/api/manifest", _MAX_SMALL_BYTES)
        if answer.status != HTTPStatus.OK:
            return Manifest(error=answer.words or f"the server answered {answer.status}")
        fields = wire.decode_object(answer.body)
        if fields is None:
            return Manifest(error="the answer is no JSON object")
        trainer = fields.get("trainer")
        return Manifest(_text(trainer.get("name")) if isinstance(trainer, dict) else None)

    async def jobs(self) -> JobList:
        """Read the job list."""
        answer = await self._get("/api/jobs", MAX_LIST_BYTES)
        if answer.status != HTTPStatus.OK:
            raise SourceError(self._refusal(answer))
        return read_job_list(answer.body, self._url, self._now())

    @asynccontextmanager
    async def events(
        self, job_id: str, last_event_id: bytes | None, *, ended: bool
    ) -> AsyncIterator[OpenStream]:
        """Open a job's event stream; a refused token is read anew and tried once."""
        path = f"/api/jobs/{path_segment(job_id)}/events"
        try:
            async with self._server.stream(path, last_event_id, ended=ended) as stream:
                yield stream
                return
        except StreamRefusedError as refusal:
            if not (retry.is_about_the_token(refusal.status) and self._token_changed()):
                raise
        async with self._server.stream(path, last_event_id, ended=ended) as stream:
            yield stream

    async def _get(self, path: str, limit: int) -> Answer:
        try:
            answer = await self._server.get(path, limit=limit, sleep=asyncio.sleep)
            if retry.is_about_the_token(answer.status) and self._token_changed():
                answer = await self._server.get(path, limit=limit, sleep=asyncio.sleep)
        except UnreachableError as error:
            if not error.refused:
                raise
            raise SourceError(
                f"Studio is not running at {self._url}: start it with `arkor dev`, "
                "or try `--source demo`."
            ) from error
        return answer

    @property
    def _url(self) -> str:
        return self._server.base.shown

    def _refusal(self, answer: Answer) -> str:
        said = f": {answer.words}" if answer.words else ""
        if retry.is_about_the_token(answer.status):
            return (
                f"Studio at {self._url} refused the token ({answer.status}{said}). It is new at "
                "every start of `arkor dev`: name its file with --token-file, or check --url."
            )
        return f"Studio at {self._url} answered the job list with {answer.status}{said}."

    def _token_changed(self) -> bool:
        """Read the token anew, since Studio may have been started again."""
        try:
            token = self._read_token()
        except SourceError:
            return False
        if token == self._token:
            return False
        self._token = token
        self._tokens.append(token)
        return True


def _text(value: wire.JSON) -> str | None:
    return value if isinstance(value, str) and value else None
