"""A diagnosis for the terminal."""

from __future__ import annotations

from classify.diagnosis import Diagnosis


def verdict(diagnosis: Diagnosis) -> str:
    """The predicted labels in one line of words."""
    if diagnosis.abstained:
        return "No diagnosis: the signal does not carry enough evidence."
    named = [label.title for label in diagnosis.predicted]
    return ", ".join(named) if named else "No label reaches its threshold."


def print_table(name: str, diagnosis: Diagnosis) -> None:
    """At once: every label with its probability and threshold, predicted ones marked with a star; then the warnings."""
    lines = [f"{name}: {verdict(diagnosis)}"]
    for label in diagnosis.labels if not diagnosis.abstained else ():
        mark = "*" if label.predicted else " "
        limit = f"  (threshold {label.threshold:.2f})" if label.threshold == label.threshold else ""
        lines.append(f"  {mark} {label.group:<11}{label.name:<6}{label.probability:6.2f}{limit}")
    lines += [f"  ! {warning}" for warning in diagnosis.warnings]
    print("\n".join(lines), flush=True)
