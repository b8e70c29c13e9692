"""A CSV as spreadsheets, pandas and converters write it: the same record, or one short sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecg.files import InputError
from ecg.formats import find_records, read
from ecg.formats.csv_table import column
from ecg.record import Record

VALUES = np.random.default_rng(4).normal(0, 0.5, (300, 3)).round(4)
NAMES = ("I", "II", "V1")
Cells = Callable[[float], str]


def table(head: str, separator: str = ",", cell: Cells = str, first: Callable[[int], str] | None = None) -> str:
    rows = [[*([first(k)] if first else []), *map(cell, row)] for k, row in enumerate(VALUES.tolist())]
    return "\n".join([head, *(separator.join(row) for row in rows)]) + "\n"


def comma(value: float) -> str:
    return str(value).replace(".", ",")


FORMS = {
    "plain": table("I,II,V1"),
    "pandas": table(",I,II,V1", first=str),
    "index": table("sample,I,II,V1", first=lambda k: str(k + 1)),
    "quoted index": table("'sample #','I','II','V1'", first=str),
    "german": table("I;II;V1", ";", comma),
    "german with times": table("time_s;I;II;V1", ";", comma, lambda k: comma(k / 250)),
    "excel": "sep=;\n" + table("I;II;V1", ";", comma),
    "tabs": table("I\tII\tV1", "\t"),
    "mV": table("I (mV),II [mV],V1_mV"),
    "uV": table("I (uV),II (µV),V1_uV", cell=lambda v: f"{1000 * v:.1f}"),
    "V": table("I (V),II (V),V1 (V)", cell=lambda v: f"{v / 1000:.7f}"),
    "time": table("time,I,II,V1", first=lambda k: str(k / 250)),
    "t": table("t,I,II,V1", first=lambda k: str(k / 250)),
    "Time (s)": table("Time (s),I,II,V1", first=lambda k: str(k / 250)),
    "time (ms)": table("time (ms),I,II,V1", first=lambda k: str(k * 4)),
    "time_ms": table("time_ms,I,II,V1", first=lambda k: str(k * 4)),
    "clock": table(
        "'Elapsed time','I','II','V1'\n'hh:mm:ss.mmm','mV','mV','mV'", first=lambda k: f"'0:0{k / 250:.3f}'"
    ),
    "units row": table("I,II,V1\nuV,uV,uV", cell=lambda v: f"{1000 * v:.1f}"),
    "prefixes": table("ECG I,EKG II,MDC_ECG_LEAD_V1"),
    "comment": "# recorded at home\n" + table("I,II,V1"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_every_form_is_the_same_record(tmp_path: Path, form: str, encoding: str) -> None:
    (tmp_path / "r.csv").write_bytes(FORMS[form].encode(encoding))
    record = read(tmp_path / "r.csv", fs_hz=250)
    assert (record.leads, record.fs_hz) == (NAMES, 250.0)
    np.testing.assert_allclose(record.signal_mv.T, VALUES, atol=1.1e-4)


def test_volts_when_told(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(table("I,II,V1", cell=lambda v: f"{v / 1000:.7f}"))
    np.testing.assert_allclose(read(tmp_path / "r.csv", 250, "V").signal_mv.T, VALUES, atol=1e-4)


def transposed() -> str:
    return "\n".join([",".join(["", *map(str, range(300))])] + [
        ",".join([name, *map(str, row)]) for name, row in zip(NAMES, VALUES.T.tolist(), strict=True)])  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (transposed(), "leads stand in rows; transpose it"),
        (transposed().split("\n", 1)[1], "leads stand in rows; transpose it"),
        (table("time_s,I,II,V1", first=lambda k: str(2 * k)), r"time_s says 0\.5 Hz.*is it in ms\?"),
        (table("time,I,II,V1", first=lambda k: str(4 * k)), r"time says 0\.25 Hz.*time_ms"),
        (table("time_ms,I,II,V1", first=lambda k: str(k / 500)), r"says 500000 Hz.*is it in s\?"),
        (table("I,II,V1", cell=comma), r"line 2: expected 3 cells, got 6; decimal commas need semicolons"),
        (table(",I,II,V1", first=lambda k: str(k * 0.3)), "does not count the samples"),
        (table("I,II,V1").replace("\n", '\n"', 1), "line 2: expected 3 cells, got 1"),
        (table("I (mV),II (mV),V1 (V)"), r"^$"),
        (",".join(f"column{k}" for k in range(500)) + "\n1\n", r"and 488 more"),
        (table("I,II,V1", cell=lambda v: f"{v:.2f}_0"), r"line 2: '.*_0' is no number"),
        ("I\n" + "x" * 20_000 + "\n", "is no number"),
        ("I\n" + "x" * 200_000 + "\n", "quotation mark that is not closed"),
    ],
)
def test_what_is_refused_is_short(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "r.csv").write_text(text)
    if words == "^$":  # columns of two units are no fault
        assert read(tmp_path / "r.csv", 250)["V1"][0] == pytest.approx(1000 * VALUES[0, 2], rel=1e-5)
        return
    with pytest.raises(InputError, match=words) as caught:
        read(tmp_path / "r.csv", None if text.startswith("time") else 250)
    assert len(str(caught.value)) < 400 and "r.csv" in str(caught.value)


def test_a_stated_unit_and_a_given_one_must_agree(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(FORMS["mV"])
    with pytest.raises(InputError, match=r"is in mV, but unit='uV'"):
        read(tmp_path / "r.csv", 250, "uV")


@pytest.mark.parametrize(
    ("head", "kind", "unit"),
    [("V", "lead", ""), ("V1 (V)", "lead", "V"), ("t (ms)", "time", "ms"), ("age", "other", ""), ("I (s)", "other", ""),
     ("-aVR", "lead", ""), ("Index", "index", ""), ("time [s]", "time", "s"), ("time (mV)", "other", "")],
)  # fmt: skip
def test_heads(head: str, kind: str, unit: str) -> None:
    assert (column(head).kind, column(head).unit) == (kind, unit)


def test_a_folder_knows_its_signals_by_their_first_line(tmp_path: Path) -> None:
    for name, form in (("a", "german"), ("b", "pandas"), ("c", "mV")):
        (tmp_path / f"{name}.csv").write_text(FORMS[form])
    (tmp_path / "list.csv").write_text("id,age\n1,2\n")
    (tmp_path / "times.csv").write_text("time_s\n1\n")
    assert [path.stem for path in find_records([tmp_path])] == ["a", "b", "c"]


def test_channels_of_no_place_are_read_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(table("ECG1,ECG2,ECG3"))
    with pytest.raises(InputError, match="leads out of the twelve"):
        read(tmp_path / "r.csv", 250)
    record: Record = read(tmp_path / "r.csv", 250, placed=False)
    assert record.leads == ("ECG1", "ECG2", "ECG3")


def test_samples_in_which_nothing_is_printed_keep_their_time(tmp_path: Path) -> None:
    """Without a column of times a line of empty cells is a sample; only those at the end are a spreadsheet's."""
    path = tmp_path / "late.csv"
    path.write_text("I,II\n" + ",\n" * 10 + "0.1,0.2\n" * 300 + ",\n" + "0.1,0.2\n" * 200 + ",\n" * 5)
    record = read(path, 250.0)
    assert record.samples == 511
    assert np.flatnonzero(np.isnan(record["I"])).tolist() == [*range(10), 310]


def test_an_empty_line_among_times_is_no_sample(tmp_path: Path) -> None:
    path = tmp_path / "gap.csv"
    lines = [f"{k * 0.004:.3f},0.1,0.2" for k in range(300)]
    path.write_text("\n".join(["time_s,I,II", *lines[:100], ",,", *lines[100:]]))
    assert read(path).samples == 300
