"""A fine-tuning run that logs as Arkor's trainer does, each event with its time."""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np  # type: ignore[import-not-found,unused-ignore]

from tests.recording import model
from tests.recording.model import Array, Text

Data: TypeAlias = dict[str, Any]
Logged: TypeAlias = tuple[float, str, Data]
"""Seconds since the run began, the event's name, and its data but for job and time."""

EVALUATION_SAMPLES = 4096
PATIENCE = 8
"""So many losses in a row that are NaN end a run."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The parts of a job's config that the training reads."""

    steps: int
    learning_rate: float
    warmup: int
    batch: int
    rank: int
    alpha: int
    seed: int
    evaluate_every: int
    save_every: int

    @property
    def scale(self) -> float:
        return self.alpha / self.rank

    def rate(self, step: int) -> float:
        """Return the learning rate at a step: a linear warm-up, then half a cosine to a tenth."""
        if step <= self.warmup:
            return self.learning_rate * step / self.warmup
        done = (step - self.warmup) / max(self.steps - self.warmup, 1)
        return self.learning_rate * (0.1 + 0.45 * (1 + math.cos(math.pi * done)))


@dataclass(slots=True)
class State:
    """What changes during a run, and what a checkpoint stores."""

    adapter: dict[str, Array]
    velocity: dict[str, Array]
    step: int = 0


def fresh(settings: Settings) -> State:
    return State(model.new_adapter(settings.seed, settings.rank), {})


def resumed(folder: Path, step: int) -> State:
    """Read a run's state back from the checkpoint that it saved at this step."""
    path = _checkpoint(folder, step)
    return State(model.load(path, "adapter"), model.load(path, "velocity"), step)


def train(
    settings: Settings,
    state: State,
    *,
    base: Mapping[str, Array],
    texts: tuple[Text, Text],
    folder: Path,
    stop_after: int | None = None,
) -> Iterator[Logged]:
    """Train from `state` on and yield each event as it happens.

    `folder` gets the checkpoints and the adapter. The run ends at its last step, after `PATIENCE`
    NaN losses, or, without an event, after the step `stop_after`.
    """
    began = time.monotonic()
    text, evaluation_text = texts
    random = np.random.default_rng((settings.seed, state.step))
    evaluation = evaluation_text.sample(np.random.default_rng(7), EVALUATION_SAMPLES)
    bad = 0
    yield 0.0, "training.started", {}
    while state.step < min(settings.steps, stop_after or settings.steps):
        values = _one_step(settings, state, base, text.sample(random, settings.batch))
        if state.step % settings.evaluate_every == 0:
            values["evalLoss"] = _evaluate(settings, state, base, evaluation)
        values["epoch"] = round(state.step * settings.batch / len(text.characters), 4)
        yield time.monotonic() - began, "training.log", _in_order(values)
        bad = bad + 1 if math.isnan(values["loss"]) else 0
        if bad == PATIENCE:
            error = f"loss is NaN at step {state.step}"
            yield time.monotonic() - began, "training.failed", {"error": error}
            return
        if state.step % settings.save_every == 0 and not bad:
            saved = _save(_checkpoint(folder, state.step), state)
            yield time.monotonic() - began, "checkpoint.saved", {"step": state.step, **saved}
    if stop_after is None:
        last = _evaluate(settings, state, base, evaluation)
        yield time.monotonic() - began, "training.log", {"step": state.step, "evalLoss": last}
        artifacts = _artifacts(folder, state)
        yield time.monotonic() - began, "training.completed", {"artifacts": artifacts}


def _one_step(
    settings: Settings, state: State, base: Mapping[str, Array], batch: tuple[Array, Array]
) -> Data:
    began = time.perf_counter()
    state.step += 1
    rate = settings.rate(state.step)
    context, target = batch
    there = model.forward(base, state.adapter, settings.scale, context)
    loss = model.cross_entropy(there, target)
    slopes = model.gradients(base, state.adapter, settings.scale, there, target)
    model.descend(state.adapter, state.velocity, slopes, rate)
    return {
        "step": state.step,
        "loss": round(loss, 4),
        "learningRate": float(f"{rate:.5g}"),
        "samplesPerSecond": round(settings.batch / (time.perf_counter() - began)),
    }


def _in_order(values: Data) -> Data:
    names = ("step", "loss", "evalLoss", "learningRate", "epoch", "samplesPerSecond")
    return {name: values[name] for name in names if name in values}


def _evaluate(
    settings: Settings, state: State, base: Mapping[str, Array], samples: tuple[Array, Array]
) -> float:
    context, target = samples
    there = model.forward(base, state.adapter, settings.scale, context)
    return round(model.cross_entropy(there, target), 4)


# --- Files ---------------------------------------------------------------------------------------


def _checkpoint(folder: Path, step: int) -> Path:
    return folder / f"checkpoint-{step}.npz"


def _save(path: Path, state: State) -> Data:
    size = model.save(path, adapter=state.adapter, velocity=state.velocity)
    return {"artifacts": [{"name": path.name, "sizeBytes": size}]}


def _artifacts(folder: Path, state: State) -> list[Data]:
    size = model.save(folder / "adapter.npz", adapter=state.adapter)
    last = max(folder.glob("checkpoint-*.npz"), key=lambda path: path.stat().st_mtime)
    return [
        {"type": "adapter", "name": "adapter.npz", "sizeBytes": size},
        {"type": "checkpoint", "name": last.name, "sizeBytes": last.stat().st_size},
    ]
