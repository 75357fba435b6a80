"""`python -m predictor`: the predictor of one model version."""

import sys

from predictor.app import build
from predictor.settings import PredictorSettings
from serving.arguments import Arguments, arguments
from serving.command import run
from serving.front import Served
from serving.kserve_server import serve
from serving.listener import Address
from summit_inference.telemetry import set_up_logs
from summit_inference.v2_limits import Limits


def start() -> None:
    """Load the version, then serve until SIGTERM."""
    settings = PredictorSettings.load()
    set_up_logs("predictor", settings.log_level)
    given = arguments(sys.argv[1:])
    predictor = build(settings, given.model_name)
    limits = Limits(max_body_bytes=settings.max_body_bytes)
    served = Served(predictor.servable, "predictor", limits, lambda: predictor.engine.is_healthy)
    serve(served, _address(settings, given), predictor.running)


def _address(settings: PredictorSettings, given: Arguments) -> Address:
    return Address(
        settings.listen_host,
        given.http_port or settings.listen_port,
        given.grpc_port or settings.grpc_port,
        settings.drain_seconds,
        settings.grace_seconds,
    )


if __name__ == "__main__":
    run(start)
