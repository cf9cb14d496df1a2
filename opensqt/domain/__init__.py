"""The language of the platform: values, identities, orders, positions and pure folds. No I/O, no clock."""
