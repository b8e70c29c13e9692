"""Caches: what is kept comes back bit by bit, what is torn is made anew, and no bound is passed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg.fit.cache import Arrays, BoundedMemo, DiskCache, MemoryCache, key_of

KEY, OTHER = "a" * 32, "b" * 32


def arrays(size: int = 100) -> Arrays:
    rng = np.random.default_rng(size)
    return {"image": rng.integers(0, 255, (size, 3), np.uint8), "grid": rng.normal(size=size).astype(np.float16)}


def assert_same(a: Arrays, b: Arrays | None) -> None:
    assert b is not None
    assert a.keys() == b.keys()
    for name, value in a.items():
        assert value.dtype == b[name].dtype
        assert np.array_equal(value, b[name])


def test_what_was_put_on_disk_comes_back_in_another_process_too(tmp_path: Path) -> None:
    assert DiskCache(tmp_path, 10**6).put(KEY, arrays())
    again = DiskCache(tmp_path, 10**6)
    assert_same(arrays(), again.get(KEY))
    assert again.get(OTHER) is None


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_an_entry_with_a_byte_changed_is_never_believed(
    tmp_path_factory: pytest.TempPathFactory, at: int, by: int
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    cache = DiskCache(folder, 10**6)
    cache.put(KEY, arrays())
    (path,) = folder.iterdir()
    content = bytearray(path.read_bytes())
    content[at % len(content)] = (content[at % len(content)] + by) % 256
    path.write_bytes(bytes(content))
    found = cache.get(KEY)
    if found is not None:  # a byte that means nothing, as in a date
        assert_same(arrays(), found)


def test_a_torn_entry_is_a_miss_and_is_removed(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 10**6)
    cache.put(KEY, arrays())
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:200])
    assert cache.get(KEY) is None
    assert not path.exists()
    assert cache.put(KEY, arrays())
    assert_same(arrays(), cache.get(KEY))


def test_the_disk_bound_holds_and_this_runs_entries_stay(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 5000)
    kept = [cache.put(f"{number:032x}", arrays()) for number in range(8)]
    assert kept[0] and not kept[-1]
    held = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert 500 < held <= 5000
    assert_same(arrays(), cache.get(f"{0:032x}"))


def test_entries_of_earlier_runs_make_room_the_oldest_first(tmp_path: Path) -> None:
    old = DiskCache(tmp_path, 10**6)
    for age_s, key in ((300, "0" * 32), (100, "1" * 32), (200, "2" * 32)):
        old.put(key, arrays())
        (path,) = tmp_path.glob(f"{key}*")
        os.utime(path, (time.time() - age_s,) * 2)
    size = path.stat().st_size
    new = DiskCache(tmp_path, 4 * size - 1)  # not room for four
    new.get("2" * 32)  # used now
    assert new.put("3" * 32, arrays())
    assert sorted(path.stem[0] for path in tmp_path.iterdir()) == ["1", "2", "3"]


def test_a_disk_that_cannot_be_written_is_said_and_costs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    cache = DiskCache(tmp_path, 10**6)
    monkeypatch.setattr(np, "savez", full)
    with pytest.warns(UserWarning, match="nothing more is kept there .*No space left"):
        assert not cache.put(KEY, arrays())
    assert list(tmp_path.iterdir()) == []


def test_another_content_or_preparation_is_another_key(tmp_path: Path) -> None:
    one, two = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"xy")
    two.write_bytes(b"z")
    key = key_of([one, two], {"size_px": [672, 512]})
    assert key == key_of([one, two], {"size_px": [672, 512]})
    assert key != key_of([one, two], {"size_px": [512, 384]})
    one.write_bytes(b"x")
    two.write_bytes(b"yz")  # the same bytes in a row, cut elsewhere
    assert key != key_of([one, two], {"size_px": [672, 512]})


def test_memory_keeps_what_comes_first_up_to_its_bound() -> None:
    cache = MemoryCache(1200)
    assert [cache.put(k, arrays()) for k in range(3)] == [True, True, False]
    assert (len(cache), cache.get(2)) == (2, None)
    assert_same(arrays(), cache.get(0))
    assert cache.held_bytes == 1000


@pytest.mark.parametrize(("limit", "made"), [(10, 1), (5, 3)])
def test_what_is_kept_whole_is_made_once(limit: int, made: int) -> None:
    calls = []

    def make() -> list[int]:
        calls.append(1)
        return [1, 2, 3]

    kept = BoundedMemo(make, lambda item: item, limit)
    assert [list(kept) for _ in range(3)] == [[1, 2, 3]] * 3
    assert len(calls) == made
