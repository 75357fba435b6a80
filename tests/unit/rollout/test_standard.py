"""Standard mode over a fake API server: which patches of `spec.canary[]` are sent, and what is read back."""

import copy
from types import SimpleNamespace
from typing import Any

import pytest
from servers.cluster_stage import ClusterStage
from servers.rollout_stage import Quality

from rollout.effects import SetTraffic, StartDark
from rollout.inference_service import MODE, is_standard, specified_version
from rollout.phase import Phase
from rollout.state import ExactVersion
from rollout.world import Readiness
from summit_inference.errors import ConfigurationError

ONE, TWO = (ExactVersion(version=version, digest=version * 64) for version in "12")


def _stage(candidate: Quality | None = None) -> ClusterStage:
    return ClusterStage({"1": Quality(), "2": candidate or Quality()}, is_standard=True)


def _canaries(stage: ClusterStage) -> list[tuple[int, int] | None]:
    """Percent and replicas of each patch's entry; None where the patch takes it away."""
    return [
        (entry["trafficPercent"], entry["predictor"]["minReplicas"]) if entry else None
        for patch in stage.fake.patches
        for entry in (patch["spec"]["canary"] or [None])
    ]


def test_a_promotion_is_these_patches_of_the_inference_service() -> None:
    stage = _stage()
    stage.roll_out("2")
    assert stage.status.phase is Phase.PROMOTED
    assert _canaries(stage) == [(0, 1), (5, 1), (25, 1), (50, 1), (100, 2), None]
    assert specified_version(stage.fake.service) == "2"
    assert "canary" not in stage.fake.service["spec"]
    assert stage.kserve.routed == {"2": 100}


def test_a_promotion_keeps_the_candidates_pods_and_the_champions_scaling() -> None:
    stage = _stage()
    before = copy.deepcopy(stage.fake.service["spec"]["predictor"])
    stage.roll_out("2")
    after, canary = stage.fake.service["spec"]["predictor"], stage.fake.patches[-2]["spec"]["canary"][0]["predictor"]
    scaling = {"minReplicas", "maxReplicas", "scaleTarget", "scaleMetric"}
    assert {field: after[field] for field in scaling} == {field: before[field] for field in scaling}
    assert {field: after[field] for field in after.keys() - scaling} == {
        field: canary[field] for field in canary.keys() - scaling
    }


def test_a_rollback_never_touches_the_champions_spec() -> None:
    stage = _stage(Quality(errors=0.3))
    before = copy.deepcopy(stage.fake.service["spec"])
    stage.roll_out("2")
    assert stage.status.phase is Phase.ROLLED_BACK
    assert stage.fake.service["spec"] == before
    assert all("predictor" not in patch["spec"] for patch in stage.fake.patches)
    assert stage.kserve.routed == {"1": 100}


def test_a_candidate_that_crashes_as_it_starts_is_rolled_back() -> None:
    stage = _stage(Quality(never_ready=True))
    ended = SimpleNamespace(exit_code=1, reason="Error")
    container = SimpleNamespace(restart_count=2, last_state=SimpleNamespace(terminated=ended))
    metadata = SimpleNamespace(labels={"app": "isvc.summit-extract-v2-predictor"})
    stage.fake.pods = [SimpleNamespace(metadata=metadata, status=SimpleNamespace(container_statuses=[container]))]
    stage.roll_out("2")
    assert (stage.status.phase, stage.status.code) == (Phase.ROLLED_BACK, "broken")


def test_each_route_goes_to_the_service_of_its_own_version() -> None:
    stage = _stage()
    stage.backend.start_dark(StartDark(TWO, ONE))
    stage.kserve.set_readiness(stage.kserve.revisions[-1].name, Readiness.READY)
    stage.backend.set_traffic(SetTraffic(TWO, ONE, 10))
    document = stage.routes.read()
    assert document is not None
    assert {route.model_version: (route.percent, route.url) for route in document.routes} == {
        "2": (10, "http://summit-extract-v2-predictor.summit.svc.cluster.local"),
        "1": (90, "http://summit-extract-predictor.summit.svc.cluster.local"),
    }


def test_a_candidate_that_is_not_ready_has_no_share_whatever_is_wanted() -> None:
    stage = _stage()
    stage.backend.start_dark(StartDark(TWO, ONE))
    stage.backend.set_traffic(SetTraffic(TWO, ONE, 10))
    assert stage.backend.observe().split == {"1": 100}


def test_an_effect_that_came_already_patches_nothing() -> None:
    stage = _stage()
    for _ in range(2):
        stage.backend.start_dark(StartDark(TWO, ONE))
    for _ in range(2):
        stage.backend.set_traffic(SetTraffic(TWO, ONE, 10))
    assert len(stage.fake.patches) == 2


def test_a_kserve_that_drops_the_canary_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = _stage()
    monkeypatch.setattr(type(stage.fake), "patch_namespaced_custom_object", lambda *_: None)
    with pytest.raises(ConfigurationError, match=r"KServe 0\.21"):
        stage.backend.start_dark(StartDark(TWO, ONE))


@pytest.mark.parametrize(
    ("service", "is_so"),
    [
        pytest.param({"metadata": {"annotations": {MODE: "Standard"}}}, True, id="by its annotation"),
        pytest.param({"metadata": {"annotations": {MODE: "RawDeployment"}}}, True, id="by the mode's old name"),
        pytest.param({"metadata": {}, "status": {"deploymentMode": "Standard"}}, True, id="by the cluster's default"),
        pytest.param({"metadata": {"annotations": {MODE: "Knative"}}}, False, id="Knative is another mode"),
    ],
)
def test_the_mode_is_read_off_the_inference_service(service: dict[str, Any], *, is_so: bool) -> None:
    assert is_standard(service) is is_so
