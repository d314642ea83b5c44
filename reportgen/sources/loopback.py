"""Connections to this machine by name, without asking a resolver.

`localhost` and the names under it mean this machine (RFC 6761), but a resolver may say otherwise
of `evil.localhost`, and a token would go in clear text wherever it points.
"""

import ipaddress
import ssl
from typing import Final

import httpx

from reportgen.sources import failures

_ADDRESSES: Final = ("127.0.0.1", "::1")


def is_name(host: str) -> bool:
    """Return whether a host's name, in any case and in ASCII, is `localhost` or under it."""
    return f".{host.lower().removesuffix('.')}".endswith(".localhost")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine by its name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return is_name(host)


class LoopbackTransport(httpx.AsyncBaseTransport):
    """Connects to 127.0.0.1, else to ::1, whatever the host of the request.

    The `Host` header and the name that a certificate must have are still the request's own.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._transport = httpx.AsyncHTTPTransport(verify=tls, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raises `httpx.ConnectError` if there is no connection to it."""
        refusal: httpx.ConnectError | None = None
        for address in _ADDRESSES:
            try:
                return await self._transport.handle_async_request(_sent_to(address, request))
            except httpx.ConnectError as error:
                if failures.is_about_tls(error):
                    raise  # somebody answered, so the other address is not the one
                # The first address is the usual one: what went wrong there is worth reporting.
                refusal = refusal or error
        raise refusal or httpx.ConnectError("no address")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()


def _sent_to(address: str, request: httpx.Request) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,  # with the `Host` of the name
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host.removesuffix(".")},
    )
