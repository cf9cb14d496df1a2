"""Who may look at the gateway and who may command."""

import pytest

from services.gateway.access import POLICY, origin_allowed, token_right
from services.gateway.config import port_of


@pytest.mark.parametrize(
    "origin, host, required, allowed",
    [
        ("", "127.0.0.1:8000", True, False),
        ("", "127.0.0.1:8000", False, True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True, True),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", True, False),
        ("http://evil.example", "127.0.0.1:8000", False, False),
        ("*", "127.0.0.1:8000", True, False),
        ("null", "127.0.0.1:8000", True, False),
        ("file://", "127.0.0.1:8000", True, False),
    ],
)
@pytest.mark.row("H06")
def test_only_our_own_page_may_listen(
    origin: str, host: str, required: bool, allowed: bool
) -> None:
    """Missing, foreign and wildcard origins are refused where an origin is required."""
    headers = {"Origin": origin, "Host": host} if origin else {"Host": host}
    assert origin_allowed(headers, required=required) is allowed


@pytest.mark.parametrize(
    "said, token, right",
    [
        ("Bearer abc", "abc", True),
        ("Bearer abd", "abc", False),
        ("abc", "abc", False),
        ("Bearer ", "", False),
        ("", "abc", False),
        ("Bearer ü", "abc", False),
    ],
)
@pytest.mark.row("G07")
def test_only_the_token_commands(said: str, token: str, right: bool) -> None:
    """Missing, wrong and malformed tokens are refused; without a token nobody may command."""
    assert token_right({"Authorization": said}, token) is right


@pytest.mark.row("H06")
def test_the_content_policy_names_no_other_origin() -> None:
    """Everything comes from the gateway itself; nothing inline, no frame, no sniffing."""
    policy = POLICY["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_port_of_the_supervisor_comes_first() -> None:
    """The environment's port beats the configured one, and nonsense is named."""
    assert port_of({"OPENSQT_GATEWAY_PORT": "8123"}, 9000) == 8123
    assert port_of({}, 9000) == 9000
    with pytest.raises(ValueError, match="OPENSQT_GATEWAY_PORT is 'x'"):
        port_of({"OPENSQT_GATEWAY_PORT": "x"}, 0)
