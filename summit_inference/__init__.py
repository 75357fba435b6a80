"""What every component of summit-inference shares: wire contracts, codecs, errors, settings and telemetry."""

__version__ = "0.1.0"
