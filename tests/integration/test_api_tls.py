"""gRPC over TLS, with and without a certificate of the caller; plain text off this machine."""

from pathlib import Path

import grpc
import pytest
import trustme

from opensqt.api.call import KeyScope
from opensqt.api.rpc import RpcSettings
from tests.callers import Callers, OverGrpc, calling
from tests.visitors import RIGHT

PATH = "PositionService.GetPositions"


def _settings(folder: Path, authority: trustme.CA, *, mutual: bool) -> RpcSettings:
    pair = authority.issue_cert("127.0.0.1", "localhost")
    certificate, key, root = (folder / name for name in ("cert.pem", "key.pem", "root.pem"))
    pair.cert_chain_pems[0].write_to_path(certificate)
    pair.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(root)
    return RpcSettings(
        certificate=certificate, private_key=key, client_authority=root if mutual else None
    )


async def _asked(callers: Callers, credentials: grpc.ChannelCredentials | None) -> str:
    address = f"localhost:{callers.visitor.gateway.api.rpc.port}"
    opened = (
        grpc.aio.insecure_channel(address)
        if credentials is None
        else grpc.aio.secure_channel(address, credentials)
    )
    async with opened as channel:
        return (await OverGrpc(channel).ask(PATH, b"{}", RIGHT))[0]


@pytest.mark.row("G08")
async def test_a_caller_needs_tls_and_where_it_is_asked_a_certificate(
    tmp_path: Path, nats_url: str
) -> None:
    """Plain text, a stranger's authority and a caller without, or with a stranger's, certificate are refused."""
    ours, strange = trustme.CA(), trustme.CA()
    root = ours.cert_pem.bytes()
    for mutual in (False, True):
        settings = _settings(tmp_path, ours, mutual=mutual)
        async with calling(tmp_path / str(mutual), nats_url, settings) as callers:
            known, stranger = (
                grpc.ssl_channel_credentials(
                    root, pair.private_key_pem.bytes(), pair.cert_chain_pems[0].bytes()
                )
                for pair in (one.issue_cert("bot@desk.example") for one in (ours, strange))
            )
            plain = await _asked(callers, None)
            nobody = await _asked(callers, grpc.ssl_channel_credentials(root))
            foreign = await _asked(callers, grpc.ssl_channel_credentials(strange.cert_pem.bytes()))
            down = str(grpc.StatusCode.UNAVAILABLE)
            assert (plain, foreign) == (down, down)
            assert nobody == (down if mutual else "ok")
            assert await _asked(callers, known) == "ok"
            assert not mutual or await _asked(callers, stranger) == down


@pytest.mark.row("G08")
async def test_calls_in_plain_text_stay_on_this_machine(tmp_path: Path, nats_url: str) -> None:
    """Where the page is open to the network gRPC does not listen and HTTP answers no call, unless it is allowed."""
    for allowed in (False, True):
        open_to_all = RpcSettings(host="0.0.0.0", plaintext_allowed=allowed)
        async with calling(tmp_path / str(allowed), nats_url, open_to_all) as callers:
            assert (callers.visitor.gateway.api.rpc.port != 0) == allowed
            code, said = await callers.ask("http", PATH, {}, callers.key(KeyScope.READ))
            assert code == ("ok" if allowed else "forbidden"), said
            assert (await callers.visitor.get("/"))[0] == 200
