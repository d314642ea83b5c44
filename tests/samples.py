"""Jobs and reports as values, for tests that need something to show."""

import math
from array import array
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from reportgen.model.checkpoints import best_checkpoint
from reportgen.model.curves import Curve, Superseded
from reportgen.model.history import Pause
from reportgen.model.log_lines import LogLine
from reportgen.model.metrics import EVAL_MINIMUM, TAIL_MEAN, Result, metric, result
from reportgen.model.origin import Manifest, Origin
from reportgen.model.trend import Clock, Trend
from reportgen.pages.looks import Looks
from reportgen.report.artifacts import Artifact
from reportgen.report.gist import gist
from reportgen.report.report import JobDetail, JobSummary, Report, StreamSummary
from reportgen.settings import Output
from reportgen.text.javascript import Object

LOOKS = Looks("Arkor report", "auto", ZoneInfo("UTC"), stale_after=86_400.0, linked=False)
GENERATOR = "arkor-report 0.1.0"
SNAPSHOT_AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
STUDIO = Origin("studio", "http://127.0.0.1:4000", "anon", "rig-org", "rig")
HOSTILE = '<script>alert(1)</script> & "quotes" \'\u202e\u2066evil'

CONFIG: Object = {
    "model": "unsloth/gemma-4-E4B-it",
    "datasetSource": {
        "type": "huggingface",
        "name": "arkorlab/triage-demo",
        "split": "train",
        "subset": "en",
    },
    "maxSteps": 400,
    "learningRate": 0.0002,
    "batchSize": 4,
    "loraR": 16,
    "loraAlpha": 16,
    "notes": "[hidden]",
}

WAITING = StreamSummary("caught-up", "still open when the wait ended", 0, 0, 0)


def output(out: Path) -> Output:
    """Return what a build writes into `out` by default."""
    return Output(out, LOOKS, log_lines=50, single_file=False, show_config=(), report_url=None)


def curve(steps: range, value: Callable[[int], float]) -> Curve:
    return Curve(array("d", steps), array("d", (value(step) for step in steps)))


def loss_at(step: int) -> float:
    """Return a loss that falls as a real one does, with noise that is the same everywhere."""
    noise = ((step * 7919) % 101 - 50) / 400
    return round(0.5 + 2.2 * math.exp(-step / 90) + noise + (step == 200), 4)


def eval_loss_at(step: int) -> float:
    return round(0.62 + 2.1 * math.exp(-step / 95), 4)


def summary(
    job_id: str = "job_01HV8ZZ1A0DONE", name: str | None = "support-bot-v2", **changes: object
) -> JobSummary:
    """Return a completed job's summary, with `changes` to its fields."""
    plain = JobSummary(
        id=job_id,
        slug="job_01HV8ZZ1A0DONE",
        name=name,
        status="completed",
        listed=True,
        created_at="2026-05-01T09:00:00.000Z",
        started_at="2026-05-01T09:00:02.000Z",
        completed_at="2026-05-01T09:13:25.000Z",
        duration_seconds=803.0,
        artifacts=2,
        error=None,
        stream=StreamSummary("complete", None, 412, 0, 1),
        loss=None,
        eval_loss=None,
        not_finite=0,
        last_step=None,
        config=CONFIG,
        as_of="2026-05-01T09:13:25.000Z",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def judged(
    job_id: str, *, tail: float | None = None, evaluated: float | None = None, **changes: object
) -> JobSummary:
    """Return a job with these results; a `tail` of NaN is a result that is not finite."""
    mean = None if tail is None else Result(TAIL_MEAN, tail if math.isfinite(tail) else None)
    result = mean if evaluated is None else Result(EVAL_MINIMUM, evaluated)
    plain = summary(job_id, slug=job_id, result=result, tail=mean)
    return replace(plain, **changes)  # type: ignore[arg-type]


def detail(job: JobSummary, **changes: object) -> JobDetail:
    """Return a job's detail without a single event, with `changes` to its fields."""
    plain = JobDetail(
        summary=job,
        loss=Curve(),
        eval_loss=Curve(),
        superseded=Superseded(),
        resumed_at=(),
        resumes=0,
        learning_rate=Trend(),
        throughput=Trend(),
        clock=Clock(),
        pause=None,
        checkpoints=(),
        artifacts=(),
        log=(),
        log_lines=0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def trend(steps: range, value: Callable[[int], float]) -> Trend:
    made = Trend()
    for step in steps:
        made.add([step], [value(step)])
    return made


def _line(text: str) -> LogLine:
    return LogLine(text, gist=gist(text))


def completed() -> JobDetail:
    """Return a job that ran well: both curves, checkpoints, artifacts, a long log."""
    loss, eval_loss = curve(range(1, 401), loss_at), curve(range(50, 401, 50), eval_loss_at)
    checkpoints = (100.0, 200.0, 300.0, 400.0)
    job = summary(
        loss=metric(loss),
        eval_loss=metric(eval_loss),
        result=result(loss, metric(eval_loss)),
        last_step=400.0,
        checkpoint=best_checkpoint(checkpoints, eval_loss, metric(eval_loss)),
    )
    log = [LogLine(f"[log] step={step} loss={loss_at(step)}") for step in range(353, 401)]
    log += [
        _line('[checkpoint] {"type": "checkpoint.saved", "jobId": "d", "step": 400}'),
        _line('[completed] {"type": "training.completed", "jobId": "d", "artifacts": [{}, {}]}'),
    ]
    return detail(
        job,
        loss=loss,
        eval_loss=eval_loss,
        learning_rate=trend(range(1, 401), lambda step: 0.0002 * min(1, step / 40)),
        throughput=trend(range(1, 401, 100), lambda step: 12.5 - step / 100),
        checkpoints=checkpoints,
        metadata={"backend": "unsloth", "gpu": {"name": "NVIDIA L4", "count": 1}},
        metrics={"train_loss": 0.4213, "train_runtime": 93.5},
        artifacts=(
            Artifact(
                "support-bot-v2.safetensors",
                "lora-adapter",
                41943040.0,
                {"path": "adapters/support-bot-v2.safetensors"},
            ),
            Artifact("tokenizer.json"),
        ),
        log=tuple(log),
        log_lines=412,
    )


def failed() -> JobDetail:
    """Return a job that was resumed, diverged and failed, with some unusable events."""
    loss = curve(range(1, 121), lambda step: math.nan if step > 115 else loss_at(step))
    superseded = Superseded()
    superseded.add(curve(range(60, 81), lambda step: loss_at(step) + 0.2))
    job = summary(
        "job_01HV7C11FAILED",
        "triage-8k-context",
        slug="job_01HV7C11FAILED",
        status="failed",
        error="CUDA out of memory. Tried to allocate 2.00 GiB <b>(GPU 0)</b>",
        artifacts=None,
        completed_at="2026-05-01T09:04:03.000Z",
        duration_seconds=241.0,
        stream=StreamSummary(
            "interrupted",
            "gave up after 8 failures in a row: HTTP 502",
            124,
            3,
            2,
            (("loss is no number", 2), ("data is no JSON object", 1)),
        ),
        loss=metric(loss),
        not_finite=5,
        result=result(loss, None),
        last_not_finite="NaN",
        last_step=120.0,
        checkpoint=best_checkpoint((80.0,), Curve(), metric(loss)),
        config={
            **CONFIG,
            "datasetSource": {"type": "blob", "url": "https://files.example/d.jsonl"},
        },
        as_of="2026-05-01T09:04:03.000Z",
    )
    return detail(
        job,
        loss=loss,
        failed_at=121.0,
        superseded=superseded,
        resumed_at=(60.0,),
        resumes=1,
        pause=Pause(95.0, 80.0),
        checkpoints=(80.0,),
        log=(
            *(LogLine(f"[log] step={step} loss={loss_at(step)}") for step in range(70, 116)),
            LogLine("[log] step=116 loss=NaN"),
            LogLine("[stream error]"),
            _line('[failed] {"type": "training.failed", "error": "CUDA out of memory."}'),
        ),
        log_lines=125,
    )


def queued() -> JobDetail:
    """Return a job that has no event yet."""
    return detail(
        summary(
            "job_01HV9K2M4B2QUE",
            "support-bot-v3-long",
            slug="job_01HV9K2M4B2QUE",
            status="queued",
            started_at=None,
            completed_at=None,
            duration_seconds=None,
            artifacts=None,
            stream=WAITING,
            as_of=None,
        )
    )


def hostile() -> JobDetail:
    """Return a job whose every text tries to be more than text."""
    job = summary(
        f"../../{HOSTILE}",
        HOSTILE,
        slug="script-0123456789",
        status='x" onmouseover="alert(1)',
        error=HOSTILE,
        config={HOSTILE: HOSTILE, "model": HOSTILE, "datasetSource": {"name": HOSTILE}},
        stream=StreamSummary("interrupted", HOSTILE, 1, 0, 0),
        as_of=None,
    )
    artifact = Artifact(HOSTILE, HOSTILE, rest={HOSTILE: HOSTILE})
    line = LogLine(f"[started] {HOSTILE}", gist=HOSTILE)
    return detail(
        job,
        artifacts=(artifact,),
        metadata={HOSTILE: {HOSTILE: HOSTILE}},
        metrics={HOSTILE: [HOSTILE]},
        log=(line,),
        log_lines=1,
    )


def details() -> tuple[JobDetail, ...]:
    return (queued(), completed(), failed(), hostile())


def report(**changes: object) -> Report:
    """Return a whole report, with `changes` to its fields."""
    running = replace(
        queued().summary,
        id="job_01HV9K3Q7W8RUN",
        slug="job_01HV9K3Q7W8RUN",
        name="support-bot-v3",
        status="running",
        started_at="2026-05-01T11:00:02.000Z",
    )
    cancelled = summary(
        "job_01HV6B00CANCEL",
        "support-bot-v1",
        slug="job_01HV6B00CANCEL",
        status="cancelled",
        listed=False,
    )
    waiting, done, broken, evil = (one.summary for one in details())
    plain = Report(
        generator=GENERATOR,
        snapshot_at=SNAPSHOT_AT,
        origin=STUDIO,
        manifest=Manifest(trainer="rig-trainer"),
        jobs=(running, waiting, done, broken, evil, cancelled),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]
