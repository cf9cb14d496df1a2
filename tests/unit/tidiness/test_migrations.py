"""The migrations as files: numbered without a hole, though two changes take one on a day; checksummed by content."""

import hashlib

import pytest

from opensqt.runtime.journal.migrate import migrations


@pytest.mark.row("A12")
def test_migrations_are_numbered_from_one_without_a_hole() -> None:
    """Each file has the next number, so that two databases agree on what comes next."""
    found = migrations()
    assert [migration.version for migration in found] == list(range(1, len(found) + 1))
    assert found[0].name == "0001_journal"


@pytest.mark.row("A12")
def test_the_checksum_is_that_of_the_sql() -> None:
    """Editing one letter changes the checksum."""
    first = migrations()[0]
    assert first.checksum == hashlib.sha256(first.sql.encode()).digest()
