"""Public market data: what is the price? Nothing stores a price as truth."""
