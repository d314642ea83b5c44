"""Source `cloud`: Arkor's cloud API, for a project's jobs when no Studio is running."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from reportgen.errors import SourceError
from reportgen.model.origin import Origin
from reportgen.sources import JobList, OpenStream, refusals
from reportgen.sources.credentials import Scope
from reportgen.sources.http import Answer, BaseURL, Secret, Server, path_segment
from reportgen.sources.job_list import MAX_LIST_BYTES, read_job_list
from reportgen.text.secrets import Secrets

URL_VARIABLE: Final = "ARKOR_CLOUD_API_URL"


class Cloud:
    """The cloud API.

    `read_token` returns the bearer token, which is added to `secrets`, and is called again if the
    token is refused. `environment` may name proxies and certificates. `client_version` is the SDK
    version to send; `mode` is how the session was opened; `warn` is called once for each notice
    that the API sends about itself.
    """

    recorded = False

    def __init__(
        self,
        base: BaseURL,
        read_token: Callable[[], str],
        secrets: Secrets,
        scope: Scope,
        *,
        mode: str | None,
        client_version: str,
        environment: Mapping[str, str],
        now: Callable[[], datetime],
        warn: Callable[[str], None],
    ) -> None:
        self._url = base.shown
        self._secrets = secrets
        self._scope = scope
        self._mode = mode
        self._now = now
        self._query = "?" + urlencode({"orgSlug": scope.org, "projectSlug": scope.project})
        client = f"arkor/{client_version}"
        self._server = Server(
            base,
            Secret(read_token, secrets),
            lambda token: {"Authorization": f"Bearer {token}", "X-Arkor-Client": client},
            environment=environment,
            refusal=self._said,
            notice=warn,
        )

    @property
    def origin(self) -> Origin:
        """The kind, URL and scope, all known without a request."""
        return Origin("cloud", self._url, self._mode, self._scope.org, self._scope.project)

    async def close(self) -> None:
        """Close all connections."""
        await self._server.close()

    async def identity(self) -> Origin:
        """Return the origin, whose scope is the configured one."""
        return self.origin

    async def manifest(self) -> None:
        """Return None: the cloud does not have the project's source code."""

    async def jobs(self) -> JobList:
        """Read the job list."""
        answer = await self._server.get(f"/v1/jobs{self._query}", limit=MAX_LIST_BYTES)
        if answer.status != HTTPStatus.OK:
            scope = f"{self._scope.org}/{self._scope.project}"
            raise SourceError(
                f"Cannot read the job list of {scope} from {self._url}: {self._said(answer)}."
            )
        return read_job_list(answer.body, self._url, self._now(), self._secrets.redactor)

    def events(
        self, job_id: str, last_event_id: bytes | None, *, ended: bool
    ) -> AbstractAsyncContextManager[OpenStream]:
        """Open a job's event stream."""
        path = f"/v1/jobs/{path_segment(job_id)}/events/stream{self._query}"
        return self._server.stream(path, last_event_id, ended=ended)

    def _said(self, answer: Answer) -> str:
        return refusals.by_cloud(
            "the API",
            answer,
            self._secrets.redactor,
            denied="check --org and --project",
            outdated="or set ARKOR_REPORT_CLIENT_VERSION to a version that it supports",
        )
