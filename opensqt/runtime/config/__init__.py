"""Configuration: schema, rules, reading, overlays."""
