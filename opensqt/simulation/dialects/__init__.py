"""How each venue says what the simulated exchange does."""
