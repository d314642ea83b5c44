"""`--baseline` through the real command: what is fetched, kept, compared and judged."""

import json
import re
from dataclasses import replace

import pytest

from tests.command import Command
from tests.standin import Event, Job, StandIn, completed, job, log, numbered, reply, started


def run(job_id: str, name: str, day: int, loss: float) -> Job:
    """A completed job of ten steps that end at `loss`."""
    steps = [log(step, loss + 10 - step) for step in range(1, 11)]
    created = f"2026-05-{day:02}T00:00:00Z"
    events: list[Event] = numbered([started(job_id), *steps, completed([], job_id, created)])
    return job(job_id, name=name, status="completed", createdAt=created, events=events)


JOBS = [
    run("c", "bot", 3, 0.6875),
    run("b", "bot", 2, 0.625),
    run("a", "bot", 1, 0.5),
    run("t", "triage", 1, 0.1),
]


def test_without_the_option_there_is_a_result_and_no_trace_of_a_baseline(command: Command) -> None:
    with StandIn(*JOBS) as studio:
        result = command.build(studio)
    assert result.code == 0, result.stderr
    assert result.job("c")["result"] == {"metric": "loss.tailMean", "value": 0.6875}
    assert result.job("c")["baseline"] is None
    for file in result.out.rglob("*.*"):
        text = re.sub(r"(?s)<(style|script)\b.*?</\1>", "", file.read_text("utf-8"))
        if file.suffix in {".html", ".md", ".xml", ".txt", ".csv"}:
            assert "baseline" not in text.lower(), file
            assert "worse" not in text, file


def test_each_run_is_measured_against_the_one_before(command: Command) -> None:
    with StandIn(*JOBS) as studio:
        result = command.build(
            studio, "--baseline", "previous", "--fail-on", "regression>15%", GITHUB_ACTIONS="true"
        )
    assert result.code == 5
    baselines = {each["id"]: each["baseline"] for each in result.report["jobs"]}
    assert baselines["a"] is baselines["t"] is None
    assert baselines["b"] == {"id": "a", "value": 0.5, "delta": 0.125, "relative": 0.25}
    assert baselines["c"] == {"id": "b", "value": 0.625, "delta": 0.0625, "relative": 0.1}
    words = "25 % worse than bot (2026-05-01 00:00)"
    assert f"--fail-on regression>15%: b (bot): {words}" in result.stderr
    assert "--fail-on regression>15%: c" not in result.stderr
    assert f"title=bot (b) is worse than its baseline::{words.replace('%', '%25')}" in result.stderr
    assert "nothing to be compared with: t" in result.stderr
    summary = (result.out / "summary.md").read_text("utf-8")
    assert summary.index(words) < summary.index("10 % worse than bot") < summary.index("From ")
    home = (result.out / "index.html").read_text("utf-8")
    compare = (result.out / "compare.html").read_text("utf-8")
    for page in (home, compare, result.page("b")):
        assert re.search(r">25 % worse</(b|dd)>|>25 % worse <small", page)
        assert "than bot (2026-05-01 00:00)</small>" in page
    assert '<path class="baseline"' in result.page("b")
    assert '<path class="baseline"' not in result.page("a")
    assert 'class="reference"' not in home
    junit = (result.out / "junit.xml").read_text("utf-8")
    assert f'<property name="bot (b)" value="{words}"' in junit
    assert f'<failure message="{words}" type="regression">' in junit
    assert 'failures="1"' in junit


def test_a_baseline_is_fetched_though_it_is_not_shown(command: Command) -> None:
    with StandIn(*JOBS) as studio:
        result = command.build(studio, "--job", "c", "--baseline", "a")
    assert [each["id"] for each in result.report["jobs"]] == ["c"]
    assert result.job("c")["baseline"]["id"] == "a"
    assert not (result.out / "jobs" / "a.html").exists()
    again = command.run("render", "--baseline", "b")
    assert again.code == 0, again.stderr
    assert again.job("c")["baseline"] is None  # its stream was not fetched


def test_retention_spares_a_baseline(command: Command) -> None:
    left = {"jobs": [each.entry for each in JOBS if each.id != "a"]}
    with StandIn(*JOBS) as studio:
        command.build(studio)
        studio.answers.overrides["jobs"] = reply(200, json.dumps(left).encode())
        result = command.build(studio, "--keep-last", "1", "--baseline", "a")
        logs = sorted(path.name for path in command.directory.glob(".arkor-report/*/events/*"))
    assert result.code == 0, result.stderr
    assert [each["id"] for each in result.report["jobs"]] == ["c"]
    assert result.job("c")["baseline"]["value"] == 0.5
    assert [name[0] for name in logs] == ["a", "c"]


def test_a_page_is_rendered_again_only_if_its_baseline_changed(command: Command) -> None:
    def stamps() -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in pages.glob("*.html")}

    pages = command.directory / "out" / "jobs"
    with StandIn(*JOBS) as studio:
        command.build(studio, "--baseline", "previous")
        first = stamps()
        command.build(studio, "--baseline", "previous")
        assert stamps() == first
        result = command.build(studio, "--baseline", "a")
    changed = {name for name, inode in stamps().items() if inode != first[name]}
    assert changed == {"c.html", "t.html"}
    home = (result.out / "index.html").read_text("utf-8")
    assert '<g class="reference"><title>baseline bot · 0.5</title>' in home


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--baseline", "nothing-*"], 3, "--baseline 'nothing-*' is neither"),
        (["--fail-on", "regression>5"], 2, "needs --baseline"),
        (["--baseline", "a", "--fail-on", "regression>"], 2, "no number"),
        (["--baseline", "a", "--fail-on", "regression>5%%"], 2, "no number"),
    ],
)
def test_what_is_wrong_is_said(
    command: Command, arguments: list[str], code: int, words: str
) -> None:
    with StandIn(*JOBS) as studio:
        result = command.build(studio, *arguments)
    assert (result.code, words in result.stderr) == (code, True), result.stderr


def test_a_result_that_is_not_finite_is_worse_than_any(command: Command) -> None:
    broken = [log(step, float("nan")) for step in range(1, 3)]
    events = numbered([started("n"), *broken, completed([], "n")])
    bad = job("n", name="bot", status="completed", createdAt="2026-05-09T00:00:00Z", events=events)
    with StandIn(*JOBS, bad) as studio:
        result = command.build(studio, "--baseline", "previous", "--fail-on", "regression>99")
    assert result.code == 5
    assert result.job("n")["result"] == {"metric": "loss.tailMean", "value": "NaN"}
    assert result.job("n")["baseline"] == {
        "id": "c", "value": 0.6875, "delta": "NaN", "relative": None,
    }  # fmt: skip


def test_result_and_baseline_are_of_one_metric(command: Command) -> None:
    evaluated = run("e", "bot", 4, 0.75)
    extra = numbered([*evaluated.events[:-1], log(11, None, evalLoss=0.25), evaluated.events[-1]])
    with StandIn(*JOBS, replace(evaluated, events=tuple(extra))) as studio:
        result = command.build(studio, "--baseline", "c")
    assert result.job("e")["evalLoss"]["min"] == 0.25
    assert result.job("e")["result"] == {"metric": "loss.tailMean", "value": 0.75}
    assert result.job("e")["baseline"]["value"] == 0.6875
