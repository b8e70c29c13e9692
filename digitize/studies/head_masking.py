"""What the reading needs each head for: pages read with all heads, and with one output of a network masked."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ecg.cli import add_device, add_output, add_pages, command_parser, entry
from ecg.files import write_text
from ecg.markdown import table as markdown_table

if TYPE_CHECKING:
    from torch import Tensor, nn

    from digitize.evaluation.report_types import Group, Report
    from digitize.nets.networks import WordNetwork
    from digitize.pipeline import Digitizer

_NO = -20.0  # a logit whose probability is 0


def _background(logits: Tensor) -> Tensor:
    masked = logits.new_full(logits.shape, _NO)
    masked[:, 0] = -_NO
    return masked


def _nowhere(logits: Tensor) -> Tensor:
    return logits.new_full(logits.shape, _NO)


def _everywhere(logits: Tensor) -> Tensor:
    return logits.new_full(logits.shape, -_NO)


def _upright(unit: Tensor) -> Tensor:
    masked = unit.new_zeros(unit.shape)
    masked[:, 1] = 1.0
    return masked


# Network of the digitizer, output of it, and what stands in the place of that output.
MASKS: Mapping[str, tuple[str, str, Callable[[Tensor], Tensor]]] = {
    "page: seg": ("page", "seg", _background),
    "page: grid": ("page", "grid", _nowhere),
    "page: baseline": ("page", "baseline", _nowhere),
    "page: theta": ("page", "theta", _upright),
    "row: seg (pulses)": ("row", "seg", _background),
    "row: presence": ("row", "signal_valid", _everywhere),
    "row: edges": ("row", "signal_edge", _nowhere),
}


def masked_digitizers(digitizer: Digitizer) -> Iterator[tuple[str, Digitizer]]:
    """(what is masked, the digitizer without it), with all heads first, without the name reader last."""
    yield "nothing", digitizer
    for name, (field, output, mask) in MASKS.items():
        masked = _masked(getattr(digitizer.nets, field), output, mask)
        nets = replace(digitizer.nets, page=masked) if field == "page" else replace(digitizer.nets, row=masked)
        yield name, replace(digitizer, nets=nets)
    yield "name reader", replace(digitizer, nets=replace(digitizer.nets, words=_wordless(digitizer.nets.words)))


def _wordless(net: WordNetwork) -> nn.Module:
    """The word reader that never reads a word."""
    from torch import nn

    class Wordless(nn.Module):
        def forward(self, image: Tensor) -> Tensor:
            return _nowhere(net(image))

    return Wordless().eval()


def _masked(net: nn.Module, output: str, mask: Callable[[Tensor], Tensor]) -> nn.Module:
    """The network with one of its outputs replaced."""
    from torch import nn

    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, image: Tensor) -> dict[str, Tensor]:
            outputs: dict[str, Tensor] = self.net(image)
            return {**outputs, output: mask(outputs[output])}

    return Masked().eval()


def table(reports: Mapping[str, Report]) -> str:
    """Markdown: a line for each masked head; pages that were read and their mean dB, for every folder and stress."""
    first = next(iter(reports.values()))["groups"]
    head = ["masked", *(f"{group['folder']}, {group['condition']}".removesuffix(", none") for group in first)]
    return markdown_table(head, [[name, *map(_cell, report["groups"])] for name, report in reports.items()])


def _cell(group: Group) -> str:
    return f"{group['read']} of {group['pages']}, {group['metrics']['snr_mean_db']:.1f} dB"


def parser() -> argparse.ArgumentParser:
    made = command_parser("digitize.studies.head_masking")
    add_pages(made, required=True)
    made.add_argument("--stress", default="none", help="as in digitize.evaluate (default: none)")
    add_output(made, "out/head_masking", "folder for the reports")
    add_device(made)
    return made


@entry(parser)
def main(options: argparse.Namespace) -> int:
    """0 when measured, 1 when a file cannot be read or written, 2 for a wrong command."""
    from digitize.evaluation.runner import evaluate
    from digitize.pipeline import Digitizer

    reports: dict[str, Report] = {}
    asked = {name: getattr(options, name) for name in ("truth", "printed", "limit", "stress")}
    for name, digitizer in masked_digitizers(Digitizer.load(device=options.device)):
        folder = options.output / name.replace(": ", "_").replace(" ", "_")
        reports[name] = evaluate(options.pages, folder, digitizer=digitizer, **asked)
        write_text(options.output / "head_masking.md", table(reports) + "\n")
    print(table(reports))
    return 0


if __name__ == "__main__":
    sys.exit(main())
