"""OKX: what only this venue says, spot and linear perpetuals in one wallet."""
