"""Pages on disk: what is wrong with them is said before and while training, and caches change no number."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from digitize.studies import training_speed as train_speed
from digitize.training import validate_data as check_data
from digitize.training.page_files import PageFiles, find_pages, open_page
from digitize.training.prepared_pages import PreparedPages
from ecg.fit.cache import DiskCache, MemoryCache
from ecg.fit.dataloader import loader
from simulate.dataset.writer import write_pages

SIZE_PX = (64, 64)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three small pages with their signals, as python -m simulate writes them; not to be changed."""
    folder = tmp_path_factory.mktemp("drawn")
    write_pages(folder, count=3, seed=3, preset="clean", long_side_px=400)
    return folder


@pytest.fixture
def folder(drawn: Path, tmp_path: Path) -> Path:
    """A copy that may be spoilt."""
    return Path(shutil.copytree(drawn, tmp_path / "pages"))


def pages_in(folder: Path, **caches: object) -> PreparedPages:
    return PreparedPages(find_pages(folder, folder)[0], SIZE_PX, 5, **caches)


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k].nan_to_num(-1), b[k].nan_to_num(-1)) for k in a)


# --- caches -----------------------------------------------------------------------------------------------------------


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


# --- what users do ----------------------------------------------------------------------------------------------------


def rename_column(folder: Path, stem: Path) -> None:
    path = stem.with_suffix(".csv")
    path.write_text(path.read_text().replace("aVR", "augmented", 1))


def drop_column(folder: Path, stem: Path) -> None:
    path = stem.with_suffix(".csv")
    rows = [line.split(",") for line in path.read_text().splitlines()]
    path.write_text("\n".join(",".join(row[:-1]) for row in rows))


def shorten(folder: Path, stem: Path) -> None:
    path = stem.with_suffix(".csv")
    path.write_text("\n".join(path.read_text().splitlines()[:1001]))


def swap(folder: Path, stem: Path) -> None:
    other = sorted(folder.glob("synthetic*.csv"))[1]
    shutil.copy(other, stem.with_suffix(".csv"))


def tear_truth(folder: Path, stem: Path) -> None:
    stem.with_suffix(".json").write_text("{")


def tear_picture(folder: Path, stem: Path) -> None:
    stem.with_suffix(".png").write_bytes(b"\x89PNG")


WRONG: list[tuple[Callable[[Path, Path], None], str]] = [
    (rename_column, r"\.csv: expected a first line with the columns .*augmented"),
    (drop_column, r"\.csv: the page prints V6, but there is no such column"),
    (shorten, r"\.csv: ends at 2\.00 s, but the page prints until 10\.00 s"),
    (swap, r"\.csv: not the signal that .*\.png shows \(correlation -?0\.\d\d\); are they a pair\?"),
    (tear_truth, r"\.json: not the truth of a page"),
    (tear_picture, r"\.png: not a readable picture"),
]


@pytest.mark.parametrize(("spoil", "words"), WRONG, ids=[spoil.__name__ for spoil, _ in WRONG])
def test_a_wrong_file_is_named(
    spoil: Callable[[Path, Path], None], words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stem = min(folder.glob("*.png")).with_suffix("")
    spoil(folder, stem)
    with pytest.raises(ValueError, match=words) as error:
        open_page(PageFiles(stem.with_suffix(".png"), stem.with_suffix(".json"), stem.with_suffix(".csv")))
    assert str(error.value).startswith(str(stem))
    assert check_data.main(["--sim_root", str(folder)]) == 1
    said = capsys.readouterr().out
    assert "3 pages, 3 opened, 1 with a problem" in said
    assert f"wrong: {error.value}" in said


def test_folders_that_are_no_pages_are_refused(folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for roots, words in (
        ((tmp_path / "nowhere", folder), "nowhere: no such folder"),
        ((folder, tmp_path / "nowhere"), "nowhere: no such folder"),
        ((empty, empty), r"empty: no pages; expected <stem>\.png"),
        ((folder, empty), r"empty: 3 of 3 pages have no signal there \(.*\.csv, .*\.csv, .*\.csv\)"),
    ):
        with pytest.raises(ValueError, match=words):
            find_pages(*roots)


def test_two_pages_of_one_name_are_told_apart_by_folder_or_refused(folder: Path) -> None:
    page = min(folder.glob("*.png"))
    (folder / "deep").mkdir()
    for suffix in (".png", ".json"):
        shutil.copy(page.with_suffix(suffix), folder / "deep")
    with pytest.raises(ValueError, match=rf"{page.stem}\.csv: belongs to two pages of one name, .*deep.* and "):
        find_pages(folder, folder)
    shutil.copy(page.with_suffix(".csv"), folder / "deep")
    assert len(find_pages(folder, folder)[0]) == 4


# --- commands ---------------------------------------------------------------------------------------------------------


def test_the_data_check_counts_what_is_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "scan.png").write_bytes(b"")
    assert check_data.main(["--sim_root", str(folder), "--sample", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["pages"], found["opened"], found["problems"]) == (3, 2, [])
    assert found["without_truth"] == [str(folder / "scan.png")]
    assert found["counts"]["signal Hz"] == {"500": 2}
    assert sum(found["counts"]["layout"].values()) == 2


def test_the_speed_of_a_training_is_one_table_with_the_bottleneck_named(
    drawn: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_speed, "_WORKERS", (0,))
    changes = ["--set", "pages.size_px=[64,64]", "--set", "fit.batch_size=2", "--set", "fit.device=cpu"]
    options = ["--sim_root", str(drawn), "--config", "configs/small.yaml", "--steps", "1"]
    assert train_speed.main([*options, *changes]) == 0
    said = capsys.readouterr().out
    for how in ("no cache, 0 workers", "--cache_dir, 0", "--cache, 0", "fp32 ", "fp32, channels_last", "bf16 "):
        assert f"| {how}" in said
    assert re.search(r"the best step \(.*\) takes \d+ ms a page", said)
    assert re.search(r"^no cache, 0 workers: loading takes \d+ ms, (loading|the step) is the bottleneck$", said, re.M)
