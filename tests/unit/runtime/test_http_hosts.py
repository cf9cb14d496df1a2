"""Which hosts a request may name, of every port that speaks HTTP."""

import pytest

from opensqt.runtime.http_hosts import host_allowed, names_of


@pytest.mark.parametrize(
    "host, allowed",
    [
        ("127.0.0.1:8000", True),
        ("LOCALHOST:8000", True),
        ("[::1]:8000", True),
        ("10.1.2.3:8080", True),
        ("desk.example", True),
        ("Desk.Example:443", True),
        ("evil.example:8000", False),
        ("desk.example.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("[evil]:80", False),
        ("", False),
        (":8000", False),
    ],
)
@pytest.mark.row("H06")
def test_a_name_that_points_to_us_later_reaches_nothing(host: str, allowed: bool) -> None:
    """Addresses, this machine and our own names are answered: a rebound name of somebody else is none of them."""
    assert host_allowed(host, names_of("desk.example, gateway")) is allowed


def test_names_are_a_list() -> None:
    """Empty parts and spaces are nothing."""
    assert names_of(" a, ,B,") == {"a", "b"}
    assert names_of("") == frozenset()
