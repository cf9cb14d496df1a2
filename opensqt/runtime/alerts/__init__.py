"""What a trader must know at night, told by Slack, Telegram or a webhook (ADR 0053)."""
