"""Train the demo's models for real and write what a server would send about them.

    OPENBLAS_NUM_THREADS=1 python -m tests.recording.train FOLDER

needs NumPy and about five minutes. A small character model learns the standard library's code and
is then tuned, with LoRA, to speak like the language's help topics. FOLDER gets `jobs.json` (the
job list), `manifest.json`, `credentials.json` and for each job `<id>.sse`, its event stream as it
goes over the wire; its `work/` holds the weights, and can be deleted. Losses, speeds and
durations are as measured; only the days on which the jobs ran are made up.
"""

import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np  # type: ignore[import-not-found,unused-ignore]

from tests.recording import corpus, model, trainer
from tests.recording.model import Array, Text
from tests.recording.trainer import Data, Logged, Settings

MODEL = "arkor/char-code-0.4m"
HELP_TOPICS: Data = {
    "type": "huggingface",
    "name": "arkorlab/python-help-topics",
    "split": "train",
}
UPLOADED: Data = {
    "type": "blob",
    "url": "https://storage.example/uploads/triage-labels.jsonl?X-Expires=3600&X-Signature=5f0c1e",
    "token": "blob-token-made-up-for-the-demo",
}
FEW = 4
DATASETS = {
    "help": HELP_TOPICS,
    "four topics": {**HELP_TOPICS, "split": f"train[:{FEW}]"},
    "triage": UPLOADED,
}
BASE_STEPS = 3000
Texts: TypeAlias = dict[str, tuple[Text, Text]]


@dataclass(frozen=True, slots=True)
class Plan:
    """A job before it ran: when, on what, and how it ends."""

    name: str
    created: datetime
    learning_rate: float = 0.01
    dataset: str = "help"
    steps: int = 1200
    rank: int = 8
    batch: int = 1024
    seed: int = 1
    waited: float = 4.0
    """Seconds in the queue."""
    warmup: int = 100
    seen: str = "completed"
    """The status in which a job is seen whose events do not say how it ended."""
    stop_after: int | None = None
    """The last step that was recorded of a run that goes on, was cancelled, or crashed."""
    resume_from: int | None = None
    """The checkpoint from which a crashed run was resumed."""
    restart_after: float = 95.0
    """Seconds from the crash until it was."""
    run: int = 1
    """Which of the jobs of this name it is."""

    @property
    def settings(self) -> Settings:
        return Settings(
            steps=self.steps,
            learning_rate=self.learning_rate,
            warmup=self.warmup,
            batch=self.batch,
            rank=self.rank,
            alpha=16,
            seed=self.seed,
            evaluate_every=25,
            save_every=200,
        )

    @property
    def job_id(self) -> str:
        """Return an id as servers make them: a ULID of the time of creation."""
        source = random.Random(self.name)
        random_part = [source.getrandbits(80) for _ in range(self.run)][-1]
        return (
            f"job_{_base32(round(self.created.timestamp() * 1000), 10)}{_base32(random_part, 16)}"
        )

    @property
    def config(self) -> Data:
        return {
            "model": MODEL,
            "datasetSource": DATASETS[self.dataset],
            "maxSteps": self.steps,
            "learningRate": self.learning_rate,
            "lrSchedulerType": "cosine",
            "warmupSteps": self.warmup,
            "batchSize": self.batch,
            "optimizer": "sgd-momentum",
            "loraR": self.rank,
            "loraAlpha": self.settings.alpha,
            "evalSteps": self.settings.evaluate_every,
            "saveSteps": self.settings.save_every,
            "seed": self.seed,
        }


def _at(moment: str) -> datetime:
    return datetime.fromisoformat(f"2026-{moment}+00:00")


NIGHTLY = tuple(
    Plan(
        "support-bot-nightly",
        _at(created),
        learning_rate,
        steps=400,
        warmup=40,
        seed=seed,
        waited=waited,
        run=run,
    )
    for run, (created, waited, seed, learning_rate) in enumerate(
        (
            ("04-28T02:00:03.412", 2.8, 17, 0.03),
            ("04-29T02:00:02.907", 3.1, 42, 0.03),
            ("04-30T02:00:04.150", 2.7, 5, 0.03),
            ("05-01T02:00:03.388", 41.6, 31, 0.03),
            ("05-02T02:00:02.761", 3.0, 8, 0.03),
            ("05-03T02:00:03.097", 2.9, 23, 0.03),
            ("05-04T02:00:03.540", 3.3, 12, 0.003),
        ),
        start=1,
    )
)
"""The same job every night, until somebody lowered its learning rate."""

SWEEP = tuple(
    Plan(
        f"sweep-lr{name}-r{rank}",
        _at("04-30T15:12:40.218") + timedelta(milliseconds=407 * place),
        float(name),
        steps=250,
        warmup=25,
        rank=rank,
        waited=2.4 + 6.1 * place,
        seed=3,
    )
    for place, (name, rank) in enumerate(product(("3e-3", "1e-2", "3e-2", "1e-1"), (4, 8)))
)
"""The learning rate makes the difference, the rank hardly any."""

OTHERS = (
    Plan("triage-v2-lr-1e-2", _at("05-04T09:22:14.877"), seen="queued", dataset="triage"),
    Plan(
        "support-bot-long",
        _at("05-04T09:21:58.020"),
        seen="running",
        steps=2000,
        rank=16,
        learning_rate=0.03,
        stop_after=1240,
        seed=6,
    ),
    Plan(
        "support-bot-r32",
        _at("05-03T16:40:12.304"),
        rank=32,
        learning_rate=0.03,
        steps=1500,
        stop_after=860,
        resume_from=600,
        seed=5,
    ),
    Plan(
        "triage-v1",
        _at("05-02T14:05:33.560"),
        dataset="triage",
        seen="cancelled",
        stop_after=437,
        batch=512,
        seed=4,
    ),
    Plan("support-bot-lr-1e0", _at("05-01T10:31:07.415"), 1.0, waited=91.2, warmup=400),
    Plan("support-bot-lr-3e-1", _at("05-01T10:31:06.981"), 0.3, waited=64.8),
    Plan("support-bot-lr-3e-2", _at("05-01T10:31:06.530"), 0.03, waited=33.1),
    Plan("support-bot-lr-3e-3", _at("05-01T10:31:06.102"), 0.003, waited=2.6),
    Plan(
        "support-bot-4-topics",
        _at("04-29T11:48:20.633"),
        dataset="four topics",
        learning_rate=0.03,
        steps=600,
        warmup=50,
        rank=4,
        batch=512,
        seed=2,
    ),
)

PLANS = sorted(NIGHTLY + SWEEP + OTHERS, key=lambda plan: plan.created, reverse=True)
"""The newest first, as the server lists them."""


# --- Running -------------------------------------------------------------------------------------


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    np.seterr(all="ignore")  # the diverging job overflows
    base = _base(folder / "work" / "base.npz")
    texts: Texts = {
        "help": _encoded(*corpus.help_dialogues()),
        "four topics": _encoded(*corpus.help_dialogues(FEW)),
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


def _base32(number: int, digits: int) -> str:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "".join(alphabet[number >> 5 * place & 31] for place in reversed(range(digits)))


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
