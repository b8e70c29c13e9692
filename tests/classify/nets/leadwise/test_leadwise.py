"""Rows, views, single leads and graphs: what each keeps apart, and the sizes of the sources."""

from __future__ import annotations

import pytest
import torch

from classify.evaluation.network_cost import cost
from classify.nets import build
from classify.nets.leadwise.graph import anatomical_edges
from classify.nets.leadwise.views import VIEWS, OneLead
from ecg.leads import STANDARD

torch.set_num_threads(1)


def test_im_ecg_has_about_the_size_of_the_authors_form() -> None:
    """25.44 M and 21.25 G, whose exact layers are not printed."""
    found = cost("im_ecg", 9, 12, 1000)
    assert found.parameters / 1e6 == pytest.approx(25.44, rel=0.02)
    assert found.macs / 1e9 == pytest.approx(21.25, rel=0.02)


def test_the_maps_of_im_ecg_keep_twelve_leads() -> None:
    net = build("im_ecg", 3, 12, 300, {"stem": 4, "widths": (4, 8, 8), "pairs": (1, 1)}).trunk.eval()
    maps = net.begin(torch.randn(1, 1, 12, 300))
    assert all(branch(maps).shape[2] == 12 for branch in net.branches)


def test_the_lengths_of_se_ecgnet_are_those_of_its_source() -> None:
    net = build("se_ecgnet", 34, 8, 5000, {"leads": 8, "width": 16, "blocks": 4}).trunk.eval()
    with torch.device("meta"):
        net = net.to("meta")
        signal = torch.zeros(1, 1, 8, 5000)
        assert net.begin[0](signal).shape[-1] == 2476
        maps = net.begin(signal)
        assert maps.shape[-1] == 310
        assert net.over_time[0](net.over_leads[0](maps).flatten(1, 2)).shape == (1, 128, 20)


def test_every_lead_is_in_one_view_and_is_read_with_its_mask() -> None:
    assert sorted(lead for view in VIEWS for lead in view) == sorted(STANDARD)
    torch.manual_seed(0)
    net = build("mvms", 2, 24, 300, {"width": 16, "stem": 8, "inner": 4}).trunk.eval()
    signal = torch.randn(1, 24, 300)
    for lead in ("aVR", "V4"):
        changed = signal.clone()
        changed[:, [STANDARD.index(lead), 12 + STANDARD.index(lead)]] += 1
        rows = [net.nets[k](signal.unflatten(1, (2, 12))[:, :, own].flatten(1, 2)) for k, own in enumerate(net.rows)]
        others = [net.nets[k](changed.unflatten(1, (2, 12))[:, :, own].flatten(1, 2)) for k, own in enumerate(net.rows)]
        differs = [not torch.equal(a, b) for a, b in zip(rows, others, strict=True)]
        assert [lead in view for view in VIEWS] == differs


@pytest.mark.parametrize("name", ["mvms", "mvkt", "lead_graph"])
def test_channels_that_are_not_of_twelve_leads_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="8 channels cannot belong to 12 leads"):
        build(name, 2, 8, 300)


def test_a_network_of_one_lead_sees_that_lead_alone() -> None:
    torch.manual_seed(0)
    net = OneLead(24, 300, "V1", blocks=(1,), planes=(8,), kernels=(5,)).eval()
    signal, row = torch.randn(1, 24, 300), STANDARD.index("V1")
    other = torch.randn(1, 24, 300)
    other[:, [row, 12 + row]] = signal[:, [row, 12 + row]]
    assert torch.equal(net(signal), net(other))
    other[:, row] += 1
    assert not torch.equal(net(signal), net(other))
    with pytest.raises(ValueError, match="unknown lead 'X'"):
        OneLead(12, 300, "X")


def test_anatomical_edges_join_neighbours_and_every_lead() -> None:
    edges = anatomical_edges()
    names = {(STANDARD[i], STANDARD[j]) for i, j in edges.nonzero().tolist() if i < j}
    assert {("V1", "V2"), ("I", "aVL"), ("II", "aVF"), ("I", "III")} <= names
    assert ("V1", "V6") not in names
    assert torch.allclose(edges.sum(1), torch.ones(12))
    reach = torch.linalg.matrix_power(edges, 12)
    assert (reach > 0).all()
