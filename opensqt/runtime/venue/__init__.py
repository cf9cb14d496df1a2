"""Venues: does this order, fill, balance exist? Only the venue decides; only the executor asks."""
