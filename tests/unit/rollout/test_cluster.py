"""The operator's adapters over a fake API server: which patches are sent, and what is read back."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from servers.cluster_stage import MANIFEST, ClusterStage
from servers.rollout_stage import Quality

from rollout.cluster import Lease, ResourceStore
from rollout.effects import SetTraffic, StartDark
from rollout.inference_service import predictor_for, specified_version
from rollout.phase import Phase
from rollout.state import ExactVersion, ModelRollout, Spec, Status
from rollout.world import Readiness, StatusConflict
from summit_inference.errors import UpstreamBroken

ONE, TWO = (ExactVersion(version=version, digest=version * 64) for version in "12")


def _rolled_out(candidate: Quality) -> ClusterStage:
    stage = ClusterStage({"1": Quality(), "2": candidate})
    stage.roll_out("2")
    return stage


def _percents(stage: ClusterStage) -> list[int | None]:
    return [patch["spec"]["predictor"]["canaryTrafficPercent"] for patch in stage.fake.patches]


def test_a_promotion_is_these_patches_of_the_inference_service() -> None:
    stage = _rolled_out(Quality())
    assert stage.status.phase is Phase.PROMOTED
    assert _percents(stage) == [0, 5, 25, 50, 100, None]
    assert specified_version(stage.fake.service) == "2"
    assert stage.kserve.split() == stage.kserve.routed == {"2": 100}


def test_only_the_first_patch_brings_a_spec_and_it_brings_its_zero_with_it() -> None:
    stage = _rolled_out(Quality())
    with_spec = [patch for patch in stage.fake.patches if len(patch["spec"]["predictor"]) > 1]
    assert len(with_spec) == 1
    assert with_spec[0]["spec"]["predictor"]["canaryTrafficPercent"] == 0


def test_a_rollback_restores_exactly_the_champions_spec() -> None:
    before = ClusterStage({"1": Quality()}).fake.service["spec"]
    stage = _rolled_out(Quality(errors=0.3))
    assert stage.status.phase is Phase.ROLLED_BACK
    after = stage.fake.service["spec"]
    assert _without_pins(after) == _without_pins(before)
    assert stage.kserve.split() == {"1": 100}


def _without_pins(node: Any) -> Any:
    """The digest is pinned in the URI from the first rollout on."""
    if isinstance(node, dict):
        return {key: _without_pins(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_without_pins(each) for each in node]
    return node.split("@sha256:")[0] if isinstance(node, str) else node


def test_each_route_goes_to_the_host_of_its_own_revision() -> None:
    stage = ClusterStage({"1": Quality(), "2": Quality()})
    stage.backend.start_dark(StartDark(TWO, ONE))
    stage.kserve.set_readiness(stage.kserve.revisions[-1].name, Readiness.READY)
    stage.backend.set_traffic(SetTraffic(TWO, ONE, 10))
    document = stage.routes.read()
    assert document is not None
    urls = {route.model_version: (route.percent, route.url) for route in document.routes}
    assert urls == {
        "2": (10, "http://latest-summit-extract-predictor.summit"),
        "1": (90, "http://prev-summit-extract-predictor.summit"),
    }


def test_an_effect_that_came_already_patches_nothing() -> None:
    stage = ClusterStage({"1": Quality(), "2": Quality()})
    for _ in range(2):
        stage.backend.start_dark(StartDark(TWO, ONE))
    for _ in range(2):
        stage.backend.set_traffic(SetTraffic(TWO, ONE, 10))
    assert len(stage.fake.patches) == 2


def test_the_version_is_pinned_to_its_content() -> None:
    service = yaml.safe_load(MANIFEST.read_text())
    predictor = str(predictor_for(service, ExactVersion(version="7", digest="ab" * 32)))
    assert f"mlflow://summit-extract/7@sha256:{'ab' * 32}" in predictor
    assert "mlflow://summit-extract/2'" not in predictor


def test_crashes_of_a_revision_are_counted_and_ends_that_are_none_are_not() -> None:
    stage = ClusterStage({"1": Quality()})
    stage.fake.pods = [_pod("rev-00001", 3, 137, "OOMKilled"), _pod("rev-00001", 2, 0, "Completed")]
    assert stage.backend.observe().deployed["1"].crashes == 3


def _pod(revision: str, restarts: int, exit_code: int, reason: str) -> Any:
    ended = SimpleNamespace(exit_code=exit_code, reason=reason)
    container = SimpleNamespace(restart_count=restarts, last_state=SimpleNamespace(terminated=ended))
    metadata = SimpleNamespace(labels={"serving.knative.dev/revision": revision})
    return SimpleNamespace(metadata=metadata, status=SimpleNamespace(container_statuses=[container]))


def test_two_controllers_do_not_write_over_each_other() -> None:
    store = ResourceStore(ClusterStage({"1": Quality()}).cluster)
    assert store.read("m") is None
    made = store.write_spec(ModelRollout(name="m", spec=Spec(model_name="m")), Spec(model_name="m"))
    written = store.write_status(made, Status(phase=Phase.DARK))
    assert written.status.phase is Phase.DARK
    with pytest.raises(StatusConflict):
        store.write_status(made, Status(phase=Phase.SMOKE))
    found = store.read("m")
    assert found is not None
    assert found.status.phase is Phase.DARK


def test_a_stale_patch_of_the_inference_service_is_refused() -> None:
    stage = ClusterStage({"1": Quality()})
    seen = stage.cluster.inference_service("summit-extract")
    stage.fake.service["metadata"]["resourceVersion"] = "9"
    with pytest.raises(UpstreamBroken, match="409"):
        stage.cluster.patch_inference_service("summit-extract", {"metadata": {}, "spec": {}}, seen)


def test_one_replica_holds_the_lease_until_it_has_been_silent() -> None:
    cluster, now = ClusterStage({"1": Quality()}).cluster, [datetime(2026, 1, 1, tzinfo=UTC)]
    first, second = (Lease(cluster, "rollout", holder, 60, lambda: now[0]) for holder in ("a", "b"))
    assert first.is_held()
    assert not second.is_held()
    now[0] += timedelta(seconds=50)
    assert first.is_held()
    now[0] += timedelta(seconds=61)
    assert second.is_held()
    assert not first.is_held()
