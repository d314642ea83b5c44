"""No secret gets out: looked for in every file that is written and every word that is said."""

import json
from pathlib import Path

import pytest

from tests.command import Command
from tests.standin import Event, StandIn, completed, job, numbered, refusal, training
from tests.standin.events import JSON

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


def everything(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != "token"
    }


def test_no_secret_is_written_or_said(command: Command) -> None:
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
        # Events are kept verbatim but for the tool's own token.
        assert all(name.endswith(".log") and secret != TOKEN for name in leaks), (secret, leaks)
    told = result.job("leaky")
    assert told["config"]["datasetSource"] == {
        "type": "blob", "url": "https://files.example/d.jsonl", "token": "[hidden]",
    }  # fmt: skip
    assert told["config"]["maxTokens"] == 42
    assert told["config"]["tokenizer"] == "plain"
    assert told["config"]["apiKey"] == "[hidden]"
    assert told["name"] == "run with [redacted]"


def test_nothing_that_is_said_is_obeyed(command: Command) -> None:
    """Not by a terminal, and not by a CI runner that reads the log line by line."""
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
