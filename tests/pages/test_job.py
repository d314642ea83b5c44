"""A job's page as text: curve, findings, log, metadata, and its size."""

import re
from dataclasses import replace
from datetime import timedelta

from reportgen.model.log_lines import LogLine
from reportgen.model.pace import Pace
from reportgen.report.report import StreamSummary
from reportgen.text.javascript import JSON, Object
from tests import samples
from tests.pages.render import (
    Page,
    job,
)


def test_a_completed_job_counts_and_lists_its_artifacts() -> None:
    text = Page(job()).text
    assert "artifacts: 2" in text
    assert "tokenizer.json" in text


def test_a_failed_job_shows_its_error() -> None:
    text = Page(job(samples.failed())).text
    assert "error: CUDA out of memory. Tried to allocate 2.00 GiB <b>(GPU 0)</b>" in text
    assert "artifacts:" not in text


def test_the_caption_gives_the_curve_in_numbers() -> None:
    loss = samples.completed().summary.loss
    assert loss
    assert f"loss: min {loss.min} · max {loss.max} · step: 400" in Page(job()).text


def test_captions_report_what_the_chart_cannot_show() -> None:
    text = Page(job(samples.failed())).text
    assert "resumed at step 60" in text
    assert "5 losses not finite" in text
    assert "2 losses unusable" in text


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
    assert "<pre>[started] {}\n</pre>" in job(whole)


def test_metadata_config_and_stream_are_listed() -> None:
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


def test_statistics_cover_both_curves() -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", job()))
    assert "Training loss Eval loss n 400 8 Mean ± 95 % CI 0.98" in text
    assert re.search(r"Standard deviation 0\.\d+ 0\.\d+ Variance 0\.\d+ 0\.\d+ p90 \d", text)


def test_findings_report_the_best_step_and_losses_not_finite() -> None:
    best = samples.completed().summary.eval_loss
    assert best
    text = Page(job()).text
    assert f"Best evaluation loss {best.min} at step 400, nearest checkpoint: step 400" in text
    assert "stayed up" not in text
    assert "Training loss not finite, first at step 116" in Page(job(samples.failed())).text


def test_findings_report_a_loss_that_stayed_up() -> None:
    loss = samples.curve(range(1, 101), lambda step: 1.0 if step <= 50 else 2.0)
    text = Page(job(samples.detail(samples.summary(), loss=loss))).text
    assert "Training loss went up after step 50 and stayed up: 1 → 2" in text


def test_findings_report_progress_and_the_expected_end() -> None:
    pace, last = Pace(), "2026-05-01T11:58:00Z"
    pace.add([99, 100], ["2026-05-01T11:57:30Z", last])

    def shown(status: str, most: JSON) -> str:
        config: Object = {**samples.CONFIG, "maxSteps": most}
        running = samples.summary(status=status, last_step=100.0, as_of=None, config=config)
        return Page(job(samples.detail(running, pace=pace, last_event_at=last))).text

    progress = "Step 100 of 400 (25 %)"
    assert f"{progress}, expected to end at about 2026-05-01 14:28:00" in shown("running", 400)
    assert f"{progress}, expected to end" in shown("running", "400")
    assert progress in shown("queued", 400)
    assert "expected to end" not in shown("queued", 400)
    for most in (-1, 0, "-1", "all", None, True):
        text = shown("running", most)
        assert "expected to end" not in text
        assert f"of {most}" not in text


def test_a_log_line_keeps_its_time_beside_its_text() -> None:
    log = (LogLine("[started] {}", "2026-04-30T23:59:59Z"), LogLine("[stream error]"))
    page = job(samples.detail(samples.summary(), log=log, log_lines=2))
    assert '<pre><span data-time="23:59:59">[started] {}</span>\n[stream error]\n</pre>' in page
    assert "2 lines · times in UTC" in page
    longer = (*log, LogLine("[log]", "2026-05-01T00:00:01Z"))
    assert 'data-time="2026-05-01 00:00:01"' in job(
        samples.detail(samples.summary(), log=longer, log_lines=3)
    )


def test_a_page_too_large_is_written_without_its_script() -> None:
    loss = samples.curve(range(100_000), samples.loss_at)
    large = samples.detail(samples.summary(), loss=loss, log=(LogLine("<" * 500),) * 45)
    assert "data-steps" in job(samples.detail(samples.summary(), loss=loss))
    page = job(large)
    assert "data-steps" not in page
    assert "<script>" not in page


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
        artifacts=("a" * 10_000,) * 5000,
        checkpoints=tuple(float(n) for n in range(5000)),
        log=(LogLine("l" * 500),) * 50,
        log_lines=1_000_000,
    )
    assert len(job(detail).encode()) < 150_000
