"""The cloud API: credentials, scope, requests and refusals."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command import Command, Result
from tests.parameters import thorough
from tests.standin import Cloud, StandIn, job, refusal, training

DONE = job("job_done", events=training(5, "job_done"))
TOKEN = "bearer-token-of-the-test"  # noqa: S105 - it opens the stand-in alone
ANONYMOUS = {"mode": "anon", "token": TOKEN, "anonymousId": "x", "orgSlug": "anon-a1b2"}


def write(command: Command, name: str, document: Any) -> Path:
    file = command.directory / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document))
    return file


def credentials(command: Command, **fields: Any) -> Path:
    return write(command, "home/.arkor/credentials.json", {**ANONYMOUS, **fields})


def state(command: Command, org: str = "anon-a1b2", project: str = "support-bot") -> Path:
    return write(command, ".arkor/state.json", {"orgSlug": org, "projectSlug": project})


def cloud(**changes: Any) -> StandIn:
    return StandIn(DONE, cloud=Cloud(token=TOKEN, **changes))


def build(command: Command, server: StandIn, *arguments: str, **variables: str) -> Result:
    variables.setdefault("ARKOR_CLOUD_API_URL", server.url + "///")
    return command.run("build", "--source", "cloud", *arguments, **variables)


def test_credentials_and_scope_from_arkors_files(command: Command) -> None:
    kept = [credentials(command), state(command)]
    before = [file.read_bytes() for file in kept]
    with cloud() as server:
        result = build(command, server)
        requests = server.requests
    assert result.code == 0, result.stderr
    assert [file.read_bytes() for file in kept] == before
    assert result.report["source"] == {
        "kind": "cloud", "url": server.url, "org": "anon-a1b2", "project": "support-bot",
    }  # fmt: skip
    assert result.report["manifest"] is None
    assert "Run training" not in (result.out / "index.html").read_text("utf-8")
    assert result.job("job_done")["stream"]["state"] == "complete"
    for request in requests:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["x-arkor-client"] == "arkor/0.0.3-alpha.1"
        assert request.query == "orgSlug=anon-a1b2&projectSlug=support-bot"


def test_the_address_of_the_credentials(command: Command) -> None:
    state(command)
    with cloud() as server:
        credentials(command, arkorCloudApiUrl=server.url)
        result = build(command, server, ARKOR_CLOUD_API_URL="")
    assert result.code == 0, result.stderr


def test_options_and_the_variable_win(command: Command) -> None:
    state(command, "other", "other")
    with cloud(org="acme") as server:
        result = build(
            command, server, "--org", "acme", "--project", "support-bot", ARKOR_REPORT_TOKEN=TOKEN
        )
    assert result.code == 0, result.stderr


@pytest.mark.parametrize(
    ("version", "variable", "sent"),
    [
        ("1.2.3", "", "arkor/1.2.3"),
        *thorough(("1.2.3", "9.9.9", "arkor/9.9.9"), (7, "", "arkor/0.0.3-alpha.1")),
    ],
)
def test_the_client_version(command: Command, version: object, variable: str, sent: str) -> None:
    credentials(command)
    state(command)
    write(command, "node_modules/arkor/package.json", {"version": version})
    with cloud() as server:
        build(command, server, ARKOR_REPORT_CLIENT_VERSION=variable)
        assert {request.headers["x-arkor-client"] for request in server.requests} == {sent}


def account(expires_at: float, mode: str = "oauth") -> dict[str, Any]:
    return {
        "mode": mode,
        "accessToken": TOKEN,
        "refreshToken": "r" * 20,
        "expiresAt": expires_at,
    }


@pytest.mark.parametrize(
    ("expires_at", "mode"), [(1_000_000_000, "oauth"), *thorough((1_000_000_000_000, "auth0"))]
)
def test_expired_credentials(command: Command, expires_at: float, mode: str) -> None:
    write(command, "home/.arkor/credentials.json", account(expires_at, mode))
    state(command)
    with cloud() as server:
        result = build(command, server)
        assert server.requests == []
    assert result.code == 3
    assert "expired" in result.stderr
    assert "arkor login" in result.stderr


@pytest.mark.parametrize(
    ("expires_at", "mode"),
    [
        (4_000_000_000_000, "auth0"),
        *thorough((4_000_000_000, "oauth"), (4_000_000_000, "device")),
    ],
)
def test_credentials_that_still_hold(command: Command, expires_at: float, mode: str) -> None:
    write(command, "home/.arkor/credentials.json", account(expires_at, mode))
    state(command)
    with cloud() as server:
        assert build(command, server).code == 0


def test_an_anonymous_session_with_another_orgs_state(command: Command) -> None:
    credentials(command)
    state(command, "someone-else")
    with cloud() as server:
        result = build(command, server)
        assert server.requests == []
    assert result.code == 3
    assert "anon-a1b2" in result.stderr
    assert "stale" in result.stderr


def test_a_missing_scope(command: Command) -> None:
    credentials(command)
    with cloud() as server:
        result = build(command, server)
    assert result.code == 3
    assert "state.json" in result.stderr
    assert "--project" in result.stderr


def test_no_credentials(command: Command) -> None:
    (command.directory / "home").mkdir()
    with cloud() as server:
        result = build(command, server)
    assert result.code == 3
    assert "arkor login" in result.stderr


def test_a_client_that_is_too_old(command: Command) -> None:
    credentials(command)
    state(command)
    with cloud(oldest_client=(2, 0, 0)) as server:
        result = build(command, server)
    assert result.code == 3
    assert "426" in result.stderr
    assert "ARKOR_REPORT_CLIENT_VERSION" in result.stderr


@pytest.mark.parametrize("status", [401, *thorough(403, 410)])
def test_refusals(command: Command, status: int) -> None:
    credentials(command)
    state(command)
    with cloud() as server:
        server.answers.overrides["all"] = refusal(status, f"no: {TOKEN}")
        result = build(command, server)
    assert result.code == 3
    assert str(status) in result.stderr
    assert TOKEN not in result.stderr


@pytest.mark.parametrize(
    "variables",
    [{"ALL_PROXY": "socks5://127.0.0.1:1"}, *thorough({"HTTPS_PROXY": "nothing://127.0.0.1:1"})],
)
def test_an_invalid_proxy(command: Command, variables: dict[str, str]) -> None:
    credentials(command)
    state(command)
    result = command.run(
        "build", "--source", "cloud", "--url", "https://cloud.invalid", **variables
    )
    assert result.code == 3, result.stderr
    assert "PROXY" in result.stderr


def test_notices_are_reported_once(command: Command) -> None:
    credentials(command)
    state(command)
    headers = {"Deprecation": "true", "Sunset": "Sat, 01 May 2027", "Warning": '299 - "use v2"'}
    with cloud(headers=headers) as server:
        result = build(command, server)
    assert result.code == 0
    for words in ("deprecated", "Sat, 01 May 2027", "use v2"):
        assert result.stderr.count(words) == 1, result.stderr


def test_a_token_never_goes_out_in_clear_text(command: Command) -> None:
    credentials(command)
    state(command)
    result = command.run("build", "--source", "cloud", "--url", "http://api.example")
    assert result.code == 3
    assert "clear text" in result.stderr


def test_no_redirect_is_followed(command: Command) -> None:
    credentials(command)
    state(command)
    with cloud() as server, StandIn() as elsewhere:
        server.answers.overrides["all"] = refusal(302, "there", {"Location": elsewhere.url})
        result = build(command, server)
        assert elsewhere.requests == []
    assert result.code == 3


def test_two_scopes_never_mix(command: Command) -> None:
    credentials(command)
    state(command)
    with cloud() as server:
        build(command, server)
    state(command, project="other")
    with StandIn(job("job_2", events=training(3)), cloud=Cloud(TOKEN, project="other")) as server:
        result = build(command, server)
    assert [entry["id"] for entry in result.report["jobs"]] == ["job_2"]


def test_a_token_that_was_renewed_meanwhile(command: Command) -> None:
    """The first answer refuses; by then the file has the new token."""
    file = credentials(command, token="an-older-token")
    state(command)
    with cloud() as server:
        process = command.start(
            "build", "--source", "cloud", "--url", server.url, ARKOR_REPORT_STALL_TIMEOUT="5s"
        )
        server.wait_until(lambda: bool(server.requests))
        file.write_text(json.dumps(ANONYMOUS))
        _, stderr = process.communicate(timeout=300)
    # The refusal came after the change, or it was reported: it never hangs or leaks.
    assert process.returncode in {0, 3}, stderr
    assert "an-older-token" not in stderr


def test_doctor(command: Command) -> None:
    credentials(command)
    state(command)
    with cloud() as server:
        result = command.run("doctor", "--source", "cloud", "--url", server.url)
    assert result.code == 0, result.stderr
    assert f"url       {server.url}" in result.stdout
    assert "anon-a1b2 / support-bot" in result.stdout
    assert "1 listed: 1 completed" in result.stdout
    assert TOKEN not in result.stdout + result.stderr


def test_doctor_without_a_server(command: Command) -> None:
    with StandIn() as studio:
        options = command.options(studio)
    result = command.run("doctor", *options)
    assert result.code == 3
    assert "arkor dev" in result.stderr
    assert studio.token not in result.stdout + result.stderr
    assert str(command.directory / "token") in result.stdout
