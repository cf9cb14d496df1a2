"""Projections: the tables that are folded from the journal."""
