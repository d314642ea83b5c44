"""Ids and names of any length, through the real command: everything people read is bounded."""

import json

import pytest

from tests.command import Command
from tests.standin import StandIn, job, reply, training

IDS = ["x" * 1_000_000, "y" * 60_000, "é" * 3000, "e" + "\u0301" * 50_000, "", " ", "\u200b",
       "😀" * 5000, "\ud800" * 300, "z" * 3000, "../" * 3000, "a\nb" * 3000]  # fmt: skip
NAMES = ["n" * 1_000_000, "", "e" + "\u0301" * 50_000, "\u200b", None, "😀" * 5000, "\ud800" * 9,
         "n" * 250, "::error::" * 900, "|" * 3000, "<b>" * 3000, "\u202e" * 3000]  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("form", ["text", "json"])
def test_ids_and_names_of_any_length(command: Command, form: str) -> None:
    entries = [
        {"id": job_id, "name": name, "status": "failed", "error": "e" * 100_000}
        for job_id, name in zip(IDS, NAMES, strict=True)
    ]
    with StandIn(*(job(job_id, events=training(3, "j")) for job_id in IDS)) as studio:
        studio.answers.overrides["jobs"] = reply(200, json.dumps({"jobs": entries}).encode())
        result = command.build(
            studio, "--max-wait", "0", "--settle", "0.5s", "--retries", "1", "--fail-on", "failed",
            "--log-format", form, "-v", GITHUB_ACTIONS="true",
        )  # fmt: skip
    assert result.code == 5, result.stderr[:1000]
    assert max(map(len, result.stderr.splitlines())) < 8000
    assert len(result.stderr) < 100_000
    assert [each["id"] for each in result.report["jobs"]] == IDS
    assert [each["name"] for each in result.report["jobs"]] == NAMES
    assert (result.out / "index.html").stat().st_size < 150_000
    assert (result.out / "summary.md").stat().st_size < 65_536
    assert (result.out / "compare.html").stat().st_size < 500_000
    for file in (result.out / "jobs").iterdir():
        assert len(file.name) < 100
        if file.suffix == ".html":
            assert file.stat().st_size < 150_000, file.name


def test_an_unknown_job_of_any_length_is_named_in_short(command: Command) -> None:
    with StandIn(job("a", events=training(3, "a"))) as studio:
        result = command.build(studio, "--job", "q" * 100_000)
    assert result.code == 3
    assert len(result.stderr) < 1100
    assert result.stderr.startswith("arkor-report: There is no job qqq")
    assert "check --job" in result.stderr
