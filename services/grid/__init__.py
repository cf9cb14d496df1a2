"""The grid: keeps a ladder of orders around the price and sells each step above where it bought."""
