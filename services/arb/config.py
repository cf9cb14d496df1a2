"""The carries of a desk from its configuration; what is given in wall time becomes market time."""

from opensqt import __version__
from opensqt.runtime.clock import Clock
from opensqt.runtime.config.all import Config, strategy_hash
from opensqt.strategies.carry import decide, state
from opensqt.strategies.carry.settings import CarrySettings
from opensqt.strategies.carry.setup import LEGS_APART_MS_MAX, CarrySetup
from opensqt.strategies.kernel import KINDS, StrategySpec
from opensqt.strategies.tracked_intent import RetryPolicy

FUNDING_AGE_MS_MAX = 120_000  # wall: funding is shown every few seconds


def setup_of(name: str, carry: CarrySettings, config: Config, clock: Clock) -> CarrySetup:
    """Return what one carry is told to do."""
    return CarrySetup(
        strategy=name,
        venue=config.accounts[carry.account].venue,
        account=carry.account,
        spot=carry.spot,
        perp=carry.perp,
        entry_apr_min=carry.entry_apr_min,
        exit_apr_max=carry.exit_apr_max,
        notional_quote_max=carry.notional_quote_max,
        order_notional_quote=carry.order_notional_quote,
        slippage_bps_max=carry.slippage_bps_max,
        holding_hours=carry.holding_hours,
        basis_bps_min=carry.basis_bps_min,
        return_bps_min=carry.return_bps_min,
        leg_timeout_ms=int(carry.leg_timeout_ms * clock.speed),
        tick_age_ms_max=int(config.risk.tick_age_ms_max * clock.speed),
        funding_age_ms_max=int(FUNDING_AGE_MS_MAX * clock.speed),
        legs_apart_ms_max=int(LEGS_APART_MS_MAX * clock.speed),
        timing=RetryPolicy(valid_for_ms=carry.valid_for_ms).scaled(clock.speed),
    )


def plays_of(config: Config, clock: Clock) -> list[StrategySpec[state.CarryState]]:
    """Return every carry of the configuration, ready to be driven."""
    found = []
    for name, carry in config.strategies.items():
        if not isinstance(carry, CarrySettings):
            continue
        setup = setup_of(name, carry, config, clock)
        found.append(
            StrategySpec(
                name=name,
                venue=setup.venue,
                account=setup.account,
                symbols=setup.symbols,
                config_hash=strategy_hash(carry),
                code_version=__version__,
                beginning=state.CarryState(setup=setup),
                decide=decide.decide,
                evolve=state.evolve,
                openings_cancelled=decide.openings_cancelled,
                kinds=(*KINDS, "book"),
            )
        )
    return found
