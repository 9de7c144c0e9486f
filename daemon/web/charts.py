"""Charts as data: where every bar and point goes. The template draws them as SVG, with the same values as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 560, 200
LEFT, BOTTOM, TOP = 50, 26, 8
FLOOR = HEIGHT - BOTTOM
LABELS_MAX = 6


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    values: tuple[float | None, ...]
    colour: int = 0
    """From 1; 0 is its place among the others."""


@dataclass(frozen=True, slots=True)
class Bar:
    series: int
    """From 1: its colour."""
    x: float
    y: float
    width: float
    height: float
    tells: str


@dataclass(frozen=True, slots=True)
class Line:
    series: int
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    top: str
    """What the upper end of the axis says."""
    marks: tuple[tuple[float, str], ...]
    """Labels that are drawn, with their place."""
    bars: tuple[Bar, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Rank:
    name: str
    address: str
    value: float
    percent: float
    """Of the largest."""


def stacked(labels: Sequence[str], series: Sequence[Series], *, title: str) -> Chart | None:
    """Bars on top of each other, one bar a label; None where there is nothing to draw."""
    if not series:
        return None
    totals = [sum((each.values[at] or 0) for each in series) for at in range(len(labels))]
    scale, step = _scale(max(totals, default=0)), (WIDTH - LEFT) / max(len(labels), 1)
    bars = []
    for at, label in enumerate(labels):
        foot = float(FLOOR)
        for number, each in enumerate(series, 1):
            value = each.values[at] or 0
            height = value / scale * (FLOOR - TOP)
            foot -= height
            if value:
                tells = f"{label}: {value:g} {each.name}"
                bars.append(Bar(each.colour or number, LEFT + at * step + 1, foot, max(step - 2, 1), height, tells))
    return Chart(title, tuple(labels), tuple(series), f"{scale:g}", _marks(labels, step), bars=tuple(bars))


def lines(labels: Sequence[str], series: Sequence[Series], *, title: str, unit: str) -> Chart | None:
    """Lines over the same labels; None where there is nothing to draw."""
    if not labels:
        return None
    scale = _scale(max((value for each in series for value in each.values if value is not None), default=0))
    step = (WIDTH - LEFT) / len(labels)
    drawn = tuple(
        Line(number, tuple(
            (LEFT + (at + 0.5) * step, FLOOR - value / scale * (FLOOR - TOP))
            for at, value in enumerate(each.values) if value is not None
        ))
        for number, each in enumerate(series, 1)
    )  # fmt: skip
    return Chart(title, tuple(labels), tuple(series), f"{scale:g}{unit}", _marks(labels, step), lines=drawn)


def ranked(rows: Sequence[tuple[str, str, float]]) -> list[Rank]:
    """A Pareto of (name, address, value)."""
    most = max((value for _, _, value in rows), default=0) or 1
    return [Rank(name, address, value, value / most * 100) for name, address, value in rows]


def _scale(most: float) -> float:
    """A round number above everything."""
    top = 1.0
    while top < most:
        for factor in (2, 2.5, 2):
            if top < most:
                top *= factor
    return top


def _marks(labels: Sequence[str], step: float) -> tuple[tuple[float, str], ...]:
    every = max(1, -(-len(labels) // LABELS_MAX))
    return tuple((LEFT + (at + 0.5) * step, label) for at, label in enumerate(labels) if at % every == every // 2)
