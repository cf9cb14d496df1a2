"""`opensqt venue`: a local exchange that clients of the real one trade at, unmodified."""

import asyncio
import json
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import ccxt.pro
import pytest

from opensqt.cli.main import main
from opensqt.simulation.dialects.registry import dialects_known
from tests.simulation.venue.scripted import Loopback

Capture = pytest.CaptureFixture[str]
SYMBOL = "BTC/USDT"


@asynccontextmanager
async def exchange(name: str, folder: Path) -> AsyncIterator[dict[str, Any]]:
    """Start the command and return the line that says where it is; it ends by a signal, in good order."""
    words = ("venue", "--exchange", name, "--data", str(folder), "--balance", "USDT=5000", "--json")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "opensqt.cli",
        *words,
        env=dict(os.environ),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0


async def client_of(said: dict[str, Any]) -> tuple[Any, aiohttp.ClientSession]:
    """Return ccxt as its documentation tells to make it; only its way to the host is ours."""
    context = ssl.create_default_context(cafile=said["ca"])
    connector = aiohttp.TCPConnector(resolver=Loopback(said["port"]), ssl=context)
    http = aiohttp.ClientSession(connector=connector)
    key = json.loads(await asyncio.to_thread(Path(said["keys"]).read_bytes))["main"]
    terms = {"apiKey": key["api_key"], "secret": key["secret"], "password": key["passphrase"]}
    options = {"options": {"uta": True}} if said["exchange"] == "bitget" else {}
    client = getattr(ccxt.pro, said["exchange"])({"session": http, **terms, **options})
    return client, http


@pytest.mark.row("D01")
@pytest.mark.parametrize("name", dialects_known())
async def test_a_client_of_the_exchange_trades_at_the_local_one(name: str, tmp_path: Path) -> None:
    """It reads the book, finds its money, and what it ordered is open also after a restart."""
    for orders in (1, 2):
        async with exchange(name, tmp_path) as said:
            client, http = await client_of(said)
            try:
                book = await client.fetch_order_book(SYMBOL)
                assert book["bids"][0][0] < book["asks"][0][0]
                assert (await client.fetch_balance())["USDT"]["total"] == 5000
                await client.create_order(SYMBOL, "limit", "buy", 0.001, book["bids"][0][0] * 0.9)
                assert len(await client.fetch_open_orders(SYMBOL)) == orders
            finally:
                await client.close()
                await http.close()


@pytest.mark.parametrize(
    "words, told",
    [
        (("--exchange", "kraken"), "--exchange is 'kraken', expected one of binance"),
        (("--exchange", "okx", "--balance", "USDT"), "--balance is 'USDT', expected ASSET=AMOUNT"),
        (("--exchange", "okx", "--market", "x"), "--market: market 'x' is of no known kind"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    tmp_path: Path, capsys: Capture, words: tuple[str, ...], told: str
) -> None:
    """The error names what was read and what was expected; nothing is left half made."""
    assert main(["venue", *words, "--data", str(tmp_path / "new")]) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert said.out == ""
    assert not (tmp_path / "new").exists()


def test_the_folder_of_a_desk_is_left_alone(tmp_path: Path, capsys: Capture) -> None:
    """Its venue has other keys and money."""
    (tmp_path / "run.json").write_text("{}")
    assert main(["venue", "--exchange", "okx", "--data", str(tmp_path)]) == 2
    assert "is the folder of a desk" in capsys.readouterr().err
