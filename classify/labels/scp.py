"""The 71 SCP-ECG statements of PTB-XL and what they are counted under (Wagner et al., 2020)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from classify.labels.group import LabelGroup

SUPERCLASSES = {
    "NORM": "Normal ECG",
    "MI": "Myocardial infarction",
    "STTC": "ST/T change",
    "CD": "Conduction disturbance",
    "HYP": "Hypertrophy",
}

# superclass -> subclass -> statement -> what it says
_DIAGNOSTIC: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "NORM": {"NORM": {"NORM": "Normal ECG"}},
    "MI": {
        "IMI": {
            "IMI": "Inferior infarction",
            "ILMI": "Inferolateral infarction",
            "IPLMI": "Inferoposterolateral infarction",
            "IPMI": "Inferoposterior infarction",
            "INJIN": "Inferior subendocardial injury",
            "INJIL": "Inferolateral subendocardial injury",
        },
        "AMI": {
            "AMI": "Anterior infarction",
            "ASMI": "Anteroseptal infarction",
            "ALMI": "Anterolateral infarction",
            "INJAS": "Anteroseptal subendocardial injury",
            "INJAL": "Anterolateral subendocardial injury",
            "INJLA": "Lateral subendocardial injury",
        },
        "LMI": {"LMI": "Lateral infarction"},
        "PMI": {"PMI": "Posterior infarction"},
    },
    "STTC": {
        "STTC": {
            "NDT": "Non-diagnostic T abnormality",
            "DIG": "Digitalis effect",
            "LNGQT": "Long QT interval",
            "ANEUR": "ST-T as with a ventricular aneurysm",
            "EL": "Electrolyte disturbance or drug",
        },
        "NST": {"NST": "Non-specific ST change"},
        "ISC": {"ISC": "Non-specific ischaemia"},
        "ISCA": {
            "ISCAL": "Anterolateral ischaemia",
            "ISCAS": "Anteroseptal ischaemia",
            "ISCLA": "Lateral ischaemia",
            "ISCAN": "Anterior ischaemia",
        },
        "ISCI": {"ISCIN": "Inferior ischaemia", "ISCIL": "Inferolateral ischaemia"},
    },
    "CD": {
        "LAFB/LPFB": {"LAFB": "Left anterior fascicular block", "LPFB": "Left posterior fascicular block"},
        "IRBBB": {"IRBBB": "Incomplete right bundle branch block"},
        "ILBBB": {"ILBBB": "Incomplete left bundle branch block"},
        "CRBBB": {"CRBBB": "Complete right bundle branch block"},
        "CLBBB": {"CLBBB": "Complete left bundle branch block"},
        "AVB": {"1AVB": "AV block I", "2AVB": "AV block II", "3AVB": "AV block III"},
        "IVCD": {"IVCD": "Non-specific intraventricular conduction disturbance"},
        "WPW": {"WPW": "Wolff-Parkinson-White syndrome"},
    },
    "HYP": {
        "LVH": {"LVH": "Left ventricular hypertrophy"},
        "RVH": {"RVH": "Right ventricular hypertrophy"},
        "LAO/LAE": {"LAO/LAE": "Left atrial overload"},
        "RAO/RAE": {"RAO/RAE": "Right atrial overload"},
        "SEHYP": {"SEHYP": "Septal hypertrophy"},
    },
}  # fmt: skip
_FORM_ONLY = {
    "ABQRS": "Abnormal QRS",
    "PVC": "Ventricular premature beats",
    "STD": "Non-specific ST depression",
    "VCLVH": "Voltage criteria of left ventricular hypertrophy",
    "QWAVE": "Q waves",
    "LOWT": "Low T waves",
    "NT": "Non-specific T change",
    "PAC": "Atrial premature beats",
    "LPR": "Long PR interval",
    "INVT": "Inverted T waves",
    "LVOLT": "Low QRS voltage",
    "HVOLT": "High QRS voltage",
    "TAB": "T abnormality",
    "STE": "Non-specific ST elevation",
    "PRC(S)": "Premature beats",
}
_DIAGNOSTIC_FORMS = ("NDT", "NST", "DIG", "LNGQT")
_RHYTHM = {
    "SR": "Sinus rhythm",
    "AFIB": "Atrial fibrillation",
    "STACH": "Sinus tachycardia",
    "SARRH": "Sinus arrhythmia",
    "SBRAD": "Sinus bradycardia",
    "PACE": "Paced rhythm",
    "SVARR": "Supraventricular arrhythmia",
    "BIGU": "Bigeminy",
    "AFLT": "Atrial flutter",
    "SVTAC": "Supraventricular tachycardia",
    "PSVT": "Paroxysmal supraventricular tachycardia",
    "TRIGU": "Trigeminy",
}
_SUBCLASS_TITLES = {
    "AMI": "Anterior infarction or injury",
    "IMI": "Inferior infarction or injury",
    "STTC": "Other ST/T change",
    "ISCA": "Anterior or lateral ischaemia",
    "ISCI": "Inferior ischaemia",
    "LAFB/LPFB": "Fascicular block",
    "AVB": "AV block",
}

_CLASSES = {
    code: (superclass, subclass)
    for superclass, subclasses in _DIAGNOSTIC.items()
    for subclass, codes in subclasses.items()
    for code in codes
}
_DIAGNOSTIC_TITLES = {
    code: words for subs in _DIAGNOSTIC.values() for codes in subs.values() for code, words in codes.items()
}
_FORM = {code: _DIAGNOSTIC_TITLES[code] for code in _DIAGNOSTIC_FORMS} | _FORM_ONLY
_SUBCLASSES = {
    subclass: _SUBCLASS_TITLES.get(subclass) or next(iter(codes.values()))
    for subclasses in _DIAGNOSTIC.values()
    for subclass, codes in subclasses.items()
}

SCP_GROUPS = (
    LabelGroup("superclass", SUPERCLASSES),
    LabelGroup("subclass", _SUBCLASSES),
    LabelGroup("diagnostic", _DIAGNOSTIC_TITLES),
    LabelGroup("form", _FORM),
    LabelGroup("rhythm12", _RHYTHM),
    LabelGroup("scp", _DIAGNOSTIC_TITLES | _FORM | _RHYTHM),
)


def plain(code: str) -> str:
    """A statement without the underscore that PTB-XL pads some with ("NST_", "_AVB")."""
    return code.strip().strip("_")


def assessed(codes: Collection[str]) -> dict[str, frozenset[str] | None]:
    """Every SCP group's labels in these statements; None where a kind of statement is missing altogether.

    Raises ValueError for a statement that is none of the 71.
    """
    known = {plain(code) for code in codes}
    unknown = sorted(known - set(_DIAGNOSTIC_TITLES) - set(_FORM) - set(_RHYTHM))
    if unknown:
        raise ValueError(f"unknown statement {', '.join(unknown)}: expected codes of scp_statements.csv")
    diagnostic = known & set(_CLASSES)
    found = {
        "superclass": {_CLASSES[code][0] for code in diagnostic},
        "subclass": {_CLASSES[code][1] for code in diagnostic},
        "diagnostic": diagnostic,
        "form": known & set(_FORM),
        "rhythm12": known & set(_RHYTHM),
        "rhythm": known & set(_RHYTHM),
        "scp": known,
    }
    return {group: frozenset(names) or None for group, names in found.items()}
