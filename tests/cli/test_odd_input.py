"""Odd values, endless names, damaged memories: still the right exit and size."""

import json

import pytest

from tests.command import Command
from tests.standin import StandIn, completed, job, log, started, training

pytestmark = pytest.mark.thorough

NOT_TEXT = "\udcff"
"""What Python makes of a byte in an argument that is not UTF-8."""


# --- Sizes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("character", ['"', "&"])
def test_the_home_page_stays_small_however_long_the_trainers_name_is(
    command: Command, character: str
) -> None:
    with StandIn(job(events=training(5)), trainer=character * 9_000) as studio:
        built = command.build(studio)
    assert built.code == 0, built.stderr
    assert (built.out / "index.html").stat().st_size < 60_000 + 1_500


def test_pages_stay_small_however_long_org_and_project_are(command: Command) -> None:
    with StandIn(job(events=training(5))) as studio:
        studio.answers.credentials = {
            **studio.answers.credentials,
            "orgSlug": "\U0010ffff" * 6_000,
            "projectSlug": '"' * 6_000,
        }
        built = command.build(studio)
    assert built.code == 0, built.stderr
    assert (built.out / "jobs" / "job_1.html").stat().st_size < 150_000
    assert (built.out / "index.html").stat().st_size < 60_000 + 1_500


# --- Retention -----------------------------------------------------------------------------------


def test_a_dropped_job_whose_age_only_its_events_give_is_not_fetched_again(
    command: Command,
) -> None:
    events = [started(), log(1, 1.0), completed(timestamp="2026-03-01T00:00:00.000Z")]
    with StandIn(job(createdAt=None, events=events)) as studio:
        for _ in range(3):
            built = command.build(studio, "--keep", "7d", SOURCE_DATE_EPOCH="1777680000")
            assert built.code == 0, built.stderr
            assert built.report["jobs"] == []
        assert len(studio.openings("job_1")) == 1


def test_render_says_which_jobs_it_leaves_out_by_age(command: Command) -> None:
    assert command.run("snapshot", "--source", "demo").code == 0
    rendered = command.run("render", "--keep-last", "1")
    assert rendered.code == 0
    assert "--keep-last 1" in rendered.stderr


# --- Wrong usage ---------------------------------------------------------------------------------


def test_a_report_url_that_is_not_text_is_wrong_usage(command: Command) -> None:
    built = command.run("build", "--source", "demo", "--report-url", f"https://host/{NOT_TEXT}")
    assert built.code == 2, built.stderr
    assert "--report-url" in built.stderr


def test_an_org_that_is_not_text_is_wrong_usage(command: Command) -> None:
    (command.directory / "token").write_text("a-token-of-some-length")
    where = ("--source", "cloud", "--url", "https://127.0.0.1:1", "--token-file", "token")
    built = command.run("build", *where, "--org", NOT_TEXT, "--project", "p")
    assert built.code == 2, built.stderr


def test_an_invalid_port_in_the_report_url_is_wrong_usage(command: Command) -> None:
    built = command.run("build", "--source", "demo", "--report-url", "https://host:port/")
    assert built.code == 2, built.stderr


def test_an_unknown_option_is_reported_as_json_if_the_file_says_so(command: Command) -> None:
    (command.directory / "arkor-report.toml").write_text('log-format = "json"\n')
    built = command.run("build", "--bogus")
    assert built.code == 2
    (line,) = built.stderr.splitlines()
    assert json.loads(line)["event"] == "usage"


# --- Secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["user:hunter22@host", "http:/user:hunter22@host"])
def test_config_shows_no_password_of_a_malformed_url(command: Command, url: str) -> None:
    result = command.run("config", "--url", url)
    assert "hunter22" not in result.stdout + result.stderr


def test_the_final_line_feed_of_a_token_in_the_variable_is_dropped(command: Command) -> None:
    result = command.run(
        "config", "--title", "a-token-of-some-length", ARKOR_REPORT_TOKEN="a-token-of-some-length\n"
    )
    assert "a-token-of-some-length" not in result.stdout


# --- The render cache ----------------------------------------------------------------------------


def test_cached_curves_that_are_damaged_are_made_again(command: Command) -> None:
    built = command.run("build", "--source", "demo", "--limit", "3")
    before = (built.out / "compare.html").read_bytes()
    (file,) = (command.directory / ".arkor-report").glob("*/rendered.jsonl")
    records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    curves = [value for _, key, value in records if key.endswith("-curves")]
    assert curves
    for each in curves:
        each["loss"] = {"steps": [1.0, 2.0], "values": [1.0]}
    lines = [json.dumps(record, separators=(",", ":")) + "\n" for record in records]
    file.write_text("".join(lines), "utf-8")
    rendered = command.run("render")
    assert rendered.code == 0, rendered.stderr
    assert (built.out / "compare.html").read_bytes() == before
