"""OpenSQT: an event-sourced trading platform that never places an order twice and never loses one."""

__version__ = "0.1.0"
