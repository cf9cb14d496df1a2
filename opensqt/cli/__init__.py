"""The `opensqt` command: the composition root, the only place that knows everybody. Decides no trade."""
