"""Two executors for one account: who leads, how it is lost, and how long the account is without a leader."""
