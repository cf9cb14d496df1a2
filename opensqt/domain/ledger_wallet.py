"""Wallets: what one asset of one wallet has gained and lost, and what a trade does to it. Exact, never rounded."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TypeVar

import msgspec

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import Market, market_of
from opensqt.domain.order_events import Fill
from opensqt.domain.position import GRAIN, Position


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a wallet, in units of its asset."""

    deposited: Decimal = ZERO
    traded: Decimal = ZERO  # what spot trades brought, signed
    realized_pnl: Decimal = ZERO  # of perpetuals, as the venue books it
    fees: Decimal = ZERO  # positive = paid
    funding: Decimal = ZERO  # positive = received
    transferred: Decimal = ZERO  # between wallets, signed


class Wallet(Flow, frozen=True, kw_only=True):
    """All flows of one asset in one wallet together."""

    @property
    def total(self) -> Decimal:
        """The balance that these flows make."""
        gained = (self.deposited, self.traded, self.realized_pnl, self.funding, self.transferred)
        total = ZERO
        for amount in gained:
            total = EXACT.add(total, amount)
        return EXACT.subtract(total, self.fees)


def booked(wallet: Wallet, flow: Flow) -> Wallet:
    """Return the wallet with a flow added."""
    changed = {
        name: EXACT.add(getattr(wallet, name), amount)
        for name in flow.__struct_fields__
        if (amount := getattr(flow, name)) != 0
    }
    return msgspec.structs.replace(wallet, **changed)


def assets_of(symbol: str) -> tuple[str, str, str]:
    """Return base, quote and settle asset of a unified symbol; raise `ValueError` for anything else."""
    pair, _, settle = symbol.partition(":")
    base, slash, quote = pair.partition("/")
    if not (base and slash and quote):
        raise ValueError(
            f"symbol {symbol!r} is not unified, expected BASE/QUOTE or BASE/QUOTE:SETTLE"
        )
    return base, quote, settle or quote


def booked_in(fill: Fill) -> str:
    """Return the wallet in which a trade was booked."""
    return fill.wallet or market_of(fill.ref.symbol).value


def gain_of(fill: Fill, before: Position, after: Position) -> Decimal:
    """Return what a trade of a perpetual gained: as its venue reports it, else by the average cost of the account's."""
    if not fill.realized_untold:
        return fill.realized_pnl
    return EXACT.subtract(after.realized_pnl, before.realized_pnl)


def flows_of(fill: Fill, gained: Decimal | None = None) -> list[tuple[str, Flow]]:
    """Return what a trade does to the wallet of its market, by asset; `gained` where the trade itself does not say."""
    base, quote, settle = assets_of(fill.ref.symbol)
    flows: list[tuple[str, Flow]] = []
    if market_of(fill.ref.symbol) is Market.PERP:
        gain = fill.realized_pnl if gained is None else gained
        flows.append((settle, Flow(realized_pnl=gain)))
    else:
        quantity = fill.side.sign * fill.quantity
        flows.append((base, Flow(traded=quantity)))
        flows.append((quote, Flow(traded=EXACT.multiply(-quantity, fill.price))))
    if fill.fee != 0:
        flows.append((fill.fee_asset, Flow(fees=fill.fee)))
    return flows


def quote_fee(fill: Fill) -> Decimal:
    """Return a trade's fee in quote units; 0 for a fee in a third asset, whose price is not known here."""
    base, quote, settle = assets_of(fill.ref.symbol)
    if fill.fee_asset in (quote, settle):
        return fill.fee
    return EXACT.multiply(fill.fee, fill.price) if fill.fee_asset == base else ZERO


def shared(
    amount: Decimal, owners: dict[tuple[str, ...], Position]
) -> list[tuple[tuple[str, ...], Decimal]]:
    """Divide a funding payment among owners by what each holds, the last one gets the rest; exact in sum."""
    return divided(amount, {key: held.quantity for key, held in owners.items()})


_Owner = TypeVar("_Owner", str, tuple[str, ...])


def divided(amount: Decimal, held: Mapping[_Owner, Decimal]) -> list[tuple[_Owner, Decimal]]:
    """Divide an amount among owners by the signed quantity of each, the last one gets the rest; exact in sum.

    Nobody gets anything where they hold nothing together.
    """
    holding = sorted(owner for owner, quantity in held.items() if quantity != 0)
    whole = sum((held[owner] for owner in holding), ZERO)
    if whole == 0:
        return []
    shares: list[tuple[_Owner, Decimal]] = []
    left = amount
    for owner in holding[:-1]:
        exact = EXACT.divide(EXACT.multiply(amount, held[owner]), whole)
        part = exact.quantize(GRAIN, rounding=ROUND_HALF_EVEN, context=EXACT)
        shares.append((owner, part))
        left = EXACT.subtract(left, part)
    shares.append((holding[-1], left))
    return shares
