"""What pyproject.toml cannot say: the recipes of `configs/` travel inside the `galvano` package."""

from setuptools import find_packages, setup

PACKAGES = ("galvano", "ecg", "simulate", "digitize", "classify", "archive", "serve")

setup(
    packages=[*find_packages(include=[p for name in PACKAGES for p in (name, f"{name}.*")]), "galvano.configs"],
    package_dir={"galvano.configs": "configs"},
    package_data={"galvano.configs": ["*.yaml"]},
)
