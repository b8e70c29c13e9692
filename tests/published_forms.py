"""Small data sets in the forms in which the real ones are published, filled with beats of our own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import wfdb
from scipy.io import savemat

from classify.labels.hefei import HEFEI_NAMES
from ecg.formats import write
from ecg.leads import INDEPENDENT, STANDARD, derive_12
from ecg.record import Record


def tiny(seed: int, seconds: float = 10.0, fs_hz: float = 500.0) -> Record:
    """Twelve leads of P, QRS and T that obey the limb-lead laws."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * fs_hz)) / fs_hz
    one = np.zeros(time_s.size)
    for r_s in np.arange(rng.uniform(0.3, 0.8), seconds, 60 / rng.uniform(55, 95)):
        for after_s, width_s, mv in ((-0.16, 0.02, 0.15), (0, 0.012, 1.2), (0.25, 0.04, 0.35)):
            one += mv * np.exp(-0.5 * ((time_s - r_s - after_s) / width_s) ** 2)
    eight = rng.uniform(0.4, 1.2, (8, 1)) * one + rng.normal(0, 0.005, (8, one.size))
    return Record(derive_12(eight.astype(np.float32), INDEPENDENT), fs_hz, STANDARD)


def lines(path: Path, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def mimic5(root: Path, categories: Sequence[str], records: int = 0) -> Path:
    """Two studies to each subject; the first `records` of them have a signal."""
    rows = []
    for k, category in enumerate(categories):
        subject = 10_000_000 + k // 2
        path = f"files/p1000/p{subject}/s{k}/{k}"
        rows.append(f"{subject},{path},{category}")
        if k < records:
            write(tiny(k), root / f"{path}.hea")
    lines(root / "records.csv", *rows)
    return root


def mimic_table(root: Path, labels: Sequence[str], rr_ms: Sequence[int]) -> Path:
    rows = ["subject_id,study_id,ecg_time,labels,label_count,rr_interval"]
    for k, (text, rr) in enumerate(zip(labels, rr_ms, strict=True)):
        rows.append(f'{10_000_000 + k},{4000 + k},2135-01-20 06:09:00,"{text}",1,{rr}')
    lines(root / "statements.csv", *rows)
    return root


def ptbxl(root: Path, codes: Sequence[str], folds: bool = True, records: int = 0) -> Path:
    rows = ["ecg_id,patient_id,age,sex,scp_codes,strat_fold,filename_lr,filename_hr"]
    for k, text in enumerate(codes):
        fold = str(k % 10 + 1) if folds else ""
        name = f"records500/00000/{k:05d}_hr"
        slow = name.replace("500", "100").replace("_hr", "_lr")
        rows.append(f'{k},{k + 100}.0,{300.0 if k == 0 else 40.0 + k},{k % 2},"{text}",{fold},{slow},{name}')
        if k < records:
            write(tiny(k), root / f"{name}.hea")
    lines(root / "ptbxl_database.csv", *rows)
    return root


def hefei(root: Path, names: Sequence[Sequence[str]], records: int = 0) -> Path:
    spelt = {short: name for name, (short, _) in HEFEI_NAMES.items()}
    rows = []
    for k, its in enumerate(names):
        labels = "\t".join(spelt.get(name, name) for name in its)
        rows.append(f"{k}.txt\t{'' if k % 3 == 0 else 50 + k}\t{('MALE', 'FEMALE', '')[k % 3]}\t{labels}")
        if k < records:
            counts = np.round(tiny(k).select(INDEPENDENT).signal_mv.T / 4.88e-3).astype(int)
            (root / "hf_round2_train").mkdir(parents=True, exist_ok=True)
            np.savetxt(root / f"hf_round2_train/{k}.txt", counts, "%d", header=" ".join(INDEPENDENT), comments="")
    lines(root / "hf_round2_train.txt", *rows)
    return root


def cpsc2018(root: Path, numbers: Sequence[str], records: int = 0) -> Path:
    rows = ["Recording,First_label,Second_label,Third_label"]
    for k, text in enumerate(numbers):
        name = f"A{k + 1:04d}"
        rows.append(f"{name},{text}{',' * (2 - text.count(','))}")
        if k < records:
            (root / "TrainingSet1").mkdir(parents=True, exist_ok=True)
            ecg = {"sex": "Male", "age": 60, "data": tiny(k).signal_mv}
            savemat(root / f"TrainingSet1/{name}.mat", {"ECG": ecg})
    lines(root / "REFERENCE.csv", *rows)
    return root


def chapman_headers(root: Path, codes: Sequence[str]) -> Path:
    """The form of PhysioNet: WFDB with the SNOMED codes in the header."""
    for k, text in enumerate(codes):
        record = tiny(k)
        write(Record(record.signal_mv, 500, STANDARD, meta={"Dx": text}), root / f"WFDBRecords/01/010/JS{k:05d}.hea")
    return root


def chapman_table(root: Path, rhythms: Sequence[str], records: int = 0) -> Path:
    """The first form: a table (saved as CSV) and one CSV in uV per record."""
    lines(root / "Diagnostics.csv", "FileName,Rhythm", *(f"MUSE_{k},{rhythm}" for k, rhythm in enumerate(rhythms)))
    for k in range(records):
        microvolts = np.round(tiny(k).signal_mv.T * 1000).astype(int)
        rows = (",".join(map(str, row)) for row in microvolts.tolist())
        lines(root / f"ECGData/MUSE_{k}.csv", ",".join(STANDARD), *rows)
    return root


def mitbih(
    folder: Path, names: Sequence[str], codes: str = "NNNAVNNNFN", leads: Sequence[str] = ("MLII", "V1")
) -> Path:
    """Records of 360 Hz with one annotated beat per 0.8 s, in these codes."""
    folder.mkdir(parents=True, exist_ok=True)
    for k, name in enumerate(names):
        at = (np.arange(len(codes)) * 0.8 * 360 + 100 + k).astype(int)
        time = np.arange(at[-1] + 200)[:, None]
        wave = np.exp(-0.5 * ((time - at) / 5) ** 2).sum(1)
        signal = np.stack([wave, -0.5 * wave], axis=1)
        wfdb.wrsamp(name, 360, ["mV", "mV"], list(leads), signal, fmt=["212", "212"], write_dir=str(folder))
        wfdb.wrann(name, "atr", np.r_[10, at], np.array(["+", *codes]), write_dir=str(folder))
    return folder
