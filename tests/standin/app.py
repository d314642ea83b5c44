"""The ASGI application: Studio's routes and the cloud's, their checks, and a record of requests."""

import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, TypeAlias
from urllib.parse import parse_qs, unquote

from starlette.applications import Starlette
from starlette.requests import Request as HTTPRequest
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.standin.connection import Performance, Stage
from tests.standin.events import JSON
from tests.standin.jobs import Jobs
from tests.standin.script import Opening, Script, Stream, choose, refusal, reply

_LOOPBACK_HOST: Final = re.compile(r"(?:127\.0\.0\.1|localhost)(?::\d+)?")
_STUDIO_STREAM: Final = re.compile(r"/api/jobs/[^/]+/events")
_ANY_STREAM: Final = re.compile(r"/api/jobs/([^/]+)/events|/v1/jobs/([^/]+)/events/stream")
_CLIENT: Final = re.compile(r"arkor/(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived: path and query as they were sent, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    at: float
    """Seconds, by the monotonic clock."""

    @property
    def url(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def job_id(self) -> str | None:
        """The job whose stream is requested."""
        stream = _ANY_STREAM.fullmatch(self.path)
        return unquote(stream[1] or stream[2], errors="surrogatepass") if stream else None

    @property
    def last_event_id(self) -> str | None:
        return self.headers.get("last-event-id")


@dataclass(frozen=True, slots=True)
class Cloud:
    """The cloud's settings: who may ask, for which scope, and its extra headers."""

    token: str = "cloud-token-of-the-stand-in"  # noqa: S105 - opens nothing
    org: str = "anon-a1b2"
    project: str = "support-bot"
    oldest_client: tuple[int, int, int] = (0, 0, 1)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Added to each answer: `Deprecation`, `Sunset`, `Warning`."""


@dataclass(slots=True)
class Answers:
    """What the server answers; a test may change any of it while the server runs.

    A script in `overrides` answers instead of a route: `page`, `jobs`, `manifest`, `credentials`,
    instead of the cloud where Studio asks it: `cloud`, or instead of all, before any check: `all`.
    A Studio whose credentials name no project has no jobs.
    """

    token: str
    cloud: Cloud = field(default_factory=Cloud)
    trainer: str | None = "support-bot-v1"
    credentials: Mapping[str, JSON] = field(default_factory=dict)
    overrides: dict[str, Script] = field(default_factory=dict)


class Server(Stage, Protocol):
    """What the application needs of the server that runs it."""

    answers: Answers
    jobs: Jobs

    def record(self, request: Request) -> None: ...

    def count(self, key: str) -> int:
        """Count one more request for this; return how many that makes."""


# --- Routes --------------------------------------------------------------------------------------

Answer: TypeAlias = "Callable[[Server, HTTPRequest], Stream]"


def application(server: Server) -> ASGIApp:
    """Make the application; it routes on the raw path, since ids may hold anything."""
    routes = [
        _route("/", server, _page),
        _route("/api/jobs", server, _by_studio(_job_list, reply(200, {"jobs": []}))),
        _route(
            "/api/jobs/{id}/events",
            server,
            _by_studio(_job_stream, refusal(400, "No project state")),
        ),
        _route("/api/manifest", server, _manifest),
        _route("/api/credentials", server, _credentials),
        _route("/v1/jobs", server, _in_the_cloud(_job_list)),
        _route("/v1/jobs/{id}", server, _in_the_cloud(_one_job)),
        _route("/v1/jobs/{id}/events/stream", server, _in_the_cloud(_job_stream)),
        _route("/{rest:path}", server, lambda _server, _request: refusal(404, "Not found")),
    ]
    inner = Starlette(routes=routes)
    inner.router.redirect_slashes = False

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = _request(scope)
        server.record(request)
        refused = _refused(server, request)
        if refused is not None:
            await Performance(refused, server)(scope, receive, send)
            return
        await inner({**scope, "path": request.path}, receive, send)

    return app


def _route(path: str, server: Server, answer: Answer) -> Route:
    async def endpoint(request: HTTPRequest) -> Performance:
        job_id = _job_id(request) if "id" in request.path_params else ""
        return Performance(answer(server, request), server, job_id)

    return Route(path, endpoint, methods=["GET"])


def _request(scope: Scope) -> Request:
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]},
        at=time.monotonic(),
    )


def _job_id(request: HTTPRequest) -> str:
    return unquote(request.path_params["id"], errors="surrogatepass")


# --- Checks --------------------------------------------------------------------------------------


def _refused(server: Server, request: Request) -> Stream | None:
    """Return the refusal of a request, or None if it is allowed."""
    if "all" in server.answers.overrides:
        return _override(server, "all")
    if request.path.startswith("/v1/"):
        return _refused_by_cloud(server.answers.cloud, request)
    if not _LOOPBACK_HOST.fullmatch(request.headers.get("host", "")):
        if request.path.startswith("/api/"):
            return refusal(403, "Studio API is loopback-only")
        return reply(403, b"Studio is loopback-only")
    if request.path.startswith("/api/") and not _has_token(server.answers.token, request):
        return refusal(403, "Missing or invalid studio token")
    return None


def _has_token(token: str, request: Request) -> bool:
    given = [request.headers.get("x-arkor-studio-token", "")]
    if _STUDIO_STREAM.fullmatch(request.path):
        given += parse_qs(request.query).get("studioToken", [])
    return any(_same(text, token) for text in given)


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("latin-1", "replace"), secret.encode())


def _refused_by_cloud(cloud: Cloud, request: Request) -> Stream | None:
    if not _same(request.headers.get("authorization", ""), f"Bearer {cloud.token}"):
        return refusal(401, "Missing or invalid token", cloud.headers)
    client = _CLIENT.match(request.headers.get("x-arkor-client", ""))
    if not client or tuple(map(int, client.groups())) < cloud.oldest_client:
        return reply(426, too_old(cloud), cloud.headers)
    query = parse_qs(request.query)
    scope = [query.get(name, [""])[0] for name in ("orgSlug", "projectSlug")]
    if not all(scope):
        return refusal(400, "orgSlug and projectSlug are required", cloud.headers)
    if scope != [cloud.org, cloud.project]:
        return refusal(403, "No access to this organization or project", cloud.headers)
    return None


def too_old(cloud: Cloud) -> JSON:
    """Return what the cloud answers to a client that is too old."""
    return {
        "error": "sdk_version_unsupported",
        "currentVersion": "0.0.3-alpha.1",
        "supportedRange": "^" + ".".join(map(str, cloud.oldest_client)),
        "upgrade": "npm install -g arkor@latest",
    }


# --- Answers -------------------------------------------------------------------------------------


def _override(server: Server, route: str, usual: Stream | None = None) -> Stream:
    """Answer by the test's own script, if there is one."""
    overrides = server.answers.overrides
    if route not in overrides and usual is not None:
        return usual
    return choose(overrides[route], Opening(server.count(route), None, ()))


def _page(server: Server, _request: HTTPRequest) -> Stream:
    meta = f'<meta name="arkor-studio-token" content="{server.answers.token}">'
    page = f"<!doctype html><html><head><title>Arkor Studio</title>{meta}</head></html>"
    return _override(server, "page", replace(reply(200, page.encode()), content_type="text/html"))


def _job_list(server: Server, _request: HTTPRequest) -> Stream:
    return _override(server, "jobs", reply(200, {"jobs": server.jobs.listed()}))


def _manifest(server: Server, _request: HTTPRequest) -> Stream:
    trainer: JSON = server.answers.trainer and {"name": server.answers.trainer}
    return _override(server, "manifest", reply(200, {"trainer": trainer}))


def _credentials(server: Server, _request: HTTPRequest) -> Stream:
    return _override(server, "credentials", reply(200, dict(server.answers.credentials)))


def _job_stream(server: Server, request: HTTPRequest) -> Stream:
    job = server.jobs.get(_job_id(request))
    if job is None:
        return refusal(404, "Job not found")
    number = server.count(f"stream {job.id}")
    return choose(job.script, Opening(number, request.headers.get("last-event-id"), job.events))


def _one_job(server: Server, request: HTTPRequest) -> Stream:
    job = server.jobs.get(_job_id(request))
    if job is None:
        return refusal(404, "Job not found")
    events = [event.data for event in job.events if isinstance(event.data, dict)]
    return reply(200, {"job": job.entry, "events": [*events]})


def _by_studio(answer: Answer, without_project: Stream) -> Answer:
    """Answer as Studio, which asks the cloud and passes on what that says of itself."""

    def passed_on(server: Server, request: HTTPRequest) -> Stream:
        answers = server.answers
        if answers.credentials.get("projectSlug", "") is None:
            return without_project
        usual = answer(server, request)
        if "cloud" in answers.overrides:
            return _override(server, "cloud", usual)
        return replace(usual, headers={**usual.headers, **answers.cloud.headers})

    return passed_on


def _in_the_cloud(answer: Answer) -> Answer:
    """Answer with the headers that the cloud adds to everything."""

    def with_headers(server: Server, request: HTTPRequest) -> Stream:
        stream = answer(server, request)
        return replace(stream, headers={**stream.headers, **server.answers.cloud.headers})

    return with_headers
