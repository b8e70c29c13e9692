"""Label sets of which several labels may hold at once, and the six rhythms of the shipped weights."""

from __future__ import annotations

from classify.labels.group import LabelGroup

# What the 10,000-row table of MIMIC-IV-ECG statements uses.
_MIMIC_STATEMENTS = (
    "NORMAL", "BORDERLINE_ABNORMAL", "ARRHYTHMIA", "ARRHYTHMIA_ATRIAL_FIBRILLATION", "ARRHYTHMIA_BRADYCARDIA",
    "ARRHYTHMIA_SUPRAVENTRICULAR", "ARRHYTHMIA_TACHYCARDIA", "ARRHYTHMIA_VENTRICULAR", "AXIS_DEVIATION",
    "AXIS_DEVIATION_LEFT_AXIS_DEVIATION", "AXIS_DEVIATION_RIGHT_AXIS_DEVIATION", "CONDUCTION_ABNORMALITY",
    "CONDUCTION_ABNORMALITY_AV_BLOCK", "CONDUCTION_ABNORMALITY_BUNDLE_BRANCH_BLOCK",
    "CONDUCTION_ABNORMALITY_FASCICULAR_BLOCK", "HYPERTROPHY", "HYPERTROPHY_ATRIAL_ENLARGEMENT", "HYPERTROPHY_LVH",
    "HYPERTROPHY_RVH", "ISCHEMIA", "LOW_VOLTAGE", "LOW_VOLTAGE_LIMB_LOW_VOLTAGE",
    "LOW_VOLTAGE_PRECORDIAL_LOW_VOLTAGE", "MYOCARDIAL_INFARCTION", "MYOCARDIAL_INFARCTION_ANTERIOR_MI",
    "MYOCARDIAL_INFARCTION_INFERIOR_MI", "MYOCARDIAL_INFARCTION_LATERAL_MI", "MYOCARDIAL_INFARCTION_SEPTAL_MI",
    "REPOLARIZATION_ABNORMALITY", "REPOLARIZATION_ABNORMALITY_QT_PROLONGATION",
    "REPOLARIZATION_ABNORMALITY_ST_CHANGES", "REPOLARIZATION_ABNORMALITY_T_WAVE_ABNORMAL",
)  # fmt: skip

MULTI_GROUPS = (
    LabelGroup(
        "rhythm",
        {
            "SR": "Sinus rhythm",
            "AFIB": "Atrial fibrillation",
            "STACH": "Sinus tachycardia",
            "SBRAD": "Sinus bradycardia",
            "SARRH": "Sinus arrhythmia",
            "PACE": "Paced rhythm",
        },
    ),
    LabelGroup(
        "cpsc2018",
        {
            "NORM": "Normal ECG",
            "AF": "Atrial fibrillation",
            "I-AVB": "AV block I",
            "LBBB": "Left bundle branch block",
            "RBBB": "Right bundle branch block",
            "PAC": "Atrial premature beats",
            "PVC": "Ventricular premature beats",
            "STD": "ST depression",
            "STE": "ST elevation",
        },
    ),
    LabelGroup("mimic", {name: name.replace("_", " ").capitalize() for name in _MIMIC_STATEMENTS}),
)
