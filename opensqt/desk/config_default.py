"""The configuration of a newcomer: derived from the symbols of a market, commented, and it trades. Pure text."""

import hashlib
from collections.abc import Sequence

HEAD = """\
# OpenSQT. Decimals are texts in quotes; names carry their units; unknown keys are errors (docs/configuration.md).
# One key at a time can be overlaid from the environment: OPENSQT__RISK__OPEN_ORDERS_MAX=50
schema = 1
desk = "paper"

[run]
profile = "paper"              # nothing else is built yet: testnet and live are refused
on_stop = "cancel"             # cancel | leave: open orders at a clean stop (positions always stay)

[paper]
market = "{market}"{pad}# synthetic:SEED | recorded:PATH[,PATH]
speed = "{speed}"                    # market seconds per wall second
rules = "binance"              # binance: the venue's own | gate: no promise about order ids (docs/guarantees.md)
# [paper.fees]                 # spot fees are taken of what is received; or of this, while the account holds it:
# asset = "BNB"
# price_quote = "600"
"""
FUNDING = """
[paper.funding."{perp}"]
rate = "0.0003"                # per interval, as a fraction of notional: 33 % a year
interval_hours = 8
"""
MIDDLE = """
[venues.{venue}]
deadline_ms = 2000             # the venue refuses an order that reaches it later
visibility_lag_ms = 500        # how long after its deadline an order may stay invisible
rate_budget_share_max = "0.8"  # of the venue's published limits

[accounts.main]
venue = "{venue}"
balances = {{ {balances} }}      # paper only
"""
GRID_PERP = """
[strategies.{name}]
kind = "grid"
account = "main"
symbol = "{symbol}"
mode = "neutral"               # both sides of the first price; perpetuals only
step_bps = "6"                 # a round trip costs 4 bps of maker fees
levels_below = 5
levels_above = 5
# anchor = "60000"             # a price that a level lies on; else the first one seen
# inventory_notional_quote_max = "2500"  # what it may hold however far the price runs; else what one side comes to
order_notional_quote = "500"
"""
GRID_SPOT = """
[strategies.{name}]
kind = "grid"
account = "main"
symbol = "{symbol}"
mode = "long"                  # buys below, sells what it bought
step_bps = "25"                # a round trip costs 20 bps of maker fees
levels_below = 3               # 3 x 25 bps stay inside the price collar of 100 bps
levels_above = 3
order_notional_quote = "500"
"""
CARRY = """
[strategies.{name}]
kind = "carry"
account = "main"
spot = "{spot}"
perp = "{perp}"
entry_apr_min = "0.10"         # of yearly funding, as a fraction of notional
exit_apr_max = "0.01"
notional_quote_max = "5000"
order_notional_quote = "1000"
leg_timeout_ms = 3000
slippage_bps_max = "10"
holding_hours = "336"          # over which funding and basis must pay for fees and slippage
basis_bps_min = "-1"           # perpetual's bid over spot's ask: it stands no lower than spot, but for the spreads
return_bps_min = "0"           # a round trip is expected to bring more than this, of one leg's notional
"""
TAIL = """
[risk]
# currency = "USDT"            # the limits are counted in it; another quote asset needs [risk.rates] BTC = "60000"
order_notional_quote_max = "2000"
position_notional_quote_max = "20000"
open_orders_max = 100
price_collar_bps = "100"
tick_age_ms_max = 3000

[gateway]
host = "127.0.0.1"
port = 0                       # 0: a free one, chosen once

[telemetry]
otlp_endpoint = ""
"""
BALANCES = {"USDT": "100000", "USDC": "100000", "BTC": "1", "ETH": "20"}
COMMENT_COLUMN = 31
NAME_LENGTH_MAX = 32  # of a strategy: config_rules


def derive(symbols: Sequence[str], *, market: str, speed: str = "1", venue: str = "binance") -> str:
    """Write the default configuration for these ccxt symbols, spot or perpetual, as commented TOML.

    A neutral grid trades each perpetual, a long grid each spot symbol, a carry each pair of both.
    """
    perps = [symbol for symbol in symbols if ":" in symbol]
    spots = [symbol for symbol in symbols if ":" not in symbol]
    first = symbols[0] if symbols else ""
    pad = " " * max(1, COMMENT_COLUMN - len(f'market = "{market}"'))
    parts = [HEAD.format(market=market, speed=speed, pad=pad)]
    parts += [FUNDING.format(perp=perp) for perp in perps]
    # Quote only, as a real account begins: what a strategy sells it must have bought.
    quotes = dict.fromkeys(symbol.partition(":")[0].partition("/")[2] for symbol in symbols)
    balances = ", ".join(f'{_key(asset)} = "{BALANCES.get(asset, "1000")}"' for asset in quotes)
    parts.append(MIDDLE.format(venue=venue, balances=balances))
    parts += [GRID_PERP.format(name=_name("grid-perp", s, first), symbol=s) for s in perps]
    parts += [GRID_SPOT.format(name=_name("grid-spot", s, first), symbol=s) for s in spots]
    for perp in perps:
        spot = perp.partition(":")[0]
        if spot in spots:
            parts.append(CARRY.format(name=_name("carry", perp, first), spot=spot, perp=perp))
    return "".join((*parts, TAIL))


def _name(kind: str, symbol: str, first: str) -> str:
    """Name a strategy after its kind and what of its symbol the market's first symbol does not share.

    No two symbols of a market share a name; where a symbol cannot stand in one, a fingerprint of it does.
    """
    pair, _, settle = symbol.partition(":")
    base, _, quote = pair.partition("/")
    first_base, _, first_quote = first.partition(":")[0].partition("/")
    if settle not in ("", quote):
        parts = [base, quote, settle]
    elif quote != first_quote:
        parts = [base, quote]
    else:
        parts = [base] if base != first_base else []
    name = "-".join((kind, *parts)).lower()
    if len(name) <= NAME_LENGTH_MAX and all(part.isascii() and part.isalnum() for part in parts):
        return name
    return f"{kind}-{hashlib.blake2b(symbol.encode(), digest_size=8).hexdigest()}"


def _key(asset: str) -> str:
    """Write an asset as a key of TOML: only ASCII may stand without quotes."""
    return asset if asset.isascii() and asset.isalnum() else f'"{asset}"'
