"""How often layout, names, orientation, speed, gain and the leads' times are right on simulated pages.

Pages on which nobody can read one of these (no names, neither pulse nor print in the picture) are counted apart.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from ecg.cli import add_device, add_drawing, add_engine, command_parser, entry
from ecg.layout import TEMPLATES
from ecg.markdown import table as markdown_table
from ecg.notes import texts

if TYPE_CHECKING:
    from digitize.engines import Digitize
    from ecg.geometry import PageGeometry
    from ecg.layout import Layout, LeadBox
    from ecg.page import Page
    from ecg.reading import Reading

# What is asked of a reading, and the codes of the notes that cast doubt on it.
_NAMES = {
    "names-not-recognised", "layout-unconfirmed", "names-contradicted", "names-assumed", "limb-leads-contradict",
    "speed-contradicted",
}  # fmt: skip
_STRIPS = {"strip-name-assumed", "strip-name-by-curve", "strip-renamed"}
_SCALE = {"scale-oblong", "pulse-size-odd"}
_SPEED = {"speed-assumed", "speed-contradicted", "speed-from-pulses", "several-speeds-stated"}
_DOUBTS = {
    "layout": _NAMES | _STRIPS,
    "upright": _NAMES | {"strip-name-assumed"},
    "speed": _SPEED,
    "gain": {
        "gain-assumed", "gain-contradicted", "chest-gain-doubtful", "chest-gain-halved", "several-gains-stated",
        "limb-leads-contradict",
    } | _SCALE,
    "times": _SPEED | {
        "columns-simultaneous", "columns-perhaps-simultaneous", "names-not-recognised", "scale-from-columns",
        "rows-out-of-step",
    } | _SCALE,
}  # fmt: skip
_OUTCOMES = ("right", "refused", "warned", "silent")
_NEAR_MM = 2.0  # a lead begins this near to where it was found


@dataclass(frozen=True)
class Verdict:
    """What became of one page: right, refused, warned (wrong, with a warning of it) or silent (wrong without one).

    `unreadable` is what nobody can read on the page; `words` say what was wrong.
    """

    seed: int
    preset: str
    layout: str
    outcome: str
    unreadable: tuple[str, ...] = ()
    words: str = ""


def check(
    digitizer: Callable[[Page], Reading],
    preset: str,
    count: int,
    seed: int,
    layouts: Sequence[str] = tuple(TEMPLATES),
    data: Path | None = None,
) -> Iterator[Verdict]:
    """What becomes of `count` pages from `seed` on, the layouts in turn."""
    from digitize.evaluation.legibility import unreadable
    from simulate.dataset.page_stream import validation_hearts
    from simulate.scene import Scene

    hearts = validation_hearts(data)
    for i in range(count):
        scene = Scene.sample(seed + i, preset, layout=layouts[i % len(layouts)])
        record = hearts.draw(np.random.default_rng(seed + i))
        _, truth = scene.render(record)
        lacks = unreadable(scene, scene.sheet(record), truth)
        outcome, words = judge(digitizer, truth)
        yield Verdict(seed + i, preset, truth.layout.name, outcome, lacks, words)


def judge(digitizer: Callable[[Page], Reading], truth: Reading) -> tuple[str, str]:
    """(outcome, in words what was wrong) of reading the page of a truth."""
    try:
        reading = digitizer(truth.page)
    except ValueError as refusal:
        return "refused", str(refusal)
    wrong = faults(truth, reading)
    if not wrong:
        return "right", ""
    codes = {note.code for note in reading.notes}
    is_warned = all(_DOUBTS[what] & codes for what in wrong)
    found = "; ".join(f"{what}: {how}" for what, how in wrong.items())
    return ("warned" if is_warned else "silent"), f"{found} [{' '.join(texts(reading.notes))}]"


def faults(truth: Reading, reading: Reading) -> dict[str, str]:
    """What is wrong about a reading, in words."""
    from digitize.evaluation.layout_metrics import geometry_agreement, layout_agreement

    wanted, found = truth.layout, reading.layout
    agreement = layout_agreement(wanted, found) | geometry_agreement(truth.geometry, reading.geometry, wanted)
    wrong = {}
    if agreement["names_right"] < 1:
        wrong["layout"] = f"read as {found.name} ({' '.join(box.lead for box in found.boxes)})"
    if not agreement["orientation_right"]:
        wrong["upright"] = f"turned by {agreement['rotation_error_deg']:.0f} degrees"
    if not agreement["speed_right"]:
        wrong["speed"] = f"{found.mm_per_s:g} for {wanted.mm_per_s:g} mm/s"
    gains = [(a.gain * wanted.mm_per_mv, b.gain * found.mm_per_mv) for a, b in _pairs(wanted, found)]
    off = [f"{b:g} for {a:g} mm/mV" for a, b in gains if abs(b / a - 1) > 0.02]
    if not agreement["gain_right"] or off:
        wrong["gain"] = (off or [f"{found.mm_per_mv:g} for {wanted.mm_per_mv:g} mm/mV"])[0]
    if not wrong and (late := _late(truth.geometry, wanted, reading.geometry, found)):
        wrong["times"] = late
    return wrong


def _late(true_map: PageGeometry, wanted: Layout, map_found: PageGeometry, found: Layout) -> str:
    """In words which lead's times are wrong; nothing when none are."""
    for a, b in _pairs(wanted, found):
        at = map_found.to_mm(true_map.to_px(np.array([a.box_mm[0], a.baseline_mm])))
        if abs(at[0] - b.box_mm[0]) > _NEAR_MM:
            return f"{a.lead} begins {b.box_mm[0] - at[0]:+.1f} mm beside its place"
        if abs(a.t0_s - b.t0_s) > 0.01:
            return f"{a.lead} is taken to begin at {b.t0_s:g} s, it does so at {a.t0_s:g} s"
    return ""


def _pairs(wanted: Layout, found: Layout) -> list[tuple[LeadBox, LeadBox]]:
    rows = zip(wanted.rows(), found.rows(), strict=False)
    return [pair for a, b in rows for pair in zip(a, b, strict=False)]


def table(verdicts: Sequence[Verdict]) -> str:
    """Markdown: the outcomes for each preset and each layout, of pages that tell all and of those that do not."""
    head = ["pages", "all readable", "right", "refused", "wrong, warned", "wrong, silent", "",
            "not all readable", "right or refused or warned", "silent"]  # fmt: skip
    groups = [("all", list(verdicts))]
    for key in ("preset", "layout"):
        for name in dict.fromkeys(getattr(v, key) for v in verdicts):
            groups.append((name, [v for v in verdicts if getattr(v, key) == name]))
    return markdown_table(head, [_row(name, of_it) for name, of_it in groups])


def _row(name: str, verdicts: Sequence[Verdict]) -> list[str]:
    clear, others = [v for v in verdicts if not v.unreadable], [v for v in verdicts if v.unreadable]
    count, apart = Counter(v.outcome for v in clear), Counter(v.outcome for v in others)
    shares = [_share(count[outcome], len(clear)) for outcome in _OUTCOMES]
    good = len(others) - apart["silent"]
    return [name, str(len(clear)), *shares, "", str(len(others)), str(good), str(apart["silent"])]


def _share(count: int, of: int) -> str:
    return f"{count} ({count / of:.0%})" if of else "0"


def line(verdict: Verdict) -> str:
    """A page that was not right, as an item of a list."""
    lacks = f" (unreadable: {', '.join(verdict.unreadable)})" if verdict.unreadable else ""
    return f"- {verdict.preset} {verdict.seed} {verdict.layout}: {verdict.outcome}{lacks}: {verdict.words}"


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.studies.layout_accuracy")
    add_drawing(made, ("clean", "scan", "photo"), 30, 600_000, "--presets")
    names = list(TEMPLATES)
    what = "drawn in turn (default: all)"
    made.add_argument("--layouts", nargs="+", default=names, choices=names, metavar="LAYOUT", help=what)
    add_device(made)
    add_engine(made)
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when measured, 1 when a file cannot be read, 2 for a wrong command."""
    from digitize.engines import load_digitizer

    digitize: Digitize = load_digitizer(options.device, options.engine)
    verdicts: list[Verdict] = []
    for k, preset in enumerate(options.presets):
        first = options.seed + k * options.count
        pages = check(
            lambda page: digitize(page, None, None, None), preset, options.count, first, options.layouts, options.data
        )
        verdicts += tqdm(pages, desc=preset, total=options.count, disable=None)
    print(table(verdicts))
    print(*(line(verdict) + "\n" for verdict in verdicts if verdict.outcome != "right"), sep="", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
