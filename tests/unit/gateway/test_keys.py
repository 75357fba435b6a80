import json

import pytest

from gateway.degrade import Policy
from gateway.keys import Key, KeyRing, Scope, digest_of
from summit_inference.errors import ConfigurationError, Unauthenticated

ONE, TWO = "one-token-0123456789", "two-token-0123456789"


def test_one_token_is_one_key_for_inference() -> None:
    key = KeyRing.of_tokens(ONE).key_of(f"Bearer {ONE}")
    assert (key.name, key.scopes) == ("key-1", frozenset({Scope.EXTRACT, Scope.BATCH}))


def test_several_tokens_may_have_names() -> None:
    ring = KeyRing.of_tokens(f"web:{ONE}, {TWO}")
    assert [ring.key_of(f"bearer {token}").name for token in (ONE, TWO)] == ["web", "key-2"]


def test_no_token_is_no_key() -> None:
    assert len(KeyRing.of_tokens(" , ")) == 0


@pytest.mark.parametrize("text", ["short", "web:short", f"{ONE},x"])
def test_a_token_that_can_be_guessed_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="16 characters"):
        KeyRing.of_tokens(text)


def test_the_ring_holds_no_token() -> None:
    assert ONE not in repr(vars(KeyRing.of_tokens(ONE)))


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="no header"),
        pytest.param("", id="an empty one"),
        pytest.param(ONE, id="no scheme"),
        pytest.param(f"Basic {ONE}", id="another scheme"),
        pytest.param(f"Bearer {ONE} {ONE}", id="two tokens"),
        pytest.param(f"Bearer {ONE[:-1]}", id="a part of a token"),
        pytest.param(f"Bearer {ONE.upper()}", id="another case"),
        pytest.param(f"Bearer {digest_of(ONE)}", id="the digest itself"),
        pytest.param("Bearer \udce4", id="bytes that are no text"),
    ],
)
def test_what_is_no_known_token_is_refused(header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        KeyRing.of_tokens(ONE).key_of(header)


def test_a_keys_file_gives_scopes_limits_and_a_policy() -> None:
    entry = {
        "name": "nightly",
        "sha256": digest_of(ONE),
        "scopes": ["batch"],
        "requests_per_second": 5,
        "concurrency": 2,
        "degradation": "refuse",
    }
    key = KeyRing.from_json(json.dumps([entry]).encode()).key_of(f"Bearer {ONE}")
    assert key == Key(
        name="nightly",
        sha256=digest_of(ONE),
        scopes=frozenset({Scope.BATCH}),
        requests_per_second=5,
        concurrency=2,
        degradation=Policy.REFUSE,
    )


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param({"name": "a"}, id="no list"),
        pytest.param([{"name": "a"}], id="no digest"),
        pytest.param([{"name": "a", "sha256": ONE}], id="a token in place of its digest"),
        pytest.param([{"name": "a", "sha256": digest_of(ONE), "scope": ["admin"]}], id="an unknown member"),
        pytest.param([{"name": "a", "sha256": digest_of(ONE), "scopes": ["root"]}], id="an unknown scope"),
        pytest.param(
            [{"name": "a", "sha256": digest_of(ONE)}, {"name": "a", "sha256": digest_of(TWO)}], id="a name twice"
        ),
        pytest.param(
            [{"name": "a", "sha256": digest_of(ONE)}, {"name": "b", "sha256": digest_of(ONE)}], id="a key twice"
        ),
    ],
)
def test_a_keys_file_that_is_wrong_is_refused_without_repeating_what_is_in_it(entries: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        KeyRing.from_json(json.dumps(entries).encode())
    assert ONE not in str(caught.value)


def test_keys_of_two_places_open_one_door() -> None:
    ring = KeyRing.of_tokens(f"web:{ONE}") + KeyRing.of_tokens(f"ops:{TWO}")
    assert [ring.key_of(f"Bearer {token}").name for token in (ONE, TWO)] == ["web", "ops"]
