"""The latent efficient price of one base asset: jumps in calm and in bursts. It knows no book and no clock."""

import math
from random import Random

import msgspec

from opensqt.simulation.market.synthetic_profile import (
    ACTIVITY_BURST,
    ACTIVITY_CALM,
    BASIS_MEAN_BPS,
    BASIS_MEMORY,
    BASIS_SD_BPS,
    BASIS_STEPS_PER_S,
    BURST_S,
    CALM_S,
    JUMP_BURST_BPS,
    JUMP_CALM_BPS,
    JUMPS_BURST_PER_S,
    JUMPS_CALM_PER_S,
)


class LatentPrice(msgspec.Struct, kw_only=True):
    """Where the price would be without a book; `moved_bps` is its log distance from the start price."""

    start_price: float
    moved_bps: float = 0.0
    basis_bps: float = BASIS_MEAN_BPS
    burst: bool = False
    jump_due_ms: float = 0.0
    regime_due_ms: float = 0.0
    basis_due_ms: float = 0.0

    @property
    def spot(self) -> float:
        """The efficient price (quote units)."""
        return self.start_price * math.exp(self.moved_bps / 1e4)

    @property
    def perp(self) -> float:
        """The efficient price of the perp: spot and basis (quote units)."""
        return self.start_price * math.exp((self.moved_bps + self.basis_bps) / 1e4)

    @property
    def activity(self) -> float:
        """How much more than usual people trade now; 1 on average."""
        return ACTIVITY_BURST if self.burst else ACTIVITY_CALM

    @property
    def due_ms(self) -> float:
        """When `step` has something to do next."""
        return min(self.jump_due_ms, self.regime_due_ms, self.basis_due_ms)

    def begin(self, rng: Random) -> None:
        """Draw the first jump, basis step and regime."""
        self._plan_regime(0.0, rng)
        self._plan_jump(0.0, rng)
        self._plan_basis(0.0, rng)

    def step(self, rng: Random) -> None:
        """Do what is due next: a jump, a step of the basis or a change between calm and burst."""
        now_ms = self.due_ms
        if now_ms == self.regime_due_ms:
            self.burst = not self.burst
            self._plan_regime(now_ms, rng)
            self._plan_jump(now_ms, rng)
        elif now_ms == self.jump_due_ms:
            mean_bps = JUMP_BURST_BPS if self.burst else JUMP_CALM_BPS
            size_bps = rng.expovariate(1 / mean_bps)
            self.moved_bps += size_bps if rng.random() < 0.5 else -size_bps
            self._plan_jump(now_ms, rng)
        else:
            noise_bps = BASIS_SD_BPS * math.sqrt(1 - BASIS_MEMORY**2) * rng.gauss(0.0, 1.0)
            distance_bps = self.basis_bps - BASIS_MEAN_BPS
            self.basis_bps = BASIS_MEAN_BPS + BASIS_MEMORY * distance_bps + noise_bps
            self._plan_basis(now_ms, rng)

    def _plan_regime(self, now_ms: float, rng: Random) -> None:
        mean_s = BURST_S if self.burst else CALM_S
        self.regime_due_ms = now_ms + rng.expovariate(1 / mean_s) * 1000

    def _plan_jump(self, now_ms: float, rng: Random) -> None:
        rate = JUMPS_BURST_PER_S if self.burst else JUMPS_CALM_PER_S
        self.jump_due_ms = now_ms + rng.expovariate(rate) * 1000

    def _plan_basis(self, now_ms: float, rng: Random) -> None:
        self.basis_due_ms = now_ms + rng.expovariate(BASIS_STEPS_PER_S) * 1000
