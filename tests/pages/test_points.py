"""The plots of points on home and in the comparison, as text."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from reportgen.model.metrics import EVAL_MINIMUM, Result
from reportgen.report.comparison import ComparedCurve, ComparedCurves
from reportgen.report.report import JobSummary
from tests import samples
from tests.pages.render import LONG_NUMBERS, LOOKS, Page, home, pages_of
from tests.samples import judged

POINT = re.compile(r'<a href="([^"]+)" tabindex="-1"><title>([^<]*)</title><use href="#([\w-]+)"')


def nightly(count: int) -> list[JobSummary]:
    """Return completed jobs of one name, created on consecutive days, getting better."""
    return [
        judged(
            f"job-{day}",
            name="nightly",
            evaluated=1 - day / 64,
            created_at=f"2026-04-{day + 1:02}T09:00:00Z",
        )
        for day in range(count)
    ]


def points(page: str) -> list[tuple[str, ...]]:
    return POINT.findall(page)


def caption(page: str) -> str:
    found = re.search(r"<figcaption>(.*?)</figcaption>", page, re.DOTALL)
    assert found
    return Page(found[1]).text


# --- Home --------------------------------------------------------------------------------------


def test_each_point_is_a_link_that_says_name_result_and_time() -> None:
    page = home(samples.report(jobs=(*nightly(3),)))
    assert points(page) == [
        (f"jobs/job-{day}.html", f"nightly · {loss} · 2026-04-0{day + 1} 09:00:00 UTC", "mark-0")
        for day, loss in enumerate(("1", "0.984375", "0.96875"))
    ]
    assert caption(page) == "Lowest evaluation loss by creation time (UTC)"
    assert 'd="M0,0L50,40L100,80"' in page  # the line of a series


def test_points_of_a_single_file_link_within_it() -> None:
    details = [samples.detail(job) for job in nightly(3)]
    report = samples.report(jobs=tuple(detail.summary for detail in details))
    page = "".join(pages_of(LOOKS).single(report, details))
    assert [href for href, *_ in points(page)] == [f"#/jobs/job-{day}" for day in range(3)]


def test_without_three_ended_jobs_with_a_result_there_is_no_plot() -> None:
    assert "<figure" not in home(samples.report(jobs=(*nightly(2), samples.queued().summary)))


def test_what_has_no_number_is_a_cross_on_the_floor() -> None:
    jobs = (
        *nightly(4),
        judged("a", name="x", tail=0.5, evaluated=0.25, status="failed"),
        judged("b", name="x", status="failed"),
        judged("c", name="x", tail=0.75, evaluated=0.5, status="cancelled"),
    )
    page = home(samples.report(jobs=jobs))
    assert [found for found in points(page) if "2026-05-01" in found[1]] == [
        ("jobs/a.html", "x · failed at 0.25 · 2026-05-01 09:00:00 UTC", "mark-x"),
        ("jobs/b.html", "x · failed · 2026-05-01 09:00:00 UTC", "mark-x"),
        ("jobs/c.html", "x · 0.5, cancelled · 2026-05-01 09:00:00 UTC", "mark-1"),
    ]
    assert ">failed</text>" in page
    assert ">failed</text>" not in home(samples.report(jobs=nightly(4)))
    assert page.count('y="94"/></a>') == 2
    assert caption(page).endswith("(UTC) · × 2 failed")


def test_a_result_that_is_not_finite_and_jobs_left_out_are_reported() -> None:
    jobs = (
        *(replace(job, tail=Result("loss.tailMean", 1.0)) for job in nightly(3)),
        judged("a", tail=math.nan),
        judged("b", tail=1.0, created_at="yesterday"),
        judged("c", evaluated=0.5),
    )
    page = home(samples.report(jobs=jobs))
    assert caption(page) == (
        "Mean of the last training losses by creation time (UTC) · × 1 not finite"
        " · 1 job without a creation time left out · 1 job without this loss left out"
    )
    assert "support-bot-v2 · NaN · 2026-05-01" in page


def test_points_that_would_look_alike_carry_the_id() -> None:
    one = judged("one", evaluated=0.5)
    page = home(samples.report(jobs=(one, replace(one, id="two", slug="two"), *nightly(1))))
    assert {title[-6:] for _, title, _ in points(page)} == {" · one", " · two", "00 UTC"}


def test_nine_names_are_eight_series_and_a_grey_rest() -> None:
    jobs = [replace(job, name=f"bot-{day}") for day, job in enumerate(nightly(9))]
    page = home(samples.report(jobs=(*jobs, *nightly(1))))
    key = re.findall(r'<li><svg class="([\w]+)".*?href="#([\w-]+)".*?<bdi[^>]*>([^<]+)', page)
    assert [css for css, _, _ in key] == [*(f"k{n}" for n in range(8)), "others"]
    assert len({mark for _, mark, _ in key}) == 9
    assert key[-1][2] == "2 other names"


def test_a_shared_baseline_is_a_line() -> None:
    baseline = replace(samples.summary("base"), name="the-main-branch-of-all", result=None)
    baseline = replace(baseline, result=Result(EVAL_MINIMUM, 0.875))
    report = samples.report(jobs=(*nightly(3),), baseline=baseline.as_baseline)
    page = home(report)
    assert "<title>baseline the-main-branch-of-all · 0.875</title>" in page
    assert ">baseline the-main-branch-of-…: 0.875</text>" in page
    assert 'd="M0,0L50,10L100,20"' in page  # the line is at the bottom of the range
    lost = replace(baseline, result=Result(EVAL_MINIMUM, None)).as_baseline
    text = home(samples.report(jobs=(*nightly(3),), baseline=lost))
    assert "reference" not in text.split("<main>")[1]
    assert caption(text).endswith("the baseline's result is not finite")


def test_times_are_in_the_zone_of_the_report() -> None:
    jobs = [
        replace(job, created_at=f"2026-10-25T0{hour}:00:00Z") for hour, job in enumerate(nightly(3))
    ]
    page = home(samples.report(jobs=(*jobs,)), replace(LOOKS, timezone=ZoneInfo("Europe/Berlin")))
    assert [title.split(" · ")[-1] for _, title, _ in points(page)] == [
        "2026-10-25 02:00:00 +02:00 CEST",
        "2026-10-25 02:00:00 +01:00 CET",
        "2026-10-25 03:00:00 CET",
    ]
    assert re.findall(r'text-anchor="middle"[^>]*>([^<]+)', page.split("<figure")[1]) == [
        "02:00 +02:00",
        "02:00 +01:00",
        "03:00",
    ]
    assert caption(page).endswith("(Europe/Berlin)")


def test_of_very_many_jobs_the_newest_two_hundred_are_shown() -> None:
    jobs = [
        judged(f"job-{n}", evaluated=1.0, created_at=f"2026-04-01T{n // 60:02}:{n % 60:02}:00Z")
        for n in range(1000)
    ]
    page = home(samples.report(jobs=(*jobs,)))
    assert [href for href, *_ in points(page)] == [f"jobs/job-{n}.html" for n in range(800, 1000)]
    assert "· 800 older jobs left out" in caption(page)
    assert len(page.encode()) < 60_000 + 1000 * 1500


@pytest.mark.parametrize("text", ['"<&>' * 100, "\U0001f600" * 300, "bot"])
def test_home_stays_within_its_limit_whatever_jobs_are_called(text: str) -> None:
    for count in (1, 9, 100, 300):
        jobs = [
            judged(
                text,
                name=f"{n % 9}{text}",
                slug="s" * 80,
                status="cancelled",
                listed=False,
                error=text,
                evaluated=-1.2345678901234567e-300 * n,
                loss=LONG_NUMBERS,
                eval_loss=LONG_NUMBERS,
                last_step=-1.2345678901234567e-300,
                sparkline=tuple(40 * (n % 2) for n in range(32)),
            )
            for n in range(count)
        ]
        page = home(samples.report(jobs=(*jobs,)))
        assert len(page.encode()) < 60_000 + 1500 * count


# --- The comparison ----------------------------------------------------------------------------


def compared(jobs: Sequence[JobSummary]) -> str:
    report = samples.report(jobs=tuple(jobs))
    curves = [ComparedCurves(ComparedCurve(), ComparedCurve())] * len(jobs)
    return pages_of(LOOKS).compare(report, jobs, curves, {})


def swept(count: int) -> list[JobSummary]:
    return [
        replace(job, name=f"run-{n}", config={"learningRate": 10.0**-n})
        for n, job in enumerate(nightly(count))
    ]


def test_each_point_of_a_setting_is_a_link_that_says_name_value_and_result() -> None:
    page = compared(swept(5))
    assert points(page) == [
        (f"jobs/job-{n}.html", f"run-{n} · {value} · {loss}", "mark-0")
        for n, (value, loss) in enumerate(
            (
                ("1", "1"),
                ("0.1", "0.984375"),
                ("0.01", "0.96875"),
                ("0.001", "0.953125"),
                ("0.0001", "0.9375"),
            )
        )
    ]
    places = re.findall(r'<use href="#mark-0" x="([\d.]+)%" y="([\d.]+)"/></a>', page)
    assert places == [("100", "0"), ("75", "20"), ("50", "40"), ("25", "60"), ("0", "80")]


def test_a_strong_correlation_is_a_sentence_that_names_no_cause() -> None:
    sentence = "Higher learningRate went with higher evaluation loss (Spearman ρ = 1.00, n = 5)."
    assert f"<p>{sentence}</p>" in compared(swept(5))
    reverse = [
        replace(job, result=None, tail=Result("loss.tailMean", n), config={"rank": -n})
        for n, job in enumerate(swept(6))
    ]
    reverse = [replace(job, result=job.tail) for job in reverse]
    reverse[0] = replace(reverse[0], result=Result("loss.tailMean", 1.5))
    assert "Higher rank went with lower training loss (Spearman ρ = −0.94, n = 6)." in compared(
        [replace(job, tail=job.result) for job in reverse]
    )
    assert "Spearman" not in compared(swept(4))


def test_texts_have_a_row_each_and_crosses_at_its_end() -> None:
    jobs = [
        replace(job, config={"optim": "sgd" if n % 2 else "<b>&"}) for n, job in enumerate(swept(4))
    ]
    jobs[0] = replace(jobs[0], status="failed")
    page = compared(jobs)
    rows = re.findall(r'<div class="row"><bdi>([^<]+)', page)
    assert rows == ["&lt;b&gt;&amp;", "sgd"]
    places = re.findall(r'<use href="#([\w-]+)" x="([\d.]+)%" y="([\d.]+)"/></a>', page)
    assert places == [
        ("mark-x", "100", "21"),
        ("mark-0", "88", "51"),
        ("mark-0", "44", "21"),
        ("mark-0", "0", "51"),
    ]
    assert "lowest evaluation loss of 4 jobs · × 1 failed" in Page(page).text


def test_six_settings_are_shown_and_the_others_folded() -> None:
    jobs = [
        replace(job, config={f"key{k}": (n * 7 + k) % 5 for k in range(30)})
        for n, job in enumerate(swept(5))
    ]
    shown, rest = compared(jobs).split("<summary>More settings: 12</summary>")
    assert shown.count("<figure") == 6
    assert rest.count("<figure") == 12
    assert "… and 12 more" in rest.split("</details>")[0]


def test_a_comparison_in_which_nothing_can_be_plotted_has_no_such_section() -> None:
    assert "Results by setting" not in compared(swept(3))
    assert "Results by setting" not in compared([replace(job, config={}) for job in swept(5)])
