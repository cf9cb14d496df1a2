"""The judgement of a storm, by the venue's audit and the journal's rows. Shares no fold with the services.

The bound of a doubt is ours, as `docs/guarantees.md` publishes it: 4 s for the fence of its request, 1 s between the
two looks that prove absence, and 10 s for looks whose own answers were lost. It counts only while the account has an
executor: from a kill to its end nobody can look.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import msgspec

from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.order_events import Canceled, Expired, NeverPlaced, Rejected
from opensqt.domain.verdict import RiskRefused
from tests.e2e import audit
from tests.e2e.desk import Line
from tests.e2e.storm_record import Record, Trail

SHARE_MIN = 0.5
DOUBT_S_MAX = 15.0  # a figure of ours: whoever changes the platform does not move it
SHOWN_MAX = 5
Intent = PlaceIntent | CancelIntent


class Kill(msgspec.Struct, kw_only=True):
    """A kill and when the account had an executor again (wall ms)."""

    at_ms: int
    back_ms: int = 0


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was judged."""

    name: str
    good: bool
    figure: str
    wrong: tuple[str, ...] = ()


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """All findings, and how the intents ended that did not reach the venue."""

    findings: tuple[Finding, ...]
    told: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return all(finding.good for finding in self.findings)

    def lines(self) -> Iterator[str]:
        """Yield what a person reads."""
        for one in self.findings:
            yield f"{'ok  ' if one.good else 'FAIL'}  {one.name}: {one.figure}"
            for text in one.wrong[:SHOWN_MAX]:
                yield f"        {text}"
        yield from self.told
        yield f"judged {'good' if self.good else 'WRONG'}"


def judge(
    record: Record,
    said: Sequence[Intent],
    kills: Sequence[Kill],
    verify: Sequence[Line],
    share_min: float = SHARE_MIN,
) -> Judgement:
    """Judge one storm; at least this share of its intents must have reached the venue, and one in any case."""
    attempts = record.attempts()
    reached, rest = _endings(record, said, attempts)
    findings = (
        _none("duplicates", duplicates(record, attempts)),
        _none("orphans", orphans(record)),
        doubts(record, kills),
        _none("position error", position_errors(record)),
        _verified(verify),
        Finding(
            name="reached the venue",
            good=reached >= max(1, share_min * len(said)),
            figure=f"{reached} of {len(said)} intents, {reached / max(1, len(said)):.1%}",
        ),
        _none("away for good", [f"killed at {k.at_ms}" for k in kills if not k.back_ms]),
        _none("without an end", [name for name in rest if name.startswith("unanswered")]),
    )
    spans_s = sorted((kill.back_ms - kill.at_ms) / 1000 for kill in kills if kill.back_ms)
    told = [f"the rest: {name} {count}" for name, count in rest.most_common()]
    if spans_s:
        middle = spans_s[len(spans_s) // 2]
        told.append(f"{len(kills)} kills, back after p50 {middle:.1f} s, max {spans_s[-1]:.1f} s")
    return Judgement(findings=findings, told=tuple(told))


def duplicates(record: Record, attempts: dict[str, list[str]]) -> list[str]:
    """Name each client id and each intent with more than one accepted venue order."""
    accepted = Counter(str(row["client_order_id"]) for row in record.places(accepted=True))
    found = [f"{name}: {count} venue orders" for name, count in accepted.items() if count > 1]
    for intent, names in attempts.items():
        count = sum(accepted[name] for name in names)
        if count > 1:
            found.append(f"intent {intent}: {count} venue orders {names}")
    return found


def orphans(record: Record) -> list[str]:
    """Name each venue order that the journal never submitted, denies, never saw, or left open."""
    found = []
    left = audit.open_of(record.audit)
    for row in record.places(accepted=True):
        name = str(row["client_order_id"])
        trail = record.orders.get(name)
        if trail is None or not trail.submitted_ms:
            found.append(f"{name}: at the venue, in no journal")
        elif any(isinstance(end, NeverPlaced | Rejected) for end in trail.ends):
            found.append(f"{name}: at the venue, denied by {trail.ends}")
        elif not trail.known_ms:
            found.append(f"{name}: at the venue, its acceptance is in no journal")
        if f"{row['market']}/{row['venue_order_id']}" in left:
            found.append(f"{name}: still open at the venue after the stop")
    return found


def doubts(record: Record, kills: Sequence[Kill]) -> Finding:
    """Judge how long orders were in doubt: from Submitting to the first fact that proves anything."""
    sent = {name: t for name, t in record.orders.items() if t.submitted_ms}
    left = [f"{name}: nobody knows" for name, t in sent.items() if not t.known_ms]
    spans_s = {n: _looked_for_s(t, kills) for n, t in sent.items() if t.known_ms}
    late = [f"{n}: {span:.1f} s" for n, span in spans_s.items() if span > DOUBT_S_MAX]
    doubted = sorted(
        span for n, span in spans_s.items() if sent[n].doubted or _was_cut(sent[n], kills)
    )
    figure = f"{len(left)} left, {len(late)} beyond {DOUBT_S_MAX:.0f} s, {len(doubted)} in doubt"
    if doubted:
        figure += f" for p50 {doubted[len(doubted) // 2]:.2f} s, max {doubted[-1]:.2f} s"
    return Finding(
        name="unresolved", good=not left and not late, figure=figure, wrong=(*left, *late)
    )


def _was_cut(trail: Trail, kills: Iterable[Kill]) -> bool:
    """Tell whether the executor died before it knew what became of an order."""
    return any(trail.submitted_ms <= kill.at_ms <= trail.known_ms for kill in kills)


def position_errors(record: Record) -> list[str]:
    """Name each difference between the venue's fills and ours, by trade and by sum."""
    venue, ours = record.moved()
    found = [
        f"{market}: the venue moved {venue.get(market, Decimal(0))}, we booked {ours.get(market, Decimal(0))}"
        for market in sorted({*venue, *ours})
        if venue.get(market) != ours.get(market)
    ]
    found += [f"trade {fill.trade_id} belongs to nobody" for fill in record.strays]
    found += [f"adjusted: {one}" for one in record.adjustments]
    return found


def _looked_for_s(trail: Trail, kills: Iterable[Kill]) -> float:
    """Return the seconds for which an executor could look for an order before it knew."""
    began_ms, known_ms = trail.submitted_ms, trail.known_ms
    away: set[int] = set()
    for kill in kills:
        end_ms = kill.back_ms or known_ms
        away.update(range(max(began_ms, kill.at_ms), min(known_ms, end_ms)))
    return (known_ms - began_ms - len(away)) / 1000


def _endings(
    record: Record, said: Sequence[Intent], attempts: dict[str, list[str]]
) -> tuple[int, Counter[str]]:
    """Count the intents that reached the venue, and the rest by how they ended."""
    requested = {str(row["client_order_id"]) for row in record.places()}
    cancelled = {str(row["client_order_id"]) for row in record.audit if row["kind"] == "cancel"}
    reached, rest = 0, Counter[str]()
    for intent in said:
        place = isinstance(intent, PlaceIntent)
        target = intent.intent_id if isinstance(intent, PlaceIntent) else intent.target_intent_id
        names = attempts.get(target, [])
        if not (requested if place else cancelled).isdisjoint(names):
            reached += 1
        elif place:
            rest[f"place {_why_not_placed(record, intent.intent_id, names)}"] += 1
        else:
            rest[f"cancel {_why_not_cancelled(record, intent.intent_id, names)}"] += 1
    return reached, rest


def _why_not_placed(record: Record, intent_id: str, names: list[str]) -> str:
    verdict = record.verdicts.get(intent_id)
    if isinstance(verdict, RiskRefused):
        return f"refused by risk: {verdict.reason}"
    if verdict is None:
        return "unanswered: no verdict"
    for end in (end for name in names for end in record.orders[name].ends):
        match end:
            case Expired() | Rejected() | Canceled():
                return f"{type(end).__name__}: {_shape(end.reason)}"
            case NeverPlaced():
                return "NeverPlaced"
            case _:
                continue
    return "unanswered: approved, no end"


def _why_not_cancelled(record: Record, intent_id: str, names: list[str]) -> str:
    verdict = record.verdicts.get(intent_id)
    if isinstance(verdict, RiskRefused):
        return f"refused by risk: {verdict.reason}"
    if verdict is None:
        return "unanswered: no verdict"
    if not names:
        return "moot: its place never became an order"
    trails = [record.orders[name] for name in names]
    if any(trail.fills for trail in trails):
        return "moot: filled"
    if any(trail.ends for trail in trails):
        return "moot: ended before"
    return "unanswered: no request"


def _shape(reason: str) -> str:
    """Return a reason without its numbers and names."""
    return " ".join(word for word in reason.split() if not any(c.isdigit() for c in word))


def _none(name: str, wrong: Sequence[str]) -> Finding:
    return Finding(name=name, good=not wrong, figure=str(len(wrong)), wrong=tuple(wrong))


def _verified(lines: Sequence[Line]) -> Finding:
    checks = [line for line in lines if "check" in line]
    failed = [f"{line['check']}: {line['detail']}" for line in checks if not line["holds"]]
    good = bool(lines) and lines[-1].get("holds") is True
    figure = f"{len(checks) - len(failed)} of {len(checks)} checks hold"
    return Finding(name="opensqt verify", good=good, figure=figure, wrong=tuple(failed))
