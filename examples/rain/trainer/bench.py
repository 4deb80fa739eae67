"""How fast and how big a model is, as one who serves it would see it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Sequence

from trainer.data import Day
from trainer.features import features
from trainer.model import load_model

WARM_UP = 200


def bench(model_file: Path, days: Sequence[Day]) -> dict[str, float]:
    """Predicts from each of `days`, one at a time, features included, and measures."""
    model = load_model(model_file)
    for day in days[:WARM_UP]:
        model.predict(features(day))
    taken = []
    for day in days:
        start = time.perf_counter()
        model.predict(features(day))
        taken.append(time.perf_counter() - start)
    taken.sort()
    return {
        "predictions": len(taken),
        "latency_p50_ms": taken[len(taken) // 2] * 1000,
        "latency_p95_ms": taken[len(taken) * 95 // 100] * 1000,
        "model_mb": model_file.stat().st_size / 1_000_000,
    }
