"""One real step of a network, and what follows from it for a GPU."""

from __future__ import annotations

import pytest
import torch

from classify.studies.gpu_budget import Gpu, Step, main, step_of, table

torch.set_num_threads(1)
STEP = Step("im_ecg", 1_000_000, 10**9, 2, 1.0, 3.0, (0.7, 0.6), 10e6)


def test_memory_and_time_by_hand() -> None:
    gpu = Gpu(memory_gb=1.0, tflops=100.0, used=0.5)
    assert STEP.batch_bytes(10) == 16e6 + 100e6
    assert STEP.largest_batch(gpu) == 88  # (0.9 GB - 16 MB) / 10 MB
    assert STEP.largest_batch(Gpu(memory_gb=0.01)) == 0
    assert STEP.epoch_s(gpu, 1000) == pytest.approx(6e12 / 50e12)


def test_a_step_is_real() -> None:
    torch.manual_seed(3)
    step = step_of("clocs", records=2)
    assert step.losses[0] != step.losses[1] and 0 < step.forward_s <= step.step_s
    assert step.parameters > 50_000 and step.macs > 5e6
    assert step.kept_bytes > 12 * 5000 * 2  # at least the signal itself, in bf16


def test_more_records_keep_about_as_much_each() -> None:
    one, four = (step_of("mina", records=count).kept_bytes for count in (1, 4))
    assert 0.5 < four / one <= 1.0


def test_the_table_has_a_row_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    rows = table([STEP], Gpu(), 128, 1000).splitlines()
    assert rows[2].startswith("| `im_ecg` | 1,000,000 | 1.00 G | 1.0 | 3.0 | 0.700, 0.600 | 10 | 1.3 |")
    for wrong, words in ((["--used", "0"], "must be positive"), (["--names", "no_such"], "unknown network 'no_such'")):
        with pytest.raises(SystemExit, match="2"):
            main(["--names", "clocs", *wrong])
        assert words in capsys.readouterr().err
