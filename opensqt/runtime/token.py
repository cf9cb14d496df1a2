"""The token of a desk: whoever can read it may act on the desk. Never logged, never on the bus.

It is compared in constant time.
On the bus a command carries a proof instead, which only a holder of the token can make and which fits no other words.
"""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

TOKEN_FILE = "token"  # noqa: S105  # the name of a file, not a secret
TOKEN_PATH = "OPENSQT_TOKEN_FILE"  # noqa: S105  # the name of a variable, not a secret
PROOF = "proof"


def read_token(folder: Path) -> str:
    """Return the folder's token, an empty text where there is none."""
    return token_in(folder / TOKEN_FILE)


def token_in(path: Path | None) -> str:
    """Return the token that a file holds, an empty text where there is none."""
    try:
        return path.read_text(encoding="utf-8").strip() if path is not None else ""
    except (OSError, ValueError):
        return ""


def fits(folder: Path, said: str) -> bool:
    """Tell whether what was said is the folder's token; without a token nothing fits."""
    token = read_token(folder)
    return bool(token) and hmac.compare_digest(said.encode(), token.encode())


def token_file_of(environ: Mapping[str, str], data: Path | None) -> Path | None:
    """Return where the token for commands lies: named by the environment, else in the data folder."""
    named = environ.get(TOKEN_PATH, "")
    if named:
        return Path(named)
    return data / TOKEN_FILE if data is not None else None


def with_proof(token: str, path: str, words: Mapping[str, Any]) -> dict[str, Any]:
    """Return a command with the proof of its words; without a token as it is."""
    return dict(words) | ({PROOF: _proof(token, path, words)} if token else {})


def proves(file: Path | None, path: str, words: Mapping[str, Any]) -> bool:
    """Tell whether a command carries the proof of a holder of the token in this file; without a token none does."""
    token, said = token_in(file), words.get(PROOF)
    if not token or not isinstance(said, str):
        return False
    return hmac.compare_digest(said.encode(errors="replace"), _proof(token, path, words).encode())


def _proof(token: str, path: str, words: Mapping[str, Any]) -> str:
    said = {name: value for name, value in words.items() if name != PROOF}
    body = json.dumps([path, said], sort_keys=True, separators=(",", ":"))
    return hmac.new(token.encode(), body.encode(), sha256).hexdigest()
