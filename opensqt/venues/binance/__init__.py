"""Binance: what only this venue says, spot and USDⓈ-M."""
