"""No secret leaks: every written file and all output is searched."""

import base64
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.command import Command, Result
from tests.standin import Cloud, Event, StandIn, completed, job, numbered, refusal, training
from tests.standin.events import JSON
from tests.standin.script import Script, Stream, reply

pytestmark = pytest.mark.thorough

TOKEN = "0123456789abcdef-studio"  # noqa: S105 - it opens the stand-in alone
DATASET_TOKEN = "dataset-token-31337"  # noqa: S105
SIGNATURE = "SIGNED31337"


def secretive(**fields: JSON) -> list[Event]:
    artifact: JSON = {
        "url": f"https://u:{DATASET_TOKEN}@files.example/a?X-Sig={SIGNATURE}",
        **fields,
    }
    return numbered(
        [
            Event("training.started", {"token": DATASET_TOKEN, "note": f"Bearer {TOKEN}"}),
            Event("training.log", {"step": 1, "loss": 1, "timestamp": f"hf_{'a' * 30}"}),
            Event("training.log", f'{{"step":2,"loss":"{TOKEN}"}}'),
            completed([artifact, f"https://x.example/?sig={SIGNATURE}"]),
        ]
    )


LEAKY = job(
    "leaky",
    events=secretive(accessToken=DATASET_TOKEN),
    name=f"run with {TOKEN}",
    error=f"see https://files.example/log?X-Sig={SIGNATURE} and {TOKEN}",
    config={
        "model": f"https://u:{DATASET_TOKEN}@hub.example/m",
        "datasetSource": {
            "type": "blob",
            "url": f"https://files.example/d.jsonl?X-Sig={SIGNATURE}",
            "token": DATASET_TOKEN,
        },
        "apiKey": DATASET_TOKEN,
        "maxTokens": 42,
        "tokenizer": "plain",
    },
)
REFUSED = job("refused", script=refusal(410, f"token {TOKEN} is no good"))


PIECES = [TOKEN[start : start + 10] for start in (0, 5, len(TOKEN) - 10)]


def everything(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != "token"
    }


def test_no_secret_is_written_or_printed(command: Command) -> None:
    with StandIn(LEAKY, REFUSED, token=TOKEN) as studio:
        studio.answers.trainer = f"trainer {TOKEN}"
        studio.answers.credentials = {
            "token": "bearer-31337-of-studio", "mode": "anon", "orgSlug": "o", "projectSlug": "p",
        }  # fmt: skip
        result = command.build(
            studio, "-v", "--show-config", "tokenizer", "--show-config", "apiKey"
        )
    assert result.code == 0, result.stderr
    written = everything(command.directory)
    said = (result.stdout + result.stderr).encode()
    for secret in (TOKEN, DATASET_TOKEN, SIGNATURE, "bearer-31337-of-studio", "hf_aaaa"):
        assert secret.encode() not in said
        leaks = [name for name, data in written.items() if secret.encode() in data]
        # Events are kept verbatim, except for the tool's own token.
        assert all(name.endswith(".log") and secret != TOKEN for name in leaks), (secret, leaks)
    entry = result.job("leaky")
    assert entry["config"]["datasetSource"] == {
        "type": "blob", "url": "https://files.example/d.jsonl", "token": "[hidden]",
    }  # fmt: skip
    assert entry["config"]["maxTokens"] == 42
    assert entry["config"]["tokenizer"] == "plain"
    assert entry["config"]["apiKey"] == "[hidden]"
    assert entry["name"] == "run with [redacted]"


def test_no_output_is_obeyed(command: Command) -> None:
    """Neither by a terminal nor by a CI runner that reads the log line by line."""
    hostile = "::error::x\n##[error]y\x1b[31m\x9b2J\u202e"
    with StandIn(
        job(hostile, events=training(3)), job("r", script=refusal(410, hostile))
    ) as studio:
        result = command.build(studio, "-v")
    assert result.code == 0
    for line in result.stderr.split("\n"):
        assert "::" not in line
        assert "##[" not in line
        assert line.isprintable(), line


def test_a_short_token_is_not_looked_for(command: Command) -> None:
    with StandIn(job("a", events=training(3), name="the job"), token="job") as studio:
        result = command.build(studio)
    assert result.job("a")["name"] == "the job"


@pytest.mark.parametrize("name", ["build", "snapshot"])
def test_an_id_that_holds_the_token_is_refused_by_its_place(command: Command, name: str) -> None:
    with StandIn(job("fine"), job(f"job-{TOKEN}"), token=TOKEN) as studio:
        result = command.run(name, *command.options(studio), "--max-wait", "0")
    assert result.code == 1
    assert "job 2" in result.stderr
    assert TOKEN not in result.stderr
    assert not [name for name, data in everything(command.directory).items()
                if TOKEN.encode() in data or TOKEN in name]  # fmt: skip
    assert not (command.directory / "out" / "index.html").exists()


def test_the_kept_list_has_everything_but_secrets(command: Command) -> None:
    with StandIn(LEAKY, token=TOKEN) as studio:
        command.build(studio)
    (kept,) = (command.directory / ".arkor-report").rglob("jobs.json")
    ((_, entry),) = json.loads(kept.read_bytes())["entries"]
    assert entry["orgId"] == "org_1"
    assert entry["config"]["tokenizer"] == "plain"
    assert entry["config"]["apiKey"] == "[hidden]"


# --- Cuts ----------------------------------------------------------------------------------------


def leaks(command: Command, result: Result, pieces: Iterable[str]) -> list[tuple[str, str]]:
    """Find pieces of secrets in everything that the command wrote and printed."""
    found = {**everything(command.directory), "said": (result.stdout + result.stderr).encode()}
    return [
        (name, piece) for name, data in found.items() for piece in pieces if piece.encode() in data
    ]


def across(limit: int, inside: int) -> str:
    """Return an answer that repeats the token so that `inside` of its characters precede a cut."""
    return "x " * ((limit - inside) // 2) + " " * ((limit - inside) % 2) + TOKEN + " and more" * 9


BEYOND_ALL_LIMITS = b" " * ((1 << 16) - 12) + TOKEN.encode() + b" " * (1 << 16)
"""As much as is read of an error ends within the token, and the spaces before it count nothing."""


@pytest.mark.parametrize("inside", [10, len(TOKEN) - 2])
@pytest.mark.parametrize(
    ("place", "script"),
    [
        ("jobs", lambda inside: refusal(500, across(300, inside))),
        ("jobs", lambda inside: refusal(403, across(300, inside))),
        ("jobs", lambda inside: reply(500, across(300, inside).encode())),
        ("jobs", lambda inside: reply(200, across(80, inside).encode())),
        ("jobs", lambda inside: reply(200, {"x": across(73, inside)})),
        ("jobs", lambda _: reply(500, BEYOND_ALL_LIMITS)),
        ("jobs", lambda _: reply(200, BEYOND_ALL_LIMITS)),
        ("manifest", lambda inside: refusal(400, across(300, inside))),
        ("manifest", lambda _: reply(400, BEYOND_ALL_LIMITS)),
        ("credentials", lambda inside: refusal(418, across(300, inside))),
    ],
)
def test_an_answer_is_cut_after_redaction(
    command: Command, place: str, script: Callable[[int], Script], inside: int
) -> None:
    with StandIn(job("fine", events=training(2)), token=TOKEN) as studio:
        studio.answers.overrides[place] = script(inside)
        result = command.build(studio, "-v", "--max-wait", "0")
    assert result.code == (3 if place == "jobs" else 0)
    assert not leaks(command, result, PIECES)


SPLIT_TOKEN = "0123456789abcd;ef-studio"  # noqa: S105
"""One that is cut where a header's parameters begin."""


@pytest.mark.parametrize(
    ("script", "token"),
    [
        (refusal(410, across(300, 12)), TOKEN),
        (reply(410, across(300, len(TOKEN) - 1).encode()), TOKEN),
        (reply(410, BEYOND_ALL_LIMITS), TOKEN),
        (Stream(content_type=f"text/{SPLIT_TOKEN}"), SPLIT_TOKEN),
    ],
    ids=["json", "text", "endless", "content type"],
)
def test_a_streams_refusal_is_cut_after_redaction(
    command: Command, script: Script, token: str
) -> None:
    with StandIn(job("refused", script=script), token=token) as studio:
        result = command.build(studio, "-v")
    assert result.job("refused")["stream"]["state"] == "unavailable"
    assert not leaks(command, result, [token[:10], token[-10:]])


@pytest.mark.parametrize("header", ["Warning", "Sunset"])
def test_a_notice_is_cut_after_redaction(command: Command, header: str) -> None:
    cloud = Cloud(token=TOKEN, headers={header: across(300, 12)})
    with StandIn(job("fine", events=training(2)), cloud=cloud) as server:
        result = command.run(
            *("build", "--source", "cloud", "--url", server.url, "--max-wait", "0"),
            *("--org", cloud.org, "--project", cloud.project),
            ARKOR_REPORT_TOKEN=TOKEN,
        )
    assert result.code == 0, result.stderr
    assert "…" in result.stderr or "x x" in result.stderr
    assert not leaks(command, result, PIECES)


@pytest.mark.parametrize("secret", [TOKEN, "hf_" + "a1B2" * 10])
@pytest.mark.parametrize("inside", [10, 20])
def test_a_line_of_the_log_is_cut_after_redaction(
    command: Command, secret: str, inside: int
) -> None:
    start = len('[started] {"t": "')
    many = "a" * ((1 << 16) - start - len("hf_") - len(" x ") - inside)
    texts = [
        "x" * (500 - start - inside - 1) + " " + secret,
        # A long line is cut, and the first credential is most of what is left.
        f"hf_{many} x {secret}",
        f"hf_{many}.x.{secret}",
    ]
    events = [Event("training.started", {"t": text}) for text in texts]
    with StandIn(job("long", events=numbered([*events, completed([])])), token=TOKEN) as studio:
        result = command.build(studio)
    assert result.code == 0, result.stderr
    found = leaks(command, result, [secret[:10], secret[3:13]])
    # Events are kept verbatim, except for the tool's own token.
    assert all(name.endswith(".log") and secret != TOKEN for name, _ in found), found


# --- All that is known ---------------------------------------------------------------------------


def test_the_secrets_of_studios_credentials_answer_are_known(command: Command) -> None:
    bearer, refresh = "bearer-31337-of-studio", "refresh-4711-of-studio"
    answer: dict[str, JSON] = {"token": bearer, "more": {"refreshToken": refresh}}
    said = f"{bearer} {base64.b64encode(refresh.encode()).decode()} {bearer.upper()}"
    events = [Event("training.failed", {"error": said})]
    with StandIn(job("a", events=numbered(events), name=said), token=TOKEN) as studio:
        studio.answers.credentials = answer
        studio.answers.overrides["manifest"] = refusal(400, said)
        result = command.build(studio, "-v")
    assert result.code == 0, result.stderr
    assert result.job("a")["name"] == "[redacted] [redacted] [redacted]"
    assert result.report["manifest"]["error"] == "[redacted] [redacted] [redacted]"
    secrets = [bearer, bearer.upper(), base64.b64encode(refresh.encode()).decode()[:-3]]
    assert not leaks(command, result, secrets)
    again = command.run("render", "--out", "again")
    assert again.code == 0, again.stderr
    assert not leaks(command, again, secrets)


def test_the_refresh_token_is_known(command: Command) -> None:
    access, refresh = "access-31337-of-cloud", "refresh-4711-of-cloud"
    credentials = command.directory / "credentials" / "token"
    credentials.parent.mkdir()
    credentials.write_text(
        json.dumps({"mode": "oauth", "accessToken": access, "refreshToken": refresh})
    )
    cloud = Cloud(token=access)
    with StandIn(job("a", events=training(2), name=f"run {refresh}"), cloud=cloud) as server:
        result = command.run(
            *("build", "--source", "cloud", "--url", server.url, "--max-wait", "0"),
            *("--token-file", str(credentials), "--org", cloud.org, "--project", cloud.project),
        )
    assert result.code == 0, result.stderr
    assert result.job("a")["name"] == "run [redacted]"
    assert not leaks(command, result, [access, refresh])


@pytest.mark.parametrize(
    "proxy",
    [
        "http://u:hunter2/x@h:80",
        "htp://u:hunter2@h",
        "http://u:p@h:hunter2",
        "socks9://u:hunter2@h",
    ],
)
def test_a_proxys_password_is_not_printed(command: Command, proxy: str) -> None:
    result = command.run(
        *("build", "-v", "--source", "cloud", "--url", "https://cloud.invalid"),
        *("--org", "o", "--project", "p", "--max-wait", "0"),
        ARKOR_REPORT_TOKEN=TOKEN,
        HTTPS_PROXY=proxy,
    )
    assert result.code == 3
    assert "HTTPS_PROXY" in result.stderr
    assert "hunter2" not in result.stderr


@pytest.mark.parametrize("place", ["--url", "file", "ARKOR_CLOUD_API_URL", "arkorCloudApiUrl"])
def test_a_password_in_a_url_is_a_usage_error_that_does_not_repeat_it(
    command: Command, place: str
) -> None:
    url = "https://me:hunter2@cloud.invalid"
    credentials = {"mode": "oauth", "accessToken": TOKEN}
    if place == "arkorCloudApiUrl":
        credentials[place] = url
    (command.directory / "home" / ".arkor").mkdir(parents=True)
    (command.directory / "home" / ".arkor" / "credentials.json").write_text(json.dumps(credentials))
    (command.directory / "file.toml").write_text(f'url = "{url}"')
    arguments = {"--url": ["--url", url], "file": ["--config", "file.toml"]}.get(place, [])
    result = command.run(
        *("build", "-v", "--source", "cloud", "--org", "o", "--project", "p", *arguments),
        **({place: url} if place.isupper() else {}),
    )
    assert result.code == 2, result.stderr
    assert "hunter2" not in result.stdout + result.stderr
    assert place.removeprefix("file") in result.stderr
