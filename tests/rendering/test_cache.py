"""The render cache: a job is restored exactly, or not at all."""

import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from reportgen.charts.sparkline import sparkline
from reportgen.files import Directory
from reportgen.model.metrics import Result
from reportgen.model.origin import Origin
from reportgen.rendering.cache import Basis, RenderCache, encoded, files_of
from reportgen.rendering.publish import Publication
from reportgen.report.change import Baseline, change
from reportgen.report.comparison import ComparedCurve, ComparedCurves, compared_curves
from reportgen.report.report import JobDetail, JobSummary
from reportgen.snapshot.render_records import RenderRecords
from tests import samples

THEN = "2026-05-01T12:00:00+00:00"
LATER = "2026-05-01T13:00:00+00:00"
LOG = "a-0123456789abcdef0123.log"
KEY = "0123456789abcdef0123456789abcdef"
PLAIN = Basis(b"", b"")
BASELINE = Baseline("b", "b", None, Result("evalLoss.min", 0.5), None)


def with_summary(detail: JobDetail, **changes: object) -> JobDetail:
    return replace(detail, summary=replace(detail.summary, **changes))  # type: ignore[arg-type]


ALL = [
    *samples.details(),
    with_summary(samples.completed(), sparkline=sparkline(samples.completed().loss)),
    with_summary(samples.failed(), sparkline=(None, 3, *[None] * 30)),
    with_summary(samples.completed(), result=Result("loss.tailMean", None)),
]


@contextmanager
def cache_in(
    place: Path, out: str = "out", basis: Basis = PLAIN, at: str = THEN
) -> Iterator[tuple[Publication, RenderCache]]:
    """Publish to a directory, with a cache in a snapshot's folder."""
    folder = place / "folder"
    folder.mkdir(parents=True, exist_ok=True)
    with (
        Publication.into(place / out) as publication,
        publication.scratch() as scratch,
        closing(RenderRecords(folder, lambda: Directory.open(folder), scratch)) as records,
    ):
        publication.stage("index.html", ["x"])
        yield publication, RenderCache(publication, records, basis, at)


def publish(
    place: Path,
    detail: JobDetail,
    out: str = "out",
    *,
    at: str = THEN,
    baseline: Baseline | None = None,
) -> None:
    """Publish a report of one job, which is cached."""
    job = detail.summary
    with cache_in(place, out, at=at) as (publication, cache):
        for name in files_of(job.slug):
            publication.stage(name, ["x"])
        cache.keep_files(job, KEY, baseline)
        record = encoded(detail.record)
        if record is not None:
            cache.add_record(LOG, KEY, record)
        cache.keep([KEY], [])


def found(
    place: Path,
    detail: JobDetail,
    out: str = "out",
    *,
    key: str | None = KEY,
    at: str = THEN,
    basis: Basis = PLAIN,
    baseline: Baseline | None = None,
) -> JobSummary | None:
    """Publish the same report again, and return what is cached of its job."""
    with cache_in(place, out, basis, at) as (publication, cache):
        for name in files_of(detail.summary.slug):
            publication.keep(name)
        known = cache.job(detail.summary.slug, key, baseline)
        if known is not None:
            record = cache.record(known, key)
            assert record is not None
            assert record == replace(detail.record, summary=known)
            cache.keep_files(known, key, baseline)
        return known


@pytest.mark.parametrize("detail", ALL, ids=lambda detail: detail.summary.slug)
def test_a_job_comes_back_as_it_was(tmp_path: Path, detail: JobDetail) -> None:
    publish(tmp_path, detail)
    assert found(tmp_path, detail) == detail.summary
    assert found(tmp_path, detail) == detail.summary, "the list of files is kept, too"


def test_in_doubt_nothing_comes_back(tmp_path: Path) -> None:
    detail = samples.completed()
    publish(tmp_path, detail)
    assert found(tmp_path, detail, key="f" * 32) is None
    assert found(tmp_path, detail, key=None) is None
    publish(tmp_path, detail)
    assert found(tmp_path, detail, basis=Basis(b"", b"other looks")) is None
    publish(tmp_path, detail)
    (tmp_path / "out" / files_of(detail.summary.slug)[1]).unlink()
    assert found(tmp_path, detail) is None


def test_files_of_another_report_do_not_count(tmp_path: Path) -> None:
    detail = samples.completed()
    publish(tmp_path, detail)
    for name in files_of(detail.summary.slug):
        path = tmp_path / "other" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "other" / ".arkor-report.json").write_text(
        (tmp_path / "out" / ".arkor-report.json").read_text().replace("madeFrom", "elsewhere")
    )
    assert found(tmp_path, detail, "other") is None
    assert found(tmp_path, detail) == detail.summary


def test_a_job_comes_back_with_its_baseline_only(tmp_path: Path) -> None:
    plain = with_summary(samples.completed(), result=Result("evalLoss.min", 0.4))
    measured = change(plain.summary.result, plain.summary.tail, BASELINE)
    assert measured is not None
    detail = with_summary(plain, change=measured, compared=True)
    publish(tmp_path, detail, baseline=BASELINE)
    assert found(tmp_path, detail, baseline=BASELINE) == detail.summary
    assert found(tmp_path, detail, baseline=replace(BASELINE, name="c")) is None
    publish(tmp_path, detail, baseline=BASELINE)
    assert found(tmp_path, detail) is None


def test_of_a_running_job_nothing_comes_back_once_the_list_is_newer(tmp_path: Path) -> None:
    running, ended = samples.queued(), samples.completed()
    publish(tmp_path / "running", running)
    publish(tmp_path / "ended", ended)
    assert found(tmp_path / "running", running, at=THEN) == running.summary
    assert found(tmp_path / "running", running, at=LATER) is None
    assert found(tmp_path / "ended", ended, at=LATER) == ended.summary


@pytest.mark.parametrize("odd", [math.nan, math.inf, "\ud800"])
def test_what_json_cannot_hold_is_not_stored(odd: float | str) -> None:
    detail = with_summary(samples.completed(), config={"odd": odd})
    assert encoded(detail.record) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"status":"completed"', '"status":5'),
        ('"duration_seconds":803.0', '"duration_seconds":"x"'),
        ('"summary"', '"yrammus"'),
        ('"slug":"', '"slug":"../../'),
        ('"sparkline":[]', '"sparkline":"M0 0"'),
        ('"sparkline":[]', '"sparkline":[[[['),
        ('"status":"completed"', '"status":"\udcff"'),
    ],
)
def test_a_record_of_another_form_is_ignored(tmp_path: Path, old: str, new: str) -> None:
    detail = samples.completed()
    publish(tmp_path, detail)
    stored = tmp_path / "folder" / "rendered.jsonl"
    text = stored.read_text("utf-8", "surrogateescape")
    assert text.count(old) == 1
    stored.write_text(text.replace(old, new), "utf-8", "surrogateescape")
    assert found(tmp_path, detail) is None


def test_compared_curves_come_back_with_their_key(tmp_path: Path) -> None:
    curves = compared_curves(samples.completed())
    torn = ComparedCurves(ComparedCurve((1.0, 2.0), (3.0,)), ComparedCurve())
    with cache_in(tmp_path) as (_, cache):
        cache.add_curves(LOG, "one", curves)
        cache.add_curves(LOG, "torn", torn)
        cache.add_curves(LOG, "left-out", curves)
        assert cache.curves("one") == curves
        cache.keep([], ["one", "torn"])
    with cache_in(tmp_path) as (_, cache):
        assert cache.curves("one") == curves
        assert [cache.curves(key) for key in ("torn", "left-out", None)] == [None] * 3


def test_a_key_depends_on_everything_that_it_is_made_from(tmp_path: Path) -> None:
    output = samples.output(tmp_path)
    bases = [
        Basis.of(output, Origin("demo"), "1"),
        Basis.of(output, Origin("demo"), "2"),
        Basis.of(replace(output, show_config=("x",)), Origin("demo"), "1"),
    ]
    keys = []
    for basis in bases:
        with cache_in(tmp_path, basis=basis) as (_, cache):
            keys += [
                cache.key("a", b"{}", "no log", listed=True),
                cache.key("b", b"{}", "no log", listed=True),
                cache.key("a", b'{"id":1}', "no log", listed=True),
                cache.key("a", b"{}", {"state": "complete"}, listed=True),
                cache.key("a", b"{}", "no log", listed=False),
            ]
            assert cache.key("a", b"{}", None, listed=True) is None
    assert len(set(keys)) == 15
