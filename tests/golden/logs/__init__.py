"""Whole journals as earlier versions wrote them, and what they come to."""
