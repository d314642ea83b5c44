"""Why a connection failed, in plain words.

httpx's own error says little more than that it failed; the reason is among the error's causes.
"""

import errno
import os
import socket
import ssl
from collections.abc import Iterator
from typing import Final, TypeVar

import httpx

from reportgen.sources import StreamBrokenError
from reportgen.sources.route import Route

_CLOCK: Final = "or this machine's clock is wrong"
# OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID, _CERT_HAS_EXPIRED, _HOSTNAME_MISMATCH, _IP_ADDRESS_…
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_OTHER_NAME: Final = frozenset({62, 64})
_NO_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE})
_FORBIDDEN: Final = frozenset({errno.EPERM, errno.EACCES})
_UNKNOWN_NAMES: Final = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", -5)})

_NO_ANSWER: Final = "Server disconnected"  # httpcore's message
_CUT_SHORT: Final = "peer"  # h11's messages about a closed connection begin with it

_Error = TypeVar("_Error", bound=BaseException)


def is_refused(error: BaseException) -> bool:
    """Return whether nothing is listening at the requested address."""
    return isinstance(error, httpx.ConnectError) and bool(_first(error, ConnectionRefusedError))


def is_hang_up(error: BaseException) -> bool:
    """Return whether the connection ended before any response arrived."""
    if isinstance(error, httpx.RemoteProtocolError):
        return str(error).startswith(_NO_ANSWER)
    return isinstance(error, httpx.ReadError | httpx.WriteError)


def is_about_tls(error: BaseException) -> bool:
    """Return whether something responded, but without acceptable TLS or a valid certificate."""
    return _first(error, ssl.SSLError) is not None


def describe(error: BaseException, route: Route | None = None) -> str:
    """Return what went wrong with a request on this route."""
    tls = _first(error, ssl.SSLError)
    words = _words(error, route) if tls is None else _tls_words(tls, route)
    if route is None or route.proxy is None:
        return words
    return f"{words} (by way of the proxy {route.proxy.shown} that {route.proxy.variable} names)"


def _words(error: BaseException, route: Route | None) -> str:
    match error:
        case httpx.ConnectError():
            return _connection_words(error, route)
        case httpx.TimeoutException() | TimeoutError():
            return "no answer in time"
        case httpx.ProxyError():
            return f"the proxy refused ({error})"
        case httpx.RemoteProtocolError() | httpx.ReadError() | httpx.WriteError():
            return _cut_words(error)
        case StreamBrokenError():
            return str(error)
        case _:
            return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _cut_words(error: httpx.TransportError) -> str:
    message = str(error)
    if message.startswith(_NO_ANSWER):
        return "the server cut the connection without an HTTP answer"
    if not isinstance(error, httpx.RemoteProtocolError) or message.startswith(_CUT_SHORT):
        return "the connection was cut"
    # h11 says what is wrong, then quotes the bytes; it mistakes some responses for requests.
    what = message.partition(": b")[0].replace("request line", "status line")
    return f"the answer is not valid HTTP ({what})"


def _tls_words(error: ssl.SSLError, route: Route | None) -> str:
    if not isinstance(error, ssl.SSLCertVerificationError):
        reason = (error.reason or str(error)).lower().replace("_", " ")
        return f"TLS failed ({reason}): check the port; Studio takes http:// and not https://"
    match error.verify_code:
        case code if code == _EXPIRED:
            return f"its certificate has expired, {_CLOCK}"
        case code if code == _NOT_YET_VALID:
            return f"its certificate is not valid yet, {_CLOCK}"
        case code if code in _OTHER_NAME:
            return f"its certificate is for another name ({error.verify_message.rstrip('.')})"
    if route is not None and route.authorities is not None:
        remedy = f"add its authority's to those that {route.authorities} names"
    else:
        remedy = "name a file with its authority's in SSL_CERT_FILE"
    return f"its certificate is not trusted ({error.verify_message}): {remedy}"


def _connection_words(error: httpx.ConnectError, route: Route | None) -> str:
    found = (cause for cause in _causes(error) if isinstance(cause, OSError) and cause.errno)
    cause = next(found, None)
    if cause is None or cause.errno is None:
        return f"no connection ({error})" if str(error) else "no connection"
    if isinstance(cause, socket.gaierror):
        whose = "its name" if route is None or route.proxy is None else "the proxy's name"
        if cause.errno in _UNKNOWN_NAMES:
            return f"{whose} is not known ({cause.strerror})"
        return f"{whose} cannot be looked up: check the network and DNS ({cause.strerror})"
    if cause.errno in _NO_DESCRIPTORS:
        return f"{cause.strerror}: raise the limit (`ulimit -n`), or lower --concurrency"
    reason = os.strerror(cause.errno)
    if cause.errno in _FORBIDDEN:
        return f"this machine does not allow the connection ({reason}): check its firewall"
    return f"no connection ({reason})"


def _first(error: BaseException, kind: type[_Error]) -> _Error | None:
    """Return the first error of a kind among an error and its causes, or None."""
    return next((cause for cause in _causes(error) if isinstance(cause, kind)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    pending, seen = [error], set[int]()
    while pending:
        cause = pending.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            pending += cause.exceptions
        # httpcore hides the cause of its errors, but passes it on as an argument.
        beneath = (cause.__cause__, cause.__context__, *cause.args)
        pending += [error for error in beneath if isinstance(error, BaseException)]
