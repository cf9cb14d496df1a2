"""Binance's wire dialect, spot and USDⓈ-M, as a simulated venue speaks it to an unmodified ccxt client."""
