"""How good predicted probabilities are.

Each function takes the truth and the predictions, and is NaN where a prediction is NaN: a
training that diverged must not look like a mediocre one.
"""

from __future__ import annotations

import math
from typing import Sequence


def auc(truth: Sequence[bool], predicted: Sequence[float]) -> float:
    """The chance that a wet day is given a higher probability than a dry one; a tie is half.

    0.5 is guessing. NaN also where the truth is all wet or all dry.
    """
    wet_count = sum(truth)
    dry_count = len(truth) - wet_count
    if not wet_count or not dry_count or any(map(math.isnan, predicted)):
        return math.nan
    rank_sum, position = 0.0, 0
    ordered = sorted(zip(predicted, truth))
    while position < len(ordered):
        end = position
        while end < len(ordered) and ordered[end][0] == ordered[position][0]:
            end += 1
        shared_rank = (position + 1 + end) / 2  # equal predictions share the mean of their ranks
        rank_sum += shared_rank * sum(wet for _, wet in ordered[position:end])
        position = end
    return (rank_sum - wet_count * (wet_count + 1) / 2) / (wet_count * dry_count)


def log_loss(truth: Sequence[bool], predicted: Sequence[float]) -> float:
    """The mean surprise in nats; log 2 = 0.693 is a coin. Certain and wrong counts as 1e-15."""
    if any(map(math.isnan, predicted)):
        return math.nan
    given = (probability if wet else 1 - probability for wet, probability in zip(truth, predicted))
    return -sum(math.log(max(probability, 1e-15)) for probability in given) / len(truth)


def accuracy(truth: Sequence[bool], predicted: Sequence[float]) -> float:
    """The share of days on which the likelier answer was right."""
    if any(map(math.isnan, predicted)):
        return math.nan
    return sum(wet == (probability >= 0.5) for wet, probability in zip(truth, predicted)) / len(truth)


def calibration_error(truth: Sequence[bool], predicted: Sequence[float], bins: int = 10) -> float:
    """How far the promised share of wet days is from what came, on average over `bins` bins.

    0 means that of the days announced with 30 % rain, 30 % were wet, and so on.
    """
    if any(map(math.isnan, predicted)):
        return math.nan
    excess = [0.0] * bins
    for wet, probability in zip(truth, predicted):
        excess[min(int(probability * bins), bins - 1)] += probability - wet
    return sum(map(abs, excess)) / len(truth)
