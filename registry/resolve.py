"""A name and a selector (number, semver, alias) → the one model version they mean. Pure over a `VersionStore`."""

import json
from collections.abc import Sequence

from registry.reference import ModelReference
from registry.selector import CHAMPION, Kind, Selector, is_name
from registry.store import RegisteredVersion, VersionStore
from summit_inference.errors import ArtifactError, InvalidRequest, ModelNotFound, ModelVersionNotFound, SummitError

DIGEST_TAG = "digest"
FILES_TAG = "files"
SEMVER_TAG = "semver"
_LISTED = 10


def resolve(store: VersionStore, name: str, selector: str = CHAMPION) -> ModelReference:
    """The version of the model `name` that the selector means; by default the champion.

    The reference's `source` is as the registry states it, unchecked: `download` checks it.

    Raises:
        ModelNotFound: no such model is registered.
        ModelVersionNotFound: it has no such version; the sentence lists those that exist.
        ArtifactError: the version has no digests, or ones that contradict each other.
        InvalidRequest: the name or the selector has a form that no version's has.
    """
    if not is_name(name):
        raise InvalidRequest("a model's name is letters, digits, dots, dashes and underscores, at most 128 of them")
    registered = _selected(store, name, Selector.parse(selector))
    return referred(registered, store.source(name, registered.version))


def referred(registered: RegisteredVersion, source: str) -> ModelReference:
    """What the registry says of a version, checked.

    Raises:
        ArtifactError: it has no digests, or ones that contradict each other.
    """
    if not {DIGEST_TAG, FILES_TAG} <= registered.tags.keys():
        raise ArtifactError(
            f"version {registered.version} of {registered.name} has no digests, so nothing can be verified; "
            f"seal it with: summit model seal {registered.name}@{registered.version}"
        )
    return ModelReference(
        name=registered.name,
        version=registered.version,
        run_id=registered.run_id,
        digest=registered.tags[DIGEST_TAG],
        files=_files(registered.tags[FILES_TAG]),
        source=source,
        tags={key: value for key, value in registered.tags.items() if key != FILES_TAG},
    )


def _files(text: str) -> dict[str, str]:
    try:
        files = json.loads(text)
    except ValueError:
        files = None
    return files if isinstance(files, dict) else {}


def _selected(store: VersionStore, name: str, selector: Selector) -> RegisteredVersion:
    found = _found(store, name, selector)
    if not found:
        raise _unknown(name, selector, store.all_versions(name))
    if len(found) > 1:
        numbers = " and ".join(version.version for version in found)
        raise ModelVersionNotFound(f"{name} {selector.value} is carried by versions {numbers}; name one by its number")
    return found[0]


def _found(store: VersionStore, name: str, selector: Selector) -> list[RegisteredVersion]:
    if selector.kind is Kind.SEMVER:
        return with_semver(store.all_versions(name), selector.value)
    by_one = store.by_number if selector.kind is Kind.NUMBER else store.by_alias
    found = by_one(name, selector.value)
    return [] if found is None else [found]


def with_semver(versions: Sequence[RegisteredVersion], semver: str) -> list[RegisteredVersion]:
    """The versions that carry the semver: one, unless two were published at the same moment."""
    return [version for version in versions if version.tags.get(SEMVER_TAG) == semver]


def _unknown(name: str, selector: Selector, versions: Sequence[RegisteredVersion]) -> SummitError:
    if not versions:
        return ModelNotFound(f"no version of {name} is registered; publish one with: summit model publish")
    listed = "; ".join(map(_described, versions[:_LISTED])) + ("; …" if len(versions) > _LISTED else "")
    return ModelVersionNotFound(f"{name} has no {selector.kind} {selector.value}; there are: {listed}")


def _described(version: RegisteredVersion) -> str:
    """`3 (v2.1.0, champion)`."""
    names = [name for name in (version.tags.get(SEMVER_TAG, ""), *version.aliases) if name]
    return version.version + (f" ({', '.join(names)})" if names else "")
