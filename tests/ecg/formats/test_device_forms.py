"""Devices of which no real file is at hand: forms by their standards, drawn here."""

from __future__ import annotations

from pathlib import Path

import device_forms
import numpy as np
import pydicom
import pytest
from recordings import printed, whole

from ecg.files import InputError
from ecg.formats import ReadOptions, read, read_all, write
from ecg.leads import STANDARD

RNG = np.random.default_rng(0)


def counts(leads: int, samples: int = 400) -> np.ndarray:
    return RNG.integers(-2000, 2000, (leads, samples))


@pytest.mark.parametrize("language", device_forms.WATCHES)
def test_a_watch_in_any_language(tmp_path: Path, language: str) -> None:
    uv = RNG.normal(0, 300, 700)
    path = tmp_path / "ecg_2020-02-03.csv"
    path.write_text(device_forms.watch_csv(language, uv.tolist()), encoding="utf-8")
    record = read(path, keep_identity=True)
    assert (record.leads, record.fs_hz, record.meta["recorded_at"]) == (("I",), 512.0, "2020-02-03T04:05:06+01:00")
    np.testing.assert_allclose(record["I"] * 1000, uv, atol=1e-3)
    assert (record.meta["patient_name"], record.meta["birth_date"]) == ("Ada Lovelace", "1815-12-10")
    assert "patient_name" not in read(path).meta


def test_a_watch_that_does_not_say_its_unit(tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_text(device_forms.watch_csv("en", [1, 2, 3]).replace("Unit,µV\n", ""), encoding="utf-8")
    with pytest.raises(InputError, match="does not say its unit"):
        read(path)
    assert read(path, unit="uV")["I"][2] == pytest.approx(0.003)


def test_mortara(tmp_path: Path) -> None:
    rows = dict(zip(STANDARD, counts(12), strict=True))
    (tmp_path / "m.xml").write_text(device_forms.mortara_xml(rows))
    record = read(tmp_path / "m.xml")
    assert (record.leads, record.fs_hz, record.meta["age"], record.meta["sex"]) == (STANDARD, 1000.0, "61", "F")
    np.testing.assert_allclose(record.signal_mv, np.array([*rows.values()]) / 400, rtol=1e-6)


def test_ishne(tmp_path: Path) -> None:
    values = counts(3)
    values[1, 5:9] = -32768
    (tmp_path / "h.ecg").write_bytes(device_forms.ishne(values, [6, 11, 15]))
    record = read(tmp_path / "h.ecg")
    assert (record.leads, record.fs_hz) == (("II", "V1", "V5"), 200.0)
    wanted = np.where(values == -32768, np.nan, values * 2.5e-3)
    np.testing.assert_allclose(record.signal_mv, wanted, rtol=1e-6)
    assert record.meta["recorded_at"] == "2020-02-03T04:05:06"


def test_ishne_without_a_resolution_is_refused(tmp_path: Path) -> None:
    (tmp_path / "h.ecg").write_bytes(device_forms.ishne(counts(1), [6], nanovolts=-9))
    with pytest.raises(InputError, match="lead II states no gain"):
        read(tmp_path / "h.ecg")


@pytest.mark.parametrize(("null", "gap"), [(None, False), (-32768, True), (0, False)])
def test_mfer(tmp_path: Path, null: int | None, gap: bool) -> None:
    values = np.abs(counts(2)) + 1
    values[0, 7] = 0 if null is None else null  # a single zero is a voltage, also where 0 stands for "nothing"
    (tmp_path / "m.mwf").write_bytes(device_forms.mfer(values, [1, 2], null))
    record = read(tmp_path / "m.mwf").select(("I", "II"))
    assert record.fs_hz == 500.0
    assert bool(np.isnan(record["I"][7])) is gap
    keep = np.isfinite(record.signal_mv)
    np.testing.assert_allclose(record.signal_mv[keep], (values * 1e-3)[keep], rtol=1e-6)


@pytest.mark.parametrize(("base", "exponent", "fs_hz"), [(500, 0, 500.0), (25, 1, 250.0), (2500, -1, 250.0)])
def test_muse_reads_the_rhythm_and_derives_four_leads(tmp_path: Path, base: int, exponent: int, fs_hz: float) -> None:
    rows = dict(zip(("I", "II", "V1", "V2", "V3", "V4", "V5", "V6"), counts(8), strict=True))
    (tmp_path / "m.xml").write_text(device_forms.muse_xml(rows, base, exponent))
    record = read(tmp_path / "m.xml")
    assert (record.leads, record.fs_hz, record.samples) == (STANDARD, fs_hz, 400)
    np.testing.assert_allclose(record["aVR"], -(rows["I"] + rows["II"]) / 2 * 4.88e-3, atol=1e-5)


def grouped(folder: Path, change: str) -> Path:
    """A DICOM file whose only group is changed in one way."""
    path = folder / "g.dcm"
    write(whole(1200), path)
    dataset = pydicom.dcmread(path)
    (group,) = dataset.WaveformSequence
    if change == "median first":
        median = pydicom.Dataset()
        median.update(group)
        median.MultiplexGroupLabel, median.NumberOfWaveformSamples = "MEDIAN BEAT", 300
        median.WaveformData = bytes(300 * 12 * 2)
        dataset.WaveformSequence = [median, group]
    elif change == "short without a label":
        beat = pydicom.Dataset()
        beat.update(group)
        del group.MultiplexGroupLabel, beat.MultiplexGroupLabel
        beat.NumberOfWaveformSamples, beat.WaveformData = 300, bytes(300 * 12 * 2)
        dataset.WaveformSequence = [group, beat]
    elif change == "scp codes":
        for channel in group.ChannelDefinitionSequence:
            code = channel.ChannelSourceSequence[0]
            code.CodeValue, code.CodingSchemeDesignator = f"5.6.3-9-{code.CodeValue[2:]}", "SCPECG"
            code.CodeMeaning = channel.ChannelLabel = "a lead"
    elif change == "baseline and millivolts":
        for channel in group.ChannelDefinitionSequence:
            channel.ChannelSensitivityUnitsSequence[0].CodeValue = "mV"
            channel.ChannelSensitivity, channel.ChannelBaseline = "0.0005", "0.25"
            channel.ChannelSensitivityCorrectionFactor = "2"
    elif change == "later":
        later = pydicom.Dataset()
        later.update(group)
        group.MultiplexGroupTimeOffset, later.MultiplexGroupTimeOffset = "1000", "5000"
        dataset.WaveformSequence = [group, later]
    dataset.save_as(path)
    return path


@pytest.mark.parametrize("change", ["median first", "short without a label", "scp codes"])
def test_dicom_takes_the_rhythm_under_any_codes(tmp_path: Path, change: str) -> None:
    record = read(grouped(tmp_path, change))
    np.testing.assert_allclose(record.signal_mv, whole(1200).signal_mv, atol=0.501e-3)


def test_dicom_baseline_and_millivolts(tmp_path: Path) -> None:
    record = read(grouped(tmp_path, "baseline and millivolts"))
    np.testing.assert_allclose(record.signal_mv, whole(1200).signal_mv + 0.25, atol=0.501e-3)


def test_dicom_groups_lie_on_one_time_line(tmp_path: Path) -> None:
    record = read(grouped(tmp_path, "later"))
    assert (record.samples, record.start_s) == (2000 + 1200, 1.0)
    assert np.isnan(record.signal_mv[:, 1200:2000]).all()
    np.testing.assert_array_equal(record.signal_mv[:, :1200], record.signal_mv[:, 2000:])


@pytest.mark.parametrize(("padding", "zeros_are_gaps"), [(0, "long ones"), (-32768, "never")])
def test_dicom_zero_as_padding_counts_in_runs_only(tmp_path: Path, padding: int, zeros_are_gaps: str) -> None:
    first = whole(1200)
    signal = first.signal_mv.copy()
    signal[0, 10:20], signal[0, 300:700] = 0, 0
    write(type(first)(signal, 500, STANDARD), tmp_path / "z.dcm")
    dataset = pydicom.dcmread(tmp_path / "z.dcm")
    dataset.WaveformSequence[0].WaveformPaddingValue = np.array(padding, "<i2").tobytes()
    dataset.save_as(tmp_path / "z.dcm")
    record = read(tmp_path / "z.dcm")
    assert np.isfinite(record["I"][:300]).all()
    assert bool(np.isnan(record["I"][300:700]).all()) is (zeros_are_gaps == "long ones")


def test_aecg_at_absolute_times_and_without_its_medians(tmp_path: Path) -> None:
    write(printed(), tmp_path / "a.xml", "aecg")
    text = (tmp_path / "a.xml").read_text()
    assert text.count("<sequenceSet>") == 5
    for number in range(4):
        head = f'value="{0.5 * number:g}" unit="s"' if number else 'value="0" unit="s"'
        assert head in text
    absolute = text.replace("TIME_RELATIVE", "TIME_ABSOLUTE").replace("GLIST_PQ", "GLIST_TS")
    for number in range(4):
        moment = f"2020020304050{6 + number // 2}.{number % 2 * 500:03d}"
        absolute = absolute.replace(f'<head value="{0.5 * number:g}" unit="s"', f'<head value="{moment}"')
    (tmp_path / "b.xml").write_text(absolute)
    np.testing.assert_array_equal(read(tmp_path / "b.xml").signal_mv, read(tmp_path / "a.xml").signal_mv)


def test_several_recordings_of_one_file(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for number in (1, 2):
        write(whole(seed=number), tmp_path / f"{number}.parquet")
    tables = [pq.read_table(tmp_path / f"{number}.parquet") for number in (1, 2)]
    pq.write_table(pa.concat_tables(tables), tmp_path / "both.parquet")
    assert len(read_all(tmp_path / "both.parquet")) == 2
    with pytest.raises(InputError, match=r"both\.parquet: holds 2 recordings, expected one"):
        read(tmp_path / "both.parquet")


def test_options_are_seen_by_readers_that_need_them(tmp_path: Path) -> None:
    text = "Rhythm signal: 3 X 12\n" + "2 4 2 -3 0 3 1 1 1 1 1 1\n" * 3
    (tmp_path / "t.txt").write_text(text)
    (record,) = read_all(tmp_path / "t.txt", ReadOptions(250, "uV"))
    assert record["aVF"].tolist() == pytest.approx([0.003] * 3)
    (tmp_path / "t.txt").write_text(text.replace("2 4 2", "2 900 2", 1))
    with pytest.raises(InputError, match="III is not II - I"):
        read_all(tmp_path / "t.txt", ReadOptions(250, "uV"))


def test_aecg_whose_time_was_taken_out(tmp_path: Path) -> None:
    write(whole(100), tmp_path / "a.xml", "aecg")
    text = (tmp_path / "a.xml").read_text()
    assert '<head value="0" unit="s" />' in text
    (tmp_path / "a.xml").write_text(text.replace('<head value="0" unit="s" />', '<head nullFlavor="MSK" />'))
    np.testing.assert_allclose(read(tmp_path / "a.xml").signal_mv, whole(100).signal_mv, atol=0.501e-3)


def test_fhir_with_codes_of_potentials_and_a_bundle(tmp_path: Path) -> None:
    write(whole(100, leads=("I", "aVF")), tmp_path / "a.fhir.json")
    text = (tmp_path / "a.fhir.json").read_text()
    potentials = text.replace('"131073"', '"131329"').replace('"131136"', '"131392"').replace("MDC_ECG_LEAD_", "X")
    bundle = f'{{"resourceType": "Bundle", "entry": [{{"resource": {potentials.replace("Lead ", "")}}}]}}'
    (tmp_path / "b.json").write_text(bundle)
    record = read(tmp_path / "b.json")
    assert record.leads == ("I", "aVF")
    np.testing.assert_allclose(record.signal_mv, whole(100, leads=("I", "aVF")).signal_mv, atol=0.501e-3)
