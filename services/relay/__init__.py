"""The relay: carries the journal to FEED in order, and lets time pass. Decides nothing about trading."""
