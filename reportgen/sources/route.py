"""The route to a server: which proxy to use and which certificates to trust.

httpx takes either both or neither from the environment. Here proxies apply only to remote servers,
and certificates to all servers; an error about a variable includes its name but not its value,
which may hold a password.
"""

import os
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final

import httpx

from reportgen.errors import SourceError
from reportgen.files import open_named

_PROXY_VARIABLES: Final = ("https_proxy", "all_proxy")
"""A token is sent to remote servers over https only. The first variable that is set wins."""
_EXCEPTIONS: Final = "no_proxy"
_HTTP: Final = frozenset({"http", "https"})
_SOCKS: Final = frozenset({"socks5", "socks5h"})
_BRACKETS: Final = re.compile(r"\A\[(.*)\](/\d+)?\Z")
_PLACE: Final = re.compile(r"(\[[^\]]+\]|[^][:/?#@]+)(:\d+)?")
_HTTPS_PORT: Final = 443
_LARGEST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and the variable that it comes from."""

    url: httpx.URL
    variable: str

    @property
    def shown(self) -> str:
        """The URL without user info."""
        return f"{self.url.scheme}://{self.url.netloc.decode('ascii')}"


@dataclass(frozen=True, slots=True)
class Route:
    """How a server is reached."""

    tls: ssl.SSLContext
    authorities: str | None
    """The variable that names the trusted certificates, and its value; None for the default."""
    proxy: Proxy | None

    @classmethod
    def to(
        cls, url: httpx.URL, environment: Mapping[str, str], *, loopback: bool, clear_text: bool
    ) -> "Route":
        """Return the route to a server. Raises `SourceError`, which names the invalid variable."""
        proxy = None if loopback else proxy_for(url, environment)
        if clear_text:
            # The context trusts no certificates, and is never used.
            return cls(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), None, proxy)
        authorities = _authorities(environment)
        if authorities is None:
            return cls(httpx.create_ssl_context(trust_env=False), None, proxy)
        return cls(_trusting(*authorities), " ".join(authorities), proxy)

    def httpx_proxy(self) -> httpx.Proxy | None:
        """Return the proxy for an httpx client."""
        if self.proxy is None:
            return None
        tls = self.tls if self.proxy.url.scheme == "https" else None
        return httpx.Proxy(self.proxy.url, ssl_context=tls)


def ascii_host(url: httpx.URL) -> str:
    """Return a URL's host as it is sent. Raises `ValueError` if no resolver could accept it."""
    host = url.raw_host.decode("ascii")
    host.encode("idna")  # fails for a label that is empty or too long
    return host


# Certificates


def _authorities(environment: Mapping[str, str]) -> tuple[str, str] | None:
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        place = environment.get(variable)
        if place:
            return variable, place
    return None


def _trusting(variable: str, place: str) -> ssl.SSLContext:
    """Return a context that trusts the certificates in a file or directories.

    Raises `SourceError`.
    """
    try:
        if variable == "SSL_CERT_FILE":
            os.close(open_named(Path(place)))  # OpenSSL would wait for a FIFO
            return ssl.create_default_context(cafile=place)
        # OpenSSL accepts several directories, and skips missing ones.
        if not any(Path(directory).is_dir() for directory in place.split(os.pathsep)):
            raise NotADirectoryError(0, "it is not a directory")
        return ssl.create_default_context(capath=place)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise SourceError(
            f"Cannot read the certificates in {place}, which {variable} names: {reason}. "
            "Correct the variable, or unset it."
        ) from error


# Proxies


def proxy_for(url: httpx.URL, environment: Mapping[str, str]) -> Proxy | None:
    """Return the proxy that the environment names for an https URL, or None.

    Raises `SourceError`, which names the invalid variable.
    """
    exempt = _is_exempt(url, environment)
    for name in _PROXY_VARIABLES:
        variable, value = _lookup(name, environment)
        if value:
            return None if exempt else _parse_proxy(variable, value)
    return None


def _lookup(name: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return a variable's name, in lower case if that is set, else in upper case, and its value."""
    variable = name if name in environment else name.upper()
    return variable, environment.get(variable, "").strip()


def _parse_proxy(variable: str, value: str) -> Proxy:
    try:
        url = httpx.URL(value if "://" in value else f"http://{value}")
        if not ascii_host(url) or _has_bad_port(url) or "@" in str(url.raw_path) + url.fragment:
            raise ValueError("not a proxy URL")  # noqa: TRY301 - one message for all
    except (ValueError, httpx.InvalidURL):
        raise SourceError(
            f"{variable} is not a proxy URL: write it like http://proxy.example:3128, with "
            "%40 for @, %2F for / and %23 for # in a password."
        ) from None
    if url.scheme not in _HTTP | _SOCKS:
        raise SourceError(
            f"{variable} names a proxy with an unsupported scheme: use http://, https:// or socks5://."
        )
    if url.scheme in _SOCKS and find_spec("socksio") is None:
        raise SourceError(
            f"{variable} names a SOCKS proxy, which needs a package that is not installed: "
            "`pip install 'httpx[socks]'`, or name an HTTP proxy."
        )
    return Proxy(url, variable)


def _has_bad_port(url: httpx.URL) -> bool:
    return url.port is not None and not 0 < url.port <= _LARGEST_PORT


def _is_exempt(url: httpx.URL, environment: Mapping[str, str]) -> bool:
    """Return whether NO_PROXY names a server.

    An entry is `*`, an address, a network, or a name, which also matches all its subdomains; `*.`
    or a dot before a name makes no difference. An address or a name may have a port.
    """
    variable, value = _lookup(_EXCEPTIONS, environment)
    entries = value.replace(",", " ").split()
    try:
        covered = [_covers(entry, url) for entry in entries]
    except (ValueError, httpx.InvalidURL):
        raise SourceError(
            f"{variable} has an entry that is neither a host, an address nor a network: "
            "write it like example.com,10.0.0.0/8,fd00::/8."
        ) from None
    return any(covered)


def _covers(entry: str, url: httpx.URL) -> bool:
    """Return whether an entry in NO_PROXY names a server. Raises `ValueError` or `InvalidURL`."""
    if entry == "*":
        return True
    host = ascii_host(url).removesuffix(".")
    with suppress(ValueError):
        return _is_in(host, ip_network(_BRACKETS.sub(r"\1\2", entry), strict=False))
    place = entry.rpartition("://")[2].removesuffix("/").removeprefix("*").removeprefix(".")
    if _PLACE.fullmatch(place) is None:
        raise ValueError("not a host")
    exempt = httpx.URL(f"any://{place}")  # no default port, which httpx would drop
    name = ascii_host(exempt).removesuffix(".")
    if not name or _has_bad_port(exempt):
        raise ValueError("not a host")
    if exempt.port not in {None, url.port or _HTTPS_PORT}:
        return False
    return host == name or (host.endswith(f".{name}") and not _is_address(host))


def _is_in(host: str, network: IPv4Network | IPv6Network) -> bool:
    return _is_address(host) and ip_address(host) in network


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
