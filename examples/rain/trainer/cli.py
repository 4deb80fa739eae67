"""The command line: `python3 -m trainer train | bench | profile`. Only this file prints."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, Mapping, Sequence

from trainer.bench import bench
from trainer.data import DataError, load_days
from trainer.drift import make_profile, profiled_years
from trainer.features import make_examples, split
from trainer.model import ModelError, save_model
from trainer.report import evaluate, write_loss_curve, write_metrics, write_signature
from trainer.settings import Settings, SettingsError, data_path, read_settings
from trainer.training import Epoch, train

BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns 0, 1 where the training failed, 2 where the input is wrong."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (SettingsError, DataError) as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _train(options: argparse.Namespace) -> None:
    settings = read_settings(vars(options), os.environ)
    days = load_days(data_path(options.data, os.environ))
    train_set, test_set = split(make_examples(days))
    print(f"train on {len(train_set)} days, judge by {len(test_set)} days of {test_set[0].target.year}: {settings}")
    training = train(train_set, test_set, settings, _print_epoch)
    numbers = {"rows_train": len(train_set), **evaluate(training, test_set)}
    write_metrics(numbers, options.out)
    write_loss_curve(training, options.out)
    _print_numbers(numbers)
    save_model(training.model, options.out / "model.json")


def _bench(options: argparse.Namespace) -> None:
    days = load_days(data_path(options.data, os.environ))
    model_file = options.model
    if model_file is None:  # a model of any quality is as fast: one epoch will do
        model_file = options.out / "model.json"
        train_set, test_set = split(make_examples(days))
        save_model(train(train_set, test_set, Settings(epochs=1)).model, model_file)
    numbers = bench(model_file, days)
    write_metrics(numbers, options.out)
    write_signature(options.out)
    _print_numbers(numbers)


def _profile(options: argparse.Namespace) -> None:
    learned_from, _ = profiled_years(load_days(data_path(options.data, os.environ)))
    options.out.write_text(json.dumps(make_profile(learned_from), indent=2) + "\n", encoding="utf-8")
    print(f"{options.out}: {len(learned_from)} days, {learned_from[0].date} to {learned_from[-1].date}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m trainer", description="Predicts rain in Seattle.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", metavar="PATH", help="the CSV file (or DATASET_URI; default: the file in data/)")

    command = commands.add_parser("train", parents=[common], help="train, judge and save a model")
    for field in fields(Settings):
        flag = "--" + field.name.replace("_", "-")
        command.add_argument(flag, metavar="N", help=f"or {field.name.upper()} (default: {field.default})")
    command.add_argument("--out", type=Path, default=Path("results"), help="where to write (default: results)")
    command.set_defaults(command=_train)

    command = commands.add_parser("bench", parents=[common], help="measure a model's speed and size")
    command.add_argument("--model", type=Path, help="the model (default: a fresh one)")
    command.add_argument("--out", type=Path, default=Path("results"), help="where to write (default: results)")
    command.set_defaults(command=_bench)

    command = commands.add_parser("profile", parents=[common], help="profile the data that models are made from")
    command.add_argument("--out", type=Path, default=Path("data/profile.json"), help="where to write")
    command.set_defaults(command=_profile)
    return parser


def _print_epoch(epoch: Epoch) -> None:
    print(f"epoch {epoch.number:3}  loss {epoch.loss:.4f}  newest year {epoch.test_loss:.4f}")


def _print_numbers(numbers: Mapping[str, Any]) -> None:
    for name, number in numbers.items():
        print(f"{name:24}{number:.6g}" if isinstance(number, float) else f"{name:24}{number}")
