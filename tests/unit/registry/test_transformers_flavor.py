from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry.digests import file_digests
from registry.publish_order import PublishOrder
from registry.transformers_flavor import CheckedTransformersFlavor
from summit_inference.errors import ArtifactError

ORDER = PublishOrder("summit-extract", Path("trained"), "v2.1.0", licence="apache-2.0")


class FakeFlavor:
    """Writes one file, and a licence as mlflow would."""

    def __init__(self, name: str, content: bytes) -> None:
        self._name = name
        self._content = content
        self.options: dict[str, Any] = {}

    def save_model(self, path: str, **options: Any) -> None:
        self.options = options
        Path(path, self._name).write_bytes(self._content)
        Path(path, "LICENSE.txt").write_text("see the hub")


def test_the_licence_is_the_orders_and_the_digests_are_of_what_is_uploaded(tmp_path: Path) -> None:
    flavor = CheckedTransformersFlavor(fake := FakeFlavor("config.json", b"{}"), ORDER)
    flavor.save_model(str(tmp_path), object(), signature="s")
    assert "The weights: apache-2.0" in (tmp_path / "LICENSE.txt").read_text()
    assert flavor.digests == file_digests(tmp_path)
    assert fake.options["signature"] == "s"
    assert fake.options["model_card"].data.license == "apache-2.0"


def test_a_pickle_that_mlflow_wrote_stops_the_upload(tmp_path: Path, a_pickle: Callable[[int], bytes]) -> None:
    flavor = CheckedTransformersFlavor(FakeFlavor("config.json", a_pickle(4)), ORDER)
    with pytest.raises(ArtifactError, match="is a pickle"):
        flavor.save_model(str(tmp_path), object())
    assert flavor.digests == {}
