"""The key of the risk gate in tests, and where executors under test find its public half."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from opensqt.runtime.approval_key import ApprovalKey
from opensqt.runtime.approval_proof import ApprovalKeys
from opensqt.runtime.environment import APPROVAL_KEYS_FOLDER

# Always the same: a seeded World repeats itself byte for byte.
KEY = ApprovalKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGER = ApprovalKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))  # nobody knows it


def published(folder: Path, *keys: ApprovalKey) -> ApprovalKeys:
    """Lay public halves (of `KEY` alone, if none is named) into a data folder; return what reads them there."""
    public = folder / APPROVAL_KEYS_FOLDER
    public.mkdir(parents=True, exist_ok=True)
    for key in keys or (KEY,):
        (public / f"{key.key_id}.pem").write_text(key.public_pem(), encoding="ascii")
    return ApprovalKeys(public)
