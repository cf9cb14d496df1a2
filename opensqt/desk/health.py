"""The names of health ports in `run.json`. Nothing else."""

HEALTH = "health."
EXECUTOR = "executor-"


def health_name(process: str) -> str:
    """Return the name of the port on which a process tells its health."""
    return HEALTH + process
