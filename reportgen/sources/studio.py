"""Source `studio`: a Studio that runs on this machine, as `arkor dev` starts it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Final

from reportgen.errors import SourceError
from reportgen.model.origin import Manifest, Origin
from reportgen.sources import JobList, OpenStream, retry
from reportgen.sources.http import (
    MAX_SMALL_BYTES,
    Answer,
    BaseURL,
    Secret,
    Server,
    UnreachableError,
    path_segment,
)
from reportgen.sources.job_list import MAX_LIST_BYTES, read_job_list
from reportgen.text.javascript import JSON, decode_object
from reportgen.text.keys import secret_texts
from reportgen.text.secrets import Secrets

TOKEN_HEADER: Final = "X-Arkor-Studio-Token"  # noqa: S105 - the header's name


class Studio:
    """A running Studio.

    `read_token` returns the launch's token and is called again when that is refused; `secrets`
    learns the token, and the bearer token in Studio's credentials answer; `environment` may name
    certificates.
    """

    recorded = False

    def __init__(
        self,
        base: BaseURL,
        read_token: Callable[[], str],
        secrets: Secrets,
        *,
        environment: Mapping[str, str],
        now: Callable[[], datetime],
    ) -> None:
        self._now = now
        self._url = base.shown
        self._secrets = secrets
        secret = Secret(read_token, secrets)
        self._server = Server(
            base, secret, lambda token: {TOKEN_HEADER: token}, environment=environment
        )

    @property
    def origin(self) -> Origin:
        """Kind and URL."""
        return Origin("studio", self._url)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._server.close()

    async def identity(self) -> Origin:
        """Return mode and scope from the credentials route, and learn the secrets in its answer."""
        answer = await self._get("/api/credentials", MAX_SMALL_BYTES)
        fields = decode_object(answer.body) if answer.status == HTTPStatus.OK else None
        if fields is None:
            raise SourceError(f"{self._url} does not tell its scope (status {answer.status}).")
        for token in secret_texts(fields):
            self._secrets.learn(token)
        org, project = _text(fields.get("orgSlug")), _text(fields.get("projectSlug"))
        return replace(self.origin, mode=_text(fields.get("mode")), org=org, project=project)

    async def manifest(self) -> Manifest:
        """Read the manifest; what Studio says where the project does not build is its error."""
        answer = await self._get("/api/manifest", MAX_SMALL_BYTES)
        if answer.status != HTTPStatus.OK:
            message = answer.message(self._secrets.redactor)
            return Manifest(error=message or f"the server answered {answer.status}")
        fields = decode_object(answer.body)
        if fields is None:
            return Manifest(error="the answer is no JSON object")
        trainer = fields.get("trainer")
        return Manifest(_text(trainer.get("name")) if isinstance(trainer, dict) else None)

    async def jobs(self) -> JobList:
        """Read the job list."""
        answer = await self._get("/api/jobs", MAX_LIST_BYTES)
        if answer.status != HTTPStatus.OK:
            raise SourceError(self._refusal(answer))
        return read_job_list(answer.body, self._url, self._now(), self._secrets.redactor)

    def events(
        self, job_id: str, last_event_id: bytes | None, *, ended: bool
    ) -> AbstractAsyncContextManager[OpenStream]:
        """Open a job's event stream."""
        path = f"/api/jobs/{path_segment(job_id)}/events"
        return self._server.stream(path, last_event_id, ended=ended)

    async def _get(self, path: str, limit: int) -> Answer:
        try:
            return await self._server.get(path, limit=limit)
        except UnreachableError as error:
            if not error.refused:
                raise
            raise SourceError(
                f"Studio is not running at {self._url}: start it with `arkor dev`, "
                "or try `--source demo`."
            ) from error

    def _refusal(self, answer: Answer) -> str:
        message = answer.message(self._secrets.redactor)
        said = f": {message}" if message else ""
        if retry.is_about_the_token(answer.status):
            return (
                f"Studio at {self._url} refused the token ({answer.status}{said}). It is new at "
                "every start of `arkor dev`: name its file with --token-file, or check --url."
            )
        return f"Studio at {self._url} answered the job list with {answer.status}{said}."


def _text(value: JSON) -> str | None:
    return value if isinstance(value, str) and value else None
