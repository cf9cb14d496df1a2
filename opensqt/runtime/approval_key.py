"""The key of the risk gate, and the proof that it adds to an approval. Read by risk alone, and by who makes the key.

An Ed25519 key in PEM, as `openssl genpkey -algorithm ed25519` writes it, in a file that only its owner can read.
"""

import base64
import os
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from opensqt.domain.verdict import ApprovalProof, RiskApproved
from opensqt.runtime.approval_proof import key_id_of, signed_bytes


class KeyUnusable(ValueError):
    """A key file that is missing, damaged, or that others can read; its text names the file and the fix."""


class ApprovalKey:
    """What makes approvals that executors believe; its repr shows nothing of it."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.key_id = key_id_of(key.public_key())

    def __repr__(self) -> str:
        return f"ApprovalKey({self.key_id}, ***)"

    @classmethod
    def new(cls) -> "ApprovalKey":
        """Draw a new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, path: Path) -> "ApprovalKey":
        """Read a key file; raise `KeyUnusable`."""
        try:
            with path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                if mode & 0o007:
                    raise KeyUnusable(f"{path} can be read by everybody: `chmod 600 {path}`")
                key = load_pem_private_key(file.read(), password=None)
        except (OSError, ValueError, TypeError) as error:
            if isinstance(error, KeyUnusable):
                raise
            why = error.strerror if isinstance(error, OSError) else "no private key in PEM"
            raise KeyUnusable(f"{path}, the key of the risk gate, cannot be read: {why}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyUnusable(f"{path} holds no Ed25519 key, expected one of that kind")
        return cls(key)

    def private_pem(self) -> str:
        """Return the key as its file holds it."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def public_pem(self) -> str:
        """Return the half by which anybody can check what it signed."""
        key = self._key.public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def prove(self, approval: RiskApproved) -> RiskApproved:
        """Return the approval with its proof."""
        signature = base64.b64encode(self._key.sign(signed_bytes(approval))).decode()
        proof = ApprovalProof(key_id=self.key_id, signature=signature)
        return msgspec.structs.replace(approval, proof=proof)
