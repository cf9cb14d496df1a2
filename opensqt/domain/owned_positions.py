"""Who holds how much of what, in base units: by owner and in all. Pure."""

from decimal import Decimal

from opensqt.domain.decimals import ZERO

NOBODY = ""  # the owner of what no order of ours explains

Place = tuple[str, str]  # account, symbol; an account is at one venue


class OwnedPositions:
    """Signed positions in base units, by owner (a strategy or nobody) and place, and the net of each place."""

    def __init__(self) -> None:
        self.owned: dict[tuple[str, Place], Decimal] = {}
        self.nets: dict[Place, Decimal] = {}

    def net(self, place: Place) -> Decimal:
        """Return what all owners and nobody hold together."""
        return self.nets.get(place, ZERO)

    def own(self, strategy: str, place: Place) -> Decimal:
        """Return what a strategy holds, or nobody."""
        return self.owned.get((strategy, place), ZERO)

    def owners(self, place: Place) -> dict[str, Decimal]:
        """Return what each owner, and nobody, holds at a place."""
        return {owner: held for (owner, at), held in self.owned.items() if at == place}

    def move(self, strategy: str, place: Place, quantity: Decimal) -> None:
        """Add to what an owner and all together hold; who holds nothing any more is dropped."""
        held = self.owned.pop((strategy, place), ZERO) + quantity
        if held:
            self.owned[strategy, place] = held
        self.nets[place] = self.net(place) + quantity
