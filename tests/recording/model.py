"""A character-level language model in NumPy, with the gradients written out by hand.

A multilayer perceptron predicts each character from those before it. The base model is trained
whole; fine-tuning leaves it unchanged and trains low-rank adapters (LoRA) beside its two hidden
layers: `W + alpha / rank * A @ B`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np  # type: ignore[import-not-found,unused-ignore]

from tests.recording.corpus import SYMBOLS

Array: TypeAlias = Any  # numpy.ndarray of float32, or of int for characters
Parameters: TypeAlias = Mapping[str, Array]

CONTEXT = 24
EMBEDDING = 24
HIDDEN = 384


def new_base(seed: int) -> dict[str, Array]:
    """Return an untrained base model."""
    random = np.random.default_rng(seed)
    return {
        "embedding": _normal(random, SYMBOLS, EMBEDDING, scale=0.3),
        "w1": _normal(random, CONTEXT * EMBEDDING, HIDDEN, scale=(2 / CONTEXT / EMBEDDING) ** 0.5),
        "b1": np.zeros(HIDDEN, np.float32),
        "w2": _normal(random, HIDDEN, HIDDEN, scale=(2 / HIDDEN) ** 0.5),
        "b2": np.zeros(HIDDEN, np.float32),
        "w3": _normal(random, HIDDEN, SYMBOLS, scale=(1 / HIDDEN) ** 0.5),
        "b3": np.zeros(SYMBOLS, np.float32),
    }


def new_adapter(seed: int, rank: int) -> dict[str, Array]:
    """Return an adapter that changes nothing yet: B is zero."""
    random = np.random.default_rng(seed)
    inputs = CONTEXT * EMBEDDING
    return {
        "a1": _normal(random, inputs, rank, scale=(1 / inputs) ** 0.5),
        "B1": np.zeros((rank, HIDDEN), np.float32),
        "a2": _normal(random, HIDDEN, rank, scale=(1 / HIDDEN) ** 0.5),
        "B2": np.zeros((rank, HIDDEN), np.float32),
    }


def _normal(random: Any, *shape: int, scale: float) -> Array:
    return random.normal(0, scale, shape).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Activations:
    """The forward pass's results, for the backward pass. Shapes start with the batch."""

    context: Array
    x: Array
    h1: Array
    h2: Array
    probabilities: Array


def forward(base: Parameters, adapter: Parameters, scale: float, context: Array) -> Activations:
    """Predict the character after each context (batch, CONTEXT)."""
    x = base["embedding"][context].reshape(len(context), -1)
    first = x @ base["w1"] + base["b1"]
    if adapter:
        first += scale * (x @ adapter["a1"]) @ adapter["B1"]
    h1 = np.maximum(first, 0)
    second = h1 @ base["w2"] + base["b2"]
    if adapter:
        second += scale * (h1 @ adapter["a2"]) @ adapter["B2"]
    h2 = np.maximum(second, 0)
    logits = h2 @ base["w3"] + base["b3"]
    logits -= logits.max(axis=1, keepdims=True)
    exponents = np.exp(logits)
    return Activations(context, x, h1, h2, exponents / exponents.sum(axis=1, keepdims=True))


def cross_entropy(activations: Activations, target: Array) -> float:
    """Return the mean loss in nats per character."""
    chosen = activations.probabilities[np.arange(len(target)), target]
    return float(-np.log(np.maximum(chosen, np.float32(1e-30))).mean())


def gradients(
    base: Parameters, adapter: Parameters, scale: float, there: Activations, target: Array
) -> dict[str, Array]:
    """Return the gradients of what is being trained: the adapter, or else the base."""
    d_logits = there.probabilities.copy()
    d_logits[np.arange(len(target)), target] -= 1
    d_logits /= len(target)
    d_second = (d_logits @ base["w3"].T) * (there.h2 > 0)
    if adapter:
        d_low2 = scale * d_second @ adapter["B2"].T
        d_h1 = d_second @ base["w2"].T + d_low2 @ adapter["a2"].T
        d_first = d_h1 * (there.h1 > 0)
        return {
            "a2": there.h1.T @ d_low2,
            "B2": scale * (there.h1 @ adapter["a2"]).T @ d_second,
            "a1": there.x.T @ (scale * d_first @ adapter["B1"].T),
            "B1": scale * (there.x @ adapter["a1"]).T @ d_first,
        }
    d_first = (d_second @ base["w2"].T) * (there.h1 > 0)
    d_embedding = np.zeros_like(base["embedding"])
    d_x = (d_first @ base["w1"].T).reshape(*there.context.shape, EMBEDDING)
    np.add.at(d_embedding, there.context, d_x)
    return {
        "embedding": d_embedding,
        "w1": there.x.T @ d_first,
        "b1": d_first.sum(axis=0),
        "w2": there.h1.T @ d_second,
        "b2": d_second.sum(axis=0),
        "w3": there.h2.T @ d_logits,
        "b3": d_logits.sum(axis=0),
    }


@dataclass(frozen=True, slots=True)
class Text:
    """Encoded text to draw samples from."""

    characters: Array

    def sample(self, random: Any, size: int) -> tuple[Array, Array]:
        """Draw contexts (size, CONTEXT) and the characters after them (size,)."""
        starts = random.integers(0, len(self.characters) - CONTEXT, size)
        windows = self.characters[starts[:, None] + np.arange(CONTEXT + 1)]
        return windows[:, :-1], windows[:, -1]


def descend(
    parameters: dict[str, Array],
    velocity: dict[str, Array],
    gradient: Parameters,
    learning_rate: float,
) -> None:
    """Perform one step of gradient descent with momentum, in place."""
    for name, slope in gradient.items():
        velocity[name] = np.float32(0.9) * velocity.get(name, np.float32(0)) + slope
        parameters[name] -= np.float32(learning_rate) * velocity[name]


def save(path: Path, **groups: Parameters) -> int:
    """Write parameters to a file; return its size in bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flat = {
        f"{group}.{name}": array for group, each in groups.items() for name, array in each.items()
    }
    with path.open("wb") as file:
        np.savez(file, **flat)
    return path.stat().st_size


def load(path: Path, group: str) -> dict[str, Array]:
    """Read one group of parameters back."""
    with np.load(path) as file:
        return {
            name.partition(".")[2]: file[name]
            for name in file.files
            if name.startswith(f"{group}.")
        }
