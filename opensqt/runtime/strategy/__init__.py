"""The shell that runs pure strategies."""
