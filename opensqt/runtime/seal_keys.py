"""The keys that seal a journal: Ed25519, in a folder outside every data folder. Never writes into a data folder."""

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from opensqt.runtime.environment import SEAL_KEYS

PRIVATE, PUBLIC = "seal.key", ".pub"
ID_DIGITS = 16


class NoSealKey(OSError):
    """The folder of keys cannot be used; the text says what to do."""


class SealKeys:
    """One folder: the private key that seals now, and the public key of each one that ever did. Methods block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def sealing(self) -> tuple[str, Ed25519PrivateKey]:
        """Return id and private key that seal now, made at the first call; raise `NoSealKey`."""
        try:
            data = (self.folder / PRIVATE).read_bytes()
        except FileNotFoundError:
            return self.rotate()
        except OSError as error:
            raise NoSealKey(f"the key {self.folder / PRIVATE} cannot be read: {error}") from error
        key = serialization.load_pem_private_key(data, password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise NoSealKey(f"{self.folder / PRIVATE} is no Ed25519 key")
        return key_id(key.public_key()), key

    def rotate(self) -> tuple[str, Ed25519PrivateKey]:
        """Make a new key that seals from now on and return it; public keys of earlier ones stay. Raise `NoSealKey`."""
        key = Ed25519PrivateKey.generate()
        name = key_id(key.public_key())
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The public key first: nothing is ever sealed by a key that nobody can check.
            _write(self.folder / f"{name}{PUBLIC}", public, 0o644)
            _write(self.folder / PRIVATE, private, 0o600)
        except OSError as error:
            fix = f"name a folder that can be written with {SEAL_KEYS}"
            raise NoSealKey(f"no key can be kept in {self.folder}: {error}; {fix}") from error
        return name, key

    def public(self) -> dict[str, Ed25519PublicKey]:
        """Return the public keys by id."""
        found: dict[str, Ed25519PublicKey] = {}
        for path in sorted(self.folder.glob(f"*{PUBLIC}")):
            key = serialization.load_pem_public_key(path.read_bytes())
            if isinstance(key, Ed25519PublicKey):
                found[key_id(key)] = key
        return found


def key_id(key: Ed25519PublicKey) -> str:
    """Return the name of a key: the first digits of the SHA-256 of its public half."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:ID_DIGITS]


def is_signed(key: Ed25519PublicKey, signature: str, body: bytes) -> bool:
    """Tell whether this key signed these bytes."""
    try:
        key.verify(bytes.fromhex(signature), body)
    except (InvalidSignature, ValueError):
        return False
    return True


def _write(path: Path, data: bytes, mode: int) -> None:
    unfinished = path.with_suffix(".part")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
