"""A small structured state space network."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from classify.nets.trunk import Trunk


class StateSpace(nn.Module):
    """A long convolution whose kernel is the answer of a diagonal linear system, one per channel.

    x' = A x + B u, y = C x + D u with A = -1/2 + i pi n (S4D-Lin: Gu et al. 2022), sampled by zero-order hold with a
    learned step; in both directions. [batch, channel, step] to the same shape.
    """

    def __init__(self, width: int, states: int = 8, ways: int = 2) -> None:
        super().__init__()
        # Memories from a few steps to a thousand, spread evenly on a log scale.
        self.log_step = nn.Parameter(torch.empty(width).uniform_(math.log(1e-3), math.log(1e-1)))
        self.log_decay = nn.Parameter(torch.full((width, states), math.log(0.5)))
        self.frequency = nn.Parameter(math.pi * torch.arange(states).repeat(width, 1).float())
        self.read = nn.Parameter(torch.randn(ways, width, states, 2) / 2**0.5)
        self.through = nn.Parameter(torch.ones(width))

    def kernel(self, steps: int) -> Tensor:
        """float [way, channel, steps]; in real numbers, which every runtime knows."""
        step, decay, turn = self.log_step.exp()[:, None], self.log_decay.exp(), self.frequency
        # (exp(A step) - 1) / A, the weight of one sample's hold
        size, angle = torch.exp(-decay * step), turn * step
        real, imaginary = size * torch.cos(angle) - 1, size * torch.sin(angle)
        norm = decay**2 + turn**2
        hold, lead = (imaginary * turn - real * decay) / norm, (-imaginary * decay - real * turn) / norm
        first, second = self.read.unbind(-1)
        time = torch.arange(steps, device=step.device)
        fading = torch.exp(-(decay * step)[..., None] * time)
        even, odd = fading * torch.cos(angle[..., None] * time), fading * torch.sin(angle[..., None] * time)
        along = torch.einsum("wcn,cnt->wct", first * hold - second * lead, even)
        return 2 * (along - torch.einsum("wcn,cnt->wct", first * lead + second * hold, odd))

    def forward(self, u: Tensor) -> Tensor:
        if torch.compiler.is_exporting():
            return self.directly(u)
        steps = u.shape[-1]
        with torch.autocast(u.device.type, enabled=False):
            u = u.float()
            forth, *back = self.kernel(steps)
            whole = torch.nn.functional.pad(forth, (0, steps))
            for kernel in back:  # backwards in time sits at the negative lags
                whole = whole + torch.nn.functional.pad(kernel.flip(-1), (steps, 0))
            spectrum = torch.fft.rfft(u, n=2 * steps) * torch.fft.rfft(whole)
            return torch.fft.irfft(spectrum, n=2 * steps)[..., :steps] + u * self.through[:, None]

    def directly(self, u: Tensor) -> Tensor:
        """The same by a plain convolution: slower for long signals, without Fourier transforms."""
        steps = u.shape[-1]
        forth, *back = self.kernel(steps)
        lags = torch.cat((forth.flip(-1), *back), -1)  # from the longest memory to the farthest look ahead
        padded = torch.nn.functional.pad(u, (steps - 1, lags.shape[-1] - steps))
        return torch.nn.functional.conv1d(padded, lags[:, None], groups=len(lags)) + u * self.through[:, None]


class S4(Trunk):
    """Patches of the signal, residual state space layers with gated outputs, the mean over time.

    As a supervised network on PTB-XL: Mehari and Strodthoff 2023. `stride` 1 sees every sample; more is quicker.
    """

    def __init__(
        self, channels: int, samples: int, width: int = 128, layers: int = 4, states: int = 8, stride: int = 2,
        dropout: float = 0.2,
    ) -> None:  # fmt: skip
        super().__init__()
        kernel = 1 if stride == 1 else 2 * stride + 1
        self.enter = nn.Conv1d(channels, width, kernel, stride, kernel // 2)
        self.layers = nn.ModuleList(_Layer(width, states, dropout) for _ in range(layers))
        self.width = width

    def encode(self, signal: Tensor) -> Tensor:
        x = self.enter(signal)
        for layer in self.layers:
            x = layer(x)
        return x.mean(-1)


class _Layer(nn.Module):
    """space, GELU, dropout, gated mixing of channels, residual, layer norm over channels."""

    def __init__(self, width: int, states: int, dropout: float) -> None:
        super().__init__()
        self.space = StateSpace(width, states)
        self.mix = nn.Sequential(
            nn.GELU(), nn.Dropout1d(dropout), nn.Conv1d(width, 2 * width, 1), nn.GLU(1), nn.Dropout1d(dropout)
        )
        self.norm = nn.GroupNorm(1, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x + self.mix(self.space(x)))
