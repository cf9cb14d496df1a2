"""Strategies: what is wanted, decided from what is known. Pure."""
