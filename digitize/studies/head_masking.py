"""What the reading needs each head for: pages read with all heads, and with one of them saying nothing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitize.evaluation.report import line
from ecg.cli import run

if TYPE_CHECKING:
    from torch import Tensor, nn

    from digitize.nets.networks import WordNetwork
    from digitize.pipeline import Digitizer

_NO = -20.0  # a logit that says no


def _background(logits: Tensor) -> Tensor:
    quiet = logits.new_full(logits.shape, _NO)
    quiet[:, 0] = -_NO
    return quiet


def _nowhere(logits: Tensor) -> Tensor:
    return logits.new_full(logits.shape, _NO)


def _everywhere(logits: Tensor) -> Tensor:
    return logits.new_full(logits.shape, -_NO)


def _upright(unit: Tensor) -> Tensor:
    quiet = unit.new_zeros(unit.shape)
    quiet[:, 1] = 1.0
    return quiet


# Network of the digitizer, output of it, and what the output is when its head has nothing to say.
SILENCE: Mapping[str, tuple[str, str, Callable[[Tensor], Tensor]]] = {
    "page: seg": ("page", "seg", _background),
    "page: grid": ("page", "grid", _nowhere),
    "page: baseline": ("page", "baseline", _nowhere),
    "page: theta": ("page", "theta", _upright),
    "row: seg (pulses)": ("row", "seg", _background),
    "row: presence": ("row", "signal_valid", _everywhere),
    "row: edges": ("row", "signal_edge", _nowhere),
}


def silenced(digitizer: Digitizer) -> Iterator[tuple[str, Digitizer]]:
    """(what says nothing, the digitizer without it), with all heads first, without the name reader last."""
    yield "nothing", digitizer
    for name, (net, output, quiet) in SILENCE.items():
        nets: dict[str, Any] = {net: _without(getattr(digitizer.nets, net), output, quiet)}
        yield name, replace(digitizer, nets=replace(digitizer.nets, **nets))
    yield "name reader", replace(digitizer, nets=replace(digitizer.nets, words=_wordless(digitizer.nets.words)))


def _without(net: nn.Module, output: str, quiet: Callable[[Tensor], Tensor]) -> nn.Module:
    """The network with one of its outputs replaced."""
    from torch import nn

    class Without(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, image: Tensor) -> dict[str, Tensor]:
            said: dict[str, Tensor] = self.net(image)
            return {**said, output: quiet(said[output])}

    return Without().eval()


def _wordless(net: WordNetwork) -> nn.Module:
    """The word reader that never reads a word."""
    from torch import nn

    class Wordless(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, image: Tensor) -> Tensor:
            return _nowhere(self.net(image))

    return Wordless().eval()


def table(reports: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown: a line for each silenced head; pages that were read and their mean dB, for every folder and stress."""
    first = next(iter(reports.values()))["groups"]
    heads = [f"{group['folder']}, {group['condition']}".removesuffix(", none") for group in first]
    lines = [line(["silenced", *heads]), line(["---"] * (len(heads) + 1))]
    for name, report in reports.items():
        lines.append(line([name, *(_said(group) for group in report["groups"])]))
    return "\n".join(lines)


def _said(group: Mapping[str, Any]) -> str:
    return f"{group['read']} of {group['pages']}, {group['metrics']['snr_mean_db']:.1f} dB"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m digitize.studies.head_masking", description=__doc__)
    made.add_argument("--pages", metavar="FOLDER", nargs="+", required=True, help="folders of pages with their truth")
    made.add_argument("--truth", metavar="FOLDER", help="recordings named like the pages (default: beside each page)")
    made.add_argument("--printed", help="what the pages print of whole recordings: 3x4+1 ...")
    made.add_argument("--stress", default="none", help="as in digitize.evaluate (default: none)")
    made.add_argument("--limit", type=int, help="only the first so many files of each folder")
    made.add_argument("--output", type=Path, default=Path("out/silence"), help="folder for the reports")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """0 when measured, 1 when a file cannot be read or written, 2 for a wrong command."""
    return run(parser(), argv, _measure_and_tell)


def _measure_and_tell(output: Path, **options: Any) -> int:
    from digitize.evaluate import evaluate
    from digitize.pipeline import Digitizer
    from ecg.formats import write_text

    reports: dict[str, Mapping[str, Any]] = {}
    for name, digitizer in silenced(Digitizer.load()):
        folder = output / name.replace(": ", "_").replace(" ", "_")
        reports[name] = evaluate(output=folder, digitizer=digitizer, **options)
        write_text(output / "silence.md", table(reports) + "\n")
    print(table(reports))
    return 0


if __name__ == "__main__":
    sys.exit(main())
