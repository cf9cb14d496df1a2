"""The proof that a command on the bus comes from a holder of the desk's token."""

from pathlib import Path
from typing import Any

import pytest

from opensqt.runtime.token import PROOF, proves, with_proof

WORDS: dict[str, Any] = {"scope": "desk", "kill_ids": ["one"], "reason": "\ud800 why"}
pytestmark = pytest.mark.row("K01")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the file of a desk's token."""
    path = tmp_path / "token"
    path.write_text("right\n", encoding="utf-8")
    return path


def test_a_proof_fits_its_words_and_no_others(file: Path) -> None:
    """Neither another scope, another kill, another command nor another token."""
    proven = with_proof("right", "/resume", WORDS)
    assert "right" not in str(proven)
    assert proves(file, "/resume", proven)
    assert not proves(file, "/kill", proven)
    for other in ({"scope": "strategy/a"}, {"kill_ids": ["one", "two"]}, {"account": "x"}):
        assert not proves(file, "/resume", proven | other)
    assert not proves(file, "/resume", with_proof("wrong", "/resume", WORDS))


@pytest.mark.parametrize("said", [None, "", 1, "é", "\ud800", ["a"]], ids=repr)
def test_what_is_no_proof_proves_nothing(file: Path, said: Any) -> None:
    """Whatever stands there, it raises nothing."""
    assert not proves(file, "/resume", WORDS | {PROOF: said})


def test_without_a_token_nothing_is_proved(file: Path) -> None:
    """A desk whose token is missing or empty lets nobody in, not even with the proof of an empty one."""
    assert with_proof("", "/resume", WORDS) == WORDS
    file.write_text("", encoding="utf-8")
    for place in (file, file.with_name("nowhere"), None):
        assert not proves(place, "/resume", with_proof("right", "/resume", WORDS))
