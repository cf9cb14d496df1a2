"""The desk on a virtual clock: strategies, risk, execution and books as live, against the simulated exchange."""
