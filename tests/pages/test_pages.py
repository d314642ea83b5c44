"""The pages as text: what they say, what they must not say, and how large they may get."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markupsafe import escape
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation

from reportgen import pages
from reportgen.charts import sparkline
from reportgen.model.log_lines import LogLine
from reportgen.model.metrics import Metric
from reportgen.model.origin import Manifest, Origin
from reportgen.model.trend import Clock
from reportgen.pages import Pages
from reportgen.pages.job import job_view
from reportgen.pages.looks import Looks
from reportgen.pages.template import Templates, csp_hash, inert_text, shown
from reportgen.report import comparison
from reportgen.report.report import JobDetail, Report, Stream
from reportgen.report.wording import Moment, badge, clock_time, moment
from reportgen.text import inert
from reportgen.text.javascript import Object
from tests import samples

UTC_ZONE = ZoneInfo("UTC")
NUMBERS = ("first", "last", "min", "min_step", "max")
LOOKS = Looks(title="Arkor report", theme="auto", timezone=UTC_ZONE)
NO_TRAINER = (
    "No trainer in src/arkor/index.ts yet. Add createTrainer(...) and pass it to createArkor."
)
LONG_NUMBERS = Metric(points=9, **dict.fromkeys(NUMBERS, -1.2345678901234567e-300))
POLICY = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"
LINK = re.compile(
    r"(\.\./)?(index|compare|jobs/[\w.-]+)\.html|[\w.-]+\.(csv|log\.txt)|data:image/svg\+xml,.*|#.*",
    re.DOTALL,
)
CHECKOUT = Path(pages.__file__).parent.parent.parent


class PageFile(SingleFileSnapshotExtension):
    """Keeps each page as a file of its own that a browser opens."""

    _write_mode = WriteMode.TEXT
    file_extension = "html"

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        here = Path(test_location.filepath)
        return str(here.parents[1] / "snapshots" / here.stem)


@pytest.fixture
def page_file(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(PageFile)


def home(report: Report | None = None, looks: Looks = LOOKS) -> str:
    return Pages(looks).home(report or samples.report())


def job(
    detail: JobDetail | None = None,
    looks: Looks = LOOKS,
    origin: Origin = samples.STUDIO,
    snapshot_at: datetime = samples.SNAPSHOT_AT,
) -> str:
    return Pages(looks).job(detail or samples.completed(), origin, snapshot_at, samples.GENERATOR)


def compare(report: Report | None = None, looks: Looks = LOOKS) -> str:
    shown = report or samples.report()
    jobs = comparison.newest(shown.jobs)
    by_id = {detail.summary.id: detail for detail in samples.details()}
    courses = [comparison.courses(by_id[one.id]) for one in jobs]
    return Pages(looks).compare(shown, jobs, courses, {one.id: 7 for one in jobs[1:]})


def single(looks: Looks = LOOKS) -> str:
    return "".join(Pages(looks).single(samples.report(), samples.details()))


def every_page() -> Iterator[str]:
    yield home()
    yield from (job(detail) for detail in samples.details())
    yield compare()
    yield single()


class Page(HTMLParser):
    """A page as a parser sees it: its elements with their attributes, and its visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._texts: list[str] = []
        self._hidden = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._hidden = tag in {"style", "title"}

    def handle_endtag(self, _tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self._texts))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


# --- Whole pages -------------------------------------------------------------------------------


def test_home(page_file: SnapshotAssertion) -> None:
    assert home() == page_file


def test_home_empty(page_file: SnapshotAssertion) -> None:
    origin = Origin("demo")
    assert home(samples.report(origin=origin, manifest=None, jobs=())) == page_file


def test_compare(page_file: SnapshotAssertion) -> None:
    assert compare() == page_file


def test_single_file(page_file: SnapshotAssertion) -> None:
    assert single() == page_file


def test_home_linked(page_file: SnapshotAssertion) -> None:
    assert home(looks=replace(LOOKS, linked=True)) == page_file


def test_job_linked(page_file: SnapshotAssertion) -> None:
    assert job(looks=replace(LOOKS, linked=True)) == page_file


def test_job_completed(page_file: SnapshotAssertion) -> None:
    assert job() == page_file


def test_job_failed(page_file: SnapshotAssertion) -> None:
    assert job(samples.failed()) == page_file


def test_job_queued(page_file: SnapshotAssertion) -> None:
    assert job(samples.queued()) == page_file


def test_job_hostile(page_file: SnapshotAssertion) -> None:
    assert job(samples.hostile()) == page_file


# --- Home --------------------------------------------------------------------------------------


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
def test_run_training_says_what_the_manifest_says(manifest: Manifest, text: str) -> None:
    page = Page(home(samples.report(manifest=manifest)))
    assert text in page.text
    assert "arkor start" in page.text
    assert [("disabled" in button) for button in page.all("button")] == [True]


def test_run_training_is_left_out_where_the_source_has_no_manifest() -> None:
    page = Page(home(samples.report(manifest=None)))
    assert "Run training" not in page.text
    assert page.all("main") == [{}]


def test_jobs_stand_in_the_order_of_the_report_with_a_link_each() -> None:
    report = samples.report()
    links = [a["href"] for a in Page(home(report)).all("a")]
    assert links == ["index.html", *(job.page for job in report.jobs)]


def test_no_jobs_yet() -> None:
    assert "No jobs yet." in Page(home(samples.report(jobs=()))).text


def test_a_job_without_a_name_goes_by_its_id() -> None:
    page = home(samples.report(jobs=(samples.summary(name=None),)))
    assert '<a href="jobs/job_01HV8ZZ1A0DONE.html">job_01HV8ZZ1A0DONE</a>' in page


def test_long_names_and_ids_are_cut_in_the_table_and_whole_on_the_page() -> None:
    long = samples.summary("i" * 300, "n" * 300)
    table = home(samples.report(jobs=(long,)))
    assert f">{'n' * 79}…</a>" in table
    assert f"<code>{'i' * 39}…</code>" in table
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
        sparkline=sparkline.path(samples.curve(range(32), lambda step: step % 2)),
    )
    alone, many = (home(samples.report(jobs=(row,) * count)) for count in (1, 101))
    assert (len(many.encode()) - len(alone.encode())) / 100 < 1500
    assert len(alone.encode()) < 60_000


def test_a_row_tells_how_long_how_far_and_how_well() -> None:
    done = replace(samples.completed().summary, sparkline="M0 0l4 5")
    page = home(samples.report(jobs=(done,)))
    text = Page(page).text
    assert done.loss
    assert done.eval_loss
    assert f"13m 23s400 of 400{done.loss.last:.5g} {done.eval_loss.min:.5g} step 400" in text
    assert '<td data-n="803">' in page
    assert '<path d="M0 0l4 5"/>' in page


def test_a_row_of_a_job_without_events_has_no_numbers() -> None:
    page = home(samples.report(jobs=(samples.queued().summary,)))
    assert "</code></td><td>—</td><td>0 of 400</td><td>—</td><td>—</td></tr>" in page


def test_totals_are_told_by_status() -> None:
    page = Page(home()).text
    assert 'queued 1 running 1 completed 1 failed 1 cancelled 1 x" onmouseover="alert(1) 1 ' in page
    assert "completed 0" not in Page(home(samples.report(jobs=(samples.queued().summary,)))).text


def test_totals_end_where_a_server_has_endless_statuses() -> None:
    jobs = tuple(samples.summary(status=f"status {n}") for n in range(30))
    page = home(samples.report(jobs=jobs))
    assert page.count("</span> <b>1</b>") == 12
    assert "… and 18 more" in page


def test_statuses_that_read_the_same_are_one_total() -> None:
    jobs = tuple(samples.summary(status="s" * 30 + end) for end in "ab")
    assert home(samples.report(jobs=jobs)).count("<b>2</b>") == 1


def test_home_tells_its_script_when_it_is_old() -> None:
    page = home(looks=replace(LOOKS, stale_after=5400.0))
    assert '<p class="as-of" data-stale-after="5400">From Arkor Studio, rig-org / rig' in page


def test_the_script_of_the_home_page_is_small() -> None:
    script = re.search("<script>(.*)</script>", home(), re.DOTALL)
    assert script
    assert len(script[1].encode()) < 10_000
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", script[1])


def test_home_says_what_it_is_a_picture_of() -> None:
    text = Page(home()).text
    assert "Arkor Studio, rig-org / rig at http://127.0.0.1:4000" in text
    assert "as of 2026-05-01 12:00:00 UTC" in text
    assert "6 jobs · 949 events" in text
    assert "2 streams caught-up: still open when waiting ended" in text


def test_home_does_not_list_endless_kinds_of_broken_streams() -> None:
    jobs = tuple(
        samples.summary(stream=Stream("interrupted", f"{n} {'x' * 5000}", 0, 0, 0))
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
def test_identity_is_told_as_far_as_it_is_known(origin: Origin, identity: str) -> None:
    for page in (home(samples.report(origin=origin)), job(origin=origin)):
        assert f'<p class="identity">{identity}</p>' in page


def test_an_unknown_identity_leaves_no_gap() -> None:
    assert 'class="identity"' not in home(samples.report(origin=Origin("demo")))


# --- A job's page ------------------------------------------------------------------------------


def test_a_completed_job_counts_and_lists_its_artifacts() -> None:
    text = Page(job()).text
    assert "artifacts: 2" in text
    assert "tokenizer.json" in text


def test_a_failed_job_says_why() -> None:
    text = Page(job(samples.failed())).text
    assert "error: CUDA out of memory. Tried to allocate 2.00 GiB <b>(GPU 0)</b>" in text
    assert "artifacts:" not in text


def test_the_caption_tells_the_curve_in_numbers() -> None:
    loss = samples.completed().summary.loss
    assert loss
    assert f"loss: min {loss.min} · max {loss.max} · step: 400" in Page(job()).text


def test_what_cannot_be_seen_on_the_chart_is_said_beneath_it() -> None:
    text = Page(job(samples.failed())).text
    assert "resumed at step 60" in text
    assert "5 losses not finite" in text
    assert "2 losses unusable" in text


def test_a_thinned_curve_says_so() -> None:
    loss = samples.curve(range(20_000), samples.loss_at)
    detail = replace(samples.completed(), loss=loss)
    assert re.search(r"drawn from \d+ of 20000 points", job(detail))
    assert "drawn from" not in job()


def test_an_empty_chart_slot_reads_as_in_studio() -> None:
    assert "No training.log events yet." in Page(job(samples.queued())).text
    assert "No training.log events yet." not in Page(job()).text


def test_the_log_says_how_much_of_it_is_shown() -> None:
    assert "last 50 of 412 lines" in Page(job()).text
    whole = samples.detail(samples.summary(), log=(LogLine("[started] {}"),), log_lines=1)
    assert "Events 1 line" in Page(job(whole)).text
    assert "<pre>[started] {}\n</pre>" in job(whole)


def test_metadata() -> None:
    text = Page(job()).text
    for said in (
        "Created 2026-05-01 09:00:00 UTC",
        "Duration 13m 23s",
        "Model unsloth/gemma-4-E4B-it",
        "Dataset arkorlab/triage-demo (en, train)",
        "Steps 400 of 400",
        "learningRate 0.0002",
        "State complete",
        "Reconnects 1",
    ):
        assert said in text


def test_lists_end_after_200_entries() -> None:
    many = samples.detail(
        samples.summary(),
        artifacts=tuple(f"file-{n}" for n in range(250)),
        checkpoints=tuple(float(n) for n in range(300)),
        resumed_at=tuple(float(n) for n in range(200)),
        resumes=201,
    )
    page = Page(job(many))
    assert len(page.all("li")) == 400
    assert "… and 50 more" in page.text
    assert "… and 100 more" in page.text
    assert "resumed at step 199 … and 1 more" in page.text


def test_the_numbers_are_those_of_both_curves() -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", job()))
    assert "Training loss Eval loss n 400 8 Mean ± 95 % CI 0.98" in text
    assert re.search(r"Standard deviation 0\.\d+ 0\.\d+ Variance 0\.\d+ 0\.\d+ p90 \d", text)


def test_findings_say_in_words_what_to_look_for() -> None:
    best = samples.completed().summary.eval_loss
    assert best
    text = Page(job()).text
    assert f"Best evaluation loss {best.min} at step 400, nearest checkpoint: step 400" in text
    assert "stayed up" not in text
    assert "Training loss not finite, first at step 116" in Page(job(samples.failed())).text


def test_a_loss_that_stayed_up_is_named() -> None:
    loss = samples.curve(range(1, 101), lambda step: 1.0 if step <= 50 else 2.0)
    text = Page(job(samples.detail(samples.summary(), loss=loss))).text
    assert "Training loss went up after step 50 and stayed up: 1 → 2" in text


def test_a_running_job_says_how_far_it_is_and_when_it_should_end() -> None:
    running = samples.summary(
        status="running", last_step=100.0, started_at="2026-05-01T09:00:00Z", as_of=None
    )
    log = (LogLine("[log] step=100", "2026-05-01T09:10:00Z"),)
    text = Page(job(samples.detail(running, log=log, log_lines=1))).text
    assert "Step 100 of 400 (25 %), at its pace so far it ends about 2026-05-01 09:40:00" in text
    assert "ends about" not in Page(job(samples.detail(running))).text


def test_a_lines_time_stands_beside_its_text() -> None:
    log = (LogLine("[started] {}", "2026-04-30T23:59:59Z"), LogLine("[stream error]"))
    page = job(samples.detail(samples.summary(), log=log, log_lines=2))
    assert '<pre><span data-time="23:59:59">[started] {}</span>\n[stream error]\n</pre>' in page
    assert "2 lines · times in UTC" in page
    longer = (*log, LogLine("[log]", "2026-05-01T00:00:01Z"))
    assert 'data-time="2026-05-01 00:00:01"' in job(
        samples.detail(samples.summary(), log=longer, log_lines=3)
    )


def test_a_page_that_would_be_too_large_goes_without_its_script() -> None:
    loss = samples.curve(range(100_000), samples.loss_at)
    large = samples.detail(samples.summary(), loss=loss, log=(LogLine("<" * 500),) * 45)
    assert "data-steps" in job(samples.detail(samples.summary(), loss=loss))
    page = job(large)
    assert "data-steps" not in page
    assert "<script>" not in page


def test_a_job_no_longer_listed_says_so() -> None:
    text = Page(job(samples.detail(samples.summary(listed=False)))).text
    assert "no longer in the job list" in text


def test_the_page_of_an_ended_job_does_not_depend_on_when_it_was_read() -> None:
    later = samples.SNAPSHOT_AT + timedelta(days=3)
    for detail in (samples.completed(), samples.detail(samples.summary(as_of=None))):
        assert job(detail) == job(detail, snapshot_at=later)
    running = samples.queued()
    assert "as of 2026-05-04 12:00:00 UTC" in Page(job(running, snapshot_at=later)).text


def test_a_job_page_does_not_hold_the_servers_url() -> None:
    assert "127.0.0.1" not in job()


def test_a_page_stays_small_whatever_a_server_sends() -> None:
    detail = samples.detail(
        samples.summary(
            error="E" * 1_000_000,
            config={f"key{n}": "v" * 10_000 for n in range(5000)},
            stream=Stream("interrupted", "r" * 1_000_000, 1, 0, 0),
        ),
        loss=samples.curve(range(100_000), samples.loss_at),
        artifacts=("a" * 10_000,) * 5000,
        checkpoints=tuple(float(n) for n in range(5000)),
        log=(LogLine("l" * 500),) * 50,
        log_lines=1_000_000,
    )
    assert len(job(detail).encode()) < 150_000


# --- Words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "—"), (0.0, "0s"), (4.25, "4.2s"), (803.9, "13m 23s"), (3909.0, "1h 05m 09s")],
)
def test_durations(seconds: float | None, text: str) -> None:
    detail = samples.detail(samples.summary(duration_seconds=seconds))
    assert f"Duration {text} " in Page(job(detail)).text


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "2026-05-01 09:00:00 UTC"),
        ("Europe/Berlin", "2026-05-01 11:00:00 CEST"),
        ("Asia/Kathmandu", "2026-05-01 14:45:00 +0545"),
    ],
)
def test_times_are_shown_in_the_zone_asked_for(zone: str, text: str) -> None:
    shown = moment("2026-05-01T09:00:00.000Z", ZoneInfo(zone))
    assert shown == Moment("2026-05-01T09:00:00Z", text)
    assert f'<time datetime="2026-05-01T09:00:00Z">{html.escape(text)}</time>' in home(
        looks=replace(LOOKS, timezone=ZoneInfo(zone))
    )


@example(datetime.min.replace(tzinfo=UTC), "Etc/GMT+12")
@example(datetime.max.replace(tzinfo=UTC), "Pacific/Kiritimati")
@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["Pacific/Kiritimati", "Etc/GMT+12"]))
@settings(deadline=None)
def test_any_time_can_be_shown(time: datetime, zone: str) -> None:
    shown = moment(time, ZoneInfo(zone))
    assert shown
    assert f"{shown.text.rpartition(' ')[0]}" == clock_time(time.isoformat(), ZoneInfo(zone))
    assert shown.iso == f"{time.replace(microsecond=0, tzinfo=None).isoformat()}Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown.iso)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+", shown.text)


@pytest.mark.parametrize(
    ("status", "css"),
    [
        ("completed", "status-completed"),
        ("paused", "status-paused"),
        ("Waiting for GPU", "status-waiting-for-gpu"),
        ("completed!", "status-other"),
        ("失敗", "status-other"),
        ('x" onclick="y', "status-x-onclick-y"),
    ],
)
def test_a_status_makes_a_safe_class(status: str, css: str) -> None:
    assert badge(status).css == css


@given(st.text(min_size=1))
@settings(deadline=None)
def test_any_status_makes_a_safe_class(status: str) -> None:
    assert re.fullmatch(r"status-[a-z0-9]+(-[a-z0-9]+)*", badge(status).css)


# --- Self-contained, inert ---------------------------------------------------------------------


def test_pages_carry_a_policy_that_knows_their_style() -> None:
    for text in every_page():
        style = re.search("<style>(.*)</style>", text, re.DOTALL)
        assert style
        policies = [
            meta["content"]
            for meta in Page(text).all("meta")
            if meta.get("http-equiv") == "Content-Security-Policy"
        ]
        script = re.search("<script>(.*)</script>", text, re.DOTALL)
        allowed = f"; script-src '{csp_hash(script[1])}'" if script else ""
        assert policies == [f"{POLICY}; style-src '{csp_hash(style[1])}'{allowed}"]


def test_pages_refer_to_nothing_outside_the_report() -> None:
    for text in every_page():
        page = Page(text)
        for tag, attributes in page.elements:
            data = {"type": "application/json", "id": "courses"}
            assert tag != "script" or attributes in ({}, data)
            assert tag not in {"img", "iframe", "object", "embed", "base", "form"}
            assert "style" not in attributes
            assert not [name for name in attributes if name.startswith("on") or name == "src"]
        hrefs = [attributes.get("href") or "" for _, attributes in page.elements]
        assert [href for href in hrefs if href and not LINK.fullmatch(href)] == []
        assert not re.search(r"url\(|@import", text)


def test_pages_have_what_a_good_page_has() -> None:
    for text in every_page():
        page = Page(text)
        assert text.startswith("<!doctype html>\n")
        assert page.all("html") == [{"lang": "en"}]
        assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all(
            "meta"
        )
        assert [meta["content"] for meta in page.all("meta") if meta.get("name") == "description"]
        views = sum(one.get("class") == "view" for one in page.all("div"))
        assert len(page.all("h1")) == 1 + views
        assert "\r" not in text


def test_linked_pages_share_one_style_and_one_script() -> None:
    looks = replace(LOOKS, linked=True)
    pages = Pages(looks)
    assert set(pages.shared_files()) == {"report.css", "report.js"}
    assert Pages(LOOKS).shared_files() == {}
    for text, root in (
        (home(looks=looks), ""),
        (job(looks=looks), "../"),
        (compare(None, looks), ""),
    ):
        page = Page(text)
        assert f"{POLICY}; style-src 'self'; script-src 'self'" in text
        links = [link["href"] for link in page.all("link")]
        assert links == [f"{root}report.css"]  # no icon: the host's policy would refuse it
        assert {"src": f"{root}report.js", "defer": None} in page.all("script")
        assert "<style" not in text
        assert "data-theme" not in text or looks.theme != "auto"


def test_no_id_occurs_twice_in_one_file() -> None:
    ids = [attributes["id"] for _, attributes in Page(single()).elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert f"/jobs/{samples.completed().summary.slug}" in ids


def test_the_best_of_each_column_is_marked() -> None:
    best = samples.completed().summary.loss
    assert best
    marked = re.findall(r'<b class="best" title="best">([^<]+)</b>', compare())
    assert marked == [f"{best.last:.5g}", f"{best.min:.5g}"]


def test_configs_that_differ_come_first() -> None:
    rows = re.findall(r'<tr( class="differs")?><th scope="row">(\w+)', compare())
    assert [key for differs, key in rows if differs] == ["datasetSource"]
    assert rows[0][1] == "datasetSource"
    assert len(rows) == len(samples.CONFIG)


def test_a_comparison_of_the_worst_stays_under_two_megabytes() -> None:
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
    courses = [comparison.courses(details[0]) for _ in jobs]
    text = Pages(LOOKS).compare(report, jobs, courses, {})
    assert len(jobs) == comparison.JOBS
    assert "10 older are left out" in text
    assert 500_000 < len(text.encode()) < 2_000_000


@given(st.text())
@settings(deadline=None, max_examples=40)
def test_any_text_stays_text(text: str) -> None:
    evil = samples.summary(
        text or "i", text, status=text, error=text, config={text: text}, listed=False
    )
    quiet = samples.summary("i", "n", status="s", error="e", config={"k": "v"}, listed=False)
    shown, plain = (
        job(samples.detail(one, artifacts=(name,), log=(LogLine(name),), log_lines=1))
        for one, name in ((evil, text), (quiet, "n"))
    )
    # A text may leave out an element of its own, an empty name's for example, and add none.
    added = [tag for tag, _ in Page(shown).elements]
    assert len(added) <= len(Page(plain).elements)
    assert set(added) <= {tag for tag, _ in Page(plain).elements}
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)


def test_a_forgotten_variable_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        Templates().render("home.html", title="Without a view")


@example("\u2028\x1b[0m\u202e<a href='&amp;'>\"")
@example("plain, and all there is to be seen: ~!#$%()*+-./:;=?@[]^_`{|}")
@given(st.text(st.characters(max_codepoint=0x7F)) | st.text())
@settings(deadline=None)
def test_a_text_is_shown_inert_and_escaped(text: str) -> None:
    assert shown(text) == escape(inert.html(text))
    markup = escape(text)
    assert shown(markup) is markup


def test_templates_show_what_jinja_would_by_itself() -> None:
    usual = jinja2.Environment(
        loader=jinja2.FileSystemLoader(CHECKOUT / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=inert_text,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    names = ("style", "style_hash", "script", "script_hash")
    frame: dict[str, object] = {**dict.fromkeys(names, "x"), "root": "", "linked": False}
    frame |= {"title": "<T> & \u202e", "theme": "auto"}
    for detail in samples.details():
        view = job_view(detail, samples.STUDIO, samples.SNAPSHOT_AT, samples.GENERATOR, LOOKS)
        expected = usual.get_template("job.html").render(view=view, **frame)
        assert Templates().render("job.html", view=view, **frame) == expected


def test_safe_stands_only_at_the_packaged_style() -> None:
    found = [
        line.strip()
        for path in sorted((CHECKOUT / "templates").iterdir())
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"\|\s*safe|autoescape", line)
    ]
    assert found == [
        '<script type="application/json" id="courses">{{ data|safe }}</script>',
        "<style>{{ style|safe }}</style>",
        "<script>{{ script|safe }}</script>",
    ]


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_themes(theme: str) -> None:
    page = Page(home(looks=replace(LOOKS, theme=theme)))
    schemes = [meta["content"] for meta in page.all("meta") if meta.get("name") == "color-scheme"]
    assert schemes == ["light dark" if theme == "auto" else theme]
    assert page.all("html")[0].get("data-theme") == (None if theme == "auto" else theme)


def test_the_title_is_the_reports() -> None:
    text = home(looks=replace(LOOKS, title="Nightly <runs>"))
    assert "<title>Nightly &lt;runs&gt;</title>" in text
    assert '<h1 class="brand">Nightly &lt;runs&gt;</h1>' in text


# --- Contrast ----------------------------------------------------------------------------------

TEXT_ON = [
    *((text, ground) for text in ("text", "muted") for ground in ("page", "panel", "inset")),
    ("link", "page"),
    ("error", "page"),
    ("button-text", "button"),
    *((f"{status}-text", status) for status in ("completed", "failed", "running", "other")),
]
LINE_ON = [("loss", "panel"), ("eval-loss", "panel")]


def _colours() -> dict[str, tuple[str, str]]:
    css = (CHECKOUT / "templates" / "report.css").read_text("utf-8")
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\);", css)
    return {name: (light, dark) for name, light, dark in pairs}


def _luminance(colour: str) -> float:
    """Give the relative luminance of `#rgb` or `#rrggbb` by WCAG 2.2's definition."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("above", "ground", "ratio"),
    [*((*pair, 4.5) for pair in TEXT_ON), *((*pair, 3.0) for pair in LINE_ON)],
)
def test_contrast_is_that_of_wcag_aa(above: str, ground: str, ratio: float, scheme: int) -> None:
    colours = _colours()
    dark, light = sorted(_luminance(colours[name][scheme]) for name in (above, ground))
    assert (light + 0.05) / (dark + 0.05) >= ratio


def test_headings_do_not_skip_a_level() -> None:
    for text in every_page():
        levels = [int(tag[1]) for tag, _ in Page(text).elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
