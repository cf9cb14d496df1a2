"""OKX's recordings, by path and by channel, and the instruments that they are of."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opensqt.domain.instruments import Market

SYMBOLS = {
    Market.SPOT: {"BTC-USDT": "BTC/USDT"},
    Market.PERP: {"BTC-USDT-SWAP": "BTC/USDT:USDT", "BTC-USD-SWAP": "BTC/USD:BTC"},
}


class Recorded:
    """The recordings of one client, by path and by channel."""

    def __init__(self, folder: Path) -> None:
        conformance = folder / "conformance"
        self.answers: dict[str, list[dict[str, Any]]] = {}
        for line in lines_of(conformance / "jkorf" / "okx_rest.jsonl"):
            path = str(line.get("path", "")).removeprefix("/api/v5/")
            if isinstance(line.get("response"), dict):
                self.answers.setdefault(path, []).append(line["response"])
        self.frames = [
            step["frame"]
            for line in lines_of(conformance / "jkorf" / "okx_ws.jsonl")
            for step in line["steps"]
            if step["dir"].startswith("server") and "frame" in step
        ]
        self.samples = [
            line["payload"]
            for line in lines_of(conformance / "ccxt_comment_samples" / "okx.jsonl")
            if isinstance(line["payload"], dict)
        ]
        self.public = [
            line["frame"]
            for line in lines_of(conformance / "tardis_public_frames.jsonl")
            if line["var"].startswith("okex") and "V5" in line["var"]
        ]
        self.session = folder / "sessions" / "okx_20220513_btcusdt_uniusdswap.jsonl.gz"

    def rows(self, *paths: str) -> list[dict[str, Any]]:
        """All rows of the answers of these paths."""
        return [row for path in paths for answer in self.answers[path] for row in answer["data"]]

    def heard(self) -> Iterator[str]:
        """The frames of the recorded session."""
        with gzip.open(self.session, "rt") as lines:
            for line in lines:
                told = json.loads(line)
                if told["dir"] == "in":
                    yield told["raw"]


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Read a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
