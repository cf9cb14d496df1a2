"""Risk: whether an intent may become a command, and on which grounds. Pure."""
