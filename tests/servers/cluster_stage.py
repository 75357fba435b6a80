"""A stage whose traffic is changed through the API server only, in either of KServe's modes. In memory."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from servers.fake_cluster import FakeCluster
from servers.fake_standard_cluster import FakeStandardCluster
from servers.rollout_stage import Quality, Stage

from rollout.cluster import Cluster
from rollout.effects import Effect
from rollout.inference_service import MODE, predictor_for
from rollout.knative_backend import KnativeBackend
from rollout.policy import demo_policy
from rollout.standard_backend import StandardBackend
from rollout.state import ExactVersion
from rollout.world import World
from summit_inference.routes_document import Route, RoutesDocument

MANIFEST = Path(__file__).parents[2] / "manifests" / "inferenceservice.yaml"


class Routes:
    """The routes document in memory."""

    def __init__(self) -> None:
        self.document: RoutesDocument | None = None

    def read(self) -> RoutesDocument | None:
        return self.document

    def write(self, routes: list[Route], seen_generation: int) -> None:
        self.document = RoutesDocument(generation=seen_generation + 1, routes=tuple(routes))


class ClusterStage(Stage):
    """Version 1 serves, by the InferenceService that the project ships."""

    def __init__(self, qualities: dict[str, Quality], *, is_standard: bool = False) -> None:
        super().__init__(qualities, demo_policy(), rps=50)
        self.serve("1")
        self.routes = Routes()
        service = yaml.safe_load(MANIFEST.read_text())
        service["spec"]["predictor"] = predictor_for(service, ExactVersion(version="1"))
        if is_standard:
            service["metadata"]["annotations"] = {MODE: "Standard"}
            service["spec"]["predictor"]["minReplicas"] = 2
        self.fake: Any = (FakeStandardCluster if is_standard else FakeCluster)(self.kserve, service)
        self.cluster = Cluster("summit", self.fake, self.fake, self.fake)
        kind = StandardBackend if is_standard else KnativeBackend
        self.traffic = self.backend = kind("summit-extract", self.cluster, self.routes)

    def exact(self, version: str) -> ExactVersion:
        return ExactVersion(version=version, run_id=f"run{version}", digest=version * 64)

    def observe(self) -> World:
        return replace(super().observe(), serving=self.backend.observe())

    def act(self, effect: Effect) -> None:
        super().act(effect)
        document = self.routes.read()
        routes = document.routes if document else ()
        self.kserve.routed = {route.model_version: route.percent for route in routes if route.percent}
        self.kserve.shadowed = {route.model_version: route.shadow_percent for route in routes if route.shadow_percent}

    def roll_out(self, candidate: str, seconds: float = 900) -> None:
        """Have the alias name it, and the controller go on."""
        self.settle_turns()
        self.aliases = replace(self.aliases, candidate=candidate)
        self.run(seconds)
