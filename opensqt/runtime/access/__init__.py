"""Who may say, hear, append and read what, in one table, and what servers and processes are told of it."""
