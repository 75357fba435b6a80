"""`python -m predictor`: the predictor of one model version."""

import sys

from predictor.settings import PredictorSettings
from serving.arguments import arguments
from serving.command import run
from serving.front import Served
from summit_inference.telemetry import set_up_logs
from summit_inference.tracing import exporting
from summit_inference.v2_limits import Limits


def start() -> None:
    """Load the version, then serve until SIGTERM. Wrong settings are told before the long imports."""
    settings = PredictorSettings.load()
    set_up_logs("predictor", settings.log_level)
    given = arguments(sys.argv[1:])
    from predictor.app import build  # noqa: PLC0415 - imports torch and transformers
    from serving.kserve_server import serve  # noqa: PLC0415 - imports kserve

    predictor = build(settings, given.model_name)
    limits = Limits(max_body_bytes=settings.max_body_bytes)
    served = Served(predictor.servable, "predictor", limits, lambda: predictor.engine.is_healthy)
    with exporting("predictor", settings.otlp_endpoint, settings.trace_sample_ratio):
        serve(served, given.address(settings), predictor.running)


if __name__ == "__main__":
    run(start)
