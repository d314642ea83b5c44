"""Source `studio`: a Studio running on this machine, started by `arkor dev`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Final

from reportgen.errors import SourceError
from reportgen.model.origin import Manifest, Origin
from reportgen.sources import JobList, OpenStream, refusals, which_studio
from reportgen.sources.credentials import Scope
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
from reportgen.text.javascript import JSON, Object, decode_object
from reportgen.text.keys import secret_texts
from reportgen.text.secrets import Secrets

TOKEN_HEADER: Final = "X-Arkor-Studio-Token"  # noqa: S105 - the header's name
_PAGE_SECONDS: Final = 2.0


class Studio:
    """A running Studio: the one at the only address given, or one chosen from several addresses.

    `read_token` returns the known token; if the user specified it, it is `explicit`, and no other
    token is tried. `scope` comes from the project's state file. Every token read is added to
    `secrets`, as is the bearer token in Studio's credentials response; `environment` may name
    certificates; `warn` is called once for each notice that the cloud sends about itself.
    """

    recorded = False

    def __init__(
        self,
        bases: Sequence[BaseURL],
        read_token: Callable[[], str],
        secrets: Secrets,
        *,
        explicit: bool = False,
        scope: Scope | None = None,
        environment: Mapping[str, str],
        now: Callable[[], datetime],
        warn: Callable[[str], None],
    ) -> None:
        self._bases = bases
        self._read_token = read_token
        self._secrets = secrets
        self._explicit = explicit
        self._scope = scope
        self._environment = environment
        self._now = now
        self._warn = warn
        self._finding = asyncio.Lock()
        self._server: Server | None = None
        self._introduction = ""

    @property
    def origin(self) -> Origin:
        """The kind and URL."""
        base = self._bases[0] if self._server is None else self._server.base
        return Origin("studio", base.shown)

    async def close(self) -> None:
        """Close all connections."""
        if self._server is not None:
            await self._server.close()

    async def identity(self) -> Origin:
        """Return the mode and scope from the credentials route; remember the secrets it sends."""
        answer = await self._get("/api/credentials", MAX_SMALL_BYTES)
        fields = self._credentials(answer)
        if fields is None:
            raise SourceError(f"{self.origin.url} does not report its scope: {self._said(answer)}.")
        org, project = _text(fields.get("orgSlug")), _text(fields.get("projectSlug"))
        return replace(self.origin, mode=_text(fields.get("mode")), org=org, project=project)

    async def manifest(self) -> Manifest:
        """Read the manifest; if the project does not build, it holds Studio's error."""
        answer = await self._get("/api/manifest", MAX_SMALL_BYTES)
        if answer.status != HTTPStatus.OK:
            message = answer.message(self._secrets.redactor)
            return Manifest(error=message or f"the server answered {answer.status}")
        fields = decode_object(answer.body)
        if fields is None:
            return Manifest(error="the answer is not a JSON object")
        trainer = fields.get("trainer")
        return Manifest(_text(trainer.get("name")) if isinstance(trainer, dict) else None)

    async def jobs(self) -> JobList:
        """Read the job list."""
        url = (await self._connected()).base.shown
        answer = await self._get("/api/jobs", MAX_LIST_BYTES)
        if answer.status != HTTPStatus.OK:
            raise SourceError(f"Cannot read the job list of {url}: {self._said(answer)}.")
        jobs = read_job_list(answer.body, url, self._now(), self._secrets.redactor)
        without = not jobs.entries and await self._has_no_project()
        return replace(jobs, introduction=self._introduction, without_project=without)

    async def _has_no_project(self) -> bool:
        """Return whether Studio reports that it has no project."""
        with suppress(SourceError):
            fields = self._credentials(await self._get("/api/credentials", MAX_SMALL_BYTES))
            return fields is not None and fields.get("projectSlug", "") is None
        return False

    @asynccontextmanager
    async def events(
        self, job_id: str, last_event_id: bytes | None, *, ended: bool
    ) -> AsyncIterator[OpenStream]:
        """Open a job's event stream."""
        server = await self._connected()
        path = f"/api/jobs/{path_segment(job_id)}/events"
        async with server.stream(path, last_event_id, ended=ended) as stream:
            yield stream

    async def _get(self, path: str, limit: int) -> Answer:
        server = await self._connected()
        try:
            return await server.get(path, limit=limit)
        except UnreachableError as error:
            if not error.refused:
                raise
            raise SourceError(
                f"Studio is not running at {server.base.shown}: start it with `arkor dev`, "
                "or try `--source demo`."
            ) from error

    def _said(self, answer: Answer) -> str:
        return refusals.by_studio(answer, self._secrets.redactor)

    def _credentials(self, answer: Answer) -> Object | None:
        """Return the fields from the credentials route, or None; remember the secrets in them."""
        fields = decode_object(answer.body) if answer.status == HTTPStatus.OK else None
        for token in secret_texts(fields or {}):
            self._secrets.learn(token)
        return fields

    # Choosing a Studio, and its token

    async def _connected(self) -> Server:
        """Return the Studio to use. Raises `SourceError`."""
        async with self._finding:
            if self._server is None:
                self._server = await self._find()
        return self._server

    async def _find(self) -> Server:
        known = None
        try:
            known = self._read_token()
            self._secrets.learn(known)
        except SourceError:
            if self._explicit:
                raise
        choice = await which_studio.choose(
            self._bases,
            known,
            explicit=self._explicit,
            scope=self._scope,
            page_token=self._page_token,
            scope_of=self._scope_of,
        )
        self._introduction = f"reading the Studio at {choice.base.shown}{choice.reason}"
        return self._server_at(choice.base, choice.token or self._read_token())

    def _server_at(self, base: BaseURL, token: str) -> Server:
        async def read_again() -> str:
            # The file may hold another Studio's token; the page has this one's.
            token = None
            if not self._explicit:
                with suppress(UnreachableError):
                    token = await self._page_token(base)
            return token or self._read_token()

        return Server(
            base,
            Secret(lambda: token, self._secrets, read_again),
            lambda token: {TOKEN_HEADER: token},
            environment=self._environment,
            refusal=self._said,
            notice=lambda notice: self._warn(f"from the cloud, through {notice}"),
        )

    async def _page_token(self, base: BaseURL) -> str | None:
        """Return the token in the page at an address; None if it is not a Studio's page.

        Raises `SourceError` if the user specified this address and the server there does not
        respond or refuses the host.
        """
        server = self._server_at(base, "")
        try:
            page = await server.get_page("/", limit=MAX_SMALL_BYTES, seconds=_PAGE_SECONDS)
        except UnreachableError as error:
            if len(self._bases) == 1 and not error.refused:
                raise
            return None
        finally:
            await server.close()
        if len(self._bases) == 1 and refusals.is_about_the_host(page, self._secrets.redactor):
            raise SourceError(f"Cannot read {base.shown}: {self._said(page)}.")
        token = which_studio.token_in(page.body) if page.status == HTTPStatus.OK else None
        self._secrets.learn(token or "")
        return token

    async def _scope_of(self, base: BaseURL, token: str) -> Scope | None:
        """Request a Studio's scope, using the token from its own page."""
        server = self._server_at(base, token)
        try:
            async with asyncio.timeout(_PAGE_SECONDS):
                answer = await server.get("/api/credentials", limit=MAX_SMALL_BYTES)
        except (UnreachableError, TimeoutError):
            return None
        finally:
            await server.close()
        fields = self._credentials(answer) or {}
        org, project = (_text(fields.get(name)) for name in ("orgSlug", "projectSlug"))
        return None if org is None or project is None else Scope(org, project)


def _text(value: JSON) -> str | None:
    return value if isinstance(value, str) and value else None
