"""Keys: whose one is, how long, how often."""

from pathlib import Path

import pytest

from opensqt.api.call import KeyScope
from opensqt.api.key_file import BadKeyFile, KeyFile, read_keys, write_keys
from opensqt.api.keys import CallBudget, CallKey, hashed, key_of, replaced, written

NOW_MS = 1_000_000


def _key(name: str, secret: str, **said: int) -> CallKey:
    return CallKey(
        key_id=f"id-{secret}",
        name=name,
        scope=KeyScope.READ,
        sha256=hashed(secret),
        made_ms=1,
        **said,
    )


@pytest.mark.row("G07")
@pytest.mark.parametrize(
    "said", ["", ".", "id-one", "id-one.", "id-one.two", "id-two.one", "one", "id-one.one\udc80"]
)
def test_what_is_no_key_of_ours_is_nobodys(said: str) -> None:
    """Id and secret both count, and nothing stands for either."""
    keys = (_key("anna", "one"), _key("bob", "two"))
    assert key_of(keys, said, NOW_MS) is None
    assert key_of(keys, written("id-one", "one"), NOW_MS) == keys[0]


@pytest.mark.row("G07")
def test_a_key_that_was_rotated_goes_on_until_its_end() -> None:
    """Both keys of a name are right for a while, then the newer one alone; others' keys do not end."""
    keys = replaced((_key("anna", "one"), _key("bob", "two")), _key("anna", "three"), NOW_MS)
    assert key_of(keys, "id-one.one", NOW_MS - 1) is not None
    assert key_of(keys, "id-one.one", NOW_MS) is None
    assert key_of(keys, "id-three.three", NOW_MS) is not None
    assert key_of(keys, "id-two.two", NOW_MS) is not None


@pytest.mark.row("G07")
def test_a_budget_gives_a_burst_and_then_so_many_a_second() -> None:
    """Two seconds' worth at once, then one every tenth of a second; the wait is told."""
    budget = CallBudget(10, 0.0)
    assert [budget.take(0.0) for _ in range(20)] == [0.0] * 20
    assert budget.take(0.0) == pytest.approx(0.1)
    assert budget.take(0.1) == 0.0
    assert budget.take(0.1) > 0
    assert [budget.take(100.0) for _ in range(20)] == [0.0] * 20
    assert budget.take(100.0) > 0


@pytest.mark.row("G07")
def test_the_file_holds_no_secret_and_is_obeyed_when_it_changes(tmp_path: Path) -> None:
    """Mode 0600, a hash alone; a replaced file counts at the next look, a damaged one lets nobody in."""
    path = tmp_path / "keys.json"
    file = KeyFile(path)
    assert file.keys() == ()
    write_keys(path, (_key("anna", "a-secret"),))
    assert path.stat().st_mode & 0o777 == 0o600
    assert "a-secret" not in path.read_text().replace("id-a-secret", "")
    assert file.keys() == read_keys(path) != ()
    write_keys(path, ())
    assert file.keys() == ()
    path.write_text("no keys")
    with pytest.raises(BadKeyFile, match="cannot be read as API keys"):
        file.keys()
    with pytest.raises(BadKeyFile):
        file.keys()


@pytest.mark.parametrize("scope", KeyScope)
def test_each_scope_holds_the_smaller_ones(scope: KeyScope) -> None:
    """Admin reaches everything, read nothing but itself."""
    assert KeyScope.ADMIN.reaches(scope)
    assert scope.reaches(KeyScope.READ)
    assert KeyScope.READ.reaches(scope) == (scope is KeyScope.READ)
