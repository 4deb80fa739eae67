"""Everything that can be chosen about a training, and where it is read from.

The order is: a flag on the command line, else an environment variable, else the default below.
A pipeline's environment sets the variables, so that the same image trains differently in test
and in production without a change to the code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Mapping

ROOT = Path(__file__).resolve().parent.parent
"""The repository, or the image's working directory: what holds `trainer/` and `data/`."""

DEFAULT_DATA = "data/seattle-weather.csv"


class SettingsError(ValueError):
    """The settings cannot be used; the text names every fault and how to mend it."""


@dataclass(frozen=True)
class Settings:
    """The parameters of one training. Each may be set by the variable of its name, in capitals."""

    epochs: int = 30
    learning_rate: float = 0.05
    l2: float = 0.001
    batch_size: int = 64
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuses values that no training can run with, all of them at once."""
        faults = [
            f"{name.upper()} is {value!r}, expected {expected}"
            for name, value, holds, expected in (
                ("epochs", self.epochs, 1 <= self.epochs <= 10_000, "1 to 10000"),
                ("learning_rate", self.learning_rate, _positive(self.learning_rate), "more than 0"),
                ("l2", self.l2, self.l2 == 0 or _positive(self.l2), "0 or more"),
                ("batch_size", self.batch_size, self.batch_size >= 1, "1 or more"),
            )
            if not holds
        ]
        if faults:
            raise SettingsError("; ".join(faults))


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0


def read_settings(flags: Mapping[str, str | None], variables: Mapping[str, str]) -> Settings:
    """The settings from flags and environment variables; an empty text counts as not set."""
    chosen: dict[str, int | float] = {}
    faults = []
    for field in fields(Settings):
        text = flags.get(field.name) or variables.get(field.name.upper())
        if not text:
            continue
        kind = int if isinstance(field.default, int) else float
        try:
            chosen[field.name] = kind(text)
        except ValueError:
            faults.append(f"{field.name.upper()} is {text!r}, expected a number such as {field.default}")
    if faults:
        raise SettingsError("; ".join(faults))
    return Settings(**chosen)  # type: ignore[arg-type]


def data_path(flag: str | None, variables: Mapping[str, str]) -> Path:
    """The file to train on; a relative path is meant from the repository's root."""
    uri = flag or variables.get("DATASET_URI") or DEFAULT_DATA
    path = uri[len("file://"):] if uri.startswith("file://") else uri
    if "://" in path:
        raise SettingsError(f"DATASET_URI is {uri!r}: this example reads files only, give a path or file:// URI")
    return ROOT / path
