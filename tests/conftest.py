"""What all tests share: repeatable properties, one thread per process, and the real recordings when at hand."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy and torch start their threads
# Commands take their recordings from ECG_DATA unless told: no test may depend on what it names, but those that ask for
# the fixture `ecg_data`. Under another name the folder reaches the workers, too.
if "ECG_DATA" in os.environ:
    os.environ["ECG_TEST_DATA"] = os.environ.pop("ECG_DATA")

import pytest
from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True, database=None, max_examples=50)
settings.load_profile("repeatable")


def _folder(kept_in: str, variable: str, what: str) -> Path:
    folder = os.environ.get(kept_in, "")
    if not Path(folder or "missing").is_dir():
        pytest.skip(f"{variable} names no folder of {what}")
    return Path(folder)


@pytest.fixture(scope="session")
def ecg_data() -> Path:
    """The folder of real recordings that ECG_DATA names; a test that asks for it is skipped without one."""
    return _folder("ECG_TEST_DATA", "ECG_DATA", "real recordings")


@pytest.fixture(scope="session")
def ecg_formats() -> Path:
    """The folder of devices' files that ECG_FORMATS names; a test that asks for it is skipped without one."""
    return _folder("ECG_FORMATS", "ECG_FORMATS", "devices' files")
