"""The example of a GraphQL resolver, against a real gateway."""

import importlib.util
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from contract.gateway.loopback import ScriptedModel, gateway_before, nobody, served

from summit_inference.extract_client import ExtractClient

GUIDES = Path(__file__).resolve().parents[3] / "docs" / "guides"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
QUERY = """query ($text: String!) {
  entities(documentId: "d-1", text: $text) { mentions { text label score } degraded model { name version runId } }
}"""


@pytest.fixture
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("graphql_resolver", GUIDES / "graphql_resolver.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Asked:
    """A GraphQL request with a trace, and what its resolver stored."""

    def __init__(self, example: ModuleType, client: ExtractClient) -> None:
        self.stored: list[Any] = []
        self._example = example
        self._context = example.Context({"traceparent": TRACE, "x-request-id": "id-9"}, client, self._store)

    async def answer(self, text: str) -> Any:
        return await self._example.answered(QUERY, {"text": text}, self._context)

    async def _store(self, one: Any) -> None:
        self.stored.append(one)


@pytest.fixture
async def model() -> AsyncIterator[tuple[ScriptedModel, str]]:
    scripted = ScriptedModel()
    async with served(scripted.app()) as url:
        yield scripted, url


async def test_it_answers_with_model_version_and_run(example: ModuleType, model: tuple[ScriptedModel, str]) -> None:
    async with gateway_before(model[1], probe_seconds=5) as door, ExtractClient(door.url) as client:
        result = await Asked(example, client).answer("Ada met Grace")
    assert result.errors is None
    assert result.data["entities"] == {
        "mentions": [{"text": "Ada", "label": "PER", "score": 0.5}],
        "degraded": False,
        "model": {"name": "summit-extract", "version": "3", "runId": "run-7"},
    }


async def test_the_callers_trace_reaches_the_model(example: ModuleType, model: tuple[ScriptedModel, str]) -> None:
    async with gateway_before(model[1], probe_seconds=5) as door, ExtractClient(door.url) as client:
        await Asked(example, client).answer("Ada")
    assert model[0].headers[-1]["traceparent"] == TRACE


async def test_what_is_stored_leads_back_to_the_run(example: ModuleType, model: tuple[ScriptedModel, str]) -> None:
    async with gateway_before(model[1], probe_seconds=5) as door, ExtractClient(door.url) as client:
        asked = Asked(example, client)
        await asked.answer("Ada")
    (stored,) = asked.stored
    assert stored == example.StoredExtraction("d-1", ["Ada"], "summit-extract", "3", "run-7", False, "id-9")


async def test_a_degraded_answer_is_stored_as_such(example: ModuleType) -> None:
    async with gateway_before(nobody()) as door, ExtractClient(door.url) as client:
        asked = Asked(example, client)
        result = await asked.answer("Ada")
    assert result.data["entities"]["degraded"] is True
    assert (asked.stored[0].model_name, asked.stored[0].run_id) == ("summit-fallback", None)


async def test_an_error_keeps_its_code_and_nothing_is_stored(example: ModuleType) -> None:
    async with ExtractClient(nobody(), attempts=1) as client:
        asked = Asked(example, client)
        result = await asked.answer("Ada")
    assert result.errors[0].extensions == {"code": "upstream_unreachable"}
    assert asked.stored == []


async def test_the_python_of_the_guide_runs(
    model: tuple[ScriptedModel, str], capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (GUIDES / "clients.md").read_text("utf-8"), re.DOTALL)
    async with gateway_before(model[1], probe_seconds=5) as door:
        lines = "\n".join(f"    {line}" for line in code.replace("http://localhost:8000", door.url).splitlines())
        scope: dict[str, Any] = {}
        exec(f"async def guide():\n{lines}", scope)  # noqa: S102 - ours
        await scope["guide"]()
    assert capsys.readouterr().out.startswith("['Angela'] 3")
