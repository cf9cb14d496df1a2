"""Tulip: a venue that does not exist. Its server, its class for ccxt and its dialect, as outsiders write them."""
