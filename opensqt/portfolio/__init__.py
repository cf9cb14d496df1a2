"""Which pairs to carry and how much of each: universe, score, allocation, rebalancing. Pure."""
