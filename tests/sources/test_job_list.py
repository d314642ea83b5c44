"""Job lists as received, the addresses of servers, and bodies that unpack without end."""

import asyncio
import contextlib
import json
import tracemalloc
import zlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_to_bytes

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.errors import SourceError, UsageError
from reportgen.events import wire
from reportgen.sources import JobList
from reportgen.sources.http import Answer, BaseURL, Secret, Server, UnreachableError, path_segment
from reportgen.sources.job_list import MAX_LIST_BYTES, read_job_list
from reportgen.text import javascript
from reportgen.text.javascript import JSON
from reportgen.text.redact import Redactor
from reportgen.text.secrets import Secrets
from tests.standin import Send, StandIn, Stream

URL = "http://127.0.0.1:4000"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
MEBIBYTE = 1 << 20


def read(body: "bytes | JSON") -> JobList:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_job_list(data, URL, NOW, Redactor())


def ids(jobs: JobList) -> list[JSON]:
    return [entry["id"] for entry in decoded(jobs)]


def decoded(jobs: JobList) -> list[Any]:
    return list(map(javascript.decode, jobs.entries))


# --- The list ------------------------------------------------------------------------------------


def test_the_order_is_the_servers_and_entries_stay_as_they_came() -> None:
    entries: list[JSON] = [
        {"id": "b", "name": "x", "status": "running", "new": [1, {"a": None}]},
        {"id": "a", "config": {"model": "m"}},
    ]
    jobs = read({"jobs": entries, "next": "ignored"})
    assert decoded(jobs) == entries
    assert (jobs.read_at, jobs.oddities) == (NOW, ())


def test_no_jobs() -> None:
    assert read({"jobs": []}) == JobList(NOW, ())


@pytest.mark.parametrize(
    "entry", [{}, {"id": None}, {"id": 7}, {"id": ["a"]}, {"ID": "a"}, None, 7, "a", ["id"], True]
)
def test_an_entry_without_an_id_is_left_out_and_reported(entry: JSON) -> None:
    jobs = read({"jobs": [{"id": "a"}, entry, {"id": "b"}]})
    assert ids(jobs) == ["a", "b"]
    (oddity,) = jobs.oddities
    assert "entry 2" in oddity


def test_of_two_entries_with_one_id_the_first_counts() -> None:
    jobs = read({"jobs": [{"id": "a", "name": "first"}, {"id": "A"}, {"id": "a", "name": "2"}]})
    assert [entry.get("name") for entry in decoded(jobs)] == ["first", None]
    (oddity,) = jobs.oddities
    assert "entry 3" in oddity


@pytest.mark.parametrize("job_id", ["", " ", "../../x", "a/b", "\ud800", "é", "\0", "x" * 5000])
def test_any_string_is_an_id(job_id: str) -> None:
    assert ids(read({"jobs": [{"id": job_id}]})) == [job_id]


@pytest.mark.parametrize("value", [None, 7, [], {"x": 1}, True])
@pytest.mark.parametrize("name", ["name", "status", "createdAt", "config", "error"])
def test_a_field_that_is_wrong_counts_as_missing(name: str, value: JSON) -> None:
    jobs = read({"jobs": [{"id": "a", name: value}]})
    job = wire.decode_job(jobs.entries[0])
    assert jobs.oddities == ()
    if not (name == "config" and isinstance(value, dict)):
        assert job == wire.Job("a")


def nested(levels: int) -> JSON:
    value: JSON = 1
    for _ in range(levels):
        value = [value]
    return value


def test_a_field_nested_too_deep_counts_as_missing_and_is_reported() -> None:
    deep = {"id": "a", "name": "n", "config": {"x": nested(63)}, "error": nested(64)}
    jobs = read({"jobs": [deep, {"id": "b", "config": {"x": nested(62)}}]})
    assert decoded(jobs)[0] == {"id": "a", "name": "n"}
    assert decoded(jobs)[1]["config"] == {"x": nested(62)}
    assert len(jobs.oddities) == 2


def test_what_python_writes_and_browsers_take() -> None:
    body = b'{"jobs": [{"id": "a\\ud800", "config": {"x": NaN, "y": -Infinity, "z": 1e999}}]}'
    (entry,) = decoded(read(body))
    assert entry["id"] == "a\ud800"
    assert str(entry["config"]) == "{'x': nan, 'y': -inf, 'z': inf}"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", "an empty answer"),
        (b" \n", "an empty answer"),
        (b"<html>Sign in</html>", "<html>Sign in</html>"),
        (b"[]", "[]"),
        (b"null", "null"),
        (b'{"jobs": {}}', "{}"),
        (b'{"jobs": null}', "null"),
        (b'{"job": []}', "job"),
        (b'{"jobs": [}', "jobs"),
        (b'{"error": "no"}', "no"),
        (b"\xff\xfe\x00", "\ufffd"),
        (b'{"jobs":' + b"[" * 200_000, "jobs"),
    ],
)
def test_an_answer_that_is_not_a_job_list_is_quoted(body: bytes, shown: str) -> None:
    with pytest.raises(SourceError) as raised:
        read(body)
    message = str(raised.value)
    assert URL in message
    assert shown in message
    assert "--url" in message
    assert len(message) < 400


def test_the_largest_list_is_accepted_and_a_larger_one_is_not() -> None:
    body = b'{"jobs": [{"id": "a"}]}'.ljust(MAX_LIST_BYTES)
    assert ids(read(body)) == ["a"]
    with pytest.raises(SourceError, match="more than 64 MiB"):
        read(body + b" ")


# --- Addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "url", "shown", "loopback", "clear_text"),
    [
        (URL, URL, URL, True, True),
        (f" {URL}// ", URL, URL, True, True),
        ("http://localhost:4000", "http://localhost:4000", "http://localhost:4000", True, True),
        ("http://[::1]:4000/", "http://[::1]:4000", "http://[::1]:4000", True, True),
        ("http://127.9.9.9", "http://127.9.9.9", "http://127.9.9.9", True, True),
        ("https://api.arkor.ai/", "https://api.arkor.ai", "https://api.arkor.ai", False, False),
        ("https://host/a/b/", "https://host/a/b", "https://host/a/b", False, False),
        ("http://studio.lan:4000", "http://studio.lan:4000", "http://studio.lan:4000", False, True),
        # Not on this machine, even if they look like it.
        ("http://0.0.0.0", "http://0.0.0.0", "http://0.0.0.0", False, True),
        ("http://127.0.0.1.evil.org", "http://127.0.0.1.evil.org", "http://127.0.0.1.evil.org",
         False, True),
        ("http://localhost.evil.org", "http://localhost.evil.org", "http://localhost.evil.org",
         False, True),
        # Query and fragment are dropped.
        ("https://host:8443/x?key=1#y", "https://host:8443/x", "https://host:8443/x", False, False),
        ("HTTPS://HOST", "https://HOST", "https://host", False, False),
    ],
)  # fmt: skip
def test_base_urls(text: str, url: str, shown: str, *, loopback: bool, clear_text: bool) -> None:
    assert BaseURL.parse(text) == BaseURL(url, shown, loopback=loopback, clear_text=clear_text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "127.0.0.1:4000", "localhost", "ftp://host", "file:///etc/passwd", "http://",
     "http:///path", "http://:4000", "http://host:port", "http://host:99999", "http://[::1",
     "http://ho\x00st", "javascript:alert(1)", "https://a..b", "https://" + "x" * 64 + ".example"],
)  # fmt: skip
def test_an_invalid_base_url_is_reported(text: str) -> None:
    with pytest.raises(UsageError, match="--url"):
        BaseURL.parse(text)


@pytest.mark.parametrize(
    "text",
    ["https://me:hunter2@host", "https://me@host", "https://:hunter2@host", "http://@localhost",
     "http://me:hunter2/x@host", "http://localhost:hunter2@evil.org:port",
     "https://me:12/hunter2@host", "https://me:12?hunter2@host", "https://me:12#hunter2@host"],
)  # fmt: skip
def test_user_info_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError, match="--url") as raised:
        BaseURL.parse(text)
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("job_id", "segment"),
    [
        ("job_1", "job_1"),
        ("a/b", "a%2Fb"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("../../x", "..%2F..%2Fx"),
        ("a?b#c%d", "a%3Fb%23c%25d"),
        ("a b\n", "a%20b%0A"),
        ("é", "%C3%A9"),
        ("\ud800", "%ED%A0%80"),
    ],
)
def test_path_segments(job_id: str, segment: str) -> None:
    assert path_segment(job_id) == segment


@settings(deadline=None)
@given(st.text(st.characters(), max_size=12) | st.text("./%?#\\ :@", max_size=6))
def test_any_id_is_one_segment_of_the_path_that_is_asked_for(job_id: str) -> None:
    segment = path_segment(job_id)
    assert unquote_to_bytes(segment) == job_id.encode("utf-8", "surrogatepass")
    sent = httpx.URL(f"{URL}/api/jobs/{segment}/events")
    assert sent.raw_path == f"/api/jobs/{segment}/events".encode()
    assert sent.host == "127.0.0.1"


# --- Answers -------------------------------------------------------------------------------------


def ask(studio: StandIn, url: str | None = None, *, limit: int = MEBIBYTE) -> Answer:
    """Request the job list, as a source does."""

    async def get() -> Answer:
        server = Server(
            BaseURL.parse(url or studio.url),
            Secret(lambda: studio.token, Secrets()),
            lambda token: {"X-Arkor-Studio-Token": token},
        )
        try:
            return await server.get("/api/jobs", limit=limit)
        finally:
            await server.close()

    return asyncio.run(get())


def test_connections_are_used_again_and_closed_at_the_end() -> None:
    answer = b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 2\r\n\r\n{}"
    requests: list[bytes] = []
    connections: list[asyncio.StreamWriter] = []
    gone: asyncio.Queue[None] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                requests.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(answer)
        writer.close()
        gone.put_nowait(None)

    async def ask_often() -> None:
        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        server = Server(
            BaseURL.parse(f"http://127.0.0.1:{port}"), Secret(lambda: "s", Secrets()), lambda _: {}
        )
        for _ in range(3):
            await server.get("/api/jobs", limit=MEBIBYTE)
        assert len(connections) == 1
        await asyncio.gather(*(server.get("/api/jobs", limit=MEBIBYTE) for _ in range(9)))
        assert len(connections) == 9
        await server.get("/api/jobs", limit=MEBIBYTE)
        for _ in range(9 - 4):  # at most four stay idle
            await gone.get()
        await server.close()
        for _ in range(4):
            await gone.get()
        listening.close()

    asyncio.run(asyncio.wait_for(ask_often(), 30))
    assert len(requests) == 13
    assert not any(b"cookie" in request.lower() for request in requests)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "GZIP"])
def test_a_body_may_be_packed_though_nobody_asked_for_it(encoding: str) -> None:
    packer = zlib.compressobj(wbits=31 if "gzip" in encoding.lower() else 15)
    body = json.dumps({"jobs": [{"id": f"job_{n}"} for n in range(30_000)]}).encode()
    packed = packer.compress(body) + packer.flush()
    with StandIn() as studio:
        studio.answers.overrides["jobs"] = Stream(
            (Send(packed[:100]), Send(packed[100:])), headers={"content-encoding": encoding}
        )
        assert ask(studio) == Answer(200, body)
        (request,) = studio.requests
    assert request.headers["accept-encoding"] == "identity"


def test_a_body_that_unpacks_without_end_is_cut_at_the_limit() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * MEBIBYTE) for _ in range(200)) + packer.flush()
    with StandIn() as studio:
        studio.answers.overrides["jobs"] = Stream(
            (Send(bomb),), headers={"content-encoding": "gzip"}
        )
        answer = ask(studio)
    assert answer == Answer(200, b" " * (MEBIBYTE + 1))


def test_nothing_after_the_end_of_a_packed_body_is_held() -> None:
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(b"{}") + packer.flush()
    with StandIn() as studio:
        studio.answers.overrides["jobs"] = Stream(
            (Send(packed), Send(b"z" * MEBIBYTE, 40)), headers={"content-encoding": "gzip"}
        )
        tracemalloc.start()
        try:
            assert ask(studio) == Answer(200, b"{}")
            assert tracemalloc.get_traced_memory()[1] < 20 * MEBIBYTE
        finally:
            tracemalloc.stop()


def test_a_body_as_long_as_it_may_be_is_whole_and_a_longer_one_is_cut() -> None:
    for length in (MEBIBYTE, MEBIBYTE + 1, MEBIBYTE + 2):
        with StandIn() as studio:
            studio.answers.overrides["jobs"] = Stream((Send(b"x" * length),))
            assert len(ask(studio).body) == min(length, MEBIBYTE + 1)


def test_nothing_listens_on_this_machine_which_is_final() -> None:
    with StandIn() as gone:
        pass
    with pytest.raises(UnreachableError) as raised:
        ask(gone)
    assert raised.value.refused
    assert gone.url in str(raised.value)


def test_a_token_never_goes_out_in_clear_text() -> None:
    with (
        StandIn() as studio,
        pytest.raises(SourceError, match=r"studio\.lan.*clear text.*https") as raised,
    ):
        ask(studio, "http://studio.lan:4000")
    assert studio.token not in str(raised.value)
