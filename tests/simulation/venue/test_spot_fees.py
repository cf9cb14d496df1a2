"""Where the paper venue takes its fee of a spot trade, and what it refuses to sell, as an unmodified client sees it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import ccxt
import msgspec
import pytest

from opensqt.simulation.engine.fees import FeeAsset
from opensqt.simulation.server.paper import PaperVenue
from tests.simulation.venue.scripted import KEYS, SPOT, Client, ScriptedFlow, TestClock, d, setup

BNB = FeeAsset(asset="BNB", price_quote=Decimal(600))
ACCOUNT = next(iter(KEYS))


@asynccontextmanager
async def client_of(
    folder: Path, balances: Mapping[str, str], fee_asset: FeeAsset | None = None
) -> AsyncIterator[Client]:
    """Yield a spot client of an account with these balances."""
    amounts = {asset: d(amount) for asset, amount in balances.items()}
    made = msgspec.structs.replace(
        setup(folder),
        balances={ACCOUNT: amounts},
        keys={ACCOUNT: KEYS[ACCOUNT]},
        fee_asset=fee_asset,
    )
    clock = TestClock()
    venue = PaperVenue(made, ScriptedFlow(), clock)
    await venue.start()
    client = Client(venue, "spot", clock)
    try:
        await client.ccxt.load_markets()
        yield client
    finally:
        await client.close()
        await venue.stop()


async def paid(client: Client) -> list[tuple[str, str]]:
    """Return amount and asset of all fees, oldest first."""
    trades = await client.ccxt.fetch_my_trades(SPOT)
    return [(one["info"]["commission"], one["info"]["commissionAsset"]) for one in trades]


@pytest.mark.row("K06")
async def test_an_account_of_quote_only_sells_what_arrived_and_no_more(tmp_path: Path) -> None:
    """The fee of a purchase is taken in base: the gross quantity is refused with -2010, what arrived is sold."""
    async with client_of(tmp_path, {"USDT": "10000"}) as client:
        venue = client.ccxt
        with pytest.raises(ccxt.InsufficientFunds, match="insufficient balance"):
            await venue.create_order(SPOT, "limit", "sell", d("0.001"), d("59999"))
        await venue.create_order(SPOT, "limit", "buy", d("0.01"), d("60001"))
        assert (await venue.fetch_balance())["BTC"]["total"] == d("0.00999")
        with pytest.raises(ccxt.InsufficientFunds, match="insufficient balance"):
            await venue.create_order(SPOT, "limit", "sell", d("0.01"), d("59999"))
        await venue.create_order(SPOT, "limit", "sell", d("0.00999"), d("59999"))
        assert (await venue.fetch_balance())["BTC"]["total"] == 0
        sold = d("0.00999") * 59_999
        assert await paid(client) == [
            ("0.00001000", "BTC"),
            (format(sold * d("0.001"), ".8f"), "USDT"),
        ]


@pytest.mark.row("K06")
async def test_fees_in_a_third_asset_leave_what_was_bought_alone(tmp_path: Path) -> None:
    """While the account holds enough of it; then the venue takes its fee of what is received again."""
    async with client_of(tmp_path, {"USDT": "10000", "BNB": "0.0015"}, BNB) as client:
        venue = client.ccxt
        for _ in range(2):
            await venue.create_order(SPOT, "limit", "buy", d("0.01"), d("60001"))
        fee = format(d("0.01") * 60_001 * d("0.001") / 600, ".8f")
        assert await paid(client) == [(fee, "BNB"), ("0.00001000", "BTC")]
        balance = await venue.fetch_balance()
        assert balance["BTC"]["total"] == d("0.01999")
        assert balance["BNB"]["total"] == d("0.0015") - d(fee)
