"""Every attention is plain attention in its limit, sees what it says, and keeps the shape at any length."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from classify.nets.tokens.attention import Attention, attention_weights, by_head, joined
from classify.nets.tokens.encoder import ATTENTIONS, EncoderBlock, make_attention
from classify.nets.tokens.mixers import MIXERS
from classify.nets.tokens.pruning import PrunedBlock, SemanticTokens
from classify.nets.tokens.windows import WindowAttention

torch.set_num_threads(1)

WIDTH, HEADS, N = 16, 8, 20
# What makes an attention plain: one window, all windows, rate 1.
LIMITS = {
    "sr": {"rate": 1},
    "birouting": {"windows": 5, "top": 5},
    "window": {"size": N},
    "shifted": {"size": N},
    "shunted": {"groups": ((4, 1), (4, 1))},
    "hilo": {"size": N, "coarse": 0},
}


def tokens(n: int = N, width: int = WIDTH) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(2, n, width)


def alike(name: str, options: dict[str, object]) -> tuple[nn.Module, nn.Module]:
    """Plain attention, and another with the same weights."""
    torch.manual_seed(0)
    position = "relative" if name == "shifted" else "none"
    plain = Attention(WIDTH, HEADS, N, position)
    other = make_attention(name, WIDTH, HEADS, N, "none", 1, **options)
    other.load_state_dict(plain.state_dict())
    return plain, other


@pytest.mark.parametrize("name", LIMITS)
def test_every_attention_is_plain_attention_in_its_limit(name: str) -> None:
    plain, other = alike(name, LIMITS[name])
    assert torch.allclose(plain(tokens()), other(tokens()), atol=1e-6)


@pytest.mark.parametrize(("name", "options"), [("hilo", {"size": 1, "coarse": HEADS}), ("birouting", {"windows": 1})])
def test_other_limits_are_plain_as_well(name: str, options: dict[str, object]) -> None:
    plain, other = alike(name, options)
    assert torch.allclose(plain(tokens()), other(tokens()), atol=1e-6)


@pytest.mark.parametrize("name", ATTENTIONS)
@given(n=st.integers(1, 61))
def test_every_attention_takes_any_number_of_tokens(name: str, n: int) -> None:
    made = make_attention(name, WIDTH, HEADS, 30, "none", 1)(tokens(n))
    assert made.shape == (2, n, WIDTH)
    assert made.isfinite().all()


@pytest.mark.parametrize("name", ["mhsa", "sr", "birouting", "hilo", "shunted"])
def test_width_and_heads_that_do_not_fit_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="12 cannot be shared by 8 heads"):
        make_attention(name, 12, 8, 10, "none")


def test_plain_attention_does_not_know_the_order_and_windows_do() -> None:
    order = torch.randperm(N, generator=torch.Generator().manual_seed(3))
    plain, windowed = alike("window", {"size": 5})
    x = tokens()
    assert torch.allclose(plain(x)[:, order], plain(x[:, order]), atol=1e-6)
    assert not torch.allclose(windowed(x)[:, order], windowed(x[:, order]), atol=1e-3)


@pytest.mark.parametrize("n", [20, 23])
@pytest.mark.parametrize("shift", [False, True])
def test_windows_are_dense_attention_under_a_mask(n: int, shift: bool) -> None:
    """Tokens attend each other inside windows that begin at every multiple of the size, or half a window later."""
    size = 5
    torch.manual_seed(0)
    net, x = WindowAttention(WIDTH, HEADS, n, "relative", size, shift), tokens(n)
    nn.init.normal_(net.relative.table)
    moved = size // 2 if shift else 0
    window = torch.div(torch.arange(n) - moved, size, rounding_mode="floor")
    apart = window[:, None] != window[None]
    distance = torch.arange(n)[:, None] - torch.arange(n)[None]
    bias = net.relative.table[:, distance.clamp(1 - size, size - 1) + size - 1].masked_fill(apart, float("-inf"))
    q, k, v = (by_head(layer(x), HEADS) for layer in (net.q, net.k, net.v))
    dense = net.out(joined(functional.scaled_dot_product_attention(q, k, v, bias)))
    assert torch.allclose(net(x), dense, atol=1e-5)


def test_routed_attention_sees_the_chosen_windows_alone() -> None:
    net = make_attention("birouting", WIDTH, HEADS, N, "none", windows=5, top=2).eval()
    x = tokens().requires_grad_(True)
    (slope,) = torch.autograd.grad(net.core(*(by_head(y, HEADS) for y in (x, x, x))).sum(), x)
    assert slope.any()
    # a token's answer changes with at most its own window and the two that it is sent to
    x = tokens()
    reached = 0
    for window in range(5):
        changed = x.clone()
        changed[:, 4 * window : 4 * window + 4] += 1e-4 * torch.randn(2, 4, WIDTH)
        reached += int(not torch.allclose(net(x)[0, 0], net(changed)[0, 0], atol=1e-9))
    assert 1 <= reached <= 3


def test_the_weights_that_are_drawn_are_those_that_are_used() -> None:
    q, k, v = torch.randn(3, 2, 4, 6, 8).unbind(0)
    bias = torch.randn(6, 6)
    expected = functional.scaled_dot_product_attention(q, k, v, bias)
    assert torch.allclose(attention_weights(q, k, bias) @ v, expected, atol=1e-6)


def test_a_value_position_tells_the_order() -> None:
    net, x = Attention(WIDTH, HEADS, N, "value"), tokens()
    assert not torch.allclose(net(x).flip(1), net(x.flip(1)), atol=1e-4)


@pytest.mark.parametrize("mixer", MIXERS)
def test_every_mixer_keeps_the_shape(mixer: str) -> None:
    assert EncoderBlock(WIDTH, Attention(WIDTH, HEADS), mixer, near=True)(tokens()).shape == (2, N, WIDTH)  # type: ignore[arg-type]


def test_a_block_that_prunes_nothing_is_plain() -> None:
    torch.manual_seed(0)
    plain, pruned = EncoderBlock(WIDTH, Attention(WIDTH, HEADS)), PrunedBlock(WIDTH, HEADS, 1.0, 1.0)
    pruned.load_state_dict({**plain.state_dict(), **{f"plain.{k}": v for k, v in plain.attention.state_dict().items()}})
    assert torch.allclose(plain(tokens()), pruned(tokens()), atol=1e-6)


def test_pruning_keeps_the_share_of_tokens_in_their_order() -> None:
    block, x = PrunedBlock(WIDTH, HEADS, 0.5, 0.5).eval(), tokens()
    x[..., 0] = torch.arange(N) * 100.0  # far larger than what a block adds
    kept = block(x)[..., 0]
    assert kept.shape == (2, N // 2)
    assert (kept.diff(dim=1) > 0).all()


def test_semantic_tokens_are_half_as_many_as_asked_for() -> None:
    assert SemanticTokens(WIDTH, HEADS, 6)(torch.randn(2, WIDTH, 25)).shape == (2, WIDTH, 3)


def test_semantic_tokens_have_the_size_of_the_document() -> None:
    with torch.device("meta"):
        assert 4.735e6 < sum(p.numel() for p in SemanticTokens(512).parameters()) < 4.745e6


def test_unknown_attentions_and_distances_without_a_meaning_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown attention 'x': expected one of mhsa"):
        make_attention("x", WIDTH, HEADS, N, "none")
    for name in ("sr", "shunted", "hilo", "birouting"):
        with pytest.raises(ValueError, match="relative position"):
            make_attention(name, WIDTH, HEADS, N, "relative")
