"""OKX's definite refusals: the allow-list of what proves that a request had no effect, each row with its source.

A code that is not here proves nothing and leaves the order in doubt. Sources: `docs` = OKX API v5, "Error code";
`ccxt` = the texts in the table of ccxt 4.5.90; `jkorf` = the categories of OKX.Net; `body` = an answer was recorded.
"""

from typing import NamedTuple

from opensqt.domain.venue import Refusal


class RefusedCode(NamedTuple):
    """A code, what it means, and who says so."""

    code: int
    kind: Refusal
    source: str


ROWS = (
    # Keys, rights and time: the gateway's own, before anything is read.
    RefusedCode(50100, Refusal.AUTH, "docs, ccxt: API frozen"),
    RefusedCode(50101, Refusal.AUTH, "docs, jkorf: the key is of another environment"),
    RefusedCode(50102, Refusal.CLOCK, "docs, jkorf: timestamp request expired"),
    RefusedCode(50103, Refusal.AUTH, "body: request header OK_ACCESS_KEY can't be empty"),
    RefusedCode(50104, Refusal.AUTH, "docs, ccxt: passphrase empty"),
    RefusedCode(50105, Refusal.AUTH, "docs, jkorf: passphrase incorrect"),
    RefusedCode(50106, Refusal.AUTH, "docs, ccxt: signature empty"),
    RefusedCode(50107, Refusal.CLOCK, "docs, ccxt: timestamp empty"),
    RefusedCode(50110, Refusal.AUTH, "docs, jkorf: invalid IP"),
    RefusedCode(50111, Refusal.AUTH, "docs, jkorf: invalid key"),
    RefusedCode(50112, Refusal.CLOCK, "docs, jkorf: invalid timestamp"),
    RefusedCode(50113, Refusal.AUTH, "docs, jkorf: invalid signature"),
    RefusedCode(50114, Refusal.AUTH, "docs, jkorf: invalid authorization"),
    RefusedCode(50119, Refusal.AUTH, "jkorf: the key does not exist"),
    RefusedCode(50120, Refusal.AUTH, "jkorf: no permission for this"),
    RefusedCode(
        50036, Refusal.CLOCK, "docs, jkorf: expTime cannot be earlier than the system's time"
    ),
    RefusedCode(50037, Refusal.CLOCK, "docs: expTime is malformed"),
    # The form of a request.
    RefusedCode(50000, Refusal.PARAMETER, "ccxt: body can not be empty"),
    RefusedCode(50002, Refusal.PARAMETER, "ccxt: JSON data format error"),
    RefusedCode(50006, Refusal.PARAMETER, "ccxt: invalid content type"),
    RefusedCode(50014, Refusal.PARAMETER, "docs, jkorf: a parameter is empty"),
    RefusedCode(50015, Refusal.PARAMETER, "docs, jkorf: one of two is required"),
    RefusedCode(50016, Refusal.PARAMETER, "docs, jkorf: parameters do not match"),
    RefusedCode(50024, Refusal.PARAMETER, "docs, jkorf: not both at once"),
    RefusedCode(50025, Refusal.PARAMETER, "docs, jkorf: too many of a parameter"),
    RefusedCode(51000, Refusal.PARAMETER, "body: parameter tdMode error"),
    RefusedCode(51003, Refusal.PARAMETER, "docs, jkorf: an id is required"),
    RefusedCode(51015, Refusal.SYMBOL, "docs, jkorf: instrument and its type do not match"),
    RefusedCode(51111, Refusal.PARAMETER, "docs, jkorf: too many orders in bulk"),
    RefusedCode(51204, Refusal.PARAMETER, "docs, jkorf: a limit order needs a price"),
    # The account.
    RefusedCode(50007, Refusal.ACCOUNT, "docs, jkorf: account blocked"),
    RefusedCode(50009, Refusal.ACCOUNT, "docs, jkorf: suspended by a liquidation"),
    RefusedCode(50012, Refusal.ACCOUNT, "docs, ccxt: account status invalid"),
    RefusedCode(50017, Refusal.ACCOUNT, "ccxt: position frozen by deleveraging"),
    RefusedCode(50018, Refusal.ACCOUNT, "ccxt: currency frozen by deleveraging"),
    RefusedCode(50019, Refusal.ACCOUNT, "ccxt: account frozen by deleveraging"),
    RefusedCode(50020, Refusal.ACCOUNT, "ccxt: position frozen by a liquidation"),
    RefusedCode(50021, Refusal.ACCOUNT, "ccxt: currency frozen by a liquidation"),
    RefusedCode(50022, Refusal.ACCOUNT, "ccxt: account frozen by a liquidation"),
    RefusedCode(50027, Refusal.ACCOUNT, "docs, jkorf: restricted from trading"),
    RefusedCode(50030, Refusal.ACCOUNT, "jkorf: no permission for the endpoint"),
    RefusedCode(51009, Refusal.ACCOUNT, "ccxt: placing is blocked by the platform"),
    RefusedCode(51010, Refusal.POSITION_MODE, "ccxt: the account mode does not allow it"),
    RefusedCode(51024, Refusal.ACCOUNT, "docs, jkorf: trading account blocked"),
    RefusedCode(51155, Refusal.ACCOUNT, "body: local compliance restrictions"),
    RefusedCode(51169, Refusal.REDUCE_ONLY, "docs: no position in this direction"),
    RefusedCode(51170, Refusal.REDUCE_ONLY, "docs: the side does not reduce"),
    RefusedCode(51112, Refusal.REDUCE_ONLY, "docs, jkorf: larger than the position"),
    RefusedCode(51205, Refusal.REDUCE_ONLY, "ccxt: reduce-only is not available"),
    # The instrument.
    RefusedCode(51001, Refusal.SYMBOL, "docs, jkorf: the instrument does not exist"),
    RefusedCode(51002, Refusal.SYMBOL, "ccxt: instrument and index do not match"),
    RefusedCode(51021, Refusal.MARKET_CLOSED, "docs, jkorf: to be listed"),
    RefusedCode(51022, Refusal.MARKET_CLOSED, "docs, jkorf: suspended"),
    RefusedCode(51027, Refusal.MARKET_CLOSED, "docs, jkorf: expired"),
    RefusedCode(51028, Refusal.MARKET_CLOSED, "docs, jkorf: in delivery"),
    RefusedCode(51029, Refusal.MARKET_CLOSED, "docs, jkorf: in settlement"),
    RefusedCode(51030, Refusal.MARKET_CLOSED, "docs, jkorf: funding is being settled"),
    RefusedCode(51124, Refusal.MARKET_CLOSED, "ccxt: only limit orders in a call auction"),
    # Filters.
    RefusedCode(51005, Refusal.FILTER, "docs, jkorf: above the most of an order"),
    RefusedCode(51006, Refusal.FILTER, "docs, jkorf: price out of the limit"),
    RefusedCode(51007, Refusal.FILTER, "ccxt: less than one contract"),
    RefusedCode(51020, Refusal.FILTER, "docs, jkorf: below the least amount"),
    RefusedCode(51100, Refusal.FILTER, "ccxt: below the least amount"),
    RefusedCode(51101, Refusal.FILTER, "docs, jkorf: above the most of an order"),
    RefusedCode(51116, Refusal.FILTER, "docs, jkorf: price beyond the limit"),
    RefusedCode(51120, Refusal.FILTER, "docs, jkorf: below the least amount"),
    RefusedCode(51121, Refusal.FILTER, "docs, jkorf: not a multiple of the lot"),
    RefusedCode(51122, Refusal.FILTER, "docs, jkorf: price below the least"),
    RefusedCode(51137, Refusal.FILTER, "docs, jkorf: buy above the price limit"),
    RefusedCode(51138, Refusal.FILTER, "docs, jkorf: sell below the price limit"),
    RefusedCode(51150, Refusal.FILTER, "jkorf: too many decimals"),
    RefusedCode(51202, Refusal.FILTER, "docs, jkorf: above the most of a market order"),
    RefusedCode(51203, Refusal.FILTER, "docs, jkorf: above the most of an order"),
    RefusedCode(51109, Refusal.NOT_FILLABLE, "ccxt: no available offer"),
    # Money and counts.
    RefusedCode(51004, Refusal.FUNDS, "ccxt: above the tier of the position"),
    RefusedCode(51008, Refusal.FUNDS, "docs, jkorf: insufficient balance or margin"),
    RefusedCode(51119, Refusal.FUNDS, "docs, ccxt: insufficient balance"),
    RefusedCode(51127, Refusal.FUNDS, "docs, jkorf: available balance is 0"),
    RefusedCode(51131, Refusal.FUNDS, "docs, jkorf: insufficient balance"),
    RefusedCode(51025, Refusal.OPEN_ORDERS, "docs, jkorf: too many orders"),
    RefusedCode(51102, Refusal.OPEN_ORDERS, "docs, jkorf: too many pending orders"),
    RefusedCode(51103, Refusal.OPEN_ORDERS, "docs, jkorf: too many of the underlying"),
    RefusedCode(51174, Refusal.OPEN_ORDERS, "docs, jkorf: too many pending orders"),
    RefusedCode(51016, Refusal.DUPLICATE, "docs, jkorf: duplicated client order id"),
)

# docs, jkorf: the order does not exist, is cancelled, or is completed. 51410 (being cancelled) is none of them.
UNKNOWN_TO_CANCEL = frozenset({"51400", "51401", "51402", "51603"})
UNKNOWN_TO_LOOK = frozenset({"51603"})
# docs: nothing was done, come back later. 50061 counts places of a whole sub-account.
THROTTLES = frozenset({"50011", "50040", "50061"})
THROTTLE_MS = 1000  # no answer names a time; the windows are of two seconds

IN_DOUBT = {
    "50001": "service temporarily unavailable",
    "50004": "endpoint timeout, which tells neither success nor failure",
    "50005": "the API is offline",
    "50013": "the system is busy",
    "50026": "system error",
    "51054": "request timed out",
    "51149": "order timed out",
    "51410": "the order is being cancelled already",
    "51412": "cancellation timed out",
}
