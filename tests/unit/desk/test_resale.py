"""What a grid buys it can sell again, whatever the fee is paid in; judged by what the paper venue takes."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opensqt.desk.config_default import derive
from opensqt.desk.feasibility import findings
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.runtime.config.all import parse_config
from opensqt.simulation.engine.fees import FeeAsset, spot_fee
from opensqt.simulation.engine.wallets import Holding, PerpWallet, SimulatedAccount
from opensqt.simulation.market.orderflow_instruments import rules_for
from opensqt.strategies.grid.levels import lattice_at
from opensqt.strategies.grid.settings import GridSettings
from opensqt.strategies.prospect import MarketView

SYMBOL = "ABC/USDT"
FEES = {
    "none": ("", "0"),
    "third": ("BNB", "5"),
    "third, none held": ("BNB", "0"),
    "third, too little held": ("BNB", "0.000000001"),
    "the base": ("ABC", "5"),
}


def _sells(
    rules: InstrumentRules,
    size: Decimal,
    prices: tuple[Decimal, Decimal],
    fee_asset: tuple[str, str],
) -> bool:
    """Buy an order at one price and offer what arrived at another; say whether the venue takes that."""
    (asset, held), bid = fee_asset, rules.fit_price(prices[0], Side.BUY)
    ask = rules.fit_price(prices[1], Side.SELL)
    quantity = size / bid // rules.quantity_step * rules.quantity_step
    account = SimulatedAccount(
        name="main", perp=PerpWallet(), spot={asset: Holding(free=Decimal(held))}
    )
    fee, paid_in = spot_fee(
        account,
        rules,
        Side.BUY,
        price=bid,
        quantity=quantity,
        rate=rules.maker_fee,
        pays_with=FeeAsset(asset=asset, price_quote=Decimal(600)) if asset else None,
    )
    left = quantity - fee if paid_in == rules.base else quantity
    sold = left // rules.quantity_step * rules.quantity_step
    return sold >= rules.quantity_min and sold * ask >= rules.notional_min and sold > 0


@pytest.mark.row("K13")
@pytest.mark.parametrize("paid_with", FEES)
@settings(max_examples=20)
@given(
    price=st.decimals("0.01", "90000", places=3),
    notional=st.decimals("5", "40", places=2),
    decimals=st.tuples(st.integers(0, 4), st.integers(0, 6)),
)
def test_what_a_level_buys_can_be_sold_again(
    paid_with: str, price: Decimal, notional: Decimal, decimals: tuple[int, int]
) -> None:
    """Each level is bought from the paper venue and sold a step above it; the least that a finding names works."""
    asset, held = FEES[paid_with]
    rules = rules_for(SYMBOL, *decimals)
    market = MarketView(rules={SYMBOL: rules}, mids={SYMBOL: price})
    text = derive((SYMBOL,), market="synthetic:7")
    text = text.replace(
        'order_notional_quote_max = "2000"',
        'order_notional_quote_max = "99999999999"',
    )
    if asset:
        fees = f'[paper.fees]\nasset = "{asset}"\nprice_quote = "600"\n\n[venues.binance]'
        text = text.replace("[venues.binance]", fees).replace(
            "balances = {", f'balances = {{ {asset} = "{held}",'
        )

    def judged(size: Decimal) -> tuple[list[str], bool]:
        config = parse_config(text.replace('"500"', f'"{size}"'), {})
        grid = config.strategies["grid-spot"]
        assert isinstance(grid, GridSettings)
        found = [one for one in findings(config, market) if ".order_notional_quote =" in one]
        lattice = lattice_at(price, grid.step_bps, rules)
        return found, all(
            _sells(rules, size, (lattice.price(level), lattice.price(level + 1)), FEES[paid_with])
            for level in lattice.below(price, grid.levels_below)
        )

    found, is_sold = judged(notional)
    if not found:
        assert is_sold
        return
    if "price" in found[0]:
        return
    least = Decimal(found[0].rpartition(" ")[2])
    assert judged(least) == ([], True)
