"""The comparison as text: the best results, the configs, and its size."""

import re

from reportgen.model.trend import Clock
from reportgen.pages import Pages
from reportgen.report import comparison
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


def test_configs_that_differ_come_first() -> None:
    rows = re.findall(r'<tr( class="differs")?><th scope="row">([\w.]+)', compare())
    differing = [key for differs, key in rows if differs]
    assert set(differing) == {f"datasetSource.{key}" for key in _DATASET_PARTS}
    assert [key for _, key in rows[: len(differing)]] == differing


def test_a_comparison_of_the_longest_texts_stays_under_two_megabytes() -> None:
    evil = '"' * 500
    config: Object = {f"{evil}{n}": evil for n in range(100)}
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
                config=config,
                loss=LONG_NUMBERS,
                eval_loss=LONG_NUMBERS,
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
