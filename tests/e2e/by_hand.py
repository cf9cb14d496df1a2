"""What the owner of an account does beside the desk, on the venue's own page."""

import json
import random
import ssl
from decimal import Decimal

from opensqt.domain.instruments import Side, market_of
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.venue import Held, OrderRequest
from opensqt.runtime.clock import open_clock
from opensqt.runtime.config.schema import VenueConfig
from opensqt.venues.binance.dialect import DIALECT as BINANCE
from opensqt.venues.engine.rest import Credentials, VenueRest
from opensqt.venues.engine.venue import VenueAccount
from opensqt.venues.policy import policy_of
from opensqt.venues.session import paper_session
from tests.e2e.desk import Desk


async def trade_by_hand(
    desk: Desk, symbol: str, side: Side, quantity: str, *, limit: str = ""
) -> None:
    """Trade at once, or place at a limit, on the venue's own page, as the owner of the account would."""
    keys = json.loads((desk.data / "venue" / "keys.json").read_text())["main"]
    context = ssl.create_default_context(cafile=str(desk.data / "ca" / "ca.pem"))
    clock = open_clock(desk.data)
    gate = VenueRest(
        BINANCE,
        session=paper_session("127.0.0.1", desk.run_file.ports["venue"], context),
        clock=clock,
        config=VenueConfig(),
        credentials=Credentials(api_key=keys["api_key"], secret=keys["secret"]),
        markets=frozenset({market_of(symbol)}),
        jitter=random.Random(1),
    )
    venue = VenueAccount(gate, account="main", policy=policy_of("binance", VenueConfig()))
    now_ms = clock.market_ms()
    request = OrderRequest(
        client_order_id=f"hand-{now_ms}",
        symbol=symbol,
        side=side,
        type=OrderType.LIMIT if limit else OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        price=Decimal(limit or 0),
        quantity=Decimal(quantity),
        reduce_only=False,
        signed_ms=now_ms,
        deadline_ms=now_ms + 30_000,
    )
    try:
        assert isinstance(outcome := await venue.place(request), Held), outcome
    finally:
        await venue.close()
