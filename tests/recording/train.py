"""Train the demo's models for real and write what a server would send about them.

    OPENBLAS_NUM_THREADS=1 python -m tests.recording.train FOLDER

needs NumPy and about six minutes. A small character model learns the standard library's code and
is then tuned, with LoRA, to speak like the language's help topics. FOLDER gets `jobs.json` (the
job list), `manifest.json`, `credentials.json` and for each job `<id>.sse`, its event stream as it
goes over the wire; its `work/` holds the weights, and can be deleted. Losses, speeds and
durations are as measured; only the days on which the jobs ran are made up.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np  # type: ignore[import-not-found,unused-ignore]

from tests.recording import corpus, model, trainer
from tests.recording.model import Array, Text
from tests.recording.plans import FEW_TOPICS, PLANS, Plan
from tests.recording.trainer import Data, Logged

BASE_STEPS = 3000
Texts: TypeAlias = dict[str, tuple[Text, Text]]


# --- Running -------------------------------------------------------------------------------------


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    np.seterr(all="ignore")  # the diverging job overflows
    base = _base(folder / "work" / "base.npz")
    texts: Texts = {
        "help": _encoded(*corpus.help_dialogues()),
        "four topics": _encoded(*corpus.help_dialogues(FEW_TOPICS)),
        "triage": _encoded(*corpus.triage_labels()),
    }
    jobs = [_record(plan, base, texts, folder) for plan in PLANS]
    _write_json(folder / "jobs.json", {"jobs": jobs})
    _write_json(folder / "manifest.json", {"trainer": {"name": "support-bot"}})
    _write_json(folder / "credentials.json", CREDENTIALS)


CREDENTIALS: Data = {
    "token": "made-up-for-the-demo",
    "mode": "anon",
    "baseUrl": "https://api.arkor.ai",
    "orgSlug": "anon-demo",
    "projectSlug": "support-bot",
}


def _encoded(text: str, evaluation: str) -> tuple[Text, Text]:
    return Text(np.array(corpus.encode(text))), Text(np.array(corpus.encode(evaluation)))


def _base(path: Path) -> dict[str, Array]:
    """Train the base model, or load the one trained before."""
    if path.exists():
        return model.load(path, "base")
    base = model.new_base(0)
    velocity: dict[str, Array] = {}
    text = Text(np.array(corpus.encode(corpus.library_code())))
    source = np.random.default_rng(0)
    for step in range(1, BASE_STEPS + 1):
        context, target = text.sample(source, 256)
        there = model.forward(base, {}, 1.0, context)
        slopes = model.gradients(base, {}, 1.0, there, target)
        model.descend(base, velocity, slopes, 0.1 * min(1, step / 100) * (1 - step / 3300))
    model.save(path, base=base)
    return base


def _record(plan: Plan, base: dict[str, Array], texts: Texts, folder: Path) -> Data:
    """Run a job, write its stream, and return its entry in the list."""
    events: list[tuple[datetime, str, Data]] = []
    if plan.seen != "queued":
        begin = plan.created + timedelta(seconds=plan.waited)
        for seconds, name, data in _run(plan, base, texts[plan.dataset], folder / "work"):
            events.append((begin + timedelta(seconds=seconds), name, data))
    frames = [_frame(plan.job_id, number, *event) for number, event in enumerate(events, 1)]
    (folder / f"{plan.job_id}.sse").write_bytes(b"".join(frames))
    print(f"{plan.name}: {len(events)} events, {events[-1][1:] if events else ''}", flush=True)  # noqa: T201
    return _entry(plan, events)


def _run(
    plan: Plan, base: dict[str, Array], texts: tuple[Text, Text], work: Path
) -> Iterator[Logged]:
    settings, saved = plan.settings, work / plan.job_id
    run = partial(trainer.train, settings, base=base, texts=texts, folder=saved)
    seconds = 0.0
    for seconds, name, data in run(trainer.fresh(settings), stop_after=plan.stop_after):
        yield seconds, name, data
    if plan.resume_from is not None:
        for more, name, data in run(trainer.resumed(saved, plan.resume_from)):
            yield seconds + plan.restart_after + more, name, data


# --- Writing -------------------------------------------------------------------------------------


def _frame(job_id: str, number: int, moment: datetime, name: str, data: Data) -> bytes:
    """Return an event as it is sent, with a bare NaN as Python's `json` writes it."""
    whole = {"type": name, "jobId": job_id, "timestamp": _text(moment), **data}
    text = json.dumps(whole, separators=(",", ":"))
    return f"id: {number}\nevent: {name}\ndata: {text}\n\n".encode()


def _entry(plan: Plan, events: list[tuple[datetime, str, Data]]) -> Data:
    _, last, data = events[-1] if events else (None, "", {})
    status = {"training.completed": "completed", "training.failed": "failed"}.get(last, plan.seen)
    ended = status in {"completed", "failed", "cancelled"}
    return {
        "id": plan.job_id,
        "orgId": "org_demo",
        "projectId": "project_demo",
        "name": plan.name,
        "status": status,
        "config": plan.config,
        "error": data.get("error"),
        "createdAt": _text(plan.created),
        "startedAt": _text(events[0][0]) if events else None,
        "completedAt": _text(events[-1][0]) if ended else None,
    }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
