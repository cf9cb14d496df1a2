"""The arbitrage: long spot and short perpetual while funding pays for it, in two legs that end together."""
