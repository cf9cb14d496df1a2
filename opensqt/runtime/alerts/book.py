"""What is the case and for how long, what each channel was told of it, and what it is to be told now. Pure."""

from collections.abc import Callable, Mapping

import msgspec

from opensqt.domain.control import AlertDelivery
from opensqt.runtime.alerts.alert import Alert
from opensqt.runtime.alerts.terms import AlertTerms
from opensqt.runtime.config.alerts import AlertSeverity

DELIVERED, FAILED = "delivered", "failed"
TOLD_MAX = 5000  # keys of a channel that are remembered

AgeMs = Callable[[int], int]  # wall ms since a market time


class ToldAlert(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel was told last about one thing, and when (market ms)."""

    is_over: bool
    time_ms: int


class ToldRecord:
    """What every channel was told, folded from deliveries, our own before they stand in the journal."""

    def __init__(self) -> None:
        self._channels: dict[str, dict[str, ToldAlert]] = {}

    def fold(self, delivery: AlertDelivery) -> None:
        """Take in a delivery, in any order and as often as one likes."""
        if delivery.outcome != DELIVERED:
            return
        told = self._channels.setdefault(delivery.channel, {})
        keys = [(key, False) for key in delivery.raised]
        # What happened at one moment is over as soon as it was told.
        keys += [(key, True) for key in (*delivery.over, *delivery.happened)]
        for key, is_over in keys:
            known = told.get(key)
            if known is None or known.time_ms <= delivery.time_ms:
                told.pop(key, None)
                told[key] = ToldAlert(is_over=is_over, time_ms=delivery.time_ms)
        while len(told) > TOLD_MAX:
            del told[next(iter(told))]

    def of(self, channel: str) -> Mapping[str, ToldAlert]:
        """Return what a channel was told, by key."""
        return self._channels.get(channel, {})


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel is to be told now."""

    raised: tuple[Alert, ...] = ()
    over: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to tell."""
        return not self.raised and not self.over


class AlertBook:
    """Since when everything is the case; `look` is called again and again, with all of it."""

    def __init__(self, terms: AlertTerms) -> None:
        self._terms = terms
        self._alerts: dict[str, Alert] = {}
        self._since_s: dict[str, float] = {}
        self._gone_s: dict[str, float] = {}  # what was told and is away, since when

    def look(
        self, alerts: Mapping[str, Alert], told: Mapping[str, ToldAlert], now_s: float
    ) -> None:
        """Take in what is the case at this moment (wall seconds of a clock that nobody sets)."""
        self._alerts = dict(alerts)
        self._since_s = {key: self._since_s.get(key, now_s) for key in alerts}
        away = (key for key, one in told.items() if not one.is_over and key not in alerts)
        self._gone_s = {key: self._gone_s.get(key, now_s) for key in away}

    def due(
        self,
        told: Mapping[str, ToldAlert],
        severity_min: AlertSeverity,
        *,
        now_s: float,
        age_ms: AgeMs,
        is_known: bool,
    ) -> Due:
        """Return what is to be told; while the desk is not heard (`is_known` is false) nothing is over."""
        raised = [
            alert
            for key, alert in self._alerts.items()
            if now_s - self._since_s[key] >= alert.hold_s
            and (severity_min is AlertSeverity.WARN or alert.severity is AlertSeverity.PAGE)
            and self._is_news(alert, told.get(key), age_ms)
        ]
        over = [
            key
            for key, since_s in self._gone_s.items()
            if is_known and now_s - since_s >= self._terms.gone_s and not told[key].is_over
        ]
        return Due(raised=tuple(raised), over=tuple(over))

    def _is_news(self, alert: Alert, told: ToldAlert | None, age_ms: AgeMs) -> bool:
        if told is None:
            return True
        if alert.once:
            return False
        bound_ms = self._terms.quiet_ms if told.is_over else self._terms.repeat_ms
        return age_ms(told.time_ms) >= bound_ms
