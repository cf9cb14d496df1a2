"""The service that turns a venue's public market into ticks, books, trades, candles, funding, marks and rules."""
