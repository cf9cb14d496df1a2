"""Processes, and nothing else: each service is a thin I/O shell around pure decisions."""
