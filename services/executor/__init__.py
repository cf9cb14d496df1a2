"""executor: places and cancels the orders of one account, each at most once. The only holder of credentials."""
