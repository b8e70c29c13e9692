"""From column distributions to a curve."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from digitize.trace.path_decoding import decode_columns, follow, likeliest_path, own_ink, smoothed

torch.set_num_threads(1)


def test_heights_are_decoded_between_rows() -> None:
    wanted = torch.linspace(6.0, 30.0, 97)
    at = torch.arange(40.0)[:, None]
    logits = -((at - wanted) ** 2) / 2
    height, certainty = decode_columns(logits)
    assert float((height - wanted).abs().max()) < 0.01
    assert certainty.min() > 0.99
    both = decode_columns(torch.stack([logits, logits.flip(1)])[:, None])[0]
    assert both.shape == (2, 1, 97)
    torch.testing.assert_close(both[1, 0], height.flip(0))


def test_a_ghost_elsewhere_costs_certainty_and_not_height() -> None:
    at = torch.arange(60.0)
    share = torch.exp(-((at - 20.3) ** 2) / 2) + 0.5 * torch.exp(-((at - 45.0) ** 2) / 2)
    height, certainty = decode_columns(share.log()[:, None])
    assert float(height) == pytest.approx(20.3, abs=0.01)
    assert float(certainty) == pytest.approx(2 / 3, abs=0.01)


def flat_with(bright: np.ndarray) -> np.ndarray:
    """Shares [col, row] of a line at row 200 of 320 with three columns in its middle that hold `bright` [3, row]."""
    share = np.full((40, 320), 1e-6)
    share[:, 200] = 1.0
    share[19:22] = bright + 1e-6
    return share / share.sum(1, keepdims=True)


def test_the_tip_of_a_tall_beat_is_reached_along_its_flanks() -> None:
    flanks = np.zeros((3, 320))
    flanks[:, 60:200] = 1 / 140  # one stroke up and down: every height of it is as likely
    flanks[1, 60:64] = 1 / 4
    assert likeliest_path(flat_with(flanks))[20] < 64


def test_what_stands_apart_is_not_jumped_to() -> None:
    fold = np.zeros((3, 320))
    fold[:, 60], fold[:, 200] = 0.8, 0.2  # likelier than the line, with nothing in between
    np.testing.assert_array_equal(likeliest_path(flat_with(fold)), 200)


def test_what_stands_apart_is_reached_along_the_traces_own_ink() -> None:
    tip = np.zeros((3, 320))
    tip[:, 60], tip[:, 200] = 0.96, 0.04
    stroke = np.zeros((320, 20))  # at half as many columns, as the network's map has them
    stroke[60:200, 9:12] = 0.9
    logits = torch.from_numpy(np.log(flat_with(tip).T))
    assert follow(logits, own_ink(stroke, np.zeros(40)))[0][20] == pytest.approx(60, abs=1)
    mark = np.zeros(40)
    mark[0] = 0.9  # a lead begins near by: this may be a separator
    assert follow(logits, own_ink(stroke, mark))[0][20] == pytest.approx(200, abs=1)


def test_columns_are_smoothed_where_they_are_unsure() -> None:
    noise = np.random.default_rng(0).normal(size=2000)
    np.testing.assert_array_equal(smoothed(noise, np.full(2000, 2.0)), noise)
    std = [smoothed(noise, np.full(2000, spread)).std() / noise.std() for spread in (4.0, 6.0, 10.0, 30.0)]
    assert 1 > std[0] > std[1] > std[2] == std[3] == pytest.approx(np.sqrt(3 / 8), rel=0.05)
    flank = 3.0 * np.arange(20)
    np.testing.assert_allclose(smoothed(flank, np.linspace(0.5, 20, 20))[:-1], flank[:-1])


def test_a_trace_at_the_strips_edge_stays_in_the_strip() -> None:
    height, certainty = decode_columns(torch.eye(10)[:, [0, 9]] * 50)
    torch.testing.assert_close(height, torch.tensor([0.0, 9.0]))
    torch.testing.assert_close(certainty, torch.ones(2))
