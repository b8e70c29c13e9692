"""The wheel holds everything that a page needs, and runs outside of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from house.structure import FLOORS, ROOT
from packaging.requirements import Requirement

PACKAGES = tuple(name for name in FLOORS if (ROOT / name / "__init__.py").is_file())


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, unpacked into an otherwise empty folder."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "source"
    archive = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True)
    for name in archive.stdout.decode().split("\0"):
        if name and not name.startswith(("tests/", "docs/", "examples/")) and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(ROOT / name, copy / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(copy)], check=True, capture_output=True, text=True)
    with zipfile.ZipFile(next(folder.glob("galvano-*.whl"))) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def test_every_pin_is_one_exact_version_within_the_range_that_is_asked_for() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    assert len({pin.name.lower() for pin in pins}) == len(pins) > 40
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*asked["dependencies"], *(one for extra in asked["optional-dependencies"].values() for one in extra)]
    ranges = {need.name.lower(): need.specifier for need in map(Requirement, wanted)}
    for pin in pins:
        (exact,) = pin.specifier
        assert exact.operator == "=="
        assert exact.version in ranges.get(pin.name.lower(), pin.specifier)


def run(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "2"}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, cwd=site.parent, env=env, timeout=600
    )


@pytest.mark.slow
def test_recipes_weights_and_types_travel_with_the_wheel(unpacked: Path) -> None:
    recipes = {path.name for path in (ROOT / "configs").glob("*.yaml")}
    assert {path.name for path in (unpacked / "galvano" / "configs").iterdir()} == recipes
    assert all((unpacked / name / "py.typed").is_file() for name in PACKAGES)
    weights = {path.relative_to(ROOT) for path in ROOT.glob("*/weights/*.safetensors")}
    assert weights
    assert all((unpacked / path).is_file() for path in weights)


@pytest.mark.slow
def test_a_page_is_read_outside_of_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    done = run(
        unpacked, "-m", "galvano", "read", "--image", str(ROOT / "examples" / "scan.jpg"), "--output", str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "scan.csv").stat().st_size > 100_000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["row.yaml", "configs/row.yaml"])
def test_a_shipped_recipe_is_found_by_its_name(unpacked: Path, name: str) -> None:
    done = run(unpacked, "-c", f"from ecg.fit.recipe import recipe_path; print(recipe_path({name!r}))")
    assert done.stdout.startswith(str(unpacked / "galvano" / "configs" / "row.yaml")), done.stderr
