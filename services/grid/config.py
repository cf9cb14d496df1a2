"""The grids of a desk from its configuration; what is given in wall time becomes market time."""

from opensqt import __version__
from opensqt.runtime.clock import Clock
from opensqt.runtime.config.all import Config, GridConfig, GridMode, strategy_hash
from opensqt.strategies.grid import decide, state
from opensqt.strategies.kernel import StrategySpec
from opensqt.strategies.tracked_intent import RetryPolicy

ORDERS_PER_LEVEL = 2  # a level of the window may have an opening, and one beside it a close


def setup_of(name: str, grid: GridConfig, config: Config, clock: Clock) -> state.GridSetup:
    """Return what one grid is told to do."""
    levels = grid.levels_below + grid.levels_above
    return state.GridSetup(
        strategy=name,
        venue=config.accounts[grid.account].venue,
        account=grid.account,
        symbol=grid.symbol,
        neutral=grid.mode is GridMode.NEUTRAL,
        step_bps=grid.step_bps,
        levels_below=grid.levels_below,
        levels_above=grid.levels_above,
        order_notional_quote=grid.order_notional_quote,
        inventory_notional_quote_max=grid.inventory_notional_quote_max,
        orders_max=min(ORDERS_PER_LEVEL * levels, config.risk.open_orders_max),
        adopt=grid.adopt,
        anchor_price=grid.anchor_price,
        tick_age_ms_max=int(config.risk.tick_age_ms_max * clock.speed),
        timing=RetryPolicy(valid_for_ms=grid.valid_for_ms).scaled(clock.speed),
    )


def plays_of(config: Config, clock: Clock) -> list[StrategySpec[state.GridState]]:
    """Return every grid of the configuration, ready to be driven."""
    found = []
    for name, grid in config.strategies.items():
        if not isinstance(grid, GridConfig):
            continue
        setup = setup_of(name, grid, config, clock)
        found.append(
            StrategySpec(
                name=name,
                venue=setup.venue,
                account=setup.account,
                symbols=(setup.symbol,),
                config_hash=strategy_hash(grid),
                code_version=__version__,
                beginning=state.GridState(setup=setup),
                decide=decide.decide,
                evolve=state.evolve,
                openings_cancelled=decide.openings_cancelled,
            )
        )
    return found
