"""What is told of a desk, to whom, when and in which words: the pure parts of alerts."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.desk.config_default import derive
from opensqt.domain.control import AlertDelivery, KillLatched
from opensqt.domain.instruments import Side
from opensqt.domain.order_events import Unresolved
from opensqt.domain.recon_events import (
    AutoDeleveraged,
    ForcedTrade,
    Halted,
    Liquidated,
    Settled,
)
from opensqt.domain.strategy_events import StrategyFaulted
from opensqt.domain.venue_trouble import SILENT
from opensqt.runtime.alerts.alert import Alert, AlertMessage, body
from opensqt.runtime.alerts.book import DELIVERED, FAILED, AlertBook, Due, ToldRecord
from opensqt.runtime.alerts.channel import address_of
from opensqt.runtime.alerts.terms import AlertTerms, pause_s
from opensqt.runtime.config.alerts import AlertConfig, AlertKind, AlertSeverity
from opensqt.runtime.config.all import ConfigError, parse_config
from services.gateway.activity import BAD, line_of
from services.gateway.alert_conditions import alerts_of
from services.gateway.decide import DeskStatus, ProcessStatus
from services.gateway.state import GatewayState
from tests import scenes
from tests.simulation.strategy_facts import PERP, SPOT
from tests.unit.services.gateway.test_gateway import NOW_MS, TOLD, folded

pytestmark = pytest.mark.row("E17")
TERMS = AlertTerms()
PAGE, WARN = AlertSeverity.PAGE, AlertSeverity.WARN


def _keys(state: GatewayState, told: DeskStatus = TOLD) -> set[str]:
    return set(alerts_of(state, told, {}))


def test_a_desk_that_is_well_tells_nothing() -> None:
    """No alert without a reason, also while a carry is covered and orders rest."""
    assert _keys(folded(*scenes.desk(NOW_MS))) == set()


def test_everything_that_wants_a_trader_is_named() -> None:
    """Kill, halt, breaker, doubt, a leg alone, silence of venue and bus, a process down, a strategy that stands."""
    ref = scenes.reference("carry", SPOT, "d-1")
    state = folded(
        KillLatched(scope="strategy/x", reason="r", actor="bob", time_ms=1, kill_id="kill-one"),
        Halted(scope="binance/other", mode="REDUCING", reason="drift", time_ms=2),
        Halted(scope="desk", mode="REDUCING", reason="low", breaker="desk_loss", time_ms=3),
        *scenes.placed(ref, "slot", Side.BUY, scenes.ANCHOR, NOW_MS),
        scenes.filled(scenes.reference("carry", SPOT, "d-2"), Side.BUY, scenes.ANCHOR, NOW_MS),
    )
    assert _keys(state) == {
        *("Killed strategy/x kill-one", "DeskHalted binance/other", "BreakerOpen desk_loss desk"),
        "NakedLeg carry",
    }
    state = folded(
        *scenes.placed(ref, "slot", Side.BUY, scenes.ANCHOR, NOW_MS)[:2],
        Unresolved(ref=ref, cause="timeout", fence_ms=NOW_MS, evidence_hash="", time_ms=NOW_MS),
    )
    told = msgspec.structs.replace(
        TOLD,
        market_ms=NOW_MS + 90_000,
        latched="bob: why",
        live=False,
        processes=(ProcessStatus(name="risk", state="starting"),),
        statuses={
            "relay": {"ready": False, "why": "no disk"},
            "executor-main": {SILENT: "nothing for 30 s"},
            "arb": {"strategies": [{"name": "carry", "trading": False, "reason": "money"}]},
        },
    )
    assert _keys(state, told) == {
        *("Killed latch", "RelayBehind FEED", "StreamMissing bus", "ProcessDown risk"),
        *("VenueSilent executor-main", f"PricesOld binance {SPOT}", f"PricesOld binance {PERP}"),
        *(f"OrderInDoubt {ref.client_order_id}", "StrategyNotTrading carry"),
    }


def test_what_happened_is_news_for_an_hour() -> None:
    """A fault is told by its own identity; yesterday's is not."""
    fault = StrategyFaulted(strategy="x", error="KeyError", time_ms=NOW_MS)
    (alert,) = alerts_of(folded(), TOLD, {"0123456789abcdef": fault}).values()
    assert (alert.key, alert.once) == ("StrategyFaulted 0123456789ab", True)
    late = msgspec.structs.replace(TOLD, market_ms=NOW_MS + 3_600_001)
    assert "StrategyFaulted 0123456789ab" not in alerts_of(
        folded(), late, {"0123456789abcdef": fault}
    )


@pytest.mark.row("J19")
@pytest.mark.parametrize(
    "kind, word",
    [(Liquidated, "liquidated"), (AutoDeleveraged, "auto-deleveraged"), (Settled, "settled")],
)
def test_what_the_venue_trades_by_itself_pages_and_stands_on_the_tape(
    kind: type[ForcedTrade], word: str
) -> None:
    """With its word, size and price; the symbol is halted until a person has looked."""
    trade = kind(
        venue="binance",
        account="main",
        symbol=PERP,
        quantity=Decimal("-0.020"),
        price=Decimal("44000.10"),
        time_ms=NOW_MS,
    )
    found = alerts_of(folded(trade), TOLD, {"event-1": trade})
    told = {(one.kind, one.subject, one.severity): one.text for one in found.values()}
    assert told["Liquidated", "event-1", PAGE] == (
        f"{PERP} of main at binance was {word} by -0.02 at 44000.1"
    )
    assert word in told["DeskHalted", f"binance/main/{PERP}", PAGE]
    line = line_of(trade, 7)
    assert line is not None
    assert (line.tone, line.text) == (BAD, f"{PERP} {word} by binance: -0.02 @ 44000.1")


def _alert(*, severity: AlertSeverity = PAGE, hold_s: float = 0.0, once: bool = False) -> Alert:
    return Alert(kind="K", subject="s", severity=severity, text="t", hold_s=hold_s, once=once)


def _said(outcome: str = DELIVERED, *, time_ms: int = 0, **keys: tuple[str, ...]) -> AlertDelivery:
    return AlertDelivery(
        channel="c", outcome=outcome, text="", attempts=1, detail="", time_ms=time_ms, **keys
    )


class Night:
    """One channel in a time that the test moves."""

    def __init__(self, severity_min: AlertSeverity = WARN) -> None:
        self.book, self.record = AlertBook(TERMS), ToldRecord()
        self.severity_min = severity_min

    def due(self, at_s: float, *alerts: Alert, is_known: bool = True) -> Due:
        """Look at what is the case and return what is to be told."""
        told = self.record.of("c")
        self.book.look({one.key: one for one in alerts}, told, at_s)
        return self.book.due(
            told,
            self.severity_min,
            now_s=at_s,
            age_ms=lambda time_ms: int(at_s * 1000) - time_ms,
            is_known=is_known,
        )


def test_an_alert_is_told_once_after_its_time_and_again_when_it_goes_on_for_hours() -> None:
    """Neither sooner nor twice; a delivery that failed counts for nothing."""
    night, alert = Night(), _alert(hold_s=30)
    assert night.due(0, alert).is_empty
    assert night.due(29, alert).is_empty
    assert night.due(30, alert).raised == (alert,)
    night.record.fold(_said(FAILED, time_ms=30_000, raised=("K s",)))
    assert night.due(31, alert).raised == (alert,)
    night.record.fold(_said(time_ms=31_000, raised=("K s",)))
    assert night.due(32, alert).is_empty
    assert night.due(31 + 4 * 3600, alert).raised == (alert,)


def test_what_comes_and_goes_is_told_no_more_often_than_every_five_minutes() -> None:
    """Its end is told when it has been away for a while, and only by who hears the desk."""
    night, alert = Night(), _alert()
    night.record.fold(_said(raised=("K s",)))
    assert night.due(1).is_empty
    assert night.due(2, alert).is_empty
    assert night.due(3).is_empty
    assert night.due(17).is_empty
    assert night.due(18, is_known=False).is_empty
    assert night.due(18).over == ("K s",)
    night.record.fold(_said(time_ms=18_000, over=("K s",)))
    assert night.due(19, alert).is_empty
    assert night.due(318, alert).raised == (alert,)


def test_what_happened_is_told_once_and_never_over() -> None:
    """Also when it is no news any more."""
    night, fact = Night(), _alert(once=True)
    assert night.due(0, fact).raised == (fact,)
    night.record.fold(_said(happened=("K s",)))
    assert night.due(100_000, fact).is_empty
    assert night.due(200_000).is_empty
    assert night.due(300_000).is_empty


def test_a_channel_for_pages_hears_nothing_else() -> None:
    """What can wait until the morning wakes nobody."""
    night = Night(PAGE)
    assert night.due(0, _alert(severity=WARN)).is_empty
    assert not night.due(0, _alert(severity=PAGE)).is_empty


def test_each_kind_of_channel_reads_what_it_understands() -> None:
    """Slack's markup is data, Telegram gets its chat, a webhook the parts; many lines stay one message."""
    alert = Alert(kind="Killed", subject="desk 1", severity=PAGE, text="<!channel> & more")
    message = AlertMessage(desk="paper", raised=(alert,), over=("K s",), time_ms=7)
    (said,) = body(AlertKind.SLACK, message, "").values()
    assert said.splitlines() == [
        "[paper]",
        "PAGE Killed desk 1: &lt;!channel&gt; &amp; more (docs/runbooks.md#killed)",
        "OVER K s",
    ]
    telegram = body(AlertKind.TELEGRAM, message, "-5")
    assert (telegram["chat_id"], telegram["text"]) == ("-5", message.text)
    assert [
        (one["state"], one["key"]) for one in body(AlertKind.WEBHOOK, message, "")["alerts"]
    ] == [
        ("raised", "Killed desk 1"),
        ("over", "K s"),
    ]
    many = msgspec.structs.replace(message, raised=(alert,) * 40)
    assert (len(many.lines), many.lines[-1]) == (16, "and 26 more: opensqt status")
    assert len(msgspec.structs.replace(many, raised=(_long(),) * 40).text) < 4096


def _long() -> Alert:
    return Alert(kind="K", subject="s", severity=PAGE, text="x" * 5000)


def test_pauses_double_up_to_a_minute_and_heed_what_is_asked() -> None:
    """Half of each is chance; nobody makes us wait for longer than five minutes."""
    assert [pause_s(TERMS, n, 0, 1.0) for n in (1, 2, 3, 7, 8, 10_000)] == [1, 2, 4, 60, 60, 60]
    assert pause_s(TERMS, 1, 0, 0.0) == 0.5
    assert pause_s(TERMS, 1, 17, 0.5) == 17
    assert pause_s(TERMS, 1, 86_400, 0.5) == 300


def test_addresses_are_made_of_secrets_and_shown_by_nobody() -> None:
    """The bot's token goes into the address of Telegram; plain HTTP leaves this machine never."""
    telegram = AlertConfig(kind=AlertKind.TELEGRAM, token="env:BOT", chat="1")
    address = address_of("n", telegram, {"BOT": "12:n1ghth00k"})
    assert address.url == "https://api.telegram.org/bot12:n1ghth00k/sendMessage"
    assert "n1ghth00k" not in repr(address)
    slack = AlertConfig(kind=AlertKind.SLACK, url="env:URL")
    for url in ("http://hooks.example/n1ghth00k", "n1ghth00k", "https://a b/n1ghth00k", ""):
        with pytest.raises(ConfigError) as refused:
            address_of("n", slack, {"URL": url})
        assert str(refused.value).startswith("alerts.n")
        assert "n1ghth00k" not in str(refused.value)


@pytest.mark.parametrize(
    "table, words",
    [
        ('kind = "slack"', "alerts.night.url is missing: slack needs url"),
        ('kind = "telegram"\ntoken = "env:T"', "alerts.night.chat is missing"),
        ('kind = "slack"\nurl = "env:U"\ntoken = "env:T"', "alerts.night.token: slack has none"),
        ('kind = "webhook"\nurl = "https://n1ghth00k"', "expected env:NAME or file:PATH"),
        ('kind = "pager"', 'alerts.night.kind = "pager"'),
    ],
)
def test_a_channel_that_cannot_work_is_refused_at_once(table: str, words: str) -> None:
    """The field is named, the secret that somebody wrote there is not."""
    text = derive(("BTC/USDT",), market="synthetic:7") + f"\n[alerts.night]\n{table}\n"
    with pytest.raises(ConfigError, match=words.replace(".", r"\.")) as refused:
        parse_config(text, {})
    assert "n1ghth00k" not in str(refused.value)
