"""A job's page as text: curve, findings, log, metadata, and its size."""

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from reportgen.model.log_lines import LogLine
from reportgen.model.metrics import metric
from reportgen.model.pace import Pace
from reportgen.report.artifacts import Artifact
from reportgen.report.report import StreamSummary
from reportgen.text.javascript import JSON, Object
from tests import samples
from tests.pages.render import (
    Page,
    job,
)


def _words(page: str) -> str:
    """Return a page's text with a space at every tag."""
    body = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", body)).split())


def test_the_name_is_the_headline_and_the_id_is_beneath() -> None:
    text = Page(job()).text
    assert text.count("support-bot-v2 Status: completed Job job_01HV8ZZ1A0DONE · artifacts: 2") == 1
    blank = Page(job(samples.detail(samples.summary(name="\u2800 \u200b")))).text
    assert "job_01HV8ZZ1A0DONE Status: completed Job job_01HV8ZZ1A0DONE" in blank


def test_artifacts_are_rows() -> None:
    page = job()
    assert "support-bot-v2.safetensors lora-adapter 41.9 MB more path" in _words(page)
    assert 'title="41943040 bytes"' in page
    assert "tokenizer.json — — —" in _words(page)
    assert "{" not in Page(page.partition("Artifacts</h2>")[2]).text.partition("Metadata")[0]


def test_a_banner_says_why_and_where_a_job_failed() -> None:
    text = Page(job(samples.failed())).text
    banner = "Job failed at step 121 error: CUDA out of memory. Tried to allocate 2.00 GiB <b>(GPU"
    assert banner in text
    assert "artifacts:" not in text
    silent = samples.summary(status="failed", artifacts=None, last_step=7.0)
    assert "Job failed after step 7 " in Page(job(samples.detail(silent))).text
    assert "banner" not in job().partition("<body>")[2]


def test_the_strip_holds_the_numbers_that_decide() -> None:
    words, loss = _words(job()), samples.completed().summary.loss
    assert loss
    for said in (
        "Best eval loss 0.6512 at step 400",
        f"Last loss 0.4958 lowest {loss.min} at step {loss.min_step:.0f}",
        "Duration 13m 23s",
        "Steps 400 of 400 100 %",
        "Throughput 9.49 samples per second, last",
        "Checkpoint step 400 nearest to the best evaluation",
    ):
        assert words.count(said) == 1, said


def test_a_loss_that_is_not_finite_at_the_end_is_the_last_one() -> None:
    words = _words(job(samples.failed()))
    assert "Result NaN mean of the last tenth" in words
    assert "Last loss NaN last finite 1.161" in words
    assert "Checkpoint step 80 nearest to the lowest loss" in words


def test_a_running_job_shows_its_duration_as_of_the_snapshot() -> None:
    running = samples.summary(
        status="running", started_at="2026-05-01T10:58:30Z", duration_seconds=None, as_of=None
    )
    assert "Duration 1h 01m 30s so far" in _words(job(samples.detail(running)))


@pytest.mark.parametrize(
    ("last", "share"), [(399.0, "99 %"), (399.99, "99 %"), (400.0, "100 %"), (401.0, None)]
)
def test_a_hundred_percent_only_at_the_end(last: float, share: str | None) -> None:
    words = _words(job(samples.detail(samples.summary(last_step=last))))
    assert ("%" in words) is (share is not None)
    assert share is None or share in words


def test_a_downsampled_curve_says_so() -> None:
    loss = samples.curve(range(20_000), samples.loss_at)
    detail = replace(samples.completed(), loss=loss)
    assert re.search(r"drawn from \d+ of 20000 points", job(detail))
    assert "drawn from" not in job()


def test_a_job_without_points_reads_as_in_studio() -> None:
    assert "No training.log events yet." in Page(job(samples.queued())).text
    assert "No training.log events yet." not in Page(job()).text


def test_the_log_says_how_much_of_it_is_shown() -> None:
    assert "last 50 of 412 lines" in Page(job()).text
    whole = samples.detail(samples.summary(), log=(LogLine("[started] {}"),), log_lines=1)
    assert "Events 1 line" in Page(job(whole)).text
    assert '<pre><span class="started"><b>[started]</b> {}</span>\n</pre>' in job(whole)


def test_metadata_dataset_config_and_stream_are_rows() -> None:
    words = _words(job())
    for said in (
        "Created 2026-05-01 09:00:00 UTC",
        "Model unsloth/gemma-4-E4B-it",
        "Dataset type huggingface name arkorlab/triage-demo split train subset en",
        "learningRate 2e-4",
        "Run metadata backend unsloth gpu.name NVIDIA L4 gpu.count 1",
        "Final metrics train_loss 0.4213 train_runtime 93.5",
        "State complete",
        "Reconnects 1",
    ):
        assert said in words
    assert '<data value="0.0002" title="0.0002">2e-4</data>' in job()


def test_nothing_in_a_config_is_json() -> None:
    config: Object = {
        "datasetSource": "org/name",
        "datasetFormat": {"type": "chat", "columns": ["a", "b"], "none": {}, "empty": []},
        "stages": [{"lr": 0.5}, {"lr": None}],
        "seed": 2**60,
        "bf16": True,
    }
    words = _words(job(samples.detail(samples.summary(config=config))))
    for said in (
        "Dataset source org/name",
        "datasetFormat.type chat",
        "datasetFormat.columns a, b",
        "datasetFormat.none —",
        "datasetFormat.empty —",
        "stages.0.lr 0.5",
        "stages.1.lr —",
        "seed 1152921504606847000",
        "bf16 true",
    ):
        assert said in words


def test_the_streams_fields_fold_away_only_if_it_is_complete() -> None:
    assert "<summary><h2>Stream</h2></summary>" in job()
    assert "<summary><h2>Stream" not in job(samples.failed())


def test_lists_end_after_200_entries() -> None:
    many = samples.detail(
        samples.summary(),
        artifacts=tuple(Artifact(f"file-{n}") for n in range(250)),
        checkpoints=tuple(float(n) for n in range(300)),
        resumed_at=tuple(float(n) for n in range(200)),
        resumes=201,
    )
    page = Page(job(many))
    assert len(page.all("li")) == 200
    assert len(page.all("tr")) == 201
    assert "… and 50 more" in page.text
    assert "… and 100 more" in page.text
    assert "resumed at step 199 … and 1 more" in page.text


def test_statistics_cover_both_curves() -> None:
    text = _words(job())
    assert "Training loss Eval loss n 400 8 First 2.653 1.861 Highest" in text
    assert "Mean ± 95 % CI 0.98" in text
    assert re.search(r"Standard deviation 0\.\d+ 0\.\d+ Variance 0\.\d+ 0\.\d+ p90 \d", text)


def test_a_running_job_reports_progress_and_the_expected_end() -> None:
    pace, last = Pace(), "2026-05-01T11:58:00Z"
    pace.add([99, 100], ["2026-05-01T11:57:30Z", last])

    def shown(status: str, most: JSON) -> str:
        config: Object = {**samples.CONFIG, "maxSteps": most}
        running = samples.summary(status=status, last_step=100.0, as_of=None, config=config)
        return _words(job(samples.detail(running, pace=pace, last_event_at=last)))

    expected, progress = "Expected to end at about", "Steps 100 of 400 25 %"
    assert f"{expected} 2026-05-01 14:28:00" in shown("running", 400)
    assert expected in shown("running", "400")
    assert progress in shown("running", "400")
    assert progress in shown("queued", 400)
    assert expected not in shown("queued", 400)
    for most in (-1, 0, "-1", "all", None, True):
        text = shown("running", most)
        assert expected not in text
        assert f"of {most}" not in text


def test_a_log_line_keeps_its_time_beside_its_text() -> None:
    log = (LogLine("[log] step=1", "2026-04-30T23:59:59Z"), LogLine("[stream error]"))
    page = job(samples.detail(samples.summary(), log=log, log_lines=2))
    assert (
        '<pre><span data-time="23:59:59"><b>[log]</b> step=1</span>\n'
        '<span class="stream-error"><b>[stream error]</b></span>\n</pre>' in page
    )
    assert "2 lines · times in UTC" in page
    longer = (*log, LogLine("[log]", "2026-05-01T00:00:01Z"))
    assert 'data-time="2026-05-01 00:00:01"' in job(
        samples.detail(samples.summary(), log=longer, log_lines=3)
    )


def test_a_line_of_json_is_folded_to_its_gist() -> None:
    page = job()
    assert 'class="checkpoint" data-gist="step 400" role="button" tabindex="0"><b>[ch' in page
    lines = re.search("<pre>(.*)</pre>", page, re.DOTALL)
    assert lines
    raw = html.unescape(re.sub("<[^>]+>", "", lines[1])).splitlines()
    assert raw == [line.text for line in samples.completed().log]


def test_a_page_too_large_is_written_without_its_script() -> None:
    loss = samples.curve(range(100_000), samples.loss_at)
    large = samples.detail(samples.summary(), loss=loss, log=(LogLine("<" * 500),) * 45)
    assert "data-steps" in job(samples.detail(samples.summary(), loss=loss))
    page = job(large)
    assert "data-steps" not in page
    assert "<script>" not in page


def test_all_lines_that_are_asked_for_are_there_with_chart_and_script() -> None:
    loss = samples.curve(range(1000), samples.loss_at)
    lines = tuple(LogLine(f"[log] step={step} " + "<" * 200) for step in range(1000))
    detail = samples.detail(samples.summary(), loss=loss, log=lines, log_lines=1000)
    page = job(detail)
    assert all(f"step={step} &lt;" in page for step in range(1000))
    assert page.count("&lt;" * 200) == 1000
    for said in ("<script>", "data-steps", "loss-smooth", "Events <small>1000 lines</small>"):
        assert said in page


def test_losses_are_shown_with_the_digits_that_their_range_needs() -> None:
    loss = samples.curve(range(9), lambda step: 0.6931471801 + (9 - step) / 1e9)
    words = _words(job(samples.detail(samples.summary(loss=metric(loss)), loss=loss)))
    assert "Last loss 0.6931471811 lowest 0.6931471811 at step 8" in words


def test_a_job_no_longer_listed_says_so() -> None:
    text = Page(job(samples.detail(samples.summary(listed=False)))).text
    assert "no longer listed" in text


def test_the_page_of_an_ended_job_does_not_depend_on_the_snapshots_time() -> None:
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
            stream=StreamSummary("interrupted", "r" * 1_000_000, 1, 0, 0),
        ),
        loss=samples.curve(range(100_000), samples.loss_at),
        artifacts=(Artifact("a" * 10_000, rest={"b" * 999: "c" * 9999}),) * 5000,
        checkpoints=tuple(float(n) for n in range(5000)),
        log=(LogLine("l" * 500),) * 50,
        log_lines=1_000_000,
    )
    assert len(job(detail).encode()) < 150_000


def test_a_job_in_the_comparison_links_to_it() -> None:
    link = '<a href="../compare.html#jobs=job_01HV8ZZ1A0DONE">Compare with other jobs</a>'
    assert link in job(samples.detail(samples.summary(compared=True)))
    assert "compare.html" not in job()
