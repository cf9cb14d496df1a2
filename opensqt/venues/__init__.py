"""Venues: ports, one engine, and a folder for each venue."""
