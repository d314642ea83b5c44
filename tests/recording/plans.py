"""The demo's jobs: when each was created, with what settings it trains, and how it ends."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from tests.recording.trainer import Data, Settings

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
FEW_TOPICS = 4
"""So few that a model learns them by heart."""

DATASETS = {
    "help": HELP_TOPICS,
    "four topics": {**HELP_TOPICS, "split": f"train[:{FEW_TOPICS}]"},
    "triage": UPLOADED,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A job before it runs: when it is created, its settings, and how it ends."""

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
    """Seconds from the crash to the restart."""
    run: int = 1
    """Its number among the jobs of its name, so that the ends of their ids differ too."""

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
        milliseconds = round(self.created.timestamp() * 1000)
        source = random.Random(self.name)
        *_, drawn = (source.getrandbits(80) for _ in range(self.run))
        return f"job_{_base32(milliseconds, 10)}{_base32(drawn, 16)}"

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


def _base32(number: int, digits: int) -> str:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "".join(alphabet[number >> 5 * place & 31] for place in reversed(range(digits)))


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
