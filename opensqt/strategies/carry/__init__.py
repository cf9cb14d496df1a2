"""The carry: spot against its perpetual, for the funding. Pure."""
