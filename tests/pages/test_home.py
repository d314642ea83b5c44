"""The home page as text: the manifest, the table of jobs, the totals."""

import html
import re
from dataclasses import replace

import pytest

from reportgen.charts.sparkline import sparkline
from reportgen.model.metrics import EVAL_MINIMUM, Result
from reportgen.model.origin import Manifest, Origin
from reportgen.report.report import JobSummary, StreamSummary
from tests import samples
from tests.pages.render import (
    LONG_NUMBERS,
    LOOKS,
    SCRIPT,
    Page,
    home,
    job,
    pages_of,
)

NO_TRAINER = (
    "No trainer in src/arkor/index.ts yet. Add createTrainer(...) and pass it to createArkor."
)


@pytest.mark.parametrize(
    ("manifest", "text"),
    [
        (Manifest(trainer="rig-trainer"), "Run training: rig-trainer"),
        (
            Manifest(),
            NO_TRAINER,
        ),
        (Manifest(error="no <such> file"), "Couldn't read manifest: no <such> file"),
    ],
)
def test_run_training_shows_the_manifest(manifest: Manifest, text: str) -> None:
    page = Page(home(samples.report(manifest=manifest)))
    assert text in page.text
    assert ("arkor start" in page.text) == (manifest.error is None)
    assert [("disabled" in button) for button in page.all("button")] == [True]


def test_run_training_is_left_out_without_a_manifest() -> None:
    page = Page(home(samples.report(manifest=None)))
    assert "Run training" not in page.text
    assert page.all("main") == [{}]


def test_jobs_are_linked_in_the_order_of_the_report() -> None:
    report = samples.report()
    links = [a["href"] for a in Page(home(report)).all("a")]
    assert links[0] == "index.html"
    assert links[-len(report.jobs) :] == [job.page for job in report.jobs]


def test_a_report_without_jobs_says_so() -> None:
    assert "No jobs yet." in Page(home(samples.report(jobs=()))).text


def test_a_job_without_a_name_is_shown_by_its_id() -> None:
    page = home(samples.report(jobs=(samples.summary(name=None),)))
    assert '<a href="jobs/job_01HV8ZZ1A0DONE.html"><bdi>job_01HV8ZZ1A0DONE</bdi></a>' in page


def test_long_names_and_ids_are_cut_in_the_table_and_whole_on_the_page() -> None:
    long = samples.summary("i" * 300, "n" * 300)
    table = home(samples.report(jobs=(long,)))
    assert f"""title="{"n" * 300}"><bdi>{"n" * 79}…</bdi></a>""" in table
    assert f"""<code title="{"i" * 300}">{"i" * 39}…</code>""" in table
    page = job(samples.detail(long))
    assert f"<code>{'i' * 300}</code>" in page
    assert f">{'n' * 300}<" in page


@pytest.mark.parametrize("text", ["support-bot", '"<&>' * 100, "\U0001f600" * 300, "\u202e" * 300])
def test_a_row_stays_under_its_budget(text: str) -> None:
    row = samples.summary(
        text,
        text,
        slug="s" * 80,
        status=text,
        listed=False,
        duration_seconds=-123456789.123456789,
        loss=LONG_NUMBERS,
        eval_loss=LONG_NUMBERS,
        last_step=-1.2345678901234567e-300,
        config={"maxSteps": -1.2345678901234567e-300},
        sparkline=sparkline(samples.curve(range(32), lambda step: step % 2)),
    )
    alone, many = (home(samples.report(jobs=(row,) * count)) for count in (1, 101))
    assert (len(many.encode()) - len(alone.encode())) / 100 < 1500
    assert len(alone.encode()) < 60_000


def test_a_row_shows_duration_steps_and_losses() -> None:
    done = replace(samples.completed().summary, sparkline=(40, 35))
    page = home(samples.report(jobs=(done,)))
    text = Page(page).text
    assert done.loss
    assert done.eval_loss
    assert f"13m 23s400 of 400{done.loss.last:.4g}{done.eval_loss.min:.4g} step 400" in text
    numbers = [cell["data-n"] for cell in Page(page).all("td") if "data-n" in cell]
    assert numbers == ["803", "400", f"{done.loss.last}", f"{done.eval_loss.min}", "0.81"]
    assert '<path d="M0 0l4 5"/>' in page


def test_a_row_of_a_job_without_events_has_no_numbers() -> None:
    page = home(samples.report(jobs=(samples.queued().summary,)))
    assert "</code></td><td>—</td><td>0 of 400</td><td>—</td><td>—</td><td></td></tr>" in page


def test_a_run_that_ended_in_nan_says_so() -> None:
    broken = replace(samples.failed().summary, last_not_finite="NaN")
    page = home(samples.report(jobs=(broken,)))
    assert broken.loss
    assert '<td data-n="NaN"><b class="error">NaN</b> <small>after ' in page
    assert f"NaN after {broken.loss.last:.4g}" in Page(page).text


def test_a_failed_job_says_why_and_an_unlisted_one_that_it_is_gone() -> None:
    failed = replace(samples.failed().summary, error="CUDA\nout of <memory>")
    shown = [
        home(samples.report(jobs=(one,)))
        for one in (failed, replace(failed, listed=False), replace(failed, status="cancelled"))
    ]
    assert '<small class="error">CUDA out of &lt;memory&gt;</small>' in shown[0]
    assert '<small class="error">no longer listed · CUDA out of &lt;memory&gt;</small>' in shown[1]
    assert "CUDA" not in shown[2]
    traceback = "Traceback (most recent call last):\n  File 'x', line 3\nKeyError: 'lr'\n"
    assert ">KeyError: &#39;lr&#39;</small>" in home(
        samples.report(jobs=(replace(failed, error=traceback),))
    )


def test_a_running_job_shows_its_duration_as_of_the_snapshot() -> None:
    text = Page(home()).text
    assert "59m 58s so far0 of 400" in text


def test_long_ids_carry_their_end_for_the_style_to_show() -> None:
    jobs = (samples.summary("job_01HV8ZZ1A0DONE"), samples.summary("job_01"))
    cells = Page(home(samples.report(jobs=jobs))).all("td")
    assert [cell["data-end"] for cell in cells if "data-end" in cell] == ["DONE"]


def _strip(*jobs: JobSummary) -> str:
    text = Page(home(samples.report(jobs=jobs))).text
    return text[text.index("Jobs Jobs ") : text.index(" Search")]


def test_the_strip_sums_all_jobs_up() -> None:
    done, broken = samples.completed().summary, samples.failed().summary
    tuned = replace(done, name="tuned", result=Result("evalLoss.min", 0.25))
    assert _strip(tuned, broken) == (
        "Jobs Jobs 2 Success rate 50 % 1 completed, 1 failed Time trained 17m 24s by 2 of 2 jobs "
        "Best result 0.25 eval loss of tuned"
    )
    waiting = replace(samples.queued().summary, result=None)
    assert _strip(waiting) == "Jobs Jobs 1"


def test_the_best_result_is_in_the_metric_that_all_jobs_have() -> None:
    done = samples.completed().summary
    plain = replace(done, result=Result("loss.tailMean", 0.5), tail=Result("loss.tailMean", 0.5))
    tuned = replace(plain, name="tuned", result=Result("evalLoss.min", 0.25))
    assert _strip(plain, tuned).endswith(
        "Best result 0.5 mean of the last losses of support-bot-v2"
    )
    lost = replace(tuned, result=Result("evalLoss.min", None), name="lost")
    assert _strip(lost, tuned).endswith("Best result 0.25 eval loss of tuned")
    failed = replace(tuned, name="failed", status="failed", result=Result("evalLoss.min", 0.125))
    assert _strip(failed, tuned).endswith("Best result 0.25 eval loss of tuned")
    assert _strip(failed).endswith("Best result 0.125 eval loss of failed")


@pytest.mark.parametrize(("failed", "rate"), [(0, 100), (1, 99), (2, 99), (200, 50)])
def test_all_succeeded_only_if_none_failed(failed: int, rate: int) -> None:
    jobs = (samples.completed().summary,) * 200 + (samples.failed().summary,) * failed
    assert f"Success rate {rate} %" in _strip(*jobs)


def test_totals_count_jobs_by_status() -> None:
    page = Page(home()).text
    assert 'running 1 completed 1 queued 1 failed 1 cancelled 1 x" onmouseover="alert(1) 1 ' in page
    assert "completed 0" not in Page(home(samples.report(jobs=(samples.queued().summary,)))).text


def test_only_so_many_statuses_get_a_total() -> None:
    jobs = tuple(samples.summary(status=f"status {n}") for n in range(30))
    page = home(samples.report(jobs=jobs))
    assert page.count("</span> <b>1</b>") == 12
    assert "… and 18 more" in page


def test_statuses_that_read_the_same_are_one_total() -> None:
    jobs = tuple(samples.summary(status="s" * 30 + end) for end in "ab")
    assert home(samples.report(jobs=jobs)).count("<b>2</b>") == 1


def test_the_script_learns_when_the_page_is_stale() -> None:
    page = home(looks=replace(LOOKS, stale_after=5400.0))
    assert '<p class="as-of" data-stale-after="5400">From Arkor Studio, rig-org / rig' in page


def test_the_script_of_the_home_page_is_small() -> None:
    script = SCRIPT.search(home())
    assert script
    assert len(script[1].encode()) < 15_000
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", script[1])


def test_home_names_its_source_its_time_and_its_streams() -> None:
    text = Page(home()).text
    assert "Arkor Studio, rig-org / rig at http://127.0.0.1:4000" in text
    assert "as of 2026-05-01 12:00:00 UTC" in text
    assert "6 jobs · 949 events" in text
    assert "2 streams caught-up: still open when the wait ended" in text


def test_only_so_many_kinds_of_broken_streams_are_listed() -> None:
    jobs = tuple(
        samples.summary(stream=StreamSummary("interrupted", f"{n} {'x' * 5000}", 0, 0, 0))
        for n in range(100)
    )
    page = home(samples.report(jobs=jobs))
    assert "… and 80 more" in page
    assert page.count("1 stream interrupted") == 20
    assert len(page.encode()) < 60_000 + 100 * 1500


@pytest.mark.parametrize(
    ("origin", "identity"),
    [
        (samples.STUDIO, "anonymous · rig-org / rig"),
        (Origin("studio", mode="oauth", org="o", project="p"), "oauth · o / p"),
        (Origin("cloud", org="o"), "o"),
        (Origin("studio", mode="anon"), "anonymous"),
    ],
)
def test_the_identity_is_shown_as_far_as_it_is_known(origin: Origin, identity: str) -> None:
    for page in (home(samples.report(origin=origin)), job(origin=origin)):
        assert f'<p class="identity">{identity}</p>' in page


def test_an_unknown_identity_leaves_no_gap() -> None:
    assert 'class="identity"' not in home(samples.report(origin=Origin("demo")))


def test_the_page_reloads_itself_only_if_asked() -> None:
    assert "refresh" not in home()
    page = home(looks=replace(LOOKS, auto_refresh=90.0))
    assert '<meta name="auto-refresh" content="90">' in page
    assert '<noscript><meta http-equiv="refresh" content="90"></noscript>' in page


# --- Bad news ------------------------------------------------------------------------------------


def _job(job_id: str, name: str, day: int, status: str, value: float | None = None) -> JobSummary:
    result = None if value is None else Result(EVAL_MINIMUM, value)
    created = f"2026-05-{day:02}T09:00:00Z"
    return samples.summary(
        job_id, name, slug=job_id, status=status, created_at=created, result=result
    )


def _bad_news(*jobs: JobSummary, new: int) -> list[str]:
    """Return the sentences if the first jobs are new."""
    marks = {job.id: "new" for job in jobs[:new]}
    page = pages_of(LOOKS).home(samples.report(jobs=jobs), marks=marks)
    assert f"Since the previous snapshot: {new} new<" in page
    return [
        html.unescape(re.sub("<[^>]+>", "", sentence))
        for sentence in re.findall('<li class="bad">(.*)</li>', page)
    ]


def test_what_broke_or_got_worse_is_named() -> None:
    jobs = (
        _job("f", "bot", 4, "failed"),
        _job("g", "<b>&", 4, "failed"),
        _job("w", "bot", 3, "completed", 0.66),
        _job("o", "bot", 2, "completed", 0.6),
    )
    assert _bad_news(*jobs, new=3) == [
        "Newly failed: bot 2026-05-04 09:00, <b>&",
        "Worse results: bot 2026-05-03 09:00 is 10 % worse than bot (2026-05-02 09:00)",
    ]
    assert _bad_news(*jobs[2:], new=2) == [
        "Worse results: bot 2026-05-03 09:00 is 10 % worse than bot (2026-05-02 09:00)"
    ]
    assert _bad_news(*jobs[3:], new=1) == []
    assert "Newly failed" not in home(samples.report(jobs=jobs))


def test_at_most_three_jobs_are_named() -> None:
    jobs = [_job(f"f{n}", f"job {n}", 4, "failed") for n in range(5)]
    assert _bad_news(*jobs[:3], new=3) == ["Newly failed: job 0, job 1, job 2"]
    assert _bad_news(*jobs, new=5) == ["Newly failed: job 0, job 1, job 2 and 2 more"]


def test_bad_news_lead_to_the_jobs_wherever_their_pages_are() -> None:
    report = samples.report(jobs=(_job("f", "bot", 4, "failed"),))
    pages, marks = pages_of(LOOKS), {"f": "failed"}
    assert '<a class="named" href="jobs/f.html">' in pages.home(report, marks=marks)
    assert '<a class="named" href="#/jobs/f">' in "".join(pages.single(report, (), marks))
