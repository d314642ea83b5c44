"""The render cache: a summary is restored exactly, or not at all."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from reportgen.charts.sparkline import sparkline
from reportgen.rendering.cache import COMPARISON, RenderCache, files_of
from reportgen.rendering.publish import Publication
from reportgen.report.comparison import ComparedCurve, ComparedCurves, compared_curves
from reportgen.report.report import JobSummary
from tests import samples

THEN = "2026-05-01T12:00:00+00:00"
LATER = "2026-05-01T13:00:00+00:00"
ALL = [
    *(detail.summary for detail in samples.details()),
    replace(samples.completed().summary, sparkline=sparkline(samples.completed().loss)),
    replace(samples.failed().summary, sparkline=(None, 3, *[None] * 30)),
]


def publish(out: Path, job: JobSummary) -> None:
    """Publish a report of one job whose summary is cached."""
    with Publication.into(out) as publication:
        for name in files_of(job.slug):
            publication.stage(name, ["x"])
        RenderCache(publication, b"", THEN).keep_job(job, "key")
        publication.stage("index.html", ["x"])


def found(out: Path, job: JobSummary, key: str | None = "key", at: str = THEN) -> JobSummary | None:
    """Publish the same report again, and return what is cached of its job."""
    with Publication.into(out) as publication:
        for name in ("index.html", *files_of(job.slug)):
            publication.keep(name)
        cache = RenderCache(publication, b"", at)
        cache.keep_known_job(job)
        return cache.job(job.slug, key)


@pytest.mark.parametrize("job", ALL, ids=lambda job: job.slug)
def test_a_summary_comes_back_as_it_was(tmp_path: Path, job: JobSummary) -> None:
    publish(tmp_path, job)
    assert found(tmp_path, job) == job
    assert found(tmp_path, job) == job, "a cached job is remembered again"


def test_in_doubt_nothing_comes_back(tmp_path: Path) -> None:
    job = samples.completed().summary
    publish(tmp_path, job)
    assert found(tmp_path, job, key="another") is None
    assert found(tmp_path, job, key=None) is None
    (tmp_path / files_of(job.slug)[1]).unlink()
    assert found(tmp_path, job) is None


def test_of_a_running_job_nothing_comes_back_once_the_list_is_newer(tmp_path: Path) -> None:
    running, ended = samples.queued().summary, samples.completed().summary
    publish(tmp_path / "running", running)
    publish(tmp_path / "ended", ended)
    assert found(tmp_path / "running", running, at=THEN) == running
    assert found(tmp_path / "running", running, at=LATER) is None
    assert found(tmp_path / "ended", ended, at=LATER) == ended


@pytest.mark.parametrize("odd", [math.nan, math.inf, "\ud800"])
def test_what_json_cannot_hold_is_not_remembered(tmp_path: Path, odd: float | str) -> None:
    job = replace(samples.completed().summary, config={"odd": odd})
    publish(tmp_path, job)
    assert found(tmp_path, job) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"status":"completed"', '"status":5'),
        ('"checkpoints":[100.0', '"checkpoints":["x"'),
        ('"summary"', '"yrammus"'),
        ('"sparkline":[]', '"sparkline":"M0 0"'),
    ],
)
def test_a_record_of_another_form_is_ignored(tmp_path: Path, old: str, new: str) -> None:
    job = samples.completed().summary
    publish(tmp_path, job)
    ours = tmp_path / ".arkor-report.json"
    text = ours.read_text("utf-8")
    assert text.count(old) == 1
    ours.write_text(text.replace(old, new), "utf-8")
    assert found(tmp_path, job) is None


def test_compared_curves_come_back_with_their_key(tmp_path: Path) -> None:
    done, failed = samples.completed(), samples.failed()
    torn = ComparedCurves(ComparedCurve((1.0, 2.0), (3.0,)), ComparedCurve())
    curves = {"a": ("one", compared_curves(done)), "b": (None, compared_curves(failed))}
    with Publication.into(tmp_path) as publication:
        publication.stage(COMPARISON, ["x"])
        publication.stage("index.html", ["x"])
        RenderCache(publication, b"", THEN).keep_curves({**curves, "torn": ("one", torn)})
    with Publication.into(tmp_path) as publication:
        cache = RenderCache(publication, b"", THEN)
        a, b, c = (replace(done.summary, slug=slug) for slug in ("a", "b", "torn"))
        assert cache.curves(a, "one") == compared_curves(done)
        assert cache.curves(a, "two") is None
        assert cache.curves(a, None) is None
        assert cache.curves(b, "one") is None
        assert cache.curves(c, "one") is None
        publication.stage("index.html", ["x"])
