"""What a rollout asks of a registry, and tells it, at each kind that a server answers for."""

import pytest
from servers.registries import Registry

from registry.artifact_files import open_files
from registry.reference import ModelReference
from registry.sources import allowed_sources, trusted_source
from registry.stores import open_store
from rollout.effects import MoveAlias, PublishReport, TagVersion
from rollout.registered_model import exact_version, registered_model
from summit_inference.errors import ConfigurationError

pytestmark = pytest.mark.filterwarnings("ignore")  # mlflow, sqlalchemy and transformers warn of one another
NAME = "summit-extract"


def test_a_rollout_finds_what_was_published_and_leaves_its_report(
    model_registry: Registry, published: ModelReference
) -> None:
    connection = model_registry.connection
    if not connection.is_served:
        with pytest.raises(ConfigurationError, match="MLFLOW_TRACKING_URI"), registered_model(NAME, connection):
            pass
        return
    with registered_model(NAME, connection) as model:
        facts = model.facts(published.version)
        assert (facts.exact, facts.fault, facts.labels) == (exact_version(published), None, ("PER",))
        assert facts.scores == {"wikigold_test/f1": 0.75, "wikigold_test/f1_PER": 0.875}
        model.tag_version(TagVersion(published.version, (("rollout.state", "Ramp"),)))
        model.publish_report(PublishReport(facts.exact, "r7"), "<html>é</html>")
        tags = model.facts(published.version).tags
    assert (tags["rollout.state"], tags["rollout.report_id"]) == ("Ramp", "r7")
    folder, _, file = tags["rollout.report_uri"].rpartition("/")
    with open_files(trusted_source(folder, allowed_sources(connection)), connection) as files:
        assert b"".join(files.chunks(file)).decode() == "<html>é</html>"


def test_an_alias_moves_only_from_where_it_was_seen(model_registry: Registry, published: ModelReference) -> None:
    if not model_registry.connection.is_served:
        return
    version = published.version
    with registered_model(NAME, model_registry.connection) as model:
        before = model.aliases().previous
        model.move_alias(MoveAlias("previous", version, "99"))
        assert model.aliases().previous == before
        model.move_alias(MoveAlias("previous", version, before))
        assert model.aliases().previous == version
    with open_store(model_registry.connection) as store:
        store.delete_alias(NAME, "previous")


def test_a_version_that_is_not_there_has_a_fault_that_says_so(
    model_registry: Registry, published: ModelReference
) -> None:
    if not model_registry.connection.is_served:
        return
    with registered_model(NAME, model_registry.connection) as model:
        facts = model.facts("99")
    assert "no version 99" in str(facts.fault)
    assert published.version in str(facts.fault)
