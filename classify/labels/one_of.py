"""Label sets of which exactly one label holds."""

from __future__ import annotations

from classify.labels.group import LabelGroup

EXCLUSIVE_GROUPS = (
    LabelGroup(
        "aami",
        {
            "N": "Normal or bundle branch block beat, escape beats included",
            "S": "Supraventricular ectopic beat",
            "V": "Ventricular ectopic beat",
            "F": "Fusion of ventricular and normal beat",
            "Q": "Paced or unclassifiable beat",
        },
        exclusive=True,
    ),
    LabelGroup(
        "mimic5",
        {
            "Atrial_Fibrillation": "Atrial fibrillation",
            "Bradycardia": "Bradycardia",
            "Bundle_Branch_Block": "Bundle branch block",
            "Normal": "Normal ECG",
            "Tachycardia": "Tachycardia",
        },
        exclusive=True,
    ),
    LabelGroup(
        "heart_rate",
        {
            "below_50": "Below 50 bpm",
            "50_60": "50 to 60 bpm",
            "60_80": "60 to 80 bpm",
            "80_100": "80 to 100 bpm",
            "100_120": "100 to 120 bpm",
            "above_120": "120 bpm and more",
        },
        exclusive=True,
    ),
    LabelGroup(
        "chapman",
        {
            "AFIB": "Atrial fibrillation or flutter",
            "GSVT": "Supraventricular tachycardia, sinus tachycardia included",
            "SB": "Sinus bradycardia",
            "SR": "Sinus rhythm, sinus irregularity included",
        },
        exclusive=True,
    ),
)
