"""Which channels of alerts could reach nobody, found before anything starts. Posts nothing."""

from collections.abc import Iterator, Mapping

from opensqt.runtime.alerts.channel import address_of
from opensqt.runtime.config.all import Config, ConfigError


def mute_channels(config: Config, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each channel whose address or token cannot be had; it shows neither."""
    for name, channel in config.alerts.items():
        try:
            address_of(name, channel, environ)
        except ConfigError as error:
            yield str(error)
