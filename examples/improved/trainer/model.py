"""Logistic regression with L2, written by hand, that carries its own scaling."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Sequence

from trainer.features import NAMES

SCHEMA = 1


class ModelError(ValueError):
    """A model cannot be saved or loaded; the text says why."""


@dataclass
class Model:
    """A model that takes raw features: `predict` scales them as the training data were scaled."""

    means: list[float]
    scales: list[float]
    weights: list[float]
    bias: float = 0.0

    @classmethod
    def untrained(cls, rows: Sequence[Sequence[float]]) -> Model:
        """A model that says one half to everything, with the scaling of `rows`."""
        columns = list(zip(*rows))
        means = [sum(column) / len(column) for column in columns]
        scales = [_deviation(column, mean) or 1.0 for column, mean in zip(columns, means)]
        return cls(means, scales, [0.0] * len(columns))

    def scale(self, row: Sequence[float]) -> list[float]:
        """The features with the training data's mean at 0 and its deviation at 1."""
        return [(value - mean) / scale for value, mean, scale in zip(row, self.means, self.scales)]

    def score(self, scaled: Sequence[float]) -> float:
        """The log-odds of rain for features that are scaled already."""
        return self.bias + sum(weight * value for weight, value in zip(self.weights, scaled))

    def predict(self, row: Sequence[float]) -> float:
        """The probability of rain tomorrow."""
        return sigmoid(self.score(self.scale(row)))

    def learn(
        self, batch: Sequence[tuple[Sequence[float], bool]], rate: float, l2: float, weigh: Sequence[float] = (),
    ) -> None:
        """One step down the gradient of the loss over `batch`: pairs of scaled features and truth."""
        slopes = [0.0] * len(self.weights)
        slope = 0.0
        for (scaled, wet), weight in zip_longest(batch, weigh, fillvalue=1.0):
            error = weight * (sigmoid(self.score(scaled)) - wet)
            slope += error
            for index, value in enumerate(scaled):
                slopes[index] += error * value
        size = len(batch)
        self.bias -= rate * slope / size
        self.weights = [w - rate * (s / size + l2 * w) for w, s in zip(self.weights, slopes)]

    def loss(self, rows: Sequence[tuple[Sequence[float], bool]], l2: float = 0.0) -> float:
        """The mean log loss over pairs of scaled features and truth, with the penalty of `l2`."""
        total = sum(softplus(self.score(scaled) * (-1 if wet else 1)) for scaled, wet in rows)
        return total / len(rows) + l2 / 2 * sum(weight * weight for weight in self.weights)

    @property
    def finite(self) -> bool:
        """Whether every number is one; a training that diverged leaves NaN or infinities."""
        return all(map(math.isfinite, [self.bias, *self.weights, *self.means, *self.scales]))


def sigmoid(score: float) -> float:
    """The probability that belongs to log-odds, without overflow at either end."""
    if score >= 0:
        return 1 / (1 + math.exp(-score))
    odds = math.exp(score)
    return odds / (1 + odds)


def softplus(score: float) -> float:
    """log(1 + e^score) without overflow: the loss of a row whose log-odds are wrong by `score`."""
    return max(score, 0.0) + math.log1p(math.exp(-abs(score)))


def save_model(model: Model, path: Path) -> None:
    """Writes the model as JSON; one with a number that is not finite is refused."""
    if not model.finite:
        raise ModelError("the training diverged (a weight is not finite): not saved; lower LEARNING_RATE")
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"schema": SCHEMA, "features": NAMES, **asdict(model)}
    path.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def load_model(path: Path) -> Model:
    """Reads what `save_model` wrote; a model for other features is refused."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: not a model: {error}") from error
    if document.get("schema") != SCHEMA or document.get("features") != list(NAMES):
        raise ModelError(f"{path}: made for other features or another schema: train again")
    return Model(**{name: document[name] for name in ("means", "scales", "weights", "bias")})


def _deviation(column: Sequence[float], mean: float) -> float:
    return math.sqrt(sum((value - mean) * (value - mean) for value in column) / len(column))
