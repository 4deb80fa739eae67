"""What a training leaves behind: numbers, a plot and the model.

`metrics.json` is what a pipeline's gates read. A number that is not finite is written as it is,
so that a gate can see that the training diverged. `signature.json` says what the model takes and
gives, in the form that MLflow uses, so that a gate can see whether its callers would break.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Mapping, Sequence

from trainer import metrics
from trainer.data import MEASURES
from trainer.features import Example
from trainer.plot import loss_curve
from trainer.training import Training


def evaluate(training: Training, test_set: Sequence[Example]) -> dict[str, Any]:
    """The numbers that tell how the training went and how good its model is."""
    truth = [example.wet for example in test_set]
    predicted = [training.model.predict(example.features) for example in test_set]
    always_dry = truth.count(False) / len(truth)
    return {
        "epochs": training.history[-1].number,
        "rows_test": len(test_set),
        "loss_first": training.history[0].loss,
        "loss_last": training.history[-1].loss,
        "has_nan": training.has_nan,
        "auc": metrics.auc(truth, predicted),
        "log_loss": metrics.log_loss(truth, predicted),
        "accuracy": metrics.accuracy(truth, predicted),
        "accuracy_of_always_dry": always_dry,
        "calibration_error": metrics.calibration_error(truth, predicted),
    }


def write_metrics(numbers: Mapping[str, Any], out: Path) -> None:
    """Writes `metrics.json` into `out`, six digits after the point."""
    rounded = {name: round(n, 6) if isinstance(n, float) else n for name, n in numbers.items()}
    out.mkdir(parents=True, exist_ok=True)
    (out / "metrics.json").write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")


def write_loss_curve(training: Training, out: Path) -> None:
    """Writes `plots/loss.svg` into `out`."""
    plots = out / "plots"
    plots.mkdir(parents=True, exist_ok=True)
    (plots / "loss.svg").write_text(loss_curve(training.history), encoding="utf-8")


def write_signature(out: Path) -> None:
    """Writes `signature.json` into `out`."""
    inputs = [{"name": "date", "type": "datetime"}, *({"name": name, "type": "double"} for name in MEASURES)]
    signature = {"inputs": inputs, "outputs": [{"name": "wet", "type": "double"}]}
    (out / "signature.json").write_text(json.dumps(signature, indent=2) + "\n", encoding="utf-8")
