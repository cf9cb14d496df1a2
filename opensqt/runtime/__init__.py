"""The machinery: bus, journal, venues, clock, telemetry, configuration, process."""
