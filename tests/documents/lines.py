"""What the five source documents say, line by line, with the command that does it and what then is there.

`python tests/documents/lines.py docs/documents.md` writes the tables of that file anew. Words in capitals stand for the
user's own data and for what was trained before; the document says which is which.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

MARK = "<!-- lines -->"


@dataclass(frozen=True)
class Line:
    """A sentence of a document, the command, and the files (patterns below OUT) or words that it leaves."""

    sentence: str
    command: str
    leaves: tuple[str, ...] = ()
    says: str = ""

    @property
    def result(self) -> str:
        words = [f"`{name}`" for name in self.leaves] + ([f"says `{self.says}`"] if self.says else [])
        return ", ".join(words)


_RUN = ("run_*/checkpoints/best.pth", "run_*/results.json")
TRAIN, VALIDATE = "python -m classify.train", "python -m classify.validate_data"
READ = "python -m digitize"

DOCUMENTS: dict[str, tuple[Line, ...]] = {
    "Five classes of MIMIC-IV-ECG": (
        Line("every path of the table exists and opens", f"{VALIDATE} --task mimic5 --root MIMIC --output OUT",
             ("validation.json", "split.csv"), "unreadable: 0"),
        Line("amplitudes and spectra of the leads", f"{VALIDATE} --task mimic5 --root MIMIC --stats --output OUT",
             ("statistics.png",)),
        Line("the table lies elsewhere than the waveforms",
             f"{VALIDATE} --task mimic5 --root TABLE --base_path MIMIC --max_samples 5 --output OUT",
             (), "unreadable: 0"),
        Line("PLRNN with the eight features, classes balanced in training only",
             f"{TRAIN} --config configs/plrnn.yaml --task mimic5 --data MIMIC --set data.balanced=true "
             "--set data.page_masks=false --output OUT", (*_RUN, "run_*/results.png")),
        Line("the light LSTM, early stopping by accuracy",
             f"{TRAIN} --task mimic5 --data MIMIC --set net.name=lstm_lite --set net.options={{}} --set data.fs_hz=50 "
             "--set data.amplitude_channels=false --set data.mask_channels=false --set fit.best_metric=accuracy "
             "--set fit.early_stopping=5 --set fit.schedule=plateau --output OUT", _RUN),
        Line("several statements of one record",
             f"{TRAIN} --task mimic_multilabel --data STATEMENTS --output OUT", _RUN),
        Line("heart rate as a band", f"{TRAIN} --task mimic_hr --data STATEMENTS --output OUT", _RUN),
        Line("the sixteen features as a table",
             "python -m classify.features --input MIMIC --set sixteen --output OUT/features.csv", ("features.csv",)),
    ),
    "Beats in the AAMI classes": (
        Line("beats of the records, how many of each class", f"{VALIDATE} --task aami_intra --root MITBIH --output OUT",
             ("validation.json",), "360"),
        Line("LSTM with soft attention on one lead of 300 samples, ten epochs",
             f"{TRAIN} --task aami_intra --data MITBIH --records 100-180 --set net.name=lstm_soft_attention "
             "--set data.leads=[II] --set data.fs_hz=360 --set data.from_usual=false --epochs 10 --batch_size 32 "
             "--output OUT", (*_RUN, "run_*/results/aami_*.png", "run_*/report.md")),
        Line("by patient: DS1 trains, DS2 tests", f"{TRAIN} --task aami_inter --data MITBIH --output OUT", _RUN),
        Line("both leads, intervals beside them, every class as often, Bahdanau's attention, early stopping",
             f"{TRAIN} --task aami_inter --data MITBIH --set net.name=lstm_bahdanau "
             "--set 'net.options={features: 8}' --set data.from_usual=false --set data.balanced=true "
             "--set fit.best_metric=macro_f1 --set fit.early_stopping=5 --epochs 30 --output OUT", _RUN),
        Line("the class of every beat of a recording, by the shipped weights",
             "python -m classify.infer --task aami --record MITBIH/100.hea --output OUT",
             ("100.beats.csv", "100.beats.json", "100.beats.png"), "beats"),
        Line("the same by one's own weights",
             "python -m classify.infer --task aami --weights BEATS --record MITBIH/100.hea --output OUT",
             ("100.beats.csv", "100.beats.json", "100.beats.png"), "beats"),
    ),
    "34 labels of the Hefei competition": (
        Line("eight leads, labels, age and sex are read", f"{VALIDATE} --task hefei34 --root HEFEI --output OUT",
             ("validation.json",), "unreadable: 0"),
        Line("with age and sex before the last layer, weighted loss, best by micro-F1, the rate in steps",
             f"{TRAIN} --task hefei34 --data HEFEI --set net.name=gru_v3 --set 'net.options={{leads: 8}}' "
             "--set loss.weights=log --set fit.best_metric=micro_f1 --set fit.schedule=step "
             "--set fit.step_at=[50,100,150] --set data.page_masks=false --output OUT", _RUN),
        Line("basic, without age and sex, signals not normalised, the rate by the plateau of F1",
             f"{TRAIN} --task hefei34 --data HEFEI --set net.name=lstm_v2 --set 'net.options={{leads: 8}}' "
             "--set data.preparation.scale=none --set fit.best_metric=micro_f1 --set fit.schedule=plateau "
             "--set fit.plateau_patience=10 --set fit.plateau_factor=0.1 --set fit.lr_min=1e-8 "
             "--set data.page_masks=false --output OUT", _RUN),
        Line("every network basic and with age and sex, in one table",
             "python -m classify.compare --list COMPARE --data HEFEI --output OUT", ("comparison.md",), "age and sex"),
        Line("several networks as one, by the mean of their logits",
             "python -m classify.ensemble --checkpoints JUDGE JUDGE --output OUT/joined.pth", ("joined.pth",),
             "2 networks as one"),
        Line("a recording of the competition is diagnosed",
             "python -m classify.infer --record HEFEI/hf_round2_train/0.txt --output OUT", ("0.diagnosis.json",)),
    ),
    "Notes on networks for ECGs": (
        Line("ten folds of CPSC2018, as a file", f"{VALIDATE} --task cpsc2018 --root CPSC --output OUT",
             ("folds.csv", "split.csv"), "unreadable: 0"),
        Line("Chapman in tenths by rhythm, men and women apart",
             f"{VALIDATE} --task chapman --root CHAPMAN --output OUT", ("split.csv",), "unreadable: 0"),
        Line("networks under one recipe; macro F1 by the thresholds of validation records, and at one half",
             "python -m classify.compare --list ZOO --data CPSC --output OUT", ("comparison.md",), "macro F1 at 0.5"),
        Line("CPC, CLOCS and ST-MEM on one trunk and budget",
             "python -m classify.pretrain --config configs/pretrain_shared.yaml --set method=st_mem "
             "--set task=cpsc2018 --data CPSC --output OUT", ("run_*/checkpoints/best.pth",), "pretrained"),
        Line("linear evaluation, fine-tuning and training from nothing, by the share of labels and under noise",
             "python -m classify.pretrain --curves ENCODER --shares 0.5 1 --noise_db inf 6 --data CPSC --output OUT",
             ("curves.json", "curves.png"), "linear"),
        Line("a student of one lead learns from a teacher of twelve",
             f"{TRAIN} --task cpsc2018 --data CPSC --set net.name=mvkt --set net.options={{}} "
             "--set loss.teacher=FORMER --set loss.distance=labels --set loss.contrast=0.1 --output OUT", _RUN),
        Line("where every stage looks, drawn on the trace",
             "python -m classify.explain --weights FORMER --record CPSC/TrainingSet1/A0001.mat --output OUT",
             ("A0001.attention.png", "A0001.explain.json")),
    ),
    "The guide to training the digitizer": (
        Line("the environment is checked", "python -m ecg.fit.doctor --output OUT", (), "torch"),
        Line("the data are checked", f"{READ}.training.validate_data --sim_root PAGES --csv_root CSVS --max_samples 2",
             (), "0 with a problem"),
        Line("a debug run", f"{READ}.train --sim_root PAGES --csv_root CSVS --debug --force_cpu --output OUT",
             ("run_*/checkpoints/best.pth", "run_*/checkpoints/last.pth", "run_*/config.json", "run_*/tensorboard/*",
              "run_*/logs/train.log")),
        Line("every option of the guide",
             f"{READ}.train --sim_root PAGES --csv_root CSVS --batch_size 2 --num_workers 0 --epochs 10 --cache "
             "--force_cpu --lr 1e-4 --max_samples 6 --loss_weight_seg 1 --loss_weight_grid 0.5 "
             "--loss_weight_baseline 0.8 --loss_weight_theta 0.3 --loss_weight_signal 2 --output OUT",
             ("run_*/checkpoints/epoch_10.pth",), "held out"),
        Line("a config.json with loss weights", f"{READ}.train --config LOSSES --sim_root PAGES --csv_root CSVS "
             "--max_samples 6 --epochs 1 --force_cpu --output OUT", ("run_*/checkpoints/best.pth",)),
        Line("a training goes on from its checkpoint, for more epochs", f"{READ}.train --resume LAST --epochs 2", (),
             "epoch 2/2"),
        Line("the network is measured on pages it never saw", f"{READ}.evaluate --checkpoint BEST --output OUT",
             ("report.md", "report.json"), "held-out pages"),
        Line("a page read by it", f"{READ}.infer --checkpoint BEST --image PICTURE --output OUT",
             ("*.csv", "*.overlay.png"), "1 of 1 pages read"),
        Line("a picture of what it sees", f"{READ}.visualize --checkpoint BEST --image PICTURE --output OUT/seen.png",
             ("seen.png",)),
    ),
}  # fmt: skip


def tables() -> str:
    """All lines as the document shows them."""
    parts = []
    for title, lines in DOCUMENTS.items():
        rows = [f"| {line.sentence} | `{line.command}` | {line.result} |" for line in lines]
        parts += [f"## {title}", "", "| sentence | command | result |", "|---|---|---|", *rows, ""]
    return "\n".join(parts)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(path.read_text(encoding="utf-8").partition(MARK)[0] + f"{MARK}\n\n{tables()}", encoding="utf-8")
