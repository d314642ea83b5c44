"""Connections to this machine by name, without a resolver.

`localhost` and its subdomains mean this machine (RFC 6761), but a resolver may return another
address for `evil.localhost`, and a token would be sent there in clear text.
"""

import ipaddress
import ssl
from typing import Final

import httpx

from reportgen.sources import failures

_ADDRESSES: Final = ("127.0.0.1", "::1")


def is_name(host: str) -> bool:
    """Return whether an ASCII host name, in any case, is `localhost` or a subdomain of it."""
    return f".{host.lower().removesuffix('.')}".endswith(".localhost")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine by its name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return is_name(host)


class LoopbackTransport(httpx.AsyncBaseTransport):
    """Connects to 127.0.0.1, else to ::1, whatever the request's host is.

    The `Host` header and the name that a certificate must have still come from the request.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._transport = httpx.AsyncHTTPTransport(verify=tls, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raises `httpx.ConnectError` if neither address can be reached."""
        refusal: httpx.ConnectError | None = None
        for address in _ADDRESSES:
            try:
                return await self._transport.handle_async_request(_sent_to(address, request))
            except httpx.ConnectError as error:
                if failures.is_about_tls(error):
                    raise  # something responded, so don't try the other address
                # The first address is the usual one, so its error is the one to report.
                refusal = refusal or error
        raise refusal or httpx.ConnectError("no address")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()


def _sent_to(address: str, request: httpx.Request) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,  # whose `Host` is the name
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host.removesuffix(".")},
    )
