"""What a process reads from its environment, and that nothing of it is a secret in a log."""

import json
from pathlib import Path

import pytest

from opensqt.runtime.config.all import ConfigError
from opensqt.runtime.environment import Environment
from opensqt.runtime.telemetry import logs


def test_nothing_given_is_nothing_assumed() -> None:
    """No folder, no servers, no health port, loopback."""
    found = Environment.read({})
    assert found == Environment()
    assert (found.data, found.health_host, found.health_port) == (None, "127.0.0.1", 0)
    assert found.paper_keys() == {}


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    """The variable, the value, and what was expected."""
    with pytest.raises(ConfigError, match=r"OPENSQT_HEALTH_PORT is .* expected 0 to 65535"):
        Environment.read({"OPENSQT_HEALTH_PORT": port})


def test_a_lease_may_be_shorter_in_tests_but_not_a_moment() -> None:
    """Three seconds unless given; a length that no process could keep is refused by name."""
    assert Environment.read({}).lease_ms == 3000
    assert Environment.read({"OPENSQT_LEASE_MS": "1000"}).lease_ms == 1000
    with pytest.raises(ConfigError, match="OPENSQT_LEASE_MS is '50', expected ms, at least 300"):
        Environment.read({"OPENSQT_LEASE_MS": "50"})


@pytest.mark.row("G11")
@pytest.mark.parametrize(
    "variable,address,secret",
    [
        ("OPENSQT_POSTGRES_DSN", "postgresql://desk:hunter-two@db/desk", "hunter-two"),
        ("OPENSQT_POSTGRES_DSN", "postgresql://desk:hunter%2Ftwo@db/desk", "hunter/two"),
        ("OPENSQT_NATS_URL", "nats://desk:s3cr3t-nats@bus:4222", "s3cr3t-nats"),
        ("OPENSQT_NATS_URL", "nats://token-of-desk@bus:4222", "token-of-desk"),
    ],
)
def test_passwords_in_addresses_are_blackened(variable: str, address: str, secret: str) -> None:
    """An address may stand in a log line; its password may not."""
    Environment.read({variable: address})
    assert secret not in logs.redact(f"cannot reach {secret}")


@pytest.mark.row("G11")
def test_paper_keys_are_read_and_blackened(tmp_path: Path) -> None:
    """Keys come from the data folder and never get into a log."""
    folder = tmp_path / "venue"
    folder.mkdir()
    keys = {"main": {"api_key": "paper-key-1", "secret": "paper-secret-1"}}
    (folder / "keys.json").write_text(json.dumps(keys))
    found = Environment.read({"OPENSQT_DATA": str(tmp_path)}).paper_keys()
    assert found["main"].secret == "paper-secret-1"
    assert "paper-" not in logs.redact("paper-key-1 paper-secret-1")
