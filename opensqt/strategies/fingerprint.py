"""One name for all that a strategy knows: equal states have equal names, in every process. Pure."""

import hashlib
import json

import msgspec


def fingerprint(state: object) -> str:
    """Return the SHA-256 (hex) of a state; the order of a set does not count, that of a table does."""
    text = json.dumps(plain(state), ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def plain(value: object) -> object:
    """Return a value as lists of pairs, texts and numbers; what is none of ours is told by its own text."""
    match value:
        case None | bool() | int() | str():
            return value
        case msgspec.Struct():
            return [[name, plain(one)] for name, one in msgspec.structs.asdict(value).items()]
        case dict():
            return [[plain(key), plain(one)] for key, one in value.items()]
        case list() | tuple():
            return [plain(one) for one in value]
        case set() | frozenset():
            return sorted((plain(one) for one in value), key=json.dumps)
        case _:
            return str(value)
