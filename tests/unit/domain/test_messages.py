"""The closed unions of events: they hold every kind of the wire contract, and what nobody says yet is marked so."""

import ast
import re
from typing import get_args

import pytest

from opensqt.domain.messages import CATALOGUE, PARTS, RESERVED, TRAVELLING, Event, Message
from tests.golden.messages import sample
from tests.tidiness.source import ROOT, sources

MARK = re.compile(r"// Reserved: no version says it yet\.\nmessage (\w+) \{")


def said_by_the_product() -> set[str]:
    """Return the names of all that the product makes."""
    return {
        source.full_name(node.func).rpartition(".")[2]
        for source in sources()
        if source.path.startswith(("opensqt/", "services/"))
        for node in source.nodes
        if isinstance(node, ast.Call)
    }


def test_every_message_of_the_contract_is_in_the_union() -> None:
    """A struct of the domain is a part of others or is matched by every fold."""
    assert set(TRAVELLING) == set(CATALOGUE) - PARTS
    assert len(get_args(Message)) == len(TRAVELLING)


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
def test_every_event_says_when_it_happened(kind: type[Event]) -> None:
    """Folds and orders of recording may ask any of them."""
    event = sample(kind)
    assert isinstance(event, Event)
    assert event.time_ms >= 0


def test_what_no_version_says_yet_is_marked_as_reserved() -> None:
    """The list, the wire contract and the code agree: who begins to say one takes it off the list."""
    contracts = (ROOT / "proto/opensqt/v1").glob("*.proto")
    marked = {name for path in contracts for name in MARK.findall(path.read_text("utf-8"))}
    assert marked == RESERVED
    assert set(TRAVELLING) - said_by_the_product() == RESERVED
