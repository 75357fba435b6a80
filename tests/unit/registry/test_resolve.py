import json
from dataclasses import dataclass, field, replace

import pytest

from registry.digests import whole_digest
from registry.resolve import resolve
from registry.store import RegisteredVersion
from summit_inference.errors import ArtifactError, InvalidRequest, ModelNotFound, ModelVersionNotFound

FILES = {"model/model.safetensors": "1" * 64, "MLmodel": "2" * 64}


def version(number: int, semver: str, *aliases: str, **tags: str) -> RegisteredVersion:
    sealed = {"digest": whole_digest(FILES), "files": json.dumps(FILES), "semver": semver}
    return RegisteredVersion("summit-extract", str(number), f"run-{number}", {**sealed, **tags}, aliases)


@dataclass
class FakeStore:
    versions: list[RegisteredVersion]
    aliases: dict[str, str] = field(default_factory=dict)

    def by_number(self, name: str, version: str) -> RegisteredVersion | None:
        return next((one for one in self.all_versions(name) if one.version == version), None)

    def by_alias(self, name: str, alias: str) -> RegisteredVersion | None:
        return next((one for one in self.all_versions(name) if alias in one.aliases), None)

    def all_versions(self, name: str) -> tuple[RegisteredVersion, ...]:
        return tuple(one for one in self.versions if one.name == name)

    def source(self, name: str, version: str) -> str:
        return f"mlflow-artifacts:/{name}/{version}"

    def set_alias(self, name: str, alias: str, version: str) -> None:
        raise NotImplementedError

    def delete_alias(self, name: str, alias: str) -> None:
        raise NotImplementedError


@pytest.fixture
def store() -> FakeStore:
    return FakeStore([version(3, "v2.1.0", "candidate"), version(2, "v2.0.0", "champion"), version(1, "v1.0.0")])


@pytest.mark.parametrize(
    ("selector", "number"),
    [("1", "1"), ("champion", "2"), ("candidate", "3"), ("v2.1.0", "3"), ("1.0.0", "1")],
)
def test_a_selector_means_one_version(store: FakeStore, selector: str, number: str) -> None:
    assert resolve(store, "summit-extract", selector).version == number


def test_without_a_selector_it_is_the_champion(store: FakeStore) -> None:
    assert resolve(store, "summit-extract").version == "2"


def test_a_reference_says_all_that_a_download_needs(store: FakeStore) -> None:
    reference = resolve(store, "summit-extract", "3")
    assert reference.files == FILES
    assert reference.digest == whole_digest(FILES)
    assert reference.source == "mlflow-artifacts:/summit-extract/3"
    assert reference.run_id == "run-3"
    assert reference.tags == {"semver": "v2.1.0", "digest": whole_digest(FILES)}


@pytest.mark.parametrize(
    ("selector", "what"),
    [("9", "version 9"), ("blessed", "alias blessed"), ("v9.0.0", "semver v9.0.0")],
)
def test_an_unknown_version_is_answered_with_those_that_exist(store: FakeStore, selector: str, what: str) -> None:
    with pytest.raises(ModelVersionNotFound) as raised:
        resolve(store, "summit-extract", selector)
    assert str(raised.value) == (
        f"summit-extract has no {what}; there are: 3 (v2.1.0, candidate); 2 (v2.0.0, champion); 1 (v1.0.0)"
    )


def test_the_list_of_versions_ends_somewhere() -> None:
    store = FakeStore([version(number, "v1.0.0") for number in range(30, 0, -1)])
    with pytest.raises(ModelVersionNotFound, match=r"21 \(v1\.0\.0\); …$"):
        resolve(store, "summit-extract", "99")


def test_an_unknown_model_is_not_an_unknown_version(store: FakeStore) -> None:
    with pytest.raises(ModelNotFound, match="no version of other is registered"):
        resolve(store, "other", "1")


def test_a_semver_that_two_versions_carry_means_neither(store: FakeStore) -> None:
    store.versions.append(version(4, "v2.1.0"))
    with pytest.raises(ModelVersionNotFound, match="versions 3 and 4"):
        resolve(store, "summit-extract", "v2.1.0")


@pytest.mark.parametrize("missing", ["digest", "files"])
def test_a_version_without_digests_is_refused_with_the_command_that_seals_it(store: FakeStore, missing: str) -> None:
    sealed = store.versions[0]
    tags = {key: value for key, value in sealed.tags.items() if key != missing}
    store.versions[0] = replace(sealed, tags=tags)
    with pytest.raises(ArtifactError, match="summit model seal summit-extract@3"):
        resolve(store, "summit-extract", "3")


@pytest.mark.parametrize("files", ["", "[]", "{}", '{"../x": "' + "1" * 64 + '"}', json.dumps({"MLmodel": "3" * 64})])
def test_digests_that_contradict_each_other_are_refused(store: FakeStore, files: str) -> None:
    store.versions[0] = version(3, "v2.1.0", files=files)
    with pytest.raises(ArtifactError, match="the model reference"):
        resolve(store, "summit-extract", "3")


def test_a_name_that_is_none_is_refused_before_the_store_sees_it(store: FakeStore) -> None:
    with pytest.raises(InvalidRequest, match="a model's name"):
        resolve(store, "x' OR name LIKE '%", "1")
