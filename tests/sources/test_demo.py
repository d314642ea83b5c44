"""The demo: real training data, without network and without waiting."""

import math
import re
import socket
import time
from fnmatch import fnmatchcase
from typing import Any

import pytest

from reportgen.model.selection import Selection
from reportgen.model.statistics import spearman
from reportgen.snapshot.retention import Retention
from reportgen.text.secrets import Secrets
from tests import samples
from tests.command import Command, Result

BUILD = ("build", "--source", "demo", "--baseline", "previous")
STATUSES = {"queued": 1, "running": 1, "completed": 20, "failed": 1, "cancelled": 1}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return Command(tmp_path_factory.mktemp("demo")).run(*BUILD)


def test_it_is_as_of_the_recording(demo: Result) -> None:
    assert demo.code == 0, demo.stderr
    assert demo.report["counts"] == STATUSES
    assert demo.report["source"]["kind"] == "demo"
    assert demo.report["source"]["url"] is None
    assert demo.report["snapshotAt"].startswith("2026-05-0")


def test_each_job_has_its_outcome(demo: Result) -> None:
    states = {job["status"]: job["stream"]["state"] for job in demo.report["jobs"]}
    assert states == {
        "queued": "caught-up",
        "running": "caught-up",
        "completed": "complete",
        "failed": "complete",
        "cancelled": "complete",
    }


def test_one_diverged_and_one_was_resumed(demo: Result) -> None:
    (failed,) = (job for job in demo.report["jobs"] if job["status"] == "failed")
    assert "NaN" in failed["error"]
    assert "losses not finite" in demo.page(failed["id"])
    resumed = [job for job in demo.report["jobs"] if "resumed at step" in demo.page(job["id"])]
    assert [job["status"] for job in resumed] == ["completed"]


def test_the_best_run_is_clear(demo: Result) -> None:
    completed = [job for job in demo.report["jobs"] if job["status"] == "completed"]
    first, second, *_ = sorted(completed, key=_result)
    assert first["name"] == "support-bot-lr-3e-1"
    assert _result(first) < 0.95 * _result(second)


def test_one_name_ran_every_night_and_got_worse_once_when_a_setting_changed(demo: Result) -> None:
    last, *before = _named(demo, "support-bot-nightly")
    assert len({job["createdAt"][:10] for job in before}) == len(before) == 6
    relative = {job["id"]: job["baseline"]["relative"] for job in [last, *before[:-1]]}
    assert [job_id for job_id, change in relative.items() if abs(change) > 0.02] == [last["id"]]
    assert relative[last["id"]] > 0.05
    compared = [job["id"] for job in demo.report["jobs"] if job["baseline"]]
    assert sorted(compared) == sorted(relative)
    settings = [{**job["config"], "seed": None} for job in (last, *before)]
    assert settings[0] == {**settings[1], "learningRate": 0.003}
    assert all(each == settings[1] for each in settings[1:])


def test_of_the_settings_swept_one_matters(demo: Result) -> None:
    sweep = _named(demo, "sweep-*")
    assert len(sweep) == 8
    assert len({str({**job["config"], "learningRate": 0, "loraR": 0}) for job in sweep}) == 1
    assert _correlation(sweep, "learningRate") < -0.9
    assert abs(_correlation(sweep, "loraR")) < 0.4


def test_the_plots_show_the_results_of_all_jobs_that_ended(demo: Result) -> None:
    ended = {
        job["page"]: job
        for job in demo.report["jobs"]
        if job["status"] in {"completed", "failed", "cancelled"}
    }
    for name in ("index.html", "compare.html"):
        page = (demo.out / name).read_text("utf-8")
        points = re.findall(r'<a href="([^"]+)" tabindex="-1"><title>([^<]+)</title>', page)
        assert {href for href, _ in points} == set(ended)
        for href, title in points:
            assert title.startswith(ended[href]["name"])
            assert str(_result(ended[href])) in title
    assert re.findall(r"<p>(Higher .*Spearman.*)</p>", page) == [
        "Higher learningRate went with lower evaluation loss (Spearman ρ = −0.85, n = 21)."
    ]


def test_one_run_overfits(demo: Result) -> None:
    (job,) = _named(demo, "support-bot-4-topics")
    points = _points(demo, job["id"])
    best = job["evalLoss"]["minStep"]
    assert best < job["loss"]["points"] / 2
    assert job["evalLoss"]["last"] > 1.05 * job["evalLoss"]["min"]
    assert job["loss"]["last"] < 0.8 * points[best]


_DIVERGED = (
    "Likely cause: loss left its range at step 280 while the learning rate was still warming up, "
    "0.7 of 1; 8 losses not finite, first in training at step 286"
)
_OVERFITTED = (
    "Overfitting after step 100: evaluation loss rose from 2.4359 to 2.5786 while training loss "
    "fell; 0.1016 (4.1 %) lost against the checkpoint at step 200"
)

SENTENCES = {
    "triage-v2-lr-1e-2": [],
    "support-bot-long": ["Expected to end at about 2026-05-04 09:22:44 UTC"],
    "support-bot-r32": ["Longest time between two events: 1m 35s, after step 860"],
    "triage-v1": [],
    "support-bot-lr-1e0": [_DIVERGED],
    "support-bot-4-topics": [_OVERFITTED],
}
"""What the pages of some jobs say about their curves; those of all others say nothing."""


def test_what_is_said_about_each_job(demo: Result) -> None:
    for job in demo.report["jobs"]:
        page = demo.page(job["id"])
        banner = re.findall("<p>(Likely cause: .*)</p>", page)
        findings = page.partition('<ul class="findings">')[2].partition("</ul>")[0]
        found = [*banner, *re.findall("<li[^>]*>(.*)</li>", findings)]
        expected = SENTENCES.get(job["name"], [])
        assert [re.sub("<[^>]+>", "", each) for each in found] == expected, job["name"]


def _named(demo: Result, pattern: str) -> list[Any]:
    """Return the completed jobs of a name, the newest first."""
    jobs = [job for job in demo.report["jobs"] if fnmatchcase(job["name"], pattern)]
    assert {job["status"] for job in jobs} == {"completed"}
    return jobs


def _result(job: Any) -> float:
    assert job["result"]["metric"] == "evalLoss.min"
    return float(job["result"]["value"])


def _points(demo: Result, job_id: str) -> dict[int, float]:
    """Return a job's training losses by step."""
    lines = (demo.out / "jobs" / f"{job_id}.csv").read_text("utf-8").splitlines()
    rows = (line.split(",") for line in lines[1:])
    return {int(step): float(loss) for step, loss, *_ in rows if loss}


def _correlation(jobs: list[Any], key: str) -> float:
    """Return the rank correlation of a setting with the result."""
    found = spearman([job["config"][key] for job in jobs], [_result(job) for job in jobs])
    assert found is not None
    return found


def test_nothing_secret_is_in_the_recording(demo: Result) -> None:
    text = (demo.out / "report.json").read_text("utf-8")
    assert "X-Signature" not in text
    assert "made-up" not in text


def test_the_same_bytes_every_time(demo: Result, command: Command) -> None:
    again = command.run(*BUILD, TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7")
    assert again.code == 0
    files = {path.relative_to(demo.out) for path in demo.out.rglob("*") if path.is_file()}
    for name in files:
        assert (again.out / name).read_bytes() == (demo.out / name).read_bytes(), name


def test_it_works_on_a_machine_without_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the demo opened a connection")

    from pathlib import Path  # noqa: PLC0415

    from reportgen import settings  # noqa: PLC0415
    from reportgen.build import World, build  # noqa: PLC0415
    from reportgen.console.plain import Quiet  # noqa: PLC0415
    from reportgen.console.signals import Interrupts  # noqa: PLC0415

    monkeypatch.setattr(socket.socket, "connect", refuse)
    directory = Path(str(tmp_path))
    fetching = settings.FetchSettings(
        settings.SourceSettings("demo", None, None, None, None, directory),
        Selection(),
        Retention(),
        settings.Following(math.inf, 2.0, 90.0, 8, 16, refresh=False),
        directory / "snapshot",
        None,
    )
    began = time.monotonic()
    build(
        fetching,
        samples.output(directory / "out"),
        World(lambda: settings.now({}), {}, Interrupts(), Quiet(), Secrets()),
    )
    assert time.monotonic() - began < 60  # it never waits: a second or two here
