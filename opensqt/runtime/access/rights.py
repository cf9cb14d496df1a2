"""The table of rights: what each service says on the bus, takes from it, and reads and writes in the database.

Permissions of NATS (`nats_users.py`) and grants of Postgres (`grants.py`) are generated from it and from nothing else.
What is not named here is refused by the servers, whoever asks.
"""

import typing

import msgspec

from opensqt.domain import account, control, recon_events, subjects, verdict
from opensqt.domain.order_events import OrderEvent
from opensqt.domain.recon_events import VenueEvent
from opensqt.domain.strategy_events import StrategyEvent
from opensqt.runtime.bus.port import Stream

# Stand in a subject for what a process is of.
STRATEGY, VENUE = "{strategy}", "{venue}"

JOURNAL = ("journal", "journal_head")
PROJECTIONS = "view"


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """The rights of one service; empty means none."""

    says: tuple[str, ...] = ()  # subjects that it publishes on
    hears: tuple[str, ...] = ()  # subjects that it subscribes to beside its own inbox and questions
    follows: tuple[Stream, ...] = ()  # streams that it reads in order
    works: tuple[Stream, ...] = ()  # streams whose messages it takes out
    keeps_streams: bool = True  # it makes a stream again that is gone
    commands: bool = False  # it asks other processes over the bus
    administers: bool = False  # every question of JetStream is free to it
    appends: frozenset[str] = frozenset()  # kinds of events, in the journal
    lease: str = ""  # how the names of its leases begin
    reads: tuple[str, ...] = ()  # tables of schema public
    reads_projections: bool = False
    writes_projections: bool = False
    keeps_evidence: bool = False
    keeps_checkpoints: bool = False

    @property
    def uses_journal(self) -> bool:
        """Tell whether it has a login at the database."""
        return bool(self.reads)


def _kinds(*unions: object) -> frozenset[str]:
    found: set[str] = set()
    for union in unions:
        found |= {kind.__name__ for kind in typing.get_args(union) or (union,)}
    return frozenset(found)


def _strategies(lease: str) -> Rights:
    return Rights(
        says=(f"intent.{STRATEGY}.>",),
        follows=(Stream.FEED,),
        # It may halt: that takes nothing but openings away, and a person ends it.
        appends=_kinds(StrategyEvent, recon_events.Halted),
        lease=lease,
        reads=JOURNAL,
    )


OPERATOR, OWNER, STREAMS, SYSTEM = "operator", "owner", "streams", "system"

TABLE: dict[str, Rights] = {
    "market_data": Rights(says=(f"md.{VENUE}.>",)),
    "grid": _strategies("strategy/grid"),
    "arb": _strategies("strategy/arb"),
    "strategy": _strategies("strategy/strategy-"),
    "risk": Rights(
        says=("cmd.open.>", "cmd.exit.>", subjects.RISK_ALIVE),
        hears=("svc.desk.breakers", "svc.desk.limits"),
        follows=(Stream.FEED, Stream.INTENTS),
        appends=_kinds(verdict.RiskEvent, recon_events.Halted, recon_events.Resumed)
        | _kinds(control.LimitChanged),
        lease="risk",
        reads=JOURNAL,
    ),
    "executor": Rights(
        hears=("svc.desk.kill", "svc.desk.resume"),
        follows=(Stream.FEED,),
        works=(Stream.COMMANDS, Stream.EXITS),
        appends=_kinds(OrderEvent, VenueEvent, control.KillLatched, control.KillReleased)
        | _kinds(verdict.RiskApproved, recon_events.Halted, recon_events.OrderContradicted)
        | _kinds(account.VenueSnapshot, account.BalanceChanged, account.FundingPaid)
        | _kinds(account.Deposit),
        lease="executor/",
        reads=JOURNAL,
        keeps_evidence=True,
    ),
    "reconciler": Rights(
        follows=(Stream.FEED,),
        appends=_kinds(recon_events.Discrepancy, recon_events.Adjustment, recon_events.Halted)
        | _kinds(recon_events.Resumed, account.PositionStated),
        lease="reconciler",
        reads=JOURNAL,
        reads_projections=True,
        writes_projections=True,
    ),
    "relay": Rights(
        says=(
            *("evt.>", subjects.LATCH, subjects.FEED_GENERATION, subjects.HEARTBEAT),
            *("ctl.limit", "ctl.desk", "ctl.call", "ctl.alert", subjects.STRATEGIES),
        ),
        follows=(Stream.FEED, Stream.INTENTS),
        appends=_kinds(control.FeedGeneration, control.DeskGeneration),
        lease="relay",
        reads=(*JOURNAL, "relay_checkpoint"),
        keeps_evidence=True,
        keeps_checkpoints=True,
    ),
    "gateway": Rights(
        says=(subjects.KILL,),
        follows=(Stream.FEED,),
        commands=True,
        # Who called what, before and after; what people were told at night; what they wish to order, which risk judges.
        appends=_kinds(control.CallAudited, control.AlertDelivery, control.OrderedByHand),
        # Of several gateways one tells them.
        lease="gateway",
        reads=JOURNAL,
    ),
    # The one-shot that declares the streams.
    STREAMS: Rights(administers=True),
    # The person who runs the desk, and the command `opensqt`.
    OPERATOR: Rights(
        says=(subjects.KILL,),
        hears=(">",),
        commands=True,
        administers=True,
        keeps_streams=False,
        # Where no executor can be asked, a kill is said in the journal; so is which strategies there are.
        appends=_kinds(control.KillLatched, control.StrategyChange),
        reads=(
            *(*JOURNAL, "subject_head", "lease", "evidence"),
            *("relay_checkpoint", "schema_migration"),
        ),
        reads_projections=True,
    ),
}


def is_process(name: str) -> bool:
    """Tell whether a process of this name has a row."""
    return name in TABLE or name.partition("-")[0] in TABLE


def service_of_process(process: str) -> str:
    """Return the row of a process: `executor-main` is an `executor`; raise `LookupError` for a stranger."""
    if not is_process(process):
        known = ", ".join(TABLE)
        raise LookupError(f"process {process!r} has no rights, expected one of {known} or -NAME")
    return process if process in TABLE else process.partition("-")[0]
