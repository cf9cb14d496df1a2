"""The carry as a kind of strategy."""

from opensqt.strategies.api import Strategy
from opensqt.strategies.carry.decide import decide
from opensqt.strategies.carry.settings import CarrySettings
from opensqt.strategies.carry.state import CarryState, evolve
from opensqt.strategies.kernel import KINDS

CARRY = Strategy(
    settings=CarrySettings,
    decide=decide,
    evolve=evolve,
    state=CarryState,
    channels=(*KINDS, "book"),
)
