"""The token of a data folder: whoever can read it may act on the desk. Never logged, compared in constant time."""

import hmac
from pathlib import Path

TOKEN_FILE = "token"  # noqa: S105  # the name of a file, not a secret


def read_token(folder: Path) -> str:
    """Return the folder's token, an empty text where there is none."""
    try:
        return (folder / TOKEN_FILE).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def fits(folder: Path, said: str) -> bool:
    """Tell whether what was said is the folder's token; without a token nothing fits."""
    token = read_token(folder)
    return bool(token) and hmac.compare_digest(said.encode(), token.encode())
