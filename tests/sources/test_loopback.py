"""Names under `localhost` mean this machine, and no resolver is asked about them."""

import asyncio
import contextlib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reportgen.errors import SourceError, UsageError
from reportgen.sources.http import BaseURL, Secret, Server, UnreachableError
from reportgen.sources.loopback import LoopbackTransport, is_loopback
from reportgen.text.secrets import Secrets
from tests.command import Command
from tests.standin import StandIn, job, training

NAMES = ["localhost", "evil.localhost", "a.b.localhost", "LocalHost", "evil.LOCALHOST",
         "localhost.", "evil.localhost.", "evil。localhost"]  # fmt: skip


class _Lookups:
    """Records the names that this process looks up."""

    def __init__(self) -> None:
        self.seen: list[Any] | None = None
        sys.addaudithook(self._see)  # which cannot be removed again

    def _see(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.seen is not None and event.startswith("socket.get"):
            self.seen.append(arguments[0])

    @contextlib.contextmanager
    def __call__(self) -> Iterator[list[Any]]:
        self.seen = seen = list[Any]()
        try:
            yield seen
        finally:
            self.seen = None


lookups = _Lookups()


async def _one_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    request = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
    await writer.drain()
    writer.close()
    return request


def ask(host: str, address: str) -> bytes:
    """Ask a server on this loopback address by this name; return what it received."""

    async def asked() -> bytes:
        received: asyncio.Queue[bytes] = asyncio.Queue()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await received.put(await _one_answer(reader, writer))

        listening = await asyncio.start_server(answer, address, 0)
        port = listening.sockets[0].getsockname()[1]
        base = BaseURL.parse(f"http://{host}:{port}/")
        server = Server(base, Secret(lambda: "s", Secrets()), lambda _: {})
        async with listening:
            assert (await server.get("/x", limit=100)).body == b"{}"
            await server.close()
        return await received.get()

    return asyncio.run(asyncio.wait_for(asked(), 30))


@pytest.mark.parametrize("name", NAMES)
def test_no_resolver_is_asked(name: str) -> None:
    with lookups() as seen:
        request = ask(name, "127.0.0.1")
    assert set(seen) <= {"127.0.0.1", b"127.0.0.1", None}
    host = httpx.URL(f"http://{name}").raw_host
    assert b"\r\nhost: " + host + b":" in request.replace(b"Host", b"host")


def test_the_hook_sees_what_a_resolver_is_asked_for() -> None:
    with lookups() as seen, contextlib.suppress(OSError):
        socket.getaddrinfo("name.invalid", 80)
    assert "name.invalid" in seen


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_the_ipv6_address_is_tried_if_the_ipv4_one_refuses() -> None:
    with lookups() as seen:
        assert ask("evil.localhost", "::1")
    assert "evil.localhost" not in seen


def test_nothing_listens_there() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        base = BaseURL.parse(f"http://evil.localhost:{bound.getsockname()[1]}")
        server = Server(base, Secret(lambda: "s", Secrets()), lambda _: {})
        with pytest.raises(UnreachableError) as error:
            asyncio.run(server.get("/x", limit=100))
    assert error.value.refused


@pytest.mark.parametrize(
    "host",
    ["localhost.example", "evillocalhost", "localhost.evil.example", "local.host",
     "127.0.0.1.nip.io", "0.0.0.1", "[::ffff:10.0.0.1]", "127.1", "localhost..", "xn--localhost-x"],
)  # fmt: skip
def test_other_names_are_not_this_machine(host: str) -> None:
    assert not is_loopback(host)
    with contextlib.suppress(SourceError, UsageError):
        base = BaseURL.parse(f"http://{host}:4000")
        assert not base.is_localhost
        with pytest.raises(SourceError, match="clear"):
            Server(base, Secret(lambda: "s", Secrets()), lambda _: {})


def test_the_command_reads_a_studio_by_a_name_under_localhost(command: Command) -> None:
    with StandIn(job("a", events=training(3, "a"))) as studio:
        token = studio.write_token(command.directory / "token")
        url = f"http://localhost:{studio.port}"
        result = command.run("build", "--url", url, "--token-file", str(token), "--max-wait", "0")
    assert result.code == 0, result.stderr
    assert result.job("a")["loss"]["points"] == 3


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate with its key, for one name under `localhost`, and its own authority."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    names = "subjectAltName=DNS:good.localhost"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", str(file), "-out", str(file.with_name("certificate.pem"))]
    ask_for = ["openssl", "req", "-x509", *key, *files, "-subj", "/CN=x", "-addext", names]
    subprocess.run(ask_for, check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + file.with_name("certificate.pem").read_bytes())
    return file


def test_a_certificate_is_checked_against_the_name(certificate: Path) -> None:
    async def asked() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                await _one_answer(reader, writer)

        listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        port = listening.sockets[0].getsockname()[1]
        trusting = ssl.create_default_context(cafile=str(certificate))
        async with (
            listening,
            httpx.AsyncClient(transport=LoopbackTransport(trusting)) as client,
        ):
            assert (await client.get(f"https://good.localhost:{port}")).text == "{}"
            with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
                await client.get(f"https://evil.localhost:{port}")

    asyncio.run(asyncio.wait_for(asked(), 30))
