"""Requests to any kind of server, for small responses and for event streams."""

import asyncio
import codecs
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import httpx
import httpx_sse

from reportgen.errors import SourceError, UsageError
from reportgen.sources import (
    OpenStream,
    StreamBrokenError,
    StreamRefusedError,
    bodies,
    failures,
    loopback,
    retry,
)
from reportgen.sources.route import Route, ascii_host
from reportgen.text.javascript import decode_object
from reportgen.text.patterns import REDACTED
from reportgen.text.redact import Redactor
from reportgen.text.secrets import Secrets

MAX_SMALL_BYTES: Final = 1024 * 1024
ANSWER_SECONDS: Final = 30.0
TRIES: Final = 3

_CONNECT_SECONDS: Final = 30.0
_SPARE_CLIENTS: Final = 4
"""How many idle connections to keep when the list is read; ended streams may leave many."""
_LONGEST_REASON: Final = 300
_MAX_ERROR_BYTES: Final = 64 * 1024
_NOTICES: Final = frozenset({"deprecation", "sunset", "warning"})
_WARNING_TEXT: Final = re.compile(r'\b\d{3} [^\s"]+ "((?:[^"\\]|\\.)*)"')
_ESCAPED: Final = re.compile(r"\\(.)")
_PLAIN: Final = {"Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete response: its status, and its body up to a limit."""

    status: int
    body: bytes

    def message(self, redactor: Redactor) -> str:
        """Return a JSON body's `error`, or the body itself, first redacted and then truncated."""
        fields = decode_object(self.body) if len(self.body) <= _MAX_ERROR_BYTES else None
        error = None if fields is None else fields.get("error")
        text = (
            redactor.event_text(error) if isinstance(error, str) else redactor.beginning(self.body)
        )
        return " ".join(text.split())[:_LONGEST_REASON]


class UnreachableError(SourceError):
    """The server does not respond; `refused` if nothing is listening on that local port."""

    def __init__(self, message: str, *, refused: bool) -> None:
        super().__init__(message)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class BaseURL:
    """A server's validated base URL."""

    url: str
    shown: str
    """The URL for display, without user info, query and fragment."""
    loopback: bool
    clear_text: bool

    @property
    def is_localhost(self) -> bool:
        """Whether its host is `localhost` or a subdomain of it."""
        return loopback.is_name(_host_of(self.url))

    @classmethod
    def parse(cls, text: str, setting: str = "--url") -> "BaseURL":
        """Parse a URL. Raises `UsageError`, whose message names the setting but not its value."""
        if "@" in text:
            raise UsageError(
                f"{setting} must not contain a user name or password: use --token-file."
            )
        try:
            parts = urlsplit(text.strip())
            host, port = parts.hostname, parts.port
            asked = _host_of(text.strip())
        except (ValueError, httpx.InvalidURL):
            raise UsageError(
                f"{setting} is not a URL: write it like http://127.0.0.1:4000."
            ) from None
        if parts.scheme not in {"http", "https"} or not host:
            raise UsageError(f"{setting} must begin with http:// or https:// and name a host.")
        name = f"[{host}]" if ":" in host else host
        place = f"{name}:{port}" if port is not None else name
        path = parts.path.rstrip("/")
        return cls(
            url=urlunsplit((parts.scheme, parts.netloc, path, "", "")),
            shown=urlunsplit((parts.scheme, place, path, "", "")),
            loopback=loopback.is_loopback(asked),
            clear_text=parts.scheme == "http",
        )


def _host_of(url: str) -> str:
    """Return a URL's host in ASCII, since non-ASCII letters can spell `localhost`."""
    return ascii_host(httpx.URL(url))


def path_segment(text: str) -> str:
    """Quote any text, including `.` and `..`, as one segment of a URL's path."""
    if text in {".", ".."}:
        return text.replace(".", "%2E")
    return quote(text, safe="", errors="surrogatepass")


class Secret:
    """A token that can be read again; each of its values is added to `known`.

    `read` returns the current token, or raises `SourceError` if there is no token; `read_again`,
    if given, is called instead of `read` after a refusal.
    """

    def __init__(
        self,
        read: Callable[[], str],
        known: Secrets,
        read_again: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        self._read = read
        self._read_again = read_again
        self.known = known
        self.value = read()
        known.learn(self.value)

    async def renew(self, refused: str) -> bool:
        """Read the token again after it was refused; return whether it has changed."""
        if self.value != refused:
            return True  # it was read again after another request was refused
        try:
            value = self._read() if self._read_again is None else await self._read_again()
        except SourceError:
            return False
        self.value = value
        self.known.learn(value)
        return value != refused


class Server:
    """Requests JSON and event streams from one server, with a token.

    `headers` returns a request's headers for a token; `refusal` describes a response other than 200
    to a stream request; `notice` is called once for each notice that the server sends about its own
    end of life. Redirects are not followed, since the token is for this server only. `environment`
    may name proxies (used for remote servers only) and certificates. Raises `SourceError` if the
    token would be sent in clear text, or if one of those variables is invalid.
    """

    def __init__(
        self,
        base: BaseURL,
        secret: Secret,
        headers: Callable[[str], Mapping[str, str]],
        *,
        environment: Mapping[str, str] = MappingProxyType({}),
        refusal: Callable[[Answer], str] = lambda answer: f"the server answered {answer.status}",
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        if base.clear_text and not base.loopback:
            raise SourceError(
                f"{base.shown} is not on this machine, and the token would go there in clear "
                "text: use https://, or a tunnel to a loopback address."
            )
        self.base = base
        self.secret = secret
        self._headers = headers
        self._refusal = refusal
        self._notice = notice
        self._noticed: set[str] = set()
        self._route = Route.to(
            httpx.URL(base.url),
            environment,
            loopback=base.loopback,
            clear_text=base.clear_text,
        )
        self._idle: list[httpx.AsyncClient] = []

    async def close(self) -> None:
        """Close all connections."""
        await self._close_all_but(0)

    async def _close_all_but(self, spare: int) -> None:
        while len(self._idle) > spare:
            await self._idle.pop().aclose()

    @contextmanager
    def _client(self) -> Iterator[httpx.AsyncClient]:
        """Lend a client to one request at a time, so that each client has only one connection.

        For each request, httpx's pool makes a system call per connection to check it. With one pool
        for hundreds of streams, that takes longer than everything else.
        """
        client = self._idle.pop() if self._idle else self._new_client()
        try:
            yield client
        finally:
            self._idle.append(client)

    def _new_client(self) -> httpx.AsyncClient:
        tls = self._route.tls
        # A stream may be silent for hours; its reader decides how long to wait.
        return httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
            transport=loopback.LoopbackTransport(tls) if self.base.is_localhost else None,
            proxy=self._route.httpx_proxy(),
            verify=tls,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
            event_hooks={"request": [_ask_as_browsers_do], "response": [self._report_notices]},
        )

    async def _report_notices(self, response: httpx.Response) -> None:
        """Report any new notices in a response."""
        for notice in _notices(response.headers, self.secret.known.redactor):
            if notice not in self._noticed:
                self._noticed.add(notice)
                self._notice(f"{self.base.shown}: {notice}")

    @asynccontextmanager
    async def _answer(
        self, path: str, headers: httpx.Headers, *, streamed: bool = False
    ) -> AsyncIterator[httpx.Response]:
        """Send a request and yield its response, whose body is not read yet."""
        async with AsyncExitStack() as stack:
            client = stack.enter_context(self._client())
            yield await self._open(stack, client, path, headers, streamed=streamed)

    async def _open(
        self,
        stack: AsyncExitStack,
        client: httpx.AsyncClient,
        path: str,
        headers: httpx.Headers,
        *,
        streamed: bool,
    ) -> httpx.Response:
        """Send a request; if a reused connection turns out to be closed, replace it at once."""
        traced: list[str] = []

        async def trace(event: str, _: object) -> None:
            traced.append(event)

        url, more = self.base.url + path, {"trace": trace}
        try:
            if not streamed:
                asked = client.stream("GET", url, headers=headers, extensions=more)
                return await stack.enter_async_context(asked)
            events = httpx_sse.aconnect_sse(client, "GET", url, headers=headers, extensions=more)
            return (await stack.enter_async_context(events)).response
        except httpx.HTTPError as error:
            is_reused = not any("connect_tcp" in event for event in traced)
            if is_reused and failures.is_hang_up(error):
                return await self._open(stack, client, path, headers, streamed=streamed)
            raise

    async def get(self, path: str, *, limit: int) -> Answer:
        """Request a path, in up to three tries of 30 s each; a refused token is read again once.

        Raises `UnreachableError` if there is no response, but returns one with any status.
        """
        await self._close_all_but(_SPARE_CLIENTS)
        token = self.secret.value
        answer = await self._get_with_tries(path, limit)
        if retry.is_about_the_token(answer.status) and await self.secret.renew(token):
            answer = await self._get_with_tries(path, limit)
        return answer

    async def _get_with_tries(self, path: str, limit: int) -> Answer:
        for attempt in range(1, TRIES):
            try:
                answer = await self._get_once(path, limit)
                if not retry.is_worth_another_try(answer.status):
                    return answer
            except UnreachableError as error:
                if error.refused:
                    raise
            await asyncio.sleep(retry.delay(attempt, 0.5))
        return await self._get_once(path, limit)

    async def _get_once(self, path: str, limit: int) -> Answer:
        headers = {**self._headers(self.secret.value), "Accept": "application/json"}
        return await self._ask(path, headers, limit, ANSWER_SECONDS)

    async def get_page(self, path: str, *, limit: int, seconds: float) -> Answer:
        """Request a page once, without the token. Raises `UnreachableError`."""
        return await self._ask(path, {"Accept": "text/html"}, limit, seconds)

    async def _ask(
        self, path: str, headers: Mapping[str, str], limit: int, seconds: float
    ) -> Answer:
        try:
            async with (
                asyncio.timeout(seconds),
                self._answer(path, httpx.Headers({**headers, **_PLAIN})) as response,
            ):
                body = await bodies.read(response, limit)
                # Browsers ignore a byte order mark before JSON, and so does Studio.
                return Answer(response.status_code, body.removeprefix(codecs.BOM_UTF8))
        except (httpx.HTTPError, TimeoutError, StreamBrokenError) as error:
            refused = self.base.loopback and failures.is_refused(error)
            message = f"Cannot reach {self.base.shown}: {failures.describe(error, self._route)}."
            raise UnreachableError(message, refused=refused) from error

    @asynccontextmanager
    async def stream(
        self, path: str, last_event_id: bytes | None, *, ended: bool
    ) -> AsyncIterator[OpenStream]:
        """Open an event stream; a refused token is read again, and used if it has changed.

        Raises the same errors as `Source.events`.
        """
        token = self.secret.value
        try:
            async with self._stream_once(path, last_event_id, ended=ended) as stream:
                yield stream
                return
        except StreamRefusedError as refusal:
            if not retry.is_about_the_token(refusal.status) or not await self.secret.renew(token):
                raise
        async with self._stream_once(path, last_event_id, ended=ended) as stream:
            yield stream

    @asynccontextmanager
    async def _stream_once(
        self, path: str, last_event_id: bytes | None, *, ended: bool
    ) -> AsyncIterator[OpenStream]:
        headers = httpx.Headers({**self._headers(self.secret.value), **_PLAIN}, "latin-1")
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id.decode("latin-1")
        try:
            async with self._answer(path, headers, streamed=True) as response:
                await self._check_stream(response, ended=ended)
                yield OpenStream(bodies.unpacked(response))
        except httpx.InvalidURL as error:
            raise StreamRefusedError("the job's id is too long for a URL", final=True) from error
        except httpx.HTTPError as error:
            raise StreamBrokenError(self._why_broken(error)) from error

    async def _check_stream(self, response: httpx.Response, *, ended: bool) -> None:
        """Raise `StreamRefusedError` if the response is not an event stream."""
        status = response.status_code
        if status == HTTPStatus.OK:
            _check_content(response, self.secret.known.redactor)
            return
        asked = response.headers.get("retry-after")
        raise StreamRefusedError(
            self._refusal(Answer(status, await bodies.read(response, _MAX_ERROR_BYTES))),
            status=status,
            final=retry.is_final(status, ended=ended),
            retry_after=retry.retry_after(asked, datetime.now(UTC)),
        )

    def _why_broken(self, error: httpx.HTTPError) -> str:
        if self.base.loopback and failures.is_refused(error):
            return f"{self.base.shown} is gone; if it came back on another port, name it with --url"
        return failures.describe(error, self._route)


async def _ask_as_browsers_do(request: httpx.Request) -> None:
    # httpx-sse requests event streams with `no-store`; the HTML standard uses `no-cache`.
    if "Cache-Control" in request.headers:
        request.headers["Cache-Control"] = "no-cache"


def _notices(headers: httpx.Headers, redactor: Redactor) -> Iterator[str]:
    if _NOTICES.isdisjoint(headers.keys()):
        return
    if headers.get("deprecation"):
        yield "this API is deprecated"
    if headers.get("sunset"):
        yield f"this API will be gone on {redactor.text(headers['sunset'])[:_LONGEST_REASON]}"
    for warning in headers.get_list("warning"):
        for text in _WARNING_TEXT.findall(warning) or [warning]:
            yield redactor.text(_ESCAPED.sub(r"\1", text))[:_LONGEST_REASON]


def _check_content(response: httpx.Response, redactor: Redactor) -> None:
    """Raise `StreamRefusedError` if a body is not a readable event stream."""
    kind = bodies.media_type(response)
    if kind != "text/event-stream":
        shown = (
            _part(kind, response, "content-type", redactor) if kind else "of no valid content type"
        )
        raise StreamRefusedError(f"the response is not an event stream but {shown}", final=True)
    coding = bodies.unknown_coding(response)
    if coding is not None:
        raise StreamRefusedError(
            f"the stream is encoded as {_part(coding, response, 'content-encoding', redactor)}, "
            "which was not requested",
            final=True,
        )


def _part(part: str, response: httpx.Response, header: str, redactor: Redactor) -> str:
    """Return part of a header in lower case, or a placeholder if it overlaps a secret."""
    whole = redactor.text(", ".join(response.headers.get_list(header))).lower()
    is_left = part.replace(" ", "") in whole.replace(" ", "")
    return part[:_LONGEST_REASON] if is_left else REDACTED
