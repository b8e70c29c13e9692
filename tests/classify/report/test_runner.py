"""From a recording to a diagnosis: the command line, the files, the summary, and abstention."""

from __future__ import annotations

import csv
import inspect
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from classify import Classifier
from classify.batch import CaseOptions
from classify.infer import main, parser
from classify.report.runner import infer
from ecg.formats import write
from ecg.leads import STANDARD
from ecg.record import Record
from simulate import Scene
from simulate.heart import synthetic_record

torch.set_num_threads(1)

KEYS = {
    "source",
    "labels",
    "abstained",
    "leads_used",
    "leads",
    "quality",
    "features",
    "warnings",
    "codes",
    "weights",
    "windows",
    "episodes",
}
LABEL_KEYS = ("group", "name", "title", "probability", "threshold", "predicted")
SUMMARY = {"diagnoses.csv", "diagnoses.json"}


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load()


@pytest.fixture(autouse=True)
def nothing_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing what an answer rests on takes seconds, and is tested elsewhere."""
    monkeypatch.setattr("classify.report.runner.explain", lambda classifier, record, labels: [])


@pytest.fixture(scope="module")
def record() -> Record:
    return synthetic_record(3, "SR", conditions=(), noise={}, heart_rate_bpm=70.0)


def test_the_command_line_diagnoses_recordings_and_names_the_bad_one(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(record, tmp_path / "in" / "a.hea")
    write(record, tmp_path / "in" / "b.csv")
    (tmp_path / "in" / "broken.hea").write_text("nonsense\n")
    assert main(["--record", str(tmp_path / "in"), "--output", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert "broken.hea" in printed.err
    assert all(
        f"{one.stem} <- {one}: " in printed.out for one in (tmp_path / "in" / "a.hea", tmp_path / "in" / "b.csv")
    )
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {f"{stem}.{kind}" for stem in "ab" for kind in ("diagnosis.json", "report.html")} | SUMMARY
    found = json.loads((tmp_path / "out" / "a.diagnosis.json").read_text())
    assert set(found) == KEYS
    assert found["source"] == str(tmp_path / "in" / "a.hea")
    assert {tuple(label) for label in found["labels"]} == {LABEL_KEYS}
    assert found["leads_used"] == list(STANDARD)
    assert found["features"]["heart_rate_bpm"] == pytest.approx(70, rel=0.05)


def test_the_summary_has_a_row_for_every_file_also_for_the_bad_one(record: Record, tmp_path: Path) -> None:
    write(record, tmp_path / "a.hea")
    write(record.crop(0, 2), tmp_path / "short.csv")
    (tmp_path / "broken.hea").write_text("nonsense\n")
    assert main(["--record", str(tmp_path), "--output", str(tmp_path / "out")]) == 1
    rows = list(csv.DictReader((tmp_path / "out" / "diagnoses.csv").open()))
    assert [(row["name"], row["status"]) for row in rows] == [
        ("a", "diagnosed"), ("broken", "failed"), ("short", "abstained")]  # fmt: skip
    found = json.loads((tmp_path / "out" / "a.diagnosis.json").read_text())
    assert float(rows[0]["p rhythm:AFIB"]) == found["labels"][6]["probability"]
    assert rows[2]["p rhythm:AFIB"] == "" and "needed" in rows[2]["warnings"]
    assert "broken.hea" in rows[1]["error"]
    assert [row["status"] for row in json.loads((tmp_path / "out" / "diagnoses.json").read_text())] == [
        "diagnosed", "failed", "abstained"]  # fmt: skip


@pytest.mark.slow
def test_a_csv_that_says_neither_rate_nor_unit_is_read_when_told(record: Record, tmp_path: Path) -> None:
    bare = tmp_path / "bare.csv"
    lines = [",".join(record.leads), *(",".join(f"{v:.1f}" for v in row) for row in 1000 * record.signal_mv.T)]
    bare.write_text("\n".join(lines) + "\n")
    said = ["--record", str(bare), "--output", str(tmp_path), "--overwrite"]
    assert main(said) == 1 and main([*said, "--fs_hz", f"{record.fs_hz}"]) == 1
    assert main([*said, "--fs_hz", f"{record.fs_hz}", "--unit", "uV"]) == 0
    found = json.loads((tmp_path / "bare.diagnosis.json").read_text())
    wanted = Classifier.load()(record)
    assert [label["probability"] for label in found["labels"]] == pytest.approx(
        [label.probability for label in wanted.labels], abs=1e-3
    )


@pytest.mark.slow
def test_the_exit_status_is_that_of_reading_pages(record: Record, tmp_path: Path) -> None:
    write(record, tmp_path / "a.hea")
    assert main(["--record", str(tmp_path / "a.hea"), "--output", str(tmp_path / "out")]) == 0
    assert main(["--record", str(tmp_path / "b.hea"), "--output", str(tmp_path / "out2")]) == 1
    (tmp_path / "empty").mkdir()
    assert main(["--record", str(tmp_path / "empty"), "--output", str(tmp_path / "out")]) == 1
    with pytest.raises(SystemExit, match="2"):
        main(["--image", str(tmp_path / "empty"), "--output", str(tmp_path / "out")])
    with pytest.raises(SystemExit, match="2"):
        main(["--image", "x.png", "--mm_per_s", "900", "--output", str(tmp_path / "out")])


def test_two_files_of_one_name_keep_both_results(record: Record, tmp_path: Path) -> None:
    for folder in "xy":
        write(record, tmp_path / folder / "a.hea")
    assert infer(record=[str(tmp_path / "x"), str(tmp_path / "y")], output=tmp_path / "out") == 0
    assert {p.name for p in (tmp_path / "out").glob("*.html")} == {"a.report.html", "a_2.report.html"}


@pytest.mark.slow
def test_a_page_gets_its_reading_its_diagnosis_and_its_report(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page, truth = Scene.sample(4, "clean", layout="3x4+1").render(record)
    Image.fromarray(page.pixels).save(tmp_path / "scan.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    # The reading is the simulator's truth here: how pages are read is tested elsewhere.
    monkeypatch.setattr("classify.batch.load_digitizer", lambda device, engine: lambda page, *given: truth)
    assert main(["--image", str(tmp_path / "*.png"), "--output", str(tmp_path / "out")]) == 1
    assert "broken.png" in capsys.readouterr().err
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names >= {f"scan.{kind}" for kind in ("csv", "hea", "json", "overlay.png", "diagnosis.json", "report.html")}
    found = json.loads((tmp_path / "out" / "scan.diagnosis.json").read_text())
    assert not found["abstained"]
    assert found["quality"]["confidence"] > 0.9
    report = (tmp_path / "out" / "scan.report.html").read_text()
    assert "data:image/jpeg;base64," in report and "Page <b>3x4+1, " in report


def test_missing_weights_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--record", "x.hea", "--weights", str(tmp_path / "w.safetensors"), "--output", str(tmp_path)]) == 1
    assert "w.safetensors" in capsys.readouterr().err


def test_options_equal_the_function(tmp_path: Path) -> None:
    options = vars(parser().parse_args(["--record", "x"]))
    own = {*inspect.signature(infer).parameters} - {"options"}
    assert set(options) == own | set(CaseOptions.__annotations__)


def test_the_order_and_gain_of_leads_do_not_change_the_diagnosis(classifier: Classifier, record: Record) -> None:
    turned = Record(record.signal_mv[::-1], record.fs_hz, record.leads[::-1])
    one, two = (np.array([label.probability for label in classifier(r).labels]) for r in (record, turned))
    assert np.abs(one - two).max() < 1e-3


def test_a_page_of_short_leads_still_gets_an_answer(classifier: Classifier, record: Record) -> None:
    signal = np.full_like(record.signal_mv, np.nan)
    for k in range(12):
        column = slice(1250 * (k // 3), 1250 * (k // 3 + 1))
        signal[k, column] = record.signal_mv[k, column]
    diagnosis = classifier(Record(signal, 500, STANDARD))
    assert not diagnosis.abstained
    assert all(np.isfinite(label.probability) for label in diagnosis.labels)
    assert diagnosis.quality["printed"] == pytest.approx(0.25, abs=0.01)


def test_a_long_recording_is_seen_to_its_end(classifier: Classifier) -> None:
    long = synthetic_record(8, "SR", duration_s=26.0, conditions=(), noise={})
    changed = long.signal_mv.copy()
    changed[:, 10000:] *= np.linspace(-1, 1, 12)[:, None]
    one, two = (classifier(Record(s, 500, STANDARD)).labels for s in (long.signal_mv, changed))
    assert any(abs(a.probability - b.probability) > 1e-4 for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize(
    ("leads", "seconds", "words"),
    [(("I", "II"), 10, "2 usable leads"), (STANDARD, 3, "3.0 s of signal"), ((), 10, "0 usable leads")],
)
def test_too_little_evidence_gives_no_diagnosis(
    classifier: Classifier, record: Record, leads: tuple[str, ...], seconds: float, words: str
) -> None:
    signal = np.where(np.isin(STANDARD, leads)[:, None], record.signal_mv, np.nan)
    diagnosis = classifier(Record(signal, 500, STANDARD).crop(0, seconds))
    assert diagnosis.abstained
    assert any(words in warning for warning in diagnosis.warnings)
    assert not diagnosis.predicted
    assert {label["probability"] for label in diagnosis.to_dict()["labels"]} == {None}


def test_flat_leads_and_contradicting_limb_leads_are_said(classifier: Classifier, record: Record) -> None:
    signal = record.signal_mv.copy()
    signal[STANDARD.index("V2")] = 0.0
    signal[STANDARD.index("III")] += np.sin(np.arange(5000) / 50)
    text = " ".join(classifier(Record(signal, 500, STANDARD)).warnings)
    assert "V2" in text
    assert "contradict" in text


def test_a_lead_that_its_reader_doubts_is_not_used(classifier: Classifier, record: Record) -> None:
    sure = dict.fromkeys(STANDARD, 0.9)
    doubted = classifier(record, {**sure, "V3": 0.1})
    assert "V3" not in doubted.leads_used and len(doubted.leads_used) == 11
    assert any("V3" in warning and "10%" in warning for warning in doubted.warnings)
    without = record.select([lead for lead in STANDARD if lead != "V3"])
    assert [a.probability for a in doubted.labels] == [b.probability for b in classifier(without).labels]
    assert classifier(record, dict.fromkeys(STANDARD, 0.1)).abstained
    assert np.isnan(classifier(record).quality["confidence"])


def test_what_the_weights_were_not_trained_for_is_never_said(classifier: Classifier, record: Record) -> None:
    seen = {group: dict.fromkeys((n for g, n in classifier.card.labels if g == group), 500) for group in
            ("superclass", "rhythm")}  # fmt: skip
    seen["rhythm"]["AFIB"] = 3
    limited = Classifier(classifier.net, replace(classifier.card, seen=seen))
    whole, part = classifier(record), limited(record)
    assert "AFIB" not in [label.name for label in part.labels]
    assert [x for x in whole.labels if x.name != "AFIB"] == list(part.labels)


def test_weights_of_single_beats_are_refused_by_name(classifier: Classifier) -> None:
    data = {**classifier.card.recipe["data"], "page_masks": False, "vary": False}
    card = replace(classifier.card, recipe={**classifier.card.recipe, "task": "aami_inter", "data": data})
    with pytest.raises(ValueError, match=r"stretches of 0\.8 s.*aami_inter"):
        Classifier(classifier.net, card)


def test_what_abstained_is_not_counted_as_diagnosed(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(record.select(["II"]), tmp_path / "in" / "one_lead.csv")
    write(replace(record.crop(0, 2.0), meta={}), tmp_path / "in" / "short.csv")
    assert main(["--record", str(tmp_path / "in"), "--output", str(tmp_path / "out")]) == 0
    assert "0 of 2 diagnosed, 2 read, but without a diagnosis; all in" in capsys.readouterr().err


def test_recordings_of_several_rates_are_read_by_a_table(record: Record, tmp_path: Path) -> None:
    for name, fs_hz in (("quick", 500.0), ("slow", 250.0)):
        rows = record.resample(fs_hz).signal_mv.T.round(4).tolist()
        lines = [",".join(STANDARD), *(",".join(map(str, row)) for row in rows)]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines))
    (tmp_path / "rates.csv").write_text("id,fs\nquick,500\nslow,250\n")
    given = ["--record", str(tmp_path / "quick.csv"), str(tmp_path / "slow.csv"), "--output", str(tmp_path / "out")]
    assert main([*given, "--fs_hz", str(tmp_path / "rates.csv")]) == 0
    for name in ("quick", "slow"):
        said = json.loads((tmp_path / "out" / f"{name}.diagnosis.json").read_text())
        assert said["features"]["heart_rate_bpm"] == pytest.approx(70, abs=2)
