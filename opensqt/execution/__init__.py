"""Execution: what becomes of a command, and what its evidence proves. Pure."""
