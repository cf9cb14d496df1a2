"""What stands in for the outside world: matching engine, venue dialects, market generator, recording player, faults."""
