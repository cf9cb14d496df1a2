"""Whose account a fact of the journal is about, and under which lease that account is led."""

from typing import Any


def executor_of(account: str) -> str:
    """Return the lease of an account's executor."""
    return f"executor/binance/{account}"


def concerns(fact: Any, account: str) -> bool:
    """Tell whether a fact is about an account; what names none is about all."""
    about = getattr(fact, "place", None) or getattr(fact, "cancel", None)
    about = about or getattr(fact, "ref", None) or fact
    return getattr(about, "account", account) in (account, "")
