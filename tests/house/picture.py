"""Draws the floors and rooms as they are: `python tests/house/picture.py docs/architecture.png`."""

from __future__ import annotations

import sys
from collections import defaultdict

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from structure import FLOORS, LABORATORY, Module, modules

PRODUCT, LAB, ROOT_ROOM, FLOOR = "#dcebf7", "#f3ead9", "#ffffff", "#f7f7f7"
FLOOR_HEIGHT, LEFT = 1.9, 1.45
STAGES = "file Page PageView GeometryCandidate LocatedPage RowReading Leads Reading Record Diagnosis report"
LEGEND = "each floor imports only those below it; white: the package's root, blue: product, sand: laboratory"


def rooms_of(floor: str) -> dict[str, list[Module]]:
    """The modules of a floor by room, its root first."""
    rooms: dict[str, list[Module]] = defaultdict(list)
    for module in modules():
        if module.floor == floor and module.path.name != "__init__.py":
            rooms[module.room].append(module)
    order = sorted(rooms, key=lambda room: (room != "", room in LABORATORY, room))
    return {room: rooms[room] for room in order}


def draw() -> Figure:
    floors = [floor for floor in FLOORS if rooms_of(floor)]
    figure = Figure(figsize=(15, 1.5 * len(floors) + 0.9))
    axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    for level, floor in enumerate(floors):
        draw_floor(axes, floor, level * FLOOR_HEIGHT)
    top = len(floors) * FLOOR_HEIGHT
    axes.text(0.05, top + 0.25, " → ".join(STAGES.split()), fontsize=11)
    axes.text(0.05, top - 0.02, LEGEND, fontsize=9)
    axes.set_xlim(0, 20)
    axes.set_ylim(-0.1, top + 0.6)
    axes.set_axis_off()
    return figure


def draw_floor(axes: Axes, floor: str, bottom: float) -> None:
    rooms = rooms_of(floor)
    width = (20 - LEFT - 0.1) / max(len(rooms), 6)
    box(axes, (0, bottom, 20, FLOOR_HEIGHT - 0.25), FLOOR)
    axes.text(0.1, bottom + 0.8, f"{floor}/", fontsize=12, weight="bold", va="center")
    for number, (room, inside) in enumerate(rooms.items()):
        colour = ROOT_ROOM if room == "" else LAB if room in LABORATORY else PRODUCT
        x = LEFT + number * width
        box(axes, (x, bottom + 0.08, width - 0.1, FLOOR_HEIGHT - 0.41), colour)
        axes.text(x + 0.07, bottom + 1.4, f"{room}/" if room else "(root)", fontsize=9, weight="bold")
        axes.text(x + 0.07, bottom + 1.33, names(inside, width), fontsize=6, va="top", linespacing=1.15)


def box(axes: Axes, place: tuple[float, float, float, float], colour: str) -> None:
    x, y, width, height = place
    style = "round,pad=0,rounding_size=0.06"
    axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=style, fc=colour, ec="#888888"))


def names(inside: list[Module], width: float) -> str:
    """The modules' names in lines that fit."""
    lines, line = [], ""
    for module in inside:
        word = module.path.stem
        if line and len(line) + len(word) + 1 > width * 12.5:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line][:11])


if __name__ == "__main__":
    draw().savefig(sys.argv[1], dpi=110)
