"""The training: epochs of mini-batches, and a record of how the loss went."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Callable, Sequence

from trainer.features import Example
from trainer.model import Model
from trainer.settings import Settings

HALF_LIFE = 90
"""So many days older, and a day counts for half as much: the weather changes."""


@dataclass(frozen=True)
class Epoch:
    """Where the training stood after an epoch; epoch 0 is before the first step."""

    number: int
    loss: float
    test_loss: float


@dataclass(frozen=True)
class Training:
    """A trained model and its way there."""

    model: Model
    history: list[Epoch]

    @property
    def has_nan(self) -> bool:
        """Whether the loss or a weight ever stopped being a finite number."""
        losses = [loss for epoch in self.history for loss in (epoch.loss, epoch.test_loss)]
        return not (self.model.finite and all(map(math.isfinite, losses)))


def train(
    train_set: Sequence[Example],
    test_set: Sequence[Example],
    settings: Settings,
    report: Callable[[Epoch], None] = lambda epoch: None,
) -> Training:
    """Trains a model on `train_set`. The test set is only measured, never learned from.

    The same examples and settings give the same model: nothing but `settings.seed` is random.
    """
    model = Model.untrained([example.features for example in train_set])
    seen = [(model.scale(example.features), example.wet) for example in train_set]
    unseen = [(model.scale(example.features), example.wet) for example in test_set]
    oldest = min(example.target for example in train_set)
    weights = [2 ** ((example.target - oldest).days / HALF_LIFE) for example in train_set]
    order = random.Random(settings.seed)
    history: list[Epoch] = []

    def measure(number: int) -> None:
        history.append(Epoch(number, model.loss(seen), model.loss(unseen)))
        report(history[-1])

    measure(0)
    shuffled = list(zip(seen, weights))
    for number in range(1, settings.epochs + 1):
        order.shuffle(shuffled)
        for start in range(0, len(shuffled), settings.batch_size):
            batch, weigh = zip(*shuffled[start:start + settings.batch_size])
            model.learn(batch, settings.learning_rate, settings.l2, weigh)
        measure(number)
    return Training(model, history)
