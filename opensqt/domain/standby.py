"""How a process tells in its `/status` that it is ready to take over from a living leader. Nothing else."""

STANDBY = "standby"
