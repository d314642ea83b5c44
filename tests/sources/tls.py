"""A server on loopback that speaks TLS, with a certificate that a test asks for."""

import contextlib
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

_CONFIGURATION: Final = """
[ca]
default_ca = it
[it]
database = index.txt
serial = serial
new_certs_dir = .
policy = any
default_md = sha256
[any]
commonName = supplied
[names]
subjectAltName = {names}
"""
NOW: Final = ("20200101000000Z", "20991231235959Z")
PAST: Final = ("20000101000000Z", "20010101000000Z")
FUTURE: Final = ("20980101000000Z", "20991231235959Z")


def certificate(folder: Path, names: str, times: tuple[str, str] = NOW) -> Path:
    """Make a certificate of its own authority for these names; its key is `key` beside it."""
    folder.mkdir()
    (folder / "conf").write_text(_CONFIGURATION.format(names=names))
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01")
    key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key"
    start, end = times
    made = f"req {key} -out request -subj /CN=x"
    signed = "ca -batch -selfsign -config conf -in request -keyfile key -out certificate -notext"
    valid = f"-startdate {start} -enddate {end} -extensions names"
    for words in (made, f"{signed} {valid}"):
        command = ["openssl", *words.split()]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "certificate"


class _Empty(BaseHTTPRequestHandler):
    """A Studio without jobs."""

    def do_GET(self) -> None:
        body = b'{"jobs": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Stay silent about clients that go away."""


@contextlib.contextmanager
def serving(file: Path | None) -> Iterator[int]:
    """Serve an empty job list by this certificate, or in clear text; yield the port."""
    server = _Server(("127.0.0.1", 0), _Empty)
    if file is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file, file.with_name("key"))
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
