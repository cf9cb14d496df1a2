"""Risk's key and what it proves: files, kinds, and that a proof outlives fields that come later."""

from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from opensqt.desk.data_folder import make_approval_key
from opensqt.desk.error import CliError
from opensqt.domain.verdict import RiskApproved
from opensqt.risk.verdict import judge
from opensqt.runtime.approval_key import ApprovalKey, KeyUnusable
from opensqt.runtime.approval_proof import ApprovalKeys, Unproved
from opensqt.runtime.codec import decode, encode
from opensqt.runtime.environment import APPROVAL_KEY_FILE, APPROVAL_KEYS_FOLDER, Environment
from tests.support.approvals import KEY, published
from tests.unit.risk.risk_books import LIMITS, NOW_MS, SEAT, intent, state

pytestmark = pytest.mark.row("K02")


def _approval() -> RiskApproved:
    verdict = judge(state(), intent(), LIMITS, SEAT, NOW_MS).verdict
    assert isinstance(verdict, RiskApproved)
    return verdict


def test_a_proof_holds_after_every_journey(tmp_path: Path) -> None:
    """Written, read and written again it is the proof of the same approval."""
    read = decode(encode(KEY.prove(_approval())))
    assert isinstance(read, RiskApproved)
    published(tmp_path).check(read)


def test_a_figure_of_later_that_has_its_default_changes_no_proof() -> None:
    """Else an upgrade would call every older approval forged: a decimal that was never written is not written now."""
    approval = _approval()
    assert approval.conclusion is not None
    plain = msgspec.structs.replace(
        approval, conclusion=type(approval.conclusion)(price=type(LIMITS.price_collar_bps)(0))
    )
    # Only the field's tag and length stay: nothing inside is said.
    assert len(encode(plain)) == len(encode(msgspec.structs.replace(plain, conclusion=None))) + 2


def test_the_first_start_makes_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    """Again it stays the same; a key that was taken away is replaced, and what it proved is still proved."""
    make_approval_key(tmp_path)
    path = tmp_path / APPROVAL_KEY_FILE
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    first = ApprovalKey.read(path)
    make_approval_key(tmp_path)
    assert ApprovalKey.read(path).key_id == first.key_id
    path.unlink()
    make_approval_key(tmp_path)
    second = ApprovalKey.read(path)
    assert second.key_id != first.key_id
    keys = ApprovalKeys(tmp_path / APPROVAL_KEYS_FOLDER)
    for key in (first, second):
        keys.check(key.prove(_approval()))


def test_a_key_that_everybody_may_read_is_refused_with_its_fix(tmp_path: Path) -> None:
    """What others can read they can sign with."""
    make_approval_key(tmp_path)
    path = tmp_path / APPROVAL_KEY_FILE
    path.chmod(0o644)
    with pytest.raises(KeyUnusable, match=f"chmod 600 {path}"):
        ApprovalKey.read(path)
    path.chmod(0o440)  # as a secret is mounted
    ApprovalKey.read(path)


def test_what_is_no_key_is_refused_by_name(tmp_path: Path) -> None:
    """Missing, damaged, or of another kind."""
    with pytest.raises(KeyUnusable, match="No such file"):
        ApprovalKey.read(tmp_path / "none.pem")
    path = tmp_path / "approval.pem"
    path.touch(mode=0o600)
    with pytest.raises(KeyUnusable, match="no private key in PEM"):
        ApprovalKey.read(path)
    other = X25519PrivateKey.generate()
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(KeyUnusable, match="no Ed25519 key"):
        ApprovalKey.read(path)
    folder = tmp_path / APPROVAL_KEY_FILE.parent
    folder.mkdir()
    (folder / APPROVAL_KEY_FILE.name).touch(mode=0o600)
    with pytest.raises(CliError, match="delete it, and the gate gets a new key"):
        make_approval_key(tmp_path)


def test_files_that_are_no_key_do_no_harm(tmp_path: Path) -> None:
    """An unreadable file in the folder takes nothing away from the others."""
    keys = published(tmp_path)
    (tmp_path / APPROVAL_KEYS_FOLDER / "a.pem").write_text("half a fi")
    keys.check(KEY.prove(_approval()))
    with pytest.raises(Unproved, match="not one of"):
        keys.check(ApprovalKey.new().prove(_approval()))


def test_nothing_shows_a_key() -> None:
    """What is logged by accident is its id."""
    assert repr(KEY) == f"ApprovalKey({KEY.key_id}, ***)"


def test_the_places_of_keys_follow_the_data_folder_or_are_named(tmp_path: Path) -> None:
    """`up` uses the folder; a pod is told where its secret is mounted."""
    of_folder = Environment.read({"OPENSQT_DATA": str(tmp_path)})
    assert of_folder.approval_key == tmp_path / APPROVAL_KEY_FILE
    assert of_folder.approval_keys == tmp_path / APPROVAL_KEYS_FOLDER
    named = {"OPENSQT_APPROVAL_KEY": "/run/a.pem", "OPENSQT_APPROVAL_KEYS": "/etc/keys"}
    found = Environment.read({"OPENSQT_DATA": str(tmp_path), **named})
    assert (found.approval_key, found.approval_keys) == (Path("/run/a.pem"), Path("/etc/keys"))
