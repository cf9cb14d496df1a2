"""The golden metrics, with labels of low cardinality only. Never an order id, never a decision."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LATENCY_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """What one process measures; histograms in seconds of wall time."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.tick_age_ms = self._gauge(
            "tick_age_ms", "Wall ms since the last tick of a symbol", "venue", "symbol"
        )
        self.orders_unresolved = self._gauge(
            "orders_unresolved", "Orders whose outcome is unknown", "venue", "account"
        )
        self.venue_silent = self._gauge(
            "venue_silent", "1 while a venue does not answer, or shows no price", "venue"
        )
        self.relay_lag_events = self._gauge("relay_lag_events", "Journal rows not on FEED yet")
        self.consumer_lag = self._gauge(
            "consumer_lag", "Messages of a stream that this process has not read", "stream"
        )
        self.stream_fill = self._gauge(
            "stream_fill", "Share of its cap that a stream has", "stream"
        )
        self.stream_missing = self._gauge(
            "stream_missing", "1 while the bus has no such stream", "stream"
        )
        self.clock_host_ahead_ms = self._gauge(
            "clock_host_ahead_ms", "The host's time less that of this process, which is slewed only"
        )
        self.desk_halted = self._gauge(
            "desk_halted", "1 while openings are blocked; the reason is a code", "scope", "reason"
        )
        self.breaker_open = self._gauge(
            "breaker_open", "1 open, 0.5 half open, 0 closed", "breaker", "scope"
        )
        self.strategy_trading = self._gauge(
            "strategy_trading", "1 while a strategy trades; /status says why not", "strategy"
        )
        self._time()
        self._count()

    def _time(self) -> None:
        self.tick_to_decision_seconds = self._latency(
            "tick_to_decision", "From what a market said to the decision it caused", "strategy"
        )
        self.decision_to_ack_seconds = self._latency(
            "decision_to_ack", "From an intent to the venue's answer", "venue", "outcome"
        )
        self.fill_to_hedge_seconds = self._latency(
            "fill_to_hedge", "From the fill of one leg to the intent for the other", "strategy"
        )

    def _count(self) -> None:
        self.redeliveries = self._counter(
            "redeliveries", "Messages that were delivered again", "stream"
        )
        self.dead_letters = self._counter(
            "dead_letters", "Messages that could not be understood", "stream", "reason"
        )
        self.skipped = self._counter(
            "skipped", "Messages of an unknown but ignorable type", "stream"
        )
        self.intent_conflicts = self._counter(
            "intent_conflicts", "Intents under an id that was judged with other content", "strategy"
        )
        self.feed_restarts = self._counter(
            "feed_restarts", "Times a reader of FEED began again from the journal", "reason"
        )

    def render(self) -> bytes:
        """Return the metrics in the text format of Prometheus."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, words: str, *labels: str) -> Gauge:
        return Gauge(f"opensqt_{name}", words, labels, registry=self.registry)

    def _latency(self, hop: str, words: str, *labels: str) -> Histogram:
        return Histogram(
            f"opensqt_{hop}_seconds", words, labels, buckets=_LATENCY_S, registry=self.registry
        )

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"opensqt_{name}", words, labels, registry=self.registry)
