"""Golden bytes: what every message looked like on the wire when it was last agreed on."""
