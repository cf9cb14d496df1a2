"""What requests weigh at Binance, by market."""

from opensqt.domain.instruments import Market

# docs: request weights; spot / usdm. Where a place has none, it only waits while the venue bars us.
PLACE_WEIGHTS = {Market.SPOT: 1.0, Market.PERP: 0.0}
# docs, "Place Multiple Orders": 5 of the orders in 10 s and 5 of the request weight, however many orders it holds.
BATCH_WEIGHT = 5.0
CANCEL_WEIGHT = 1.0
LOOK_WEIGHTS = {Market.SPOT: 4.0, Market.PERP: 1.0}
ALL_ORDERS_WEIGHTS = {Market.SPOT: 20.0, Market.PERP: 5.0}
OPEN_ORDERS_WEIGHTS = {Market.SPOT: 6.0, Market.PERP: 1.0}
TRADES_WEIGHTS = {Market.SPOT: 20.0, Market.PERP: 5.0}
INCOME_WEIGHT = 30.0
BALANCES_WEIGHTS = {Market.SPOT: 20.0, Market.PERP: 5.0}
FEE_WEIGHT = 20.0
MODE_WEIGHT = 30.0  # "Get Current Position Mode"
# Of what an executor asks for again and again.
HEAVIEST_WEIGHTS = {Market.SPOT: TRADES_WEIGHTS[Market.SPOT], Market.PERP: INCOME_WEIGHT}
