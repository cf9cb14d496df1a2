"""What is traded in a World, and under which configuration."""

from decimal import Decimal

from opensqt.desk.config_default import derive
from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.runtime.config.all import parse_config

LOADED = "BTC/USDT:USDT"
GRIDDED = "ETH/USDT:USDT"
SPOT = "SOL/USDT"
PERP = "SOL/USDT:USDT"  # both carried, in Worlds that have a carry
NOTIONAL_MAX = Decimal(4000)
TICK_AGE_MS_MAX = 3000
MAKER_FEE, TAKER_FEE = Decimal("0.0002"), Decimal("0.0005")
OVERLAY = {
    "OPENSQT__RISK__POSITION_NOTIONAL_QUOTE_MAX": str(NOTIONAL_MAX),
    "OPENSQT__RISK__TICK_AGE_MS_MAX": str(TICK_AGE_MS_MAX),
}
# Here spot and perpetual walk apart: whatever the basis, what it takes of the funding is judged.
CARRY = """
[strategies.carry]
kind = "carry"
account = "main"
spot = "SOL/USDT"
perp = "SOL/USDT:USDT"
entry_apr_min = "0.10"
exit_apr_max = "0.01"
notional_quote_max = "1500"
order_notional_quote = "500"
leg_timeout_ms = 1000
basis_bps_min = "-10000"

[risk]"""
# Fewer levels than a trader has: each is the same code again, and Worlds are many.
GRID_ONLY = derive([GRIDDED], market="synthetic:7").replace(" = 5\n", " = 3\n")
CONFIGS = {
    False: parse_config(GRID_ONLY, OVERLAY),
    True: parse_config(GRID_ONLY.replace("\n[risk]", CARRY, 1), OVERLAY),
}


def _rules(base: str, tick: str, market: Market = Market.PERP) -> InstrumentRules:
    perp = market is Market.PERP
    return InstrumentRules(
        venue="binance",
        symbol=f"{base}/USDT:USDT" if perp else f"{base}/USDT",
        market=market,
        venue_symbol=f"{base}USDT",
        base=base,
        quote="USDT",
        tick_size=Decimal(tick),
        quantity_step=Decimal("0.001"),
        quantity_min=Decimal("0.001"),
        quantity_max=Decimal(1000),
        notional_min=Decimal(100) if perp else Decimal(5),
        maker_fee=MAKER_FEE,
        taker_fee=TAKER_FEE,
    )


RULES = {
    rule.symbol: rule
    for rule in (
        _rules("BTC", "0.1"),
        _rules("ETH", "0.01"),
        _rules("SOL", "0.01"),
        _rules("SOL", "0.01", Market.SPOT),
    )
}
