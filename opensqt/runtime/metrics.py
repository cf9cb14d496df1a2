"""The golden metrics, with labels of low cardinality only. Never an order id, never a decision."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LATENCY_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)


class Metrics:
    """What one process measures; durations in ms of wall time."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.tick_age_ms = Gauge(
            "opensqt_tick_age_ms",
            "Wall ms since the last tick of a symbol",
            ("venue", "symbol"),
            registry=self.registry,
        )
        self.intent_to_ack_ms = Histogram(
            "opensqt_intent_to_ack_ms",
            "Wall ms from the intent to the venue's answer",
            ("venue", "outcome"),
            buckets=_LATENCY_MS,
            registry=self.registry,
        )
        self.orders_unresolved = Gauge(
            "opensqt_orders_unresolved",
            "Orders whose outcome is unknown",
            ("venue", "account"),
            registry=self.registry,
        )
        self.relay_lag_events = Gauge(
            "opensqt_relay_lag_events",
            "Journal rows that are not on FEED yet",
            registry=self.registry,
        )
        self.consumer_lag = Gauge(
            "opensqt_consumer_lag",
            "Messages of a stream that this process has not read",
            ("stream",),
            registry=self.registry,
        )
        self.desk_halted = Gauge(
            "opensqt_desk_halted",
            "1 while openings are blocked in a scope (desk, venue, symbol, strategy); reason is a short code",
            ("scope", "reason"),
            registry=self.registry,
        )
        self.redeliveries = Counter(
            "opensqt_redeliveries",
            "Messages that were delivered again",
            ("stream",),
            registry=self.registry,
        )
        self.dead_letters = Counter(
            "opensqt_dead_letters",
            "Messages that could not be understood",
            ("stream", "reason"),
            registry=self.registry,
        )
        self.skipped = Counter(
            "opensqt_skipped",
            "Messages of an unknown but ignorable type",
            ("stream",),
            registry=self.registry,
        )
        self.feed_restarts = Counter(
            "opensqt_feed_restarts",
            "Times a reader of FEED began again from the journal",
            ("reason",),
            registry=self.registry,
        )

    def render(self) -> bytes:
        """Return the metrics in the text format of Prometheus."""
        return generate_latest(self.registry)
