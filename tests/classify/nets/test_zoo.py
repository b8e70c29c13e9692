"""Every network in a room of its own answers, learns, resumes and is exported alike; small forms, one batch each."""

from __future__ import annotations

import io

import pytest
import torch
from torch import nn

from classify.nets import NETS, build
from classify.signal.page_mask import printed

torch.set_num_threads(1)

ZOO = [name for name in NETS if name != "ensemble"]  # which is made of others
FORMER = {"dims": (16, 24, 32, 40), "depths": (1, 2, 2, 2)}
RESIDUAL = {"widths": (8, 8, 16, 16), "blocks": (1, 1, 1, 1)}
# By file: options that keep a network's form and make it small.
SMALL: dict[str, dict[str, object]] = {
    "inceptionformer.network": FORMER,
    "inceptionformer.sandwich": {"dims": (16, 24, 32), "depths": (1, 1, 2)},
    "inceptionformer.metaecg": {"dims": (16, 24, 32), "depths": (1, 1, 2)},
    "inceptionformer.two_branch": {"dims": (16, 24, 32), "depths": (1, 1, 1)},
    "baselines.mobilenet": {},
    "baselines.plain_resnet": RESIDUAL,
    "baselines.spectrogram": RESIDUAL,
    "leadwise.picture": {"width": 8, "blocks": 1},
    "leadwise.views": {},
    "leadwise.graph": {"width": 32, "layers": 1},
    "beats.lightweight": {"width": 16, "kernels": (3, 7)},
    "beats.instances": {"width": 16},
    "beats.modules": {"width": 16, "depth": 1},
    "sequences.ecgnet2018": {"each": 4, "blocks": 4, "dense": 16, "units": 8},
    "sequences.dual_path": {"width": 8, "blocks": 1, "dense": 16},
    "sequences.guided": {"width": 8, "units": 8},
    "sequences.progressive": {"width": 16, "depth": 1},
    "sequences.multi_resolution": {"width": 16, "depth": 1},
    "sequences.token_selection": {"width": 16, "depths": (2, 2), "select_at": (1, 1), "maps": 16},
    "encoders.predictive": {"units": 16, "layers": 1},
    "encoders.contrastive": {"embedding": 8, "stride": 2, "frame": 300},
    "encoders.masked": {"width": 32, "depth": 1, "heads": 4},
    "resnet": {"widths": (8, 12), "blocks": 1},
    "bottleneck": {"blocks": (1, 1, 1, 1), "planes": (16, 16, 16, 16)},
    "inception": {"depth": 3, "width": 8, "kernels": (19, 9)},
    "ecgnet": {"leads": 12, "width": 8},
    "beat_cnn": {"hidden_share": 0.0},
    "plrnn": {},
    "lstm": {},
    "gru": {"leads": 12, "units": 16},
    "attention": {},
    "s4": {"width": 16, "layers": 1, "stride": 5},
}
QUICK = ("resnet1d", "lstm_lite", "db_ecgnet", "mvms_single", "clocs")  # of every kind one; the rest takes minutes
TRAINED = [pytest.param(name, marks=[pytest.mark.slow, *([] if name in QUICK else [pytest.mark.long])]) for name in ZOO]
LENGTHS = (1000, 1250)  # ten seconds at 100 and at 125 Hz
SHORT = 300
UNROLLED = 60  # samples of networks that ONNX has step by step, each written out


BY_NAME: dict[str, dict[str, object]] = {
    "plrnn_shallow": {"units": 60},
    "im_ecg": {"stem": 8, "widths": (8, 16, 16), "pairs": (1, 1)},
    "mvms": {"width": 16, "stem": 8, "inner": 4},
    "mvms_single": {"width": 16, "stem": 8, "inner": 4},
    "mvkt": {"blocks": (1, 1, 1, 1), "planes": (8, 8, 8, 8)},
    **{f"seresnet_gru_v{k}": {"blocks": (1, 1, 1, 1), "planes": (16, 16, 16, 16), "units": 16} for k in (1, 2, 3)},
}


def small(name: str, labels: int = 3, channels: int = 24, samples: int = SHORT, **options: object) -> nn.Module:
    torch.manual_seed(0)
    by_file = {} if name in BY_NAME else SMALL[NETS[name].module]
    return build(name, labels, channels, samples, {**by_file, **BY_NAME.get(name, {}), **options})


def page(samples: int, batch: int = 2, layout: str = "3x4") -> torch.Tensor:
    """Twelve leads and their masks [batch, 24, sample], as a page of the layout prints them: 0 where nothing is."""
    seen = torch.from_numpy(printed(layout, (), samples / 10, samples)).float().expand(batch, -1, -1)
    generator = torch.Generator().manual_seed(1)
    beat = torch.sin(torch.arange(samples) / samples * 20 * torch.pi) ** 20
    height = torch.randn(batch, 12, 1, generator=generator)
    signal = 3 * height * beat + 0.3 * torch.randn(batch, 12, samples, generator=generator)
    return torch.cat((signal * seen, seen), 1)


def extra(batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(batch, 8, generator=torch.Generator().manual_seed(2)), torch.tensor([[40.0, 1.0]] * batch)


@pytest.mark.parametrize("samples", LENGTHS)
@pytest.mark.parametrize("name", ZOO)
def test_every_network_answers_at_both_rates_what_a_page_prints(name: str, samples: int) -> None:
    net = small(name, samples=samples).eval()
    signal = page(samples)
    logits = net(signal, *extra(2))
    assert logits.shape == (2, 3)
    assert logits.isfinite().all()
    assert net.encode(signal).shape == (2, net.width)
    assert net(page(samples, 1, "full"), *extra(1)).isfinite().all()


@pytest.mark.parametrize("name", ZOO)
def test_a_lead_that_is_not_there_breaks_nothing(name: str) -> None:
    net = small(name).eval()
    assert net(torch.zeros(2, 24, SHORT), *extra(2)).isfinite().all()


def trained(net: nn.Module, steps: int, lr: float = 0.01) -> tuple[torch.optim.Optimizer, list[float]]:
    optimiser = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr, weight_decay=0.0)
    return optimiser, [step(net, optimiser) for _ in range(steps)]


def step(net: nn.Module, optimiser: torch.optim.Optimizer) -> float:
    target = torch.tensor([0, 1, 2, 0, 1, 2])
    optimiser.zero_grad()
    loss = nn.functional.cross_entropy(net(page(SHORT, 6, "full"), *extra(6)), target)
    loss.backward()
    optimiser.step()
    return loss.item()


@pytest.mark.parametrize("name", TRAINED)
def test_every_network_learns_one_batch_by_heart_with_all_its_weights(name: str) -> None:
    net = small(name)
    for module in net.modules():
        if isinstance(module, nn.Dropout | nn.Dropout1d | nn.Dropout2d):
            module.p = 0.0
    optimiser, losses = trained(net, 1, 0.003)
    without = [n for n, p in net.named_parameters() if p.requires_grad and p.grad is None]
    assert not without
    while losses[-1] > 0.2 and len(losses) < 150:
        losses.append(step(net, optimiser))
    assert losses[-1] <= 0.2 < losses[0]


@pytest.mark.parametrize("name", TRAINED)
def test_every_network_goes_on_from_its_saved_state_as_if_nothing_had_happened(name: str) -> None:
    net = small(name)
    optimiser, _ = trained(net, 2)
    saved = io.BytesIO()
    torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict()}, saved)
    torch.manual_seed(5)
    step(net, optimiser)
    saved.seek(0)
    state = torch.load(saved)
    again = small(name)
    again.load_state_dict(state["net"])
    resumed = torch.optim.AdamW([p for p in again.parameters() if p.requires_grad], 0.01, weight_decay=0.0)
    resumed.load_state_dict(state["optimiser"])
    torch.manual_seed(5)
    step(again, resumed)
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in net.state_dict().items())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TRAINED)
def test_every_network_gives_the_same_logits_as_onnx(name: str) -> None:
    pytest.importorskip("onnxscript")
    onnxruntime = pytest.importorskip("onnxruntime")
    samples = UNROLLED if NETS[name].module == "plrnn" else SHORT
    net, inputs = small(name, samples=samples).eval(), (page(samples), *extra(2))
    records = torch.export.Dim("records", min=1, max=4096)
    program = torch.onnx.export(
        net, inputs, dynamo=True, input_names=["signal", "features", "demographics"], verbose=False,
        dynamic_shapes=({0: records},) * 3,
    )  # fmt: skip
    assert program is not None
    session = onnxruntime.InferenceSession(program.model_proto.SerializeToString())
    given = {i.name for i in session.get_inputs()}
    for batch in (1, 3):
        signal = page(samples, batch)
        names = dict(zip(("signal", "features", "demographics"), (signal, *extra(batch)), strict=True))
        (theirs,) = session.run(None, {k: v.numpy() for k, v in names.items() if k in given})
        with torch.no_grad():
            ours = net(signal, *extra(batch)).numpy()
        assert abs(ours - theirs).max() < 1e-3
