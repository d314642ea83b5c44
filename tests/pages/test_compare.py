"""The comparison as text: the best results, the configs, and its size."""

import json
import math
import re
from array import array
from dataclasses import replace

from reportgen.model.curves import Curve
from reportgen.model.metrics import Result, metric, result
from reportgen.model.trend import Clock
from reportgen.pages import Pages
from reportgen.report import comparison
from reportgen.report.change import change
from reportgen.report.report import JobDetail
from reportgen.text.javascript import Object
from tests import samples
from tests.pages.render import (
    LONG_NUMBERS,
    LOOKS,
    compare,
)


def test_the_best_of_each_column_is_marked() -> None:
    best = samples.completed().summary.loss
    assert best
    marked = re.findall(r'<b class="best" title="best">([^<]+)</b>', compare())
    assert marked == [f"{best.last:.5g}", f"{best.min:.5g}"]


_DATASET_PARTS = ("type", "name", "split", "subset", "url")


def test_configs_that_are_alike_are_folded_away() -> None:
    differing, alike = (
        re.findall(r'<tr><th scope="row">([\w.]+)', table)
        for table in compare().split('<table class="configs">')[1:]
    )
    assert set(differing) == {f"datasetSource.{key}" for key in _DATASET_PARTS}
    assert len(alike) == len(samples.CONFIG) - 1
    assert '<summary id="alike">Settings that are alike: <span>7</span></summary>' in compare()


def _compared(*details: JobDetail) -> str:
    report = samples.report(jobs=tuple(detail.summary for detail in details))
    curves = [comparison.compared_curves(detail) for detail in details]
    return Pages(LOOKS).compare(report, report.jobs, curves, {})


def _job(job_id: str, *values: float, name: str = "bot", **changes: object) -> JobDetail:
    loss = Curve(array("d", range(len(values))), array("d", values))
    job = samples.summary(job_id, name, slug=job_id, loss=metric(loss), **changes)
    return samples.detail(replace(job, result=result(loss, None)), loss=loss)


def test_numbers_of_a_column_look_different_if_they_are() -> None:
    page = _compared(_job("a", 2, 0.69314718), _job("b", 2, 0.69314719), _job("c", 2, 0.5))
    last = re.findall(r'data-n="0[.\d]+"[^>]*>(?:<b[^>]*>)?([.\d]+)', page)
    assert last == ["0.5", "0.5", "0.69314718", "0.69314718", "0.69314719", "0.69314719"]
    assert 'title="0.41' not in _compared(_job("a", 2, 0.25), _job("b", 2, 0.5))


def test_the_script_gets_logged_values_and_knows_which_are_means() -> None:
    exact = [0.1 + 0.2, 1e-17, 12345678901.5]
    long = [1 / (step + 1) for step in range(1000)]
    page = _compared(_job("a", *exact), _job("b", *long))
    data = json.loads(page.split('id="curve-data">')[1].split("</script>")[0])
    assert data["a"][0] == [[0, 1, 2], exact, [], 0]
    steps, values, _, averaged = data["b"][0]
    assert (len(steps), averaged) == (160, 1)
    assert len(set(values)) == 160


def test_the_best_result_leads_and_one_that_is_not_finite_comes_last() -> None:
    jobs = (_job("worse", 2, 1), _job("broken", 2, math.nan), _job("best", 2, 0.5))
    page = _compared(*jobs)
    assert re.findall('<tr data-job="(\\w+)"', page) == ["best", "worse", "broken"]
    assert "<small>best first by mean of the last training losses</small>" in page


def test_a_run_that_ended_in_nan_says_so() -> None:
    broken = _job("a", 55.11, math.nan, not_finite=1, last_not_finite="NaN")
    page = _compared(broken, _job("b", 2, 1))
    assert '<td class="n" data-n="NaN">NaN (last finite 55.11)</td>' in page


def test_jobs_of_one_name_can_be_told_apart_everywhere() -> None:
    one, two = (
        _job(job_id, 2, 1, name="שלום bot-1", created_at=f"2026-05-0{day}T09:00:00Z")
        for job_id, day in (("a", 1), ("b", 2))
    )
    page = _compared(one, two)
    for day in (1, 2):
        mark = f"2026-05-0{day} 09:00"
        # At the end of its line, in the table and in the heads of both tables of configs.
        assert page.count(f"<bdi>שלום bot-1</bdi> <small>{mark}</small>") == 4
        # As the title of its line.
        assert page.count(f">שלום bot-1 ({mark})<") == 1


def test_a_job_with_a_baseline_names_the_settings_that_changed() -> None:
    before = _job("a", 2, 1, config={"learningRate": 0.03, "seed": 1, "model": "m"})
    now = _job("b", 2, 1.5, config={"learningRate": 0.003, "model": "m", "x": 1, "y": 1, "z": 1})
    measured = change(now.summary.result, now.summary.tail, before.summary.as_baseline)
    now = replace(now, summary=replace(now.summary, change=measured))
    notes = re.findall(r"<td>([^<]*)</td></tr>", _compared(now, before))
    changed = ("learningRate 0.03 → 0.003", "seed 1 → —", "x — → 1", "y — → 1")
    assert " · ".join((*changed, "… and 1 more setting")) in notes
    assert sum("→" in note for note in notes) == 1


def test_a_running_job_shows_its_duration_so_far() -> None:
    running = _job("a", 2, 1, status="running", started_at="2026-05-01T11:59:30Z")
    assert ">30s so far</td>" in _compared(running, _job("b", 2, 1))


def test_a_comparison_without_that_curve_says_so() -> None:
    jobs = (samples.summary("a", eval_loss=LONG_NUMBERS), samples.summary("b", slug="b"))
    report = samples.report(jobs=jobs)
    empty = comparison.ComparedCurves(comparison.ComparedCurve(), comparison.ComparedCurve())
    page = Pages(LOOKS).compare(report, jobs, [empty, empty], {})
    assert "No training.log events yet." in page


def test_a_comparison_of_the_longest_texts_stays_under_two_megabytes() -> None:
    evil = '"' * 500
    configs: list[Object] = [{f"{evil}{n}": f"{job}{evil}" for n in range(100)} for job in range(8)]
    curve = samples.curve(range(10**8, 10**8 + 5000), lambda step: 1e-7 / step)
    clock = Clock([(float(step), f"2026-05-01T09:00:{step % 60:02}.123Z") for step in range(99)])
    details = [
        samples.detail(
            samples.summary(
                f"{evil}{n}",
                evil,
                slug=f"{n:080}",
                status=evil,
                error=evil,
                config=configs[n % 8],
                loss=LONG_NUMBERS,
                eval_loss=LONG_NUMBERS,
                result=Result("evalLoss.min", LONG_NUMBERS.min),
            ),
            loss=curve,
            eval_loss=curve,
            clock=clock,
        )
        for n in range(60)
    ]
    report = samples.report(jobs=tuple(detail.summary for detail in details))
    jobs = comparison.newest(report.jobs)
    curves = [comparison.compared_curves(details[0]) for _ in jobs]
    text = Pages(LOOKS).compare(report, jobs, curves, {})
    assert len(jobs) == comparison.JOBS
    assert "10 older ones are left out" in text
    assert 500_000 < len(text.encode()) < 2_000_000
