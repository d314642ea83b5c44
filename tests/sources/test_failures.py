"""A connection that fails is reported for what it is, to the list and to a stream."""

import asyncio
import errno
import os
import resource
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import httpx
import pytest

from reportgen.errors import SourceError
from reportgen.sources import StreamBrokenError, failures
from reportgen.sources.http import BaseURL, Secret, Server
from reportgen.text.secrets import Secrets
from tests.command import Command, Result
from tests.sources import tls
from tests.standin import Cloud, StandIn, job, training

pytestmark = pytest.mark.thorough

BLAMELESS = ("not running", "is gone")
"""What must not be said of a server that did not refuse the connection."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return certificates, made on first use."""
    top = tmp_path_factory.mktemp("tls")
    here = "DNS:localhost,IP:127.0.0.1"
    kinds = {
        "good": (here, tls.NOW),
        "stranger": (here, tls.NOW),
        "expired": (here, tls.PAST),
        "early": (here, tls.FUTURE),
        "other": ("DNS:elsewhere.example", tls.NOW),
    }

    def get(kind: str) -> Path:
        file = top / kind / "certificate"
        return file if file.exists() else tls.certificate(top / kind, *kinds[kind])

    return get


def server(url: str, **environment: str) -> Server:
    secret = Secret(lambda: "secret", Secrets())
    return Server(BaseURL.parse(url), secret, lambda _: {}, environment=environment)


def why_stream_fails(asked: Server) -> str:
    async def opened() -> None:
        try:
            async with asked.stream("/x", None, ended=True):
                pass
        finally:
            await asked.close()

    with pytest.raises(StreamBrokenError) as broken:
        asyncio.run(opened())
    return str(broken.value)


# --- TLS -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "trusted", "words"),
    [
        ("expired", "expired", ["certificate has expired", "clock"]),
        ("early", "early", ["certificate is not valid yet", "clock"]),
        ("other", "other", ["certificate is for another name"]),
        ("good", "stranger", ["certificate is not trusted", "SSL_CERT_FILE", "stranger"]),
        ("good", None, ["certificate is not trusted", "name a file", "SSL_CERT_FILE"]),
        (None, "good", ["TLS failed", "https://"]),
    ],
)
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_why_tls_fails(
    certificates: Callable[[str], Path],
    host: str,
    kind: str | None,
    trusted: str | None,
    words: list[str],
) -> None:
    environment = {} if trusted is None else {"SSL_CERT_FILE": str(certificates(trusted))}
    with tls.serving(None if kind is None else certificates(kind)) as port:
        told = why_stream_fails(server(f"https://{host}:{port}", **environment))
    for word in words:
        assert word in told
    for word in BLAMELESS:
        assert word not in told


def build(command: Command, url: str, **variables: str) -> Result:
    return command.run("build", "--url", url, ARKOR_REPORT_TOKEN="a-token-of-the-test", **variables)


def test_localhost_with_a_bundle_from_the_environment(
    command: Command, certificates: Callable[[str], Path]
) -> None:
    with tls.serving(certificates("good")) as port:
        url = f"https://localhost:{port}"
        variables = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "http://h:port"}
        result = build(command, url, SSL_CERT_FILE=str(certificates("good")), **variables)
        assert result.code == 0, result.stderr


def test_a_directory_of_certificates(certificates: Callable[[str], Path], tmp_path: Path) -> None:
    async def asked(to: Server) -> int:
        answer = await to.get("/x", limit=100)
        await to.close()
        return answer.status

    hashed = tmp_path / "hashed"
    hashed.mkdir()
    file = certificates("good")
    words = ["openssl", "x509", "-noout", "-hash", "-in", str(file)]
    subject = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    (hashed / f"{subject}.0").symlink_to(file)
    with tls.serving(file) as port:
        to = server(f"https://localhost:{port}", SSL_CERT_DIR=f"{tmp_path}/none:{hashed}")
        assert asyncio.run(asked(to)) == 200


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["good", "expired", "other"])
def test_the_list_says_why_tls_fails(
    command: Command, certificates: Callable[[str], Path], kind: str
) -> None:
    trusted = certificates("stranger" if kind == "good" else kind)
    with tls.serving(certificates(kind)) as port:
        result = build(command, f"https://localhost:{port}", SSL_CERT_FILE=str(trusted))
    assert result.code == 3
    assert "certificate" in result.stderr
    assert not any(word in result.stderr for word in BLAMELESS)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("kind", ["missing", "empty", "FIFO", "folder", "garbage"])
def test_certificates_that_cannot_be_read(tmp_path: Path, variable: str, kind: str) -> None:
    place = tmp_path / kind
    match kind:
        case "missing":
            pass
        case "FIFO":
            os.mkfifo(place)
        case "folder":
            place.mkdir()
        case _:
            place.write_text("" if kind == "empty" else "-----BEGIN CERTIFICATE-----\nAAAA\n")
    usable = (variable, kind) == ("SSL_CERT_DIR", "folder")
    with (
        nullcontext() if usable else pytest.raises(SourceError, match=f"{place}, which {variable}")
    ):
        server("https://localhost:1", **{variable: str(place)})


# --- Limits and the machine's own refusals -------------------------------------------------------


@contextmanager
def no_more_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_process_without_free_descriptors(host: str) -> None:
    async def opened() -> None:
        asked = server(f"http://{host}:{port}")
        with no_more_files():
            async with asked.stream("/x", None, ended=True):
                pass

    with tls.serving(None) as port, pytest.raises(StreamBrokenError) as broken:
        asyncio.run(opened())
    assert "Too many open files: raise the limit" in str(broken.value)


def test_a_studio_that_is_gone_is_called_so() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        for host in ("127.0.0.1", "localhost"):
            assert "is gone" in why_stream_fails(server(f"http://{host}:{bound.getsockname()[1]}"))


def failed(cause: OSError) -> httpx.ConnectError:
    """Return what httpx makes of this error: its layers hide the cause."""
    summary = OSError("All connection attempts failed")
    summary.__cause__ = cause
    error = httpx.ConnectError(str(summary))
    error.__cause__ = RuntimeError(summary)
    return error


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (PermissionError(errno.EPERM, "x"), "does not allow the connection"),
        (PermissionError(errno.EACCES, "x"), "does not allow the connection"),
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
        (OSError(errno.ENFILE, "Too many open files in system"), "in system"),
        (OSError(errno.ENETUNREACH, "x"), "no connection (Network is unreachable)"),
        (OSError(errno.EADDRNOTAVAIL, "x"), "no connection (Cannot assign requested address)"),
        (ExceptionGroup("x", [OSError(errno.EHOSTUNREACH, "x")]), "No route to host"),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "its name is not known (unknown)"),
        (socket.gaierror(socket.EAI_AGAIN, "later"), "cannot be looked up"),
        (socket.gaierror(socket.EAI_FAIL, "failed"), "cannot be looked up"),
    ],
)
def test_what_the_machine_refuses(cause: OSError, words: str) -> None:
    error = failed(cause)
    assert words in failures.describe(error)
    assert not failures.is_refused(error)
    assert failures.is_refused(failed(ConnectionRefusedError(errno.ECONNREFUSED, "x")))


def test_a_name_that_is_not_known() -> None:
    told = why_stream_fails(server("https://cloud.invalid"))
    assert "its name" in told


@pytest.mark.thorough
def test_a_network_that_is_down(command: Command) -> None:
    command.prefix = ("unshare", "--user", "--map-root-user", "--net")
    if command.run("--version").code:
        pytest.skip("this machine does not allow network namespaces")
    result = build(command, "http://127.0.0.1:4000")
    assert result.code == 3
    assert "Network is unreachable" in result.stderr
    assert "not running" not in result.stderr


# --- Proxies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_out_of_reach_is_named(variable: str) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        proxy = f"127.0.0.1:{bound.getsockname()[1]}"
        told = why_stream_fails(server("https://cloud.invalid", **{variable: f"u:hunter2@{proxy}"}))
    assert f"the proxy http://{proxy} that {variable} names" in told
    assert "refused" in told
    assert "hunter2" not in told


def test_a_proxy_whose_name_is_not_known() -> None:
    told = why_stream_fails(server("https://10.0.0.1", https_proxy="proxy.invalid:3128"))
    assert "the proxy's name" in told
    assert "https_proxy" in told


def test_a_proxy_that_refuses_is_named() -> None:
    with StandIn() as proxy:
        told = why_stream_fails(server("https://cloud.invalid", HTTPS_PROXY=proxy.url))
    assert f"the proxy {proxy.url} that HTTPS_PROXY names" in told


def test_a_proxy_is_passed_by_for_what_no_proxy_names() -> None:
    environment = {
        "HTTPS_PROXY": "http://proxy.invalid",
        "NO_PROXY": "localhost,fd07::/64,.invalid",
    }
    assert "proxy" not in why_stream_fails(server("https://cloud.invalid", **environment))


def test_the_command_tries_no_proxy_on_loopback(command: Command) -> None:
    cloud = Cloud(token="a-token-of-the-test")
    with StandIn(job("a", events=training(2)), cloud=cloud) as studio:
        result = command.run(
            *("build", "--source", "cloud", "--url", studio.url, "--max-wait", "0"),
            *("--org", cloud.org, "--project", cloud.project),
            ARKOR_REPORT_TOKEN=cloud.token,
            HTTPS_PROXY="http://host:port",
            ALL_PROXY="http://127.0.0.1:9",
            NO_PROXY="http://h:port",
        )
    assert result.code == 0, result.stderr
