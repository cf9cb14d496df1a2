"""The simulated exchange: matching, wallets, settlement. It reads no clock."""
