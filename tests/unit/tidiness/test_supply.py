"""What the product is made of is pinned and hashed, and no secret lies in the repository; both checks bite."""

import pytest

from tests.tidiness.supply import ROOT, bill_of_materials, leaks, packages, secrets_in

HASHED = "some-package==1.2.3 \\\n    --hash=sha256:" + "0" * 64


@pytest.mark.row("G12")
@pytest.mark.parametrize("name", ["installer", "runtime", "dev"])
def test_every_package_is_pinned_and_hashed(name: str) -> None:
    """A requirement without version or hash would be whatever a registry says on that day."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert len(bill_of_materials(text)["components"]) == sum(
        line[:1].isalnum() for line in text.splitlines()
    )


@pytest.mark.row("G12")
@pytest.mark.parametrize("loose", ["some-package>=1.2", "some-package==1.2.3"])
def test_a_loose_package_is_refused(loose: str) -> None:
    """Without a version, or without a hash."""
    assert [one[:2] for one in packages(HASHED)] == [("some-package", "1.2.3")]
    with pytest.raises(ValueError, match="not pinned"):
        list(packages(loose + "\n" + HASHED))


@pytest.mark.row("G12")
def test_no_secret_lies_in_the_repository() -> None:
    """Keys of services, private keys, passwords in addresses."""
    assert leaks() == []


@pytest.mark.parametrize(
    "planted",
    [
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "nats://" + "risk:abcdefghijklmnopqrst@desk",
        "api_key = " + '"0123456789abcdef0123456789abcdef"',
    ],
)
@pytest.mark.row("G12")
def test_a_planted_secret_is_found(planted: str) -> None:
    """The scan sees what it is there for."""
    assert next(secrets_in(f"x\n{planted}\n")).startswith("2: ")
