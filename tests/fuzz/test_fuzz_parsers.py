"""Whatever bytes come from outside: a parser reads them or refuses them by its own error, and never dies otherwise."""

import contextlib
import gzip
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.desk.backup_file import Manifest, pack, sha256_of, unpack
from opensqt.desk.error import CliError
from opensqt.desk.plan import MARKET_DEFAULT, default_text
from opensqt.desk.runfile import RunFile, read_run, write_run
from opensqt.domain.instruments import Market
from opensqt.runtime import latch
from opensqt.runtime.access.credentials import BadCredentials, read_credentials
from opensqt.runtime.codec import Undecodable, decode, encode
from opensqt.runtime.command_body import BadCommand, words_of
from opensqt.runtime.config.all import ConfigError, parse_config
from opensqt.runtime.envelope import BadEnvelope, from_headers
from opensqt.simulation.market.recording_files import RecordedFile, RecordingRefused
from opensqt.venues.binance import frames, user_frames
from opensqt.venues.engine.request import Unreadable
from tests.fuzz.mangled import at_length, mangled
from tests.golden.messages import kinds, sample

SYMBOLS = {"BTCUSDT": "BTC/USDT:USDT"}
MESSAGES = tuple(encode(sample(kind)) for kind in kinds())
FRAMES = tuple(
    json.dumps(frame).encode()
    for frame in (
        {"e": "trade", "s": "BTCUSDT", "t": 1, "p": "1.5", "q": "2", "T": 2, "m": True},
        {"e": "depthUpdate", "s": "BTCUSDT", "E": 1, "U": 1, "u": 2, "b": [["1", "2"]], "a": []},
        {"e": "markPriceUpdate", "s": "BTCUSDT", "E": 1, "p": "1", "i": "2", "r": "0", "T": 1},
        {
            "e": "executionReport",
            "s": "BTCUSDT",
            "c": "x",
            "S": "BUY",
            "o": "LIMIT",
            "q": "1",
            "p": "2",
        },
        {
            "e": "ORDER_TRADE_UPDATE",
            "T": 1,
            "o": {"s": "BTCUSDT", "c": "x", "S": "BUY", "q": "1", "p": "2"},
        },
        {"e": "outboundAccountPosition", "u": 1, "B": [{"a": "BTC", "f": "1", "l": "2"}]},
        {
            "e": "ACCOUNT_UPDATE",
            "T": 1,
            "a": {"m": "FUNDING_FEE", "B": [{"a": "USDT", "wb": "1", "cw": "1"}]},
        },
        {"result": None, "id": 1},
    )
)
CONFIG = default_text(MARKET_DEFAULT).encode()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder for files that are written anew in each run."""
    with tempfile.TemporaryDirectory(prefix="sqt-fuzz-") as made:
        yield Path(made)


@pytest.mark.row("K04", "G12")
@at_length
@given(mangled(*MESSAGES))
def test_protobuf(data: bytes) -> None:
    """A message of the bus or the journal."""
    with contextlib.suppress(Undecodable):
        decode(data)


@pytest.mark.row("K04", "G12")
@at_length
@given(
    st.dictionaries(
        st.sampled_from(["ce-id", "ce-type", "ce-source", "ce-time", "ce-prev", "x"]), st.text()
    )
)
def test_headers(headers: dict[str, str]) -> None:
    """The headers of a message."""
    with contextlib.suppress(BadEnvelope):
        from_headers(headers)


@pytest.mark.row("K04", "G12")
@at_length
@given(mangled(b'{"scope": "desk", "reason": "x", "kill_ids": ["a"]}'), st.text(max_size=12))
def test_the_body_of_a_command(body: bytes, charset: str) -> None:
    """What somebody posts to kill or resume."""
    with contextlib.suppress(BadCommand):
        words_of(body, charset)


@pytest.mark.row("K04", "G12")
@at_length
@given(mangled(*FRAMES))
def test_frames_of_a_market(data: bytes) -> None:
    """Public streams of a venue: whatever it is, it is a frame, an answer, or nothing."""
    frames.read_frame(data.decode(errors="replace"), SYMBOLS)


@pytest.mark.row("K04", "G12")
@pytest.mark.parametrize("market", list(Market))
@at_length
@given(data=mangled(*FRAMES))
def test_frames_of_an_account(market: Market, data: bytes) -> None:
    """Private streams of a venue."""
    with contextlib.suppress(Unreadable):
        user_frames.read_frame(market, data.decode(errors="replace"), SYMBOLS)


@pytest.mark.row("K04", "G12")
@at_length
@given(mangled(CONFIG))
def test_a_configuration(data: bytes) -> None:
    """TOML that somebody has edited at night."""
    with contextlib.suppress(ConfigError):
        parse_config(data.decode(errors="replace"), {})


@pytest.mark.row("K04", "G12")
@at_length
@given(
    data=mangled(b'{"scope": "desk", "reason": "x", "actor": "me", "time_ms": 1, "kill_id": "a"}')
)
def test_a_latch(folder: Path, data: bytes) -> None:
    """A file that stands for a kill: what cannot be read is a kill too."""
    (folder / latch.FILE_NAME).write_bytes(data)
    assert latch.read(folder) is not None


@pytest.mark.row("K04", "G12")
@at_length
@given(
    data=mangled(b'{"nats_user": "risk", "nats_password": "x", "postgres_user": "risk.opensqt"}')
)
def test_credentials(folder: Path, data: bytes) -> None:
    """A file of credentials; the refusal never repeats what it holds."""
    path = folder / "credentials.json"
    path.write_bytes(data)
    with contextlib.suppress(BadCredentials):
        read_credentials(path)


@pytest.mark.row("K04", "G12")
@at_length
@given(data=st.data())
def test_what_a_folder_remembers(folder: Path, data: st.DataObject) -> None:
    """`run.json` after a full disk, or an editor."""
    write_run(folder, RunFile(ports={"nats": 1}, config="x"))
    path = folder / "run.json"
    path.write_bytes(data.draw(mangled(path.read_bytes())))
    with contextlib.suppress(CliError):
        read_run(folder)


@pytest.mark.row("K04", "G12")
@at_length
@given(
    data=mangled(b'1 {"data": {"e": "trade", "s": "BTCUSDT", "E": 1, "p": "1", "q": "2"}}\n'),
    whole=st.booleans(),
)
def test_a_recording(folder: Path, data: bytes, whole: bool) -> None:
    """A recorded market: lines that are none, and files that are no gzip."""
    path = folder / "spot_BTCUSDT_1.gz"
    path.write_bytes(gzip.compress(data, 1) if whole else data)
    with contextlib.suppress(RecordingRefused):
        list(RecordedFile(path=path, market="spot", venue_symbol="BTCUSDT").lines())


def _backup() -> bytes:
    """Return a whole backup of one part."""
    with tempfile.TemporaryDirectory(prefix="sqt-fuzz-") as made:
        part, target = Path(made) / "part", Path(made) / "backup.tar.gz"
        part.write_bytes(b"x" * 64)
        manifest = Manifest(
            schema=1,
            version="0",
            created_ms=1,
            market_ms=1,
            position=1,
            generation="g",
            parts={"a": sha256_of(part)},
        )
        pack(target, manifest, {"a": part})
        return target.read_bytes()


BACKUP = gzip.decompress(_backup())


@pytest.mark.row("K04", "G12")
@at_length
@given(data=mangled(BACKUP))
def test_a_backup(folder: Path, data: bytes) -> None:
    """A file to restore from: a part that is changed or missing is refused, and nothing leaves the folder."""
    source, into = folder / "backup.tar.gz", folder / "into"
    source.write_bytes(gzip.compress(data, 1, mtime=0))
    with contextlib.suppress(CliError):
        unpack(source, into)
    assert {path.name for path in into.glob("*")} <= {"a"}
