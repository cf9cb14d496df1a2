"""One strategy of somebody else's kind: its own process, so that its code reaches nobody else."""
