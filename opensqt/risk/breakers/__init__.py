"""Breakers: what stops openings by itself, by rules with a memory that is folded from the journal and FEED. Pure."""
