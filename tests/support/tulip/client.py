"""Tulip's class for ccxt: hosts, signature and listing."""

import hashlib
from typing import Any

from ccxt.async_support.base.exchange import Exchange


class tulip(Exchange):  # type: ignore[misc]  # noqa: N801  # named as ccxt names a venue
    """What ccxt would know of Tulip."""

    def describe(self) -> Any:
        """Return ccxt's description."""
        return self.deep_extend(
            super().describe(),
            {
                "id": "tulip",
                "name": "Tulip",
                "urls": {"api": {"rest": "http://api.tulip.example", "ws": "ws://tulip.example"}},
            },
        )

    async def fetch_markets(self, params: Any = None) -> Any:
        """Read the listing."""
        del params
        told = await self.request("markets", ["public"], "GET", {})
        return [self._market(row) for row in told["data"]]

    def sign(
        self,
        path: str,
        api: Any = "public",
        method: str = "GET",
        params: Any = None,
        headers: Any = None,
        body: Any = None,
    ) -> Any:
        """Sign with time and path."""
        url = f"{self.urls['api']['rest']}/{path}"
        if method == "POST":
            body = self.json(params)
        elif params:
            url += "?" + self.urlencode(params)
        if api != ["public"]:
            signed = str(self.milliseconds())
            signature = hashlib.sha256(f"{self.secret}{signed}{path}".encode()).hexdigest()
            headers = {"X-Time": signed, "X-Signature": signature}
        return {"url": url, "method": method, "body": body, "headers": headers or {}}

    def _market(self, row: Any) -> Any:
        swap = row["kind"] == "swap"
        symbol = f"{row['base']}/{row['quote']}" + (f":{row['quote']}" if swap else "")
        return self.safe_market_structure(
            {
                "id": row["name"],
                "symbol": symbol,
                "base": row["base"],
                "quote": row["quote"],
                "settle": row["quote"] if swap else None,
                "type": row["kind"],
                "spot": not swap,
                "swap": swap,
                "contract": swap,
                "linear": swap or None,
                "contractSize": row["size"] if swap else None,
                "maker": "0.0001",
                "taker": "0.0005",
                "info": row,
            }
        )
