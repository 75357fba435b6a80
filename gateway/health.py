"""What operators and load balancers ask: alive, able to answer, metrics."""

from gateway.target import Targets
from serving.drain import Drain
from serving.front import metrics
from summit_inference.errors import ModelNotReady
from summit_inference.http_message import HttpResponse, Receive, Scope, json_response


class Health:
    """The answers. The gateway can answer whether the model is up or not; the body of `/ready` says which."""

    def __init__(self, targets: Targets, drain: Drain) -> None:
        self._targets = targets
        self._drain = drain

    async def live(self, _scope: Scope, _receive: Receive) -> HttpResponse:
        """200 while the process works."""
        return json_response({"live": True})

    async def ready(self, _scope: Scope, _receive: Receive) -> HttpResponse:
        """200 until the process drains, with what is known of each model version.

        Raises:
            ModelNotReady: it drains.
        """
        if self._drain.has_begun:
            raise ModelNotReady("The gateway is draining; ask another.")
        models = {target.model_version or "": target.readiness.standing for target in self._targets}
        return json_response({"ready": True, "fallback": "ready", "models": models})

    async def metrics(self, _scope: Scope, _receive: Receive) -> HttpResponse:
        """All metrics of this process."""
        return await metrics()
