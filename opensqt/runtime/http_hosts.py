"""Which host a request may name: an address, this machine, or a name that was configured. Pure; a doubt is a no.

A page of a stranger's name that points to us (DNS rebinding) names itself, never an address.
"""

from collections.abc import Collection
from ipaddress import ip_address

HOSTS = "OPENSQT_HOSTS"  # names of our own, apart from each other by commas
LOOPBACKS = frozenset({"127.0.0.1", "::1", "localhost"})  # what never leaves this machine
REFUSAL = f"this host name is not ours: use an address, or name it in {HOSTS}"


def names_of(said: str) -> frozenset[str]:
    """Return the names of a list with commas, in small letters."""
    return frozenset(filter(None, (name.strip().lower() for name in said.split(","))))


def host_allowed(said: str, names: Collection[str]) -> bool:
    """Tell whether a Host header names an address, this machine, or one of our names."""
    host = said.strip().lower()
    if host.startswith("["):
        return _is_address(host[1:].partition("]")[0])
    name = host.partition(":")[0]
    return name == "localhost" or name in names or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
