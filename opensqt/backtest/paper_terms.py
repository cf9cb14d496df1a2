"""What a configuration says of its simulated venue, in the words of the simulation. It opens nothing."""

from opensqt.runtime.config.all import Config, ConfigError
from opensqt.simulation.engine.fees import FeeAsset
from opensqt.simulation.engine.funding import FundingTerms


def simulated_venue(config: Config) -> str:
    """Return the one venue of all accounts; raise `ConfigError` where there are several."""
    venues = sorted({account.venue for account in config.accounts.values()})
    if len(venues) != 1:
        raise ConfigError(
            f"accounts are at {', '.join(venues) or 'no venue'}: a paper venue is one venue"
        )
    return venues[0]


def fee_asset_of(config: Config) -> FeeAsset | None:
    """Return the asset in which spot fees are paid, if there is one."""
    fees = config.paper.fees
    if not fees.asset:
        return None
    return FeeAsset(asset=fees.asset, price_quote=fees.price_quote)


def funding_of(config: Config) -> dict[str, FundingTerms]:
    """Return the funding of each perpetual that the configuration names."""
    return {
        symbol: FundingTerms(
            rate=terms.rate,
            interval_hours=terms.interval_hours,
            past_intervals=terms.past_intervals,
        )
        for symbol, terms in config.paper.funding.items()
    }
