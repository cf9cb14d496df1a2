"""The venue's dead-man timer: armed and renewed by whoever leads the account and makes progress, by nobody else.

What it cancels is told by the venue like any other end of an order; nothing is concluded here.
"""

import asyncio
from decimal import Decimal

from opensqt.domain.capability import Capability, NotSupported, supports
from opensqt.domain.instruments import market_of
from opensqt.domain.venue import DeadManTimer, Policy, VenueDown
from opensqt.runtime.config.all import ConfigError
from opensqt.runtime.progress import Progress
from services.executor.account import ExecutorAccount

RENEWALS = 3  # in one span: two may be lost
DISARM_S_MAX = 1.0


class DeadMan:
    """The timer of one account; with a span of 0 s it is never touched."""

    def __init__(self, account: ExecutorAccount, progress: Progress, span_s: int) -> None:
        self._account = account
        self._progress = progress
        self._span_s = span_s
        self._turn = asyncio.Lock()
        self._armed: set[str] = set()  # symbols whose timer may run
        self.why = ""  # the last renewal failed

    @property
    def told(self) -> str:
        """Say in a word or two how it stands."""
        if not self._span_s:
            return "off"
        if self.why:
            return f"not armed: {self.why}"
        return f"{self._span_s} s" if self._armed else "not armed"

    async def keep(self) -> None:
        """Renew the timer for ever, as long as the lease is held and every loop goes on."""
        timer = self._account.venue.policy.dead_man
        if not self._span_s or timer is None:
            return
        clock = self._account.clock
        span_s = venue_span_s(timer, self._span_s * clock.speed)
        while True:
            await self._renew(span_s)
            await clock.sleep(float(span_s / clock.speed) / RENEWALS)

    async def disarm(self) -> None:
        """Take the timer away: who stops on purpose decides himself what becomes of his orders."""
        account = self._account
        try:
            async with asyncio.timeout(DISARM_S_MAX), self._turn:
                if self._armed and account.lease.held:
                    await account.venue.arm_dead_man(sorted(self._armed), span_s=0)
                    self._armed.clear()
        except (VenueDown, TimeoutError) as error:
            account.log.warning("dead_man_not_disarmed", detail=str(error) or "no answer")

    async def _renew(self, span_s: int) -> None:
        account = self._account
        policy = account.venue.policy
        async with self._turn:
            if not account.lease.held or account.closing or self._progress.standing:
                return
            symbols = [one for one in account.watched() if has_timer(policy, one)]
            if not symbols:
                return
            self._armed.update(symbols)  # also where no answer comes
            try:
                await account.venue.arm_dead_man(symbols, span_s=span_s)
            except (VenueDown, LookupError) as error:
                if not self.why:
                    account.log.warning("dead_man_not_armed", detail=str(error))
                self.why = str(error)
            else:
                self.why = ""


def has_timer(policy: Policy, symbol: str) -> bool:
    """Tell whether a timer of the venue cancels the orders of a symbol."""
    return supports(policy, market_of(symbol), Capability.ARM_DEAD_MAN)


def require_timer(policy: Policy, account: str, span_s: int, symbols: tuple[str, ...]) -> None:
    """Raise `ConfigError` where a timer is wished for that the venue does not have, naming what it has."""
    if not span_s:
        return
    field, timer = f"accounts.{account}.dead_man_s: {span_s}", policy.dead_man
    lacking = [one for one in symbols if not has_timer(policy, one)]
    if timer is None or lacking:
        market = market_of((lacking or symbols or ("",))[0])
        error = NotSupported(policy.venue, market, Capability.ARM_DEAD_MAN)
        raise ConfigError(f"{field}: {error}; 0 trades there without a timer")
    if not timer.least_s <= span_s <= timer.most_s:
        raise ConfigError(
            f"{field}: {policy.venue} takes {timer.least_s} to {timer.most_s} s, or 0 for off"
        )


def venue_span_s(timer: DeadManTimer, wished_s: Decimal) -> int:
    """Return a span of the venue's clock that it takes."""
    return min(max(int(wished_s), timer.least_s), timer.most_s)
