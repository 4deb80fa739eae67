"""Draws the loss curve as SVG, which any browser and code host shows."""

from __future__ import annotations

import math
from typing import Callable, Sequence

from trainer.training import Epoch

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 72, 24, 56, 48
TRAIN_COLOUR, TEST_COLOUR = "#2563eb", "#d97706"

STYLE = """<style>
  text { font: 12px system-ui, sans-serif; fill: #475569 }
  .title { font-size: 15px; font-weight: 600; fill: #0f172a }
  .grid { stroke: #e2e8f0 }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
</style>"""

Scale = Callable[[float], float]


def loss_curve(history: Sequence[Epoch]) -> str:
    """An SVG document with the loss of every epoch, on the training data and on the newest year.

    Epochs whose loss is no finite number cannot be drawn; the first of them is named instead.
    """
    drawn = [epoch for epoch in history if math.isfinite(epoch.loss) and math.isfinite(epoch.test_loss)]
    losses = [loss for epoch in drawn for loss in (epoch.loss, epoch.test_loss)] or [0.0]
    ticks = _ticks(min(losses), max(losses))
    x = _scale(0, max(history[-1].number, 1), LEFT, WIDTH - RIGHT)
    y = _scale(ticks[0], ticks[-1], HEIGHT - BOTTOM, TOP)
    lost = next((epoch.number for epoch in history if epoch not in drawn), None)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="Loss by epoch">',
        STYLE,
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text class="title" x="{LEFT}" y="26">Log loss by epoch</text>',
        *_grid(x, y, history[-1].number, ticks),
        *_line([(x(e.number), y(e.loss)) for e in drawn], TRAIN_COLOUR),
        *_line([(x(e.number), y(e.test_loss)) for e in drawn], TEST_COLOUR),
        *_legend(),
        *([] if lost is None else [_text(WIDTH / 2, HEIGHT / 2, f"diverged at epoch {lost}", "middle")]),
        "</svg>\n",
    ])


def _grid(x: Scale, y: Scale, epochs: int, ticks: Sequence[float]) -> list[str]:
    lines = []
    for tick in ticks:
        lines.append(f'<path class="grid" d="M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}"/>')
        lines.append(_text(LEFT - 8, y(tick) + 4, f"{tick:.4g}", "end"))
    for number in sorted({round(tick) for tick in _ticks(0, epochs) if tick <= epochs}):
        lines.append(_text(x(number), HEIGHT - BOTTOM + 18, str(number), "middle"))
    lines.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "epoch", "middle"))
    return lines


def _line(points: Sequence[tuple[float, float]], colour: str) -> list[str]:
    if not points:
        return []
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    end_x, end_y = points[-1]
    return [
        f'<path class="line" stroke="{colour}" d="M{path}"/>',
        f'<circle cx="{end_x:.1f}" cy="{end_y:.1f}" r="3.5" fill="{colour}"/>',
    ]


def _legend() -> list[str]:
    entries = ((TRAIN_COLOUR, "training years"), (TEST_COLOUR, "newest year (unseen)"))
    lines = []
    for colour, label, left in ((*entries[0], WIDTH - 324), (*entries[1], WIDTH - 188)):
        lines.append(f'<path class="line" stroke="{colour}" d="M{left} 22h16"/>')
        lines.append(_text(left + 22, 26, label, "start"))
    return lines


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _scale(low: float, high: float, start: float, end: float) -> Scale:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _ticks(low: float, high: float) -> list[float]:
    """About five round numbers from below `low` to above `high`."""
    span = (high - low) or abs(high) or 1.0
    size = 10.0 ** math.floor(math.log10(span / 4))
    step = next(size * times for times in (1, 2, 5, 10) if span / (size * times) <= 5)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [number * step for number in range(first, max(last, first + 1) + 1)]
