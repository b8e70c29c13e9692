"""The commands here take their data from ECG_DATA unless told; a test must not depend on what it names."""

import pytest


@pytest.fixture(autouse=True)
def no_data_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECG_DATA", raising=False)
