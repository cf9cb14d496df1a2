"""Trades and balances, counted over audit and journal to the last digit. Shares no fold with the services."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal, localcontext

import msgspec

from opensqt.cli.verify_evidence import Audited, Check, JudgedEvidence
from opensqt.cli.verify_orders import told
from opensqt.domain.account import Deposit, FundingPaid
from opensqt.domain.decimals import EXACT, ZERO, canonical
from opensqt.domain.instruments import Side
from opensqt.domain.order_events import Canceled, Expired, Fill, whole_trade
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.strategy_events import PositionAdopted
from opensqt.domain.wallets import serving
from opensqt.oracle.average_cost import AverageCost
from opensqt.oracle.wallet_flows import arrived
from opensqt.simulation.engine.audit import AuditRow

FILL, FUNDING, BALANCE = "fill", "funding", "balance"
SPOT, PERP = "spot", "perp"

TradeKey = tuple[str, str, str, str]  # account, market, the venue's symbol, trade id
Place = tuple[str, ...]  # venue, account, symbol
WalletKey = tuple[str, str, str]  # account, wallet, asset


def fills_equal_position(evidence: JudgedEvidence, positions: Mapping[Place, Decimal]) -> Check:
    """The journal's trades are the audit's, one by one, and their sum is the position of the books.

    A trade may be pending, but not that of an order whose end the journal holds.
    """
    fills = _fills(evidence)
    wrong = [f"trade {key[3]} is in the journal twice" for key, n in _counted(evidence) if n > 1]
    pending = 0
    seen: set[TradeKey] = set()
    ended = {
        event.message.ref.client_order_id
        for event in evidence.events
        if isinstance(event.message, Canceled | Expired)
    }
    for one in evidence.audit or ():
        if one.row.kind.value != FILL:
            continue
        key = _audited(one)
        fill = fills.get(key)
        if key in seen:
            wrong.append(f"trade {key[3]} of {key[2]} is in the audit twice")
        elif (
            fill is None
            and evidence.is_pending(one.time_ms)
            and one.row.client_order_id not in ended
        ):
            pending += 1
        elif fill is None:
            wrong.append(f"trade {key[3]} of {key[2]} is not in the journal")
        elif _terms(fill) != _audited_terms(one):
            wrong.append(f"trade {key[3]} of {key[2]} differs in its terms")
        seen.add(key)
    if evidence.audit is not None:
        strangers = [k for k in fills.keys() - seen if not evidence.is_pending(fills[k].time_ms)]
        wrong += [f"trade {key[3]} of {key[2]} is not in the audit" for key in strangers]
    wrong += _unequal(evidence, positions)
    return Check(
        check="fills_equal_position",
        holds=not wrong,
        figure=f"{len(fills)} fills, {len(positions)} positions",
        detail=told(wrong) or (f"{pending} trades are not paged yet" if pending else ""),
    )


def ledger_identity(evidence: JudgedEvidence) -> Check:
    """Opening balances and flows of the journal make the newest balance that the venue states, in every wallet.

    A balance is judged by exactly the trades and payments that the audit shows before it.
    """
    audit = evidence.audit or ()
    fills, funding = _fills(evidence), _funding(evidence)
    totals = _deposits(evidence)
    unread = _unread(evidence)
    found: dict[WalletKey, tuple[Decimal, Decimal]] = {}
    held: defaultdict[tuple[str, str], AverageCost] = defaultdict(AverageCost)
    unknown = 0
    for one in audit:
        row = one.row
        if row.kind.value == FILL:
            fill = fills.get(_audited(one))
            unknown += fill is None
            for key, amount in _flows(fill, held) if fill is not None else ():
                totals[key] = EXACT.add(totals[key], amount)
        elif row.kind.value == FUNDING:
            paid = (row.account, _symbol(row.symbol), Decimal(row.quantity))
            unknown += funding[paid] == 0
            funding[paid] -= 1
            key = (*_wallet(row, totals), row.fee_asset)
            totals[key] = EXACT.add(totals[key], Decimal(row.quantity))
        elif row.kind.value == BALANCE and not unknown and _wallet(row, totals) not in unread:
            # Beyond a trade that the journal does not hold yet, balances are not judged: they are pending.
            key = (*_wallet(row, totals), row.fee_asset)
            found[key] = (Decimal(row.quantity), totals[key])
    wrong = [
        f"{'/'.join(key)}: the venue states {canonical(stated)}, the journal makes {canonical(ours)}"
        for key, (stated, ours) in sorted(found.items())
        if stated != ours
    ]
    if evidence.audit is not None and not found and fills:
        wrong.append("no balance of the venue can be judged")
    pending = f"{unknown} trades or payments are pending" if unknown else ""
    if unread:
        names = ", ".join("/".join(wallets) for wallets in sorted(unread))
        pending = f"not read and never traded: {names}"
    return Check(
        check="ledger_identity",
        holds=not wrong,
        figure=f"{len(found)} wallets, difference {canonical(_gap(found))}",
        detail=told(wrong) or pending,
    )


def _unread(evidence: JudgedEvidence) -> set[tuple[str, str]]:
    """Return the wallets (account, wallet) that nobody has read or traded: not the desk's, or it was just starting."""
    known = _deposits(evidence)
    audited = {_wallet(one.row, known) for one in evidence.audit or ()}
    moved = (one.row for one in evidence.audit or () if one.row.kind.value != BALANCE)
    return audited - {_wallet(row, known) for row in moved} - {key[:2] for key in known}


def _wallet(row: AuditRow, known: Iterable[WalletKey]) -> tuple[str, str]:
    """Return the wallet (account, wallet) that serves the market of a row."""
    wallets = (wallet for account, wallet, _ in known if account == row.account)
    return row.account, serving(wallets, row.market)


def _gap(found: Mapping[WalletKey, tuple[Decimal, Decimal]]) -> Decimal:
    return sum((abs(EXACT.subtract(a, b)) for a, b in found.values()), ZERO)


def _unequal(evidence: JudgedEvidence, positions: Mapping[Place, Decimal]) -> list[str]:
    """Compare the plain sum of what trades brought, of adoptions and adjustments with the books."""
    sums: defaultdict[Place, Decimal] = defaultdict(lambda: ZERO)
    trades: set[tuple[str, ...]] = set()
    for event in evidence.events:
        said = event.message
        if isinstance(said, Fill):
            place = (said.ref.venue, said.ref.account, said.ref.symbol)
            if (*place, said.trade_id) not in trades:
                sums[place] += arrived(said)
            trades.add((*place, said.trade_id))
        elif isinstance(said, Adjustment | PositionAdopted):
            sums[said.venue, said.account, said.symbol] += said.quantity
    return [
        f"{place[2]}: trades make {sums[place]}, the books hold {positions.get(place, ZERO)}"
        for place in sorted(sums.keys() | positions.keys())
        if sums[place] != positions.get(place, ZERO)
    ]


def _fills(evidence: JudgedEvidence) -> dict[TradeKey, Fill]:
    """Return the trades of the journal; the parts of one that was divided among owners make the whole."""
    found: dict[TradeKey, Fill] = {}
    for event in evidence.events:
        if isinstance(fill := event.message, Fill):
            key = _key(fill)
            before = found.get(key)
            apart = before is not None and before.trade_id != fill.trade_id
            found[key] = _joined(before, fill) if before is not None and apart else fill
    return found


def _joined(one: Fill, other: Fill) -> Fill:
    sizes = [EXACT.multiply(fill.quantity, Decimal(fill.side.sign)) for fill in (one, other)]
    whole = EXACT.add(*sizes)
    return msgspec.structs.replace(
        other,
        side=Side.BUY if whole > 0 else Side.SELL,
        quantity=abs(whole),
        fee=EXACT.add(one.fee, other.fee),
        realized_pnl=EXACT.add(one.realized_pnl, other.realized_pnl),
    )


def _counted(evidence: JudgedEvidence) -> list[tuple[TradeKey, int]]:
    told_of = (e.message for e in evidence.events if isinstance(e.message, Fill))
    return list(Counter((*_key(fill)[:3], fill.trade_id) for fill in told_of).items())


def _key(fill: Fill) -> TradeKey:
    market = PERP if ":" in fill.ref.symbol else SPOT
    return (
        fill.ref.account,
        market,
        _symbol(fill.ref.symbol.partition(":")[0]),
        whole_trade(fill.trade_id),
    )


def _audited(one: Audited) -> TradeKey:
    return one.row.account, one.row.market, _symbol(one.row.symbol), one.row.trade_id


def _symbol(name: str) -> str:
    """Return what a unified and a venue's symbol have in common: base and quote, without marks."""
    return "".join(filter(str.isalnum, name)).upper().removesuffix("SWAP")


def _terms(fill: Fill) -> tuple[object, ...]:
    return fill.side.value, fill.quantity, fill.price, fill.fee, fill.fee_asset


def _audited_terms(one: Audited) -> tuple[object, ...]:
    row = one.row
    return row.side, Decimal(row.quantity), Decimal(row.price), Decimal(row.fee), row.fee_asset


def _deposits(evidence: JudgedEvidence) -> defaultdict[WalletKey, Decimal]:
    totals: defaultdict[WalletKey, Decimal] = defaultdict(lambda: ZERO)
    for event in evidence.events:
        if isinstance(event.message, Deposit):
            paid = event.message
            totals[paid.account, paid.wallet, paid.asset] += paid.amount
    return totals


def _funding(evidence: JudgedEvidence) -> Counter[tuple[str, str, Decimal]]:
    return Counter(
        (paid.account, _symbol(paid.symbol.partition(":")[0]), paid.amount)
        for event in evidence.events
        if isinstance(paid := event.message, FundingPaid)
    )


def _gained(fill: Fill, held: AverageCost) -> Decimal:
    """Return what a trade of a perpetual gained; where its venue does not say, by the average cost of what is held."""
    with localcontext(EXACT):
        before = held.realized
        held.add(fill.side.sign * fill.quantity, fill.price)
        reckoned = held.realized - before
    return reckoned if fill.realized_untold else fill.realized_pnl


def _flows(
    fill: Fill, held: Mapping[tuple[str, str], AverageCost]
) -> list[tuple[WalletKey, Decimal]]:
    pair, _, settle = fill.ref.symbol.partition(":")
    base, _, quote = pair.partition("/")
    account, wallet = fill.ref.account, fill.wallet or (PERP if settle else SPOT)
    if settle:
        return [
            ((account, wallet, settle), _gained(fill, held[account, fill.ref.symbol])),
            ((account, wallet, fill.fee_asset), -fill.fee),
        ]
    quantity = fill.side.sign * fill.quantity
    return [
        ((account, wallet, base), quantity),
        ((account, wallet, quote), EXACT.multiply(-quantity, fill.price)),
        ((account, wallet, fill.fee_asset), -fill.fee),
    ]
