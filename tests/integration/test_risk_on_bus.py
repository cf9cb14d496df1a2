"""Where no port of a process is known, a gateway commands risk over the bus, with a proof."""

from pathlib import Path
from typing import Any

import nats
import pytest

from opensqt.domain.standby import STANDBY
from opensqt.runtime.registration import Registered, register
from services.gateway.process_client import ProcessClient
from tests.stage import paper_config

WORDS = {"action": "open", "scope": "desk", "reason": "news", "actor": "eve"}


@pytest.mark.row("I18")
async def test_the_leading_gate_obeys_on_the_bus_who_holds_the_token(
    tmp_path: Path, nats_url: str
) -> None:
    """The leader answers for its standby; without the token nothing is changed, without a gate nobody answers."""
    token_file = tmp_path / "token"
    token_file.write_text("canary", encoding="utf-8")
    heard: list[str] = []

    def gate(leads: bool) -> Registered:
        async def switch(words: dict[str, Any]) -> dict[str, Any]:
            if not leads:
                return {"why": "not judging", STANDBY: True}
            heard.append(words["scope"])
            return {"done": ["desk manual"]}

        said = {"ready": leads} | ({} if leads else {STANDBY: True})
        return Registered("risk", lambda: said, {"/breakers": switch}, token_file)

    client = await nats.connect(nats_url)
    processes = ProcessClient(paper_config(), None, 1.0, client)
    try:
        await processes.ask()
        answer = await processes.tell("risk", "/breakers", WORDS, "canary", 2.0)
        assert (answer.ok, answer.detail) == (False, "no answer")
        for leads in (False, True):
            await register(client, gate(leads))
        await processes.ask()
        answer = await processes.tell("risk", "/breakers", WORDS, "wrong", 2.0)
        assert not answer.ok
        assert "proof" in answer.detail
        assert heard == []
        answer = await processes.tell("risk", "/breakers", WORDS, "canary", 2.0)
        assert answer.ok
        assert answer.said["done"] == ["desk manual"]
        assert heard == ["desk"]
    finally:
        await client.close()
