"""Pages on disk, prepared: caches change no number, and nothing that was drawn otherwise is taken from them."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from drawn_page import drawn as drawn_page
from oracle import heart, scene

from digitize.nets.inputs import PULSE, TEXT
from digitize.training.page_files import PageFiles, find_pages
from digitize.training.page_samples import TARGETS_VERSION, page_example
from digitize.training.prepared_pages import PreparedPages
from ecg.fit.cache import DiskCache, MemoryCache
from ecg.fit.dataloader import loader
from ecg.formats import write
from ecg.reading import Reading, SceneTruth

SIZE_PX = (64, 64)


@pytest.fixture
def folder(drawn: Path, tmp_path: Path) -> Path:
    """A copy that may be spoilt."""
    return Path(shutil.copytree(drawn, tmp_path / "pages"))


def pages_in(folder: Path, **caches: object) -> PreparedPages:
    return PreparedPages(find_pages(folder, folder)[0], SIZE_PX, 5, **caches)


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k].nan_to_num(-1), b[k].nan_to_num(-1)) for k in a)


# --- caches -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_no_cache_changes_a_number(drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = pages_in(drawn)
    disk, memory = pages_in(drawn, disk=DiskCache(tmp_path, 10**8)), pages_in(drawn, memory=MemoryCache(10**8))
    memory.fill(0)
    wanted = []
    for epoch in (0, 1):
        plain.set_epoch(epoch)
        wanted.append([plain[i] for i in range(3)])
        disk.set_epoch(epoch)
        assert all(same(disk[i], wanted[-1][i]) for i in range(3))
    assert not all(same(a, b) for a, b in zip(*wanted, strict=True))  # another light
    monkeypatch.setattr("digitize.training.prepared_pages.open_page", None)  # from here on nothing can be made anew
    for pages in (disk, memory):
        pages.set_epoch(1)
        assert all(same(pages[i], wanted[1][i]) for i in range(3))
    (batch,) = loader(memory, [[0, 2]], 1)  # workers see what the parent holds
    assert torch.equal(batch["image"][1], wanted[1][2]["image"])


def test_changed_pages_and_sizes_are_prepared_anew(folder: Path, tmp_path: Path) -> None:
    disk = DiskCache(tmp_path / "cache", 10**8)
    before = pages_in(folder, disk=disk).prepared(0)
    first, second = sorted(folder.glob("*.png"))[:2]
    for suffix in (".png", ".json", ".csv"):
        shutil.copy(second.with_suffix(suffix), first.with_suffix(suffix))
    assert not np.array_equal(before["image"], pages_in(folder, disk=disk).prepared(0)["image"])
    smaller = PreparedPages(find_pages(folder, folder)[0], (64, 32), 5, disk=disk)
    assert smaller.prepared(1)["seg"].shape == (32, 64)


def test_memory_that_is_too_small_is_said(drawn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = pages_in(drawn, memory=MemoryCache(60_000))
    pages.fill(0)
    assert "--cache: 1 of 3 pages fit into memory" in capsys.readouterr().err
    assert same(pages[2], pages_in(drawn)[2])


# --- what an item holds -----------------------------------------------------------------------------------------------


def folder_with_a_page(folder: Path) -> Reading:
    """A page as the simulator writes it."""
    page, truth = replace(scene(6, long_side_px=400), effects={}).render(heart(6))
    cv2.imwrite(str(folder / "a.png"), page.pixels[..., ::-1])
    truth.save_json(folder / "a.json")
    write(truth.record, folder / "a.csv")
    return truth


def test_pages_on_disk_keep_their_targets(tmp_path: Path) -> None:
    truth = folder_with_a_page(tmp_path)
    dataset = PreparedPages(find_pages(tmp_path, tmp_path)[0], (128, 96))
    wanted, sample = page_example(truth.page.pixels, truth, (128, 96)), dataset[0]
    assert len(dataset) == 1 and same(sample, dataset[0])
    assert (sample.pop("seg") == wanted["seg"]).float().mean() > 0.999  # the file holds hundredths of a px
    for name in sample.keys() - {"image"}:
        torch.testing.assert_close(wanted[name], sample[name], atol=0.1, rtol=0, equal_nan=True)


def test_pages_on_disk_are_seen_in_another_light_in_every_epoch(tmp_path: Path) -> None:
    folder_with_a_page(tmp_path)
    dataset = PreparedPages(find_pages(tmp_path, tmp_path)[0], (128, 96))
    lights = []
    for epoch in range(6):
        dataset.set_epoch(epoch)
        lights.append(dataset[0]["image"])
    assert sum(not torch.equal(light, lights[0]) for light in lights) >= 4


# --- what the key of a cache covers -----------------------------------------------------------------------------------

DRAWN_TARGETS = {1: "61bff7baea09c9e0"}  # TARGETS_VERSION -> the hash of one page's targets


def digest(arrays: dict[str, np.ndarray]) -> str:
    """Of targets, so coarse that another processor's rounding does not show."""
    found = hashlib.blake2b(digest_size=8)
    for name in sorted(arrays.keys() - {"image"}):
        steps = 2.0 if name in ("grid", "baseline", "signal_edge") else 4.0
        found.update(name.encode())
        found.update(np.round(np.nan_to_num(arrays[name].astype(float), nan=-99) * steps).astype(np.int32).tobytes())
    return found.hexdigest()


def page_by_hand() -> Reading:
    """A page that no simulator draws, so that only the drawing of its targets can change them."""
    reading = drawn_page("3x4+1")
    drawn = SceneTruth(
        grid_mm=[-5.0, -5.0, 255.0, 120.0],
        texts_mm=[[10.0, 2.0, 16.0, 5.0]],
        pulses_mm=[[[-4.0, 12.5], [-3.0, 12.5], [-3.0, 2.5], [-1.0, 2.5], [-1.0, 12.5], [0.0, 12.5]]],
    )
    return replace(reading, scene=drawn)


def test_targets_that_are_drawn_otherwise_have_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """When this fails, raise TARGETS_VERSION and put the new hash beside it: prepared pages on disk are of the old."""
    reading = page_by_hand()
    monkeypatch.setattr("digitize.training.prepared_pages.open_page", lambda files: (reading.page.pixels, reading))
    files = PageFiles(Path("p.png"), Path("p.json"), Path("p.csv"))
    targets = PreparedPages([files], (256, 192)).prepared(0)
    assert all((targets["seg"] == kind).any() for kind in (0, 1, 12, PULSE, TEXT))
    assert targets["grid"].max() > 0.9 and np.isfinite(targets["signal"]).mean() > 0.2
    assert DRAWN_TARGETS[TARGETS_VERSION] == digest(targets)


def test_another_version_is_another_entry(drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = DiskCache(tmp_path, 10**8)
    pages_in(drawn, disk=disk).prepared(0)
    pages_in(drawn, disk=disk).prepared(0)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr("digitize.training.prepared_pages.TARGETS_VERSION", TARGETS_VERSION + 1)
    pages_in(drawn, disk=disk).prepared(0)
    assert len(list(tmp_path.iterdir())) == 2
