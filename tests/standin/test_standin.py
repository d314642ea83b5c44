"""The stand-in server: it must break streams exactly as scripted, or other tests prove little."""

import gzip
import itertools
import json
import os
import re
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from httpx_sse import ServerSentEvent, connect_sse

from tests.standin import (
    EMPTY_REPLY,
    NO_REPLY,
    Close,
    Cloud,
    Cut,
    Event,
    Flow,
    Framing,
    Hold,
    Pause,
    Replay,
    Send,
    StandIn,
    Stream,
    WaitFor,
    completed,
    job,
    log,
    numbered,
    raw,
    refusal,
    reply,
    sse,
    started,
    training,
)

pytestmark = pytest.mark.thorough


def client(server: StandIn, **headers: str) -> httpx.Client:
    return httpx.Client(
        base_url=server.url,
        headers={"X-Arkor-Studio-Token": server.token, **headers},
        timeout=5,
        trust_env=False,
    )


def stream_path(job_id: str = "job_1") -> str:
    return f"/api/jobs/{quote(job_id, safe='')}/events"


def read(server: StandIn, job_id: str = "job_1", **headers: str) -> bytes:
    """Read a stream to its end, cut or not."""
    got = bytearray()
    with client(server, **headers) as http, http.stream("GET", stream_path(job_id)) as answer:
        try:
            for chunk in answer.iter_raw():
                got += chunk
        except httpx.RemoteProtocolError:
            got += b"<cut>"
    return bytes(got)


def events(server: StandIn, last_event_id: str | None = None) -> list[ServerSentEvent]:
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    got: list[ServerSentEvent] = []
    with client(server, **headers) as http, connect_sse(http, "GET", stream_path()) as source:
        try:
            got += source.iter_sse()
        except httpx.RemoteProtocolError:
            got.append(ServerSentEvent(event="<cut>"))
    return got


def steps(got: list[ServerSentEvent]) -> list[int]:
    return [json.loads(event.data)["step"] for event in got if event.event == "training.log"]


# --- Studio's routes and checks ------------------------------------------------------------------


def test_list_manifest_and_credentials() -> None:
    with StandIn(job("job_1"), job("job_2", "queued", name="b")) as server, client(server) as http:
        assert [entry["id"] for entry in http.get("/api/jobs").json()["jobs"]] == ["job_1", "job_2"]
        assert http.get("/api/manifest").json() == {"trainer": {"name": "support-bot-v1"}}
        assert http.get("/api/credentials").json()["orgSlug"] == "anon-a1b2"
        server.answers.trainer = None
        assert http.get("/api/manifest").json() == {"trainer": None}
        assert http.get("/api/elsewhere").status_code == 404


@pytest.mark.parametrize("route", ["/api/jobs", "/api/manifest", stream_path(), "/api/nowhere"])
@pytest.mark.parametrize("token", ["", "wrong", "t" * 31])
def test_every_route_requires_the_token(route: str, token: str) -> None:
    with StandIn(job(), token="t" * 32) as server:
        answer = httpx.get(server.url + route, headers={"X-Arkor-Studio-Token": token})
        assert answer.status_code == 403
        assert answer.json() == {"error": "Missing or invalid studio token"}


def test_only_the_events_route_takes_the_token_from_its_url() -> None:
    with StandIn(job()) as server:
        query = {"studioToken": server.token}
        assert httpx.get(server.url + stream_path(), params=query).status_code == 200
        assert httpx.get(server.url + "/api/jobs", params=query).status_code == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:4000", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1:4000.evil.example", 403),
    ],
)
def test_the_host_is_checked(host: str, status: int) -> None:
    with StandIn() as server, client(server, Host=host) as http:
        assert http.get("/api/jobs").status_code == status
        assert http.get("/").status_code == status
        assert ("loopback-only" in http.get("/").text) == (status == 403)


def test_the_page_has_the_token_without_being_asked_with_one() -> None:
    with StandIn(token="t" * 32) as server:
        assert f'content="{"t" * 32}"' in httpx.get(server.url).text


def test_two_studios_share_one_token_file(tmp_path: Path) -> None:
    with StandIn() as one, StandIn() as other:
        assert one.write_token(tmp_path / "t") == other.write_token(tmp_path / "t")
        assert (tmp_path / "t").read_text() == other.token != one.token


def test_without_a_project_there_are_no_jobs() -> None:
    with StandIn(job()) as server, client(server) as http:
        server.answers.credentials = {**server.answers.credentials, "projectSlug": None}
        assert http.get("/api/jobs").json() == {"jobs": []}
        assert http.get(stream_path()).json() == {"error": "No project state"}


def test_what_the_cloud_says_is_passed_on() -> None:
    with StandIn(job(), cloud=Cloud(headers={"Sunset": "soon"})) as server, client(server) as http:
        asked = [http.get(path) for path in ("/api/jobs", stream_path(), "/api/manifest")]
        assert [answer.headers.get("sunset") for answer in asked] == ["soon", "soon", None]
        server.answers.overrides["cloud"] = refusal(401, "No")
        asked = [http.get(path) for path in ("/api/jobs", stream_path(), "/api/manifest")]
        assert [answer.status_code for answer in asked] == [401, 401, 200]


@pytest.mark.parametrize("job_id", ["a/b", "../../x", "ü %2F", "<script>", "a?b#c", "%", "\ud800"])
def test_ids_may_hold_anything(job_id: str) -> None:
    with StandIn(job(job_id, script=raw(b"hello"))) as server:
        encoded = "".join(f"%{byte:02X}" for byte in job_id.encode("utf-8", "surrogatepass"))
        answer = httpx.get(
            f"{server.url}/api/jobs/{encoded}/events",
            headers={"X-Arkor-Studio-Token": server.token},
        )
        assert answer.content == b"hello"
        assert [request.job_id for request in server.requests] == [job_id]


def test_requests_are_recorded_as_they_were_sent() -> None:
    with StandIn(job()) as server:
        read(server, **{"Last-Event-ID": "7"})
        with client(server) as http:
            http.get("/api/jobs?a=%20b")
        first, second = server.requests
        assert (first.method, first.url, first.last_event_id) == ("GET", stream_path(), "7")
        assert first.headers["x-arkor-studio-token"] == server.token
        assert (second.url, second.last_event_id) == ("/api/jobs?a=%20b", None)
        assert first.at <= second.at <= time.monotonic()
        assert [request.url for request in server.openings("job_1")] == [stream_path()]


# --- Faulty streams ------------------------------------------------------------------------------


def test_a_cut_comes_after_all_that_was_sent() -> None:
    data = b"x" * 300_000
    with StandIn(job(script=raw(data, Cut()))) as server:
        assert read(server) == data + b"<cut>"


def test_a_reset_is_not_a_clean_end() -> None:
    script = raw(b"data: 1\n\n", Pause(0.05), Cut(reset=True))
    with StandIn(job(script=script)) as server, pytest.raises(httpx.ReadError):
        read(server)


def test_without_a_known_length_a_cut_looks_like_an_end() -> None:
    script = Stream((Send(b"data: 1\n"), Cut()), until_close=True)
    with StandIn(job(script=script)) as server:
        assert read(server) == b"data: 1\n"


def test_a_flow_has_no_end_and_stops_when_the_client_leaves() -> None:
    def lines() -> Iterator[bytes]:
        return (b"x" * 65536 for _ in itertools.count())

    with StandIn(job(script=Stream((Flow(lines),))), job("job_2", script=raw(b"2"))) as server:
        with client(server) as http, http.stream("GET", stream_path()) as answer:
            assert sum(len(chunk) for chunk in itertools.islice(answer.iter_raw(), 50)) > 1e6
            assert read(server, "job_2") == b"2"
        server.wait_until(lambda: server.open_connections == 0)


def test_silence_before_the_head_and_after_it() -> None:
    script = [NO_REPLY, raw(b": hi\n", Hold())]
    with StandIn(job(script=script)) as server, client(server) as http:
        with pytest.raises(httpx.ReadTimeout):
            http.get(stream_path(), timeout=0.1)
        with http.stream("GET", stream_path(), timeout=0.1) as answer:
            chunks = answer.iter_raw()
            assert next(chunks) == b": hi\n"
            with pytest.raises(httpx.ReadTimeout):
                next(chunks)


def test_no_answer_at_all() -> None:
    with StandIn(job(script=EMPTY_REPLY)) as server, pytest.raises(httpx.RemoteProtocolError):
        read(server)


@pytest.mark.parametrize("status", [200, 204, 302, 304, 404, 410, 429, 500, 599])
def test_other_answers(status: int) -> None:
    script = refusal(status, "no", {"Retry-After": "3", "Location": "/elsewhere"})
    with StandIn(job(script=script)) as server, client(server) as http:
        answer = http.get(stream_path())
        assert (answer.status_code, answer.headers["retry-after"]) == (status, "3")
        assert answer.content == (b"" if status in {204, 304} else b'{"error": "no"}')
        assert http.get("/api/jobs").status_code == 200


def test_a_script_for_each_opening_the_last_for_all_that_follow() -> None:
    with StandIn(job(script=[raw(b"1"), refusal(500, "2"), raw(b"3")])) as server:
        assert [read(server) for _ in range(4)] == [b"1", b'{"error": "2"}', b"3", b"3"]


def test_a_script_may_be_a_function() -> None:
    with StandIn(
        job(script=lambda opening: raw(f"{opening.number} {opening.last_event_id}".encode()))
    ) as server:
        assert read(server) == b"1 None"
        assert read(server, **{"Last-Event-ID": "x"}) == b"2 x"


def test_content_type_and_compression() -> None:
    script = Stream(
        (Send(gzip.compress(b"data: 1\n\n")),),
        headers={"Content-Encoding": "gzip"},
        content_type="text/plain; charset=latin-1",
    )
    with StandIn(job(script=script)) as server, client(server) as http:
        answer = http.get(stream_path())
        assert answer.headers["content-type"] == "text/plain; charset=latin-1"
        assert answer.content == b"data: 1\n\n"


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("chunk", [None, 1, 7])
def test_framing(newline: bytes, chunk: int | None) -> None:
    framing = Framing(newline, chunk, before=b": hello" + newline * 2)
    sent = [Event("a", "1\n2", "5"), Event(None, b"\xff"), Event("end")]
    assert framing.stream(sent) == newline.join(
        [b": hello", b"", b"id: 5", b"event: a", b"data: 1", b"data: 2", b"", b"data: \xff", b"",
         b"event: end", b"data: ", b"", b""]
    )  # fmt: skip
    with StandIn(job(script=sse(sent, framing=framing))) as server:
        assert read(server) == framing.stream(sent)
    with StandIn(job(events=sent, script=Replay(framing=framing))) as server:
        assert read(server) == framing.stream(sent)


# --- Resuming ------------------------------------------------------------------------------------

SHARED_IDS = [
    started(),
    *(Event("training.log", log(step, 1.0).data, str(step // 2)) for step in range(1, 6)),
]


@pytest.mark.parametrize(
    ("replay", "last_event_id", "expected"),
    [
        (Replay(), None, [1, 2, 3, 4, 5]),
        (Replay(), "0", [2, 3, 4, 5]),
        (Replay(), "1", [4, 5]),
        (Replay(), "gone", [1, 2, 3, 4, 5]),
        (Replay("ignore"), "1", [1, 2, 3, 4, 5]),
    ],
)
def test_resuming(replay: Replay, last_event_id: str | None, expected: list[int]) -> None:
    with StandIn(job(events=SHARED_IDS, script=replay)) as server:
        assert steps(events(server, last_event_id)) == expected


def test_breaks_between_events_and_in_the_middle_of_one() -> None:
    run = numbered([started(), *(log(step, 1.0) for step in range(1, 6)), completed()])
    with StandIn(job(events=run, script=Replay(breaks=(3, 2), torn=9))) as server:
        assert read(server).endswith(b"\n\nid: 4\neve<cut>")
        got = events(server, "3")
        assert (steps(got), got[-1].event) == ([3, 4], "<cut>")
        got = events(server, "5")
        assert (steps(got), got[-1].event) == ([5], "training.completed")


def test_ends_that_are_clean() -> None:
    with StandIn(job(events=training(4), script=Replay(breaks=(2,), how=Close()))) as server:
        assert len(events(server)) == 2
        assert len(events(server)) == 7


# --- Jobs that change while the server runs ------------------------------------------------------


def statuses(server: StandIn) -> list[str]:
    with client(server) as http:
        return [entry["status"] for entry in http.get("/api/jobs").json()["jobs"]]


def test_a_job_that_trains() -> None:
    with (
        StandIn(job("job_1", "queued")) as server,
        client(server) as http,
        connect_sse(http, "GET", stream_path()) as source,
    ):
        arriving = source.iter_sse()
        server.jobs.update("job_1", status="running")
        server.jobs.send("job_1", *numbered([started(), log(1, 2.5)]))
        assert next(arriving).event == "training.started"
        assert json.loads(next(arriving).data)["loss"] == 2.5
        assert statuses(server) == ["running"]
        server.jobs.send("job_1", completed())
        server.jobs.finish("job_1", Close())
        assert [event.event for event in arriving] == ["training.completed"]


def test_a_cancelled_job_keeps_its_stream_open() -> None:
    with (
        StandIn(job("job_1", "running", events=[started()])) as server,
        client(server) as http,
        connect_sse(http, "GET", stream_path()) as source,
    ):
        arriving = source.iter_sse()
        assert next(arriving).event == "training.started"
        server.cancel("job_1")
        assert statuses(server) == ["cancelled"]
        server.jobs.cut("job_1")
        with pytest.raises(httpx.RemoteProtocolError):
            next(arriving)


def test_the_list_changes_and_may_be_odd() -> None:
    with StandIn(job("job_1"), job("job_2")) as server, client(server) as http:
        server.jobs.add(job("job_3", "queued"), first=True)
        server.jobs.unlist("job_1")
        server.jobs.add_odd({"id": 7}, None)
        entries = http.get("/api/jobs").json()["jobs"]
        assert [entry and entry["id"] for entry in entries] == ["job_3", "job_2", 7, None]
        assert http.get(stream_path("job_1")).status_code == 200
        server.jobs.remove("job_2")
        assert http.get(stream_path("job_2")).status_code == 404


def test_any_route_can_be_overridden() -> None:
    with StandIn() as server, client(server) as http:
        server.answers.overrides["jobs"] = [refusal(503, "wait"), reply(200, b"<html>")]
        server.answers.overrides["manifest"] = refusal(400, "does not build")
        assert [http.get("/api/jobs").content for _ in range(2)] == [
            b'{"error": "wait"}',
            b"<html>",
        ]
        assert http.get("/api/manifest").status_code == 400
        del server.answers.overrides["jobs"]
        assert http.get("/api/jobs").json() == {"jobs": []}
        server.answers.overrides["all"] = reply(302, headers={"Location": "https://evil.example/"})
        assert http.get("/api/jobs").headers["location"] == "https://evil.example/"


def test_a_test_may_hold_a_stream_and_let_it_go() -> None:
    with StandIn(job(script=raw(b"1", WaitFor("go"), Send(b"2")))) as server:
        server.later(0.1, lambda: server.release("go"))
        began = time.monotonic()
        assert read(server) == b"12"
        assert time.monotonic() - began > 0.09


# --- The cloud -----------------------------------------------------------------------------------

SCOPE = {"orgSlug": "anon-a1b2", "projectSlug": "support-bot"}


GOOD = "good-token"


def ask_cloud(
    server: StandIn, path: str, token: str = GOOD, version: str = "1.2.3", **query: str
) -> httpx.Response:
    return httpx.get(
        server.url + path,
        params=SCOPE | query,
        headers={"Authorization": f"Bearer {token}", "X-Arkor-Client": f"arkor/{version}"},
    )


def test_the_cloud_answers_within_the_scope() -> None:
    cloud = Cloud(GOOD, oldest_client=(1, 0, 0), headers={"Deprecation": "true"})
    with StandIn(job("a/b", events=training(2, "a/b")), cloud=cloud) as server:
        answer = ask_cloud(server, "/v1/jobs")
        assert [entry["id"] for entry in answer.json()["jobs"]] == ["a/b"]
        assert answer.headers["deprecation"] == "true"
        assert len(ask_cloud(server, "/v1/jobs/a%2Fb").json()["events"]) == 5
        assert ask_cloud(server, "/v1/jobs/a%2Fb/events/stream").text.count("training.log") == 4
        assert ask_cloud(server, "/v1/jobs/other").status_code == 404
        assert [request.job_id for request in server.openings("a/b")] == ["a/b"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"token": "bad"}, 401),
        ({"version": "0.9.9"}, 426),
        ({"version": "x"}, 426),
        ({"orgSlug": ""}, 400),
        ({"orgSlug": "other"}, 403),
        ({"projectSlug": "other"}, 403),
    ],
)
def test_the_cloud_refuses(changed: dict[str, str], status: int) -> None:
    with StandIn(job(), cloud=Cloud(GOOD, oldest_client=(1, 0, 0))) as server:
        answer = ask_cloud(server, "/v1/jobs", **changed)
        assert (answer.status_code, next(iter(answer.json()))) == (status, "error")


# --- Life ----------------------------------------------------------------------------------------


def test_it_starts_and_stops_at_once_whatever_is_open() -> None:
    began = time.monotonic()
    server = StandIn(job(script=raw(b"1", Hold())), job("job_2", "running")).start()
    with client(server) as http:
        for job_id in ("job_1", "job_2"):
            http.send(http.build_request("GET", stream_path(job_id)), stream=True)
        server.stop()
    assert time.monotonic() - began < 3  # mostly httpx's own start
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection(("127.0.0.1", server.port)),
    ):
        pass


def test_another_can_take_its_port() -> None:
    with StandIn(job(script=raw(b"1"))) as first:
        assert read(first) == b"1"
    with StandIn(job(script=raw(b"2")), port=first.port) as second:
        assert (second.url, read(second)) == (first.url, b"2")


def test_the_token_file_is_for_its_owner_only(tmp_path: Path) -> None:
    server = StandIn()
    path = server.write_token(tmp_path / "arkor" / "studio-token")
    assert path.read_text() == server.token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("named", [False, True])
def test_it_can_be_started_by_hand(tmp_path: Path, *, named: bool) -> None:
    command = [sys.executable, "-m", "tests.standin", "--port", "0", "--speed", "100"]
    command += ["--token-file", str(tmp_path / "token")] if named else []
    environment = {**os.environ, "TMPDIR": str(tmp_path), "HOME": str(tmp_path / "home")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, bufsize=1
    ) as process:
        assert process.stdout is not None
        try:
            line = next(text for text in process.stdout if "arkor-report build" in text)
            words = re.fullmatch(r"\s*arkor-report build --url (\S+) --token-file (\S+)\s*", line)
            assert words is not None
            token = Path(words[2]).read_text()
            jobs = wait_until_none_trains(words[1], token)
            assert {entry["status"] for entry in jobs} <= {"completed", "failed", "cancelled"}
        finally:
            process.terminate()
    assert not Path(words[2]).exists()
    assert not (tmp_path / "home").exists()


def wait_until_none_trains(url: str, token: str) -> list[dict[str, str]]:
    deadline = time.monotonic() + 10
    while True:
        answer = httpx.get(f"{url}/api/jobs", headers={"X-Arkor-Studio-Token": token})
        jobs: list[dict[str, str]] = answer.json()["jobs"]
        waiting = [entry for entry in jobs if entry["status"] in {"queued", "running"}]
        if not waiting or time.monotonic() > deadline:
            return jobs
        time.sleep(0.05)
