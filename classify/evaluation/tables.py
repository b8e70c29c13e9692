"""The model card and the tables of an evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from classify.card import MIN_TRAINING_RECORDS, Card
from classify.evaluation.results import Evaluation, Groups, LabelFigures
from classify.labels import title
from classify.tasks import TASKS
from ecg.markdown import table

_GROUP = ("macro_auc", "macro_auc_95", "macro_auprc", "macro_f1", "macro_f1_95", "micro_f1", "exact_match",
          "calibration_error", "brier")  # fmt: skip
_LABEL = ("auc", "auprc", "precision", "recall", "specificity", "f1", "threshold", "positives")


def headline(result: Evaluation) -> dict[str, object]:
    """What a card keeps of an evaluation: the group figures of every layout, and each label's on whole records."""
    kept = {
        layout: {group: _chosen(found, _GROUP) for group, found in groups.items()}
        for layout, groups in result["layouts"].items()
    }
    for group, found in result["layouts"]["full"].items():
        kept["full"][group]["labels"] = {name: _chosen(each, _LABEL) for name, each in found["labels"].items()}
    return {"records": result["records"], **kept}


def _chosen(found: Mapping[str, object], keys: Sequence[str]) -> dict[str, object]:
    return {key: found[key] for key in keys}


def figures(result: Evaluation) -> str:
    """An evaluation as tables."""
    net = result["network"]
    lines = [
        f"# {result['weights']}: {result['task']}, {result['records']} {result['part']} records", "",
        f"{net['name']}, {net['parameters']:,} trainable parameters. Intervals: 95 %, bootstrap over patients.", "",
        group_table(result["layouts"]),
    ]  # fmt: skip
    for layout, groups in result["layouts"].items():
        lines += ["", f"## {layout}", "", label_table(groups)]
        for group, found in groups.items():
            lines += ["", f"{group}: rows hold, columns were predicted", "", _confusion(found["confusion"])]
    return "\n".join(lines) + "\n"


def group_table(layouts: Mapping[str, Groups]) -> str:
    """One line for each layout and group."""
    head = [
        "layout", "group", "macro AUC (95 %)", "macro AUPRC", "macro F1 (95 %)", "micro F1", "exact", "ECE", "Brier",
    ]  # fmt: skip
    rows = []
    for layout, groups in layouts.items():
        for group, f in groups.items():
            auc = f"{cell(f['macro_auc'])} {interval(f['macro_auc_95'])}"
            f1 = f"{cell(f['macro_f1'])} {interval(f['macro_f1_95'])}"
            rest = [cell(x) for x in (f["micro_f1"], f["exact_match"], f["calibration_error"], f["brier"])]
            rows.append([layout, group, auc, cell(f["macro_auprc"]), f1, *rest])
    return table(head, rows)


def _row(x: LabelFigures) -> tuple[float, ...]:
    return x["auc"], x["auprc"], x["precision"], x["recall"], x["specificity"], x["f1"], x["threshold"]


def label_table(groups: Groups) -> str:
    """One line for each label: recall is sensitivity, precision is PPV."""
    head = ["label", "AUC", "AUPRC", "PPV", "Se", "Sp", "F1", "threshold", "positives"]
    rows = [
        [f"{group} {name}", *map(cell, _row(x)), f"{x['positives']:.0f}"]
        for group, found in groups.items()
        for name, x in found["labels"].items()
    ]
    return table(head, rows)


def markdown(card: Card) -> str:
    """The model card: labels, training data, figures and limits of weights."""
    settings, net, task = card.recipe["data"], card.recipe["net"], TASKS[card.recipe["task"]]
    what = "12-lead ECGs, from recordings or from pages that were read"
    what = "single beats of long recordings" if task.of_beats else what
    lines = [
        f"# {card.name} ({card.version})", "",
        f"A classifier of {what}. Not a medical device.", "",
        f"- Network: {_network(net)}, input {settings['fs_hz']:g} Hz over {task.seconds:.3g} s.",
        f"- Task: `{card.recipe['task']}`; records: "
        + ", ".join(f"{count} {part}" for part, count in card.metrics["records"].items())
        + (", no patient in two parts." if task.patients else ", patients in several parts."),
        f"- Trained on: {'; '.join(card.data)}.",
        "- Temperatures and thresholds come from the validation records only.", "", "## Labels", "",
        table(["group", "label", "meaning", "seen in training", "threshold"], list(_labels(card))),
    ]  # fmt: skip
    if card.untrained:
        names = ", ".join(card.labels[index][1] for index in card.untrained)
        lines += ["", f"Never reported, because fewer than {MIN_TRAINING_RECORDS} training records had them: {names}."]
    for part in ("validation", "test"):
        if part in card.metrics:
            kept = dict(card.metrics[part])
            lines += ["", f"## {kept.pop('records')} {part} records", "", group_table(kept)]
            lines += ["", label_table(kept["full"])]
    lines += ["", "## Limits", "", *(_BEAT_LIMITS if task.of_beats else _LIMITS)]
    return "\n".join(lines) + "\n"


_LIMITS = (
    "- Labels are statements of the collections' readers, not outcomes; what was not listed counts as absent.",
    "- Fewer than six readable leads or five seconds of signal give no answer.",
    "- Adults at rest; children, and devices or countries other than those of the collections, were not measured.",
)
_BEAT_LIMITS = (
    "- A beat is judged beside the other beats of its recording: at least five are needed, and the more the better.",
    "- Classes are those of two cardiologists in 47 people of one hospital; other leads and devices were not measured.",
    "- Beats are found by the program; one that is missed has no class, and shifts the intervals of its neighbours.",
)


def _network(net: Mapping[str, Any]) -> str:
    """A network with its options; of an ensemble, each member."""
    members = net["options"].get("members", [])
    each = "; ".join(_network(member) for member in members)
    return f"the mean of {len(members)}: {each}" if members else f"`{net['name']}` {dict(net['options'])}"


def _labels(card: Card) -> Iterator[list[str]]:
    for index, (group, name) in enumerate(card.labels):
        seen = str(card.seen.get(group, {}).get(name, "not counted"))
        yield [group, name, title(group, name), seen, cell(card.threshold(index))]


def _confusion(found: Mapping[str, Mapping[str, int]]) -> str:
    return table(["", *found], [[name, *map(str, row.values())] for name, row in found.items()])


def cell(value: float | None, digits: int = 3) -> str:
    """A figure, or a dash where there is none."""
    return "-" if value is None or value != value else f"{value:.{digits}f}"


def interval(ends: Sequence[float | None]) -> str:
    return f"({cell(ends[0])}..{cell(ends[1])})"
