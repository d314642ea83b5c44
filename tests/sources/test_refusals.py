"""Who refused, and what to do: Studio's own refusals, and the cloud's that it passes on."""

import json
from typing import Any

import pytest

from reportgen.sources import refusals
from reportgen.sources.http import Answer
from reportgen.text.redact import Redactor
from tests.command import Command
from tests.parameters import thorough
from tests.standin import Cloud, StandIn, job, refusal, reply, training
from tests.standin.app import too_old

TOO_OLD = too_old(Cloud(oldest_client=(1, 4, 0)))


def answer(status: int, body: Any) -> Answer:
    return Answer(status, body if isinstance(body, bytes) else json.dumps(body).encode())


STUDIOS_OWN = [
    (403, {"error": "Missing or invalid studio token"}, "--token-file"),
    (403, {"error": "Studio API is loopback-only"}, "use 127.0.0.1"),
    (403, b"Studio is loopback-only", "use 127.0.0.1"),
    (400, {"error": "No project state"}, ".arkor/state.json"),
]

THE_CLOUDS = [
    (401, {"error": "Missing or invalid token"}, "arkor login"),
    (401, b"", "arkor login"),
    (403, {"error": "No access to this organization or project"}, ".arkor/state.json"),
    (403, {"error": "Studio"}, "arkor login"),
    (404, {"error": "Project not found"}, ".arkor/state.json"),
    (426, TOO_OLD, "npm install -g arkor@latest"),
    (426, TOO_OLD, "^1.4.0"),
    (426, {"error": "x", "supportedRange": 7, "upgrade": None}, "upgrade the `arkor` package"),
    (426, b"too old", "upgrade the `arkor` package"),
    (500, b"Internal Server Error", "network"),
    (500, {"error": "database"}, "try again later"),
    (503, b"<h1>Bad gateway</h1>", "try again later"),
    (410, {"error": "Gone"}, "410: Gone"),
    (418, b"", "answered 418"),
]


@pytest.mark.parametrize(("status", "body", "remedy"), STUDIOS_OWN)
def test_studios_own_refusals(status: int, body: Any, remedy: str) -> None:
    words = refusals.by_studio(answer(status, body), Redactor())
    assert words.startswith("Studio ")
    assert str(status) in words
    assert remedy in words
    assert "cloud" not in words


@pytest.mark.parametrize(("status", "body", "remedy"), THE_CLOUDS)
def test_whatever_else_studio_answers_is_the_clouds(status: int, body: Any, remedy: str) -> None:
    words = refusals.by_studio(answer(status, body), Redactor())
    assert "cloud" in words
    assert str(status) in words
    assert remedy in words
    assert "--token-file" not in words


def test_hints_are_redacted_and_short() -> None:
    upgrade = "npm install https://user:pass@example.com/?key=1\n" + "x" * 10_000
    words = refusals.by_studio(answer(426, {"upgrade": upgrade}), Redactor())
    assert "npm install https://example.com/" in words
    assert "pass" not in words
    assert len(words) < 600


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (refusal(401, "Missing or invalid token"), "run `arkor login`"),
        *thorough(
            (refusal(403, "No access"), ".arkor/state.json may be stale"),
            (
                reply(426, TOO_OLD),
                "it supports ^1.4.0, and this is 0.0.3-alpha.1, run `npm install",
            ),
        ),
    ],
)
def test_the_clouds_refusal_of_the_list(command: Command, refused: Any, words: str) -> None:
    with StandIn(job()) as studio:
        studio.answers.overrides["cloud"] = refused
        result = command.build(studio)
        assert sum(request.path == "/api/jobs" for request in studio.requests) == 1
    assert result.code == 3
    assert "the cloud, which Studio asked," in result.stderr
    assert words in result.stderr
    assert "--token-file" not in result.stderr


def test_the_clouds_refusal_of_a_stream(command: Command) -> None:
    with StandIn(job(script=refusal(401, "Missing or invalid token"))) as studio:
        result = command.build(studio)
    assert result.code == 0, result.stderr
    assert result.job("job_1")["stream"]["state"] == "unavailable"
    reason = result.job("job_1")["stream"]["reason"]
    assert reason == (
        "the cloud, which Studio asked, refused the credentials "
        "(401: Missing or invalid token): run `arkor login`"
    )


def test_notices_of_the_cloud_through_studio(command: Command) -> None:
    headers = {
        "Deprecation": "@1793000000",
        "Sunset": "Sat, 01 May 2027 00:00:00 GMT",
        "Warning": '299 - "use \\"v2\\"", 199 api.example "slow, today" "Sat, 01 May 2027"',
    }
    jobs = [job(name, events=training(3, name)) for name in "ab"]
    with StandIn(*jobs, cloud=Cloud(headers=headers)) as studio:
        result = command.build(studio)
        doctor = command.run("doctor", *command.options(studio))
    assert result.code == 0
    for told in (result.stderr, doctor.stdout):
        for words in ("is deprecated", "Sat, 01 May 2027 00", 'use "v2"\n', "slow, today\n"):
            assert told.count(words) == 1, told
        assert "299 -" not in told


@pytest.mark.parametrize(
    ("host", "token"),
    [("evil.localhost", "t" * 32), *thorough(("localhost.", "t" * 32), ("x.localhost", ""))],
)
def test_a_host_that_studio_refuses(command: Command, host: str, token: str) -> None:
    with StandIn(job(), token="t" * 32) as studio:
        url = f"http://{host}:{studio.port}"
        result = command.run("build", "--url", url, ARKOR_REPORT_TOKEN=token)
    assert result.code == 3
    assert "use 127.0.0.1" in result.stderr
