"""The World: the shipped services in one process on a clock that only it moves, with seeded faults and a judge."""
