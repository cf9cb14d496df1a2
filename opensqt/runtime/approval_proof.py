"""Whether an approval is one that the risk gate gave: its proof, checked with public keys. Holds nothing secret.

Signed are the bytes of the whole approval (intent, figures, limits, configuration version, epoch) without its proof.
Keys are told apart by their id, the beginning of their hash: approvals of a replaced key are checked as before.
"""

import base64
import hashlib
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from opensqt.domain.verdict import RiskApproved
from opensqt.runtime.codec import encode

PURPOSE = b"opensqt approval 1\n"  # what is signed for one purpose says nothing for another
KEY_ID_CHARACTERS = 16


class Unproved(ValueError):
    """An approval that the holder of risk's key did not give as it stands here."""


def signed_bytes(approval: RiskApproved) -> bytes:
    """Return what a proof is made over; equal approvals give equal bytes, whoever read them from where."""
    return PURPOSE + encode(msgspec.structs.replace(approval, proof=None))


def key_id_of(key: Ed25519PublicKey) -> str:
    """Name a key by the beginning of its hash."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:KEY_ID_CHARACTERS]


class ApprovalKeys:
    """The public keys of risk in a folder; every `*.pem` there counts, and one that appears later counts, too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[str, Ed25519PublicKey] = {}

    def check(self, approval: RiskApproved) -> None:
        """Return if the approval is proved; raise `Unproved` with what is wrong."""
        proof, name = approval.proof, approval.intent_id
        if proof is None:
            raise Unproved(f"the approval of {name} has no proof")
        key = self._keys.get(proof.key_id) or self._read_again().get(proof.key_id)
        if key is None:
            raise Unproved(
                f"the approval of {name} names the key {proof.key_id!r}, not one of {self._folder}"
            )
        try:
            key.verify(base64.b64decode(proof.signature, validate=True), signed_bytes(approval))
        except (InvalidSignature, ValueError) as error:
            raise Unproved(
                f"the proof of the approval of {name} is not of this approval"
            ) from error

    def trouble(self) -> str:
        """Say why nothing can be checked, or return an empty text."""
        if self._keys or self._read_again():
            return ""
        return f"no approval can be checked: {self._folder} holds no public key of risk"

    def _read_again(self) -> dict[str, Ed25519PublicKey]:
        for path in sorted(self._folder.glob("*.pem")):
            try:
                key = load_pem_public_key(path.read_bytes())
            except (OSError, ValueError):
                continue  # a file that is being written, or none of ours
            if isinstance(key, Ed25519PublicKey):
                self._keys[key_id_of(key)] = key
        return self._keys
