"""Clients that openapi-generator makes of the document, in Python and TypeScript, call a real gateway."""

import asyncio
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from contract.gateway.loopback import ScriptedModel, gateway_before, served
from servers.processes import program

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = ROOT / "schema" / "ai" / "openapi.json"
CLIENTS = Path(__file__).parent / "clients"
TOKEN = "web-token-0123456789"  # noqa: S105
JAVA = "apt-get install -y --no-install-recommends default-jre-headless"
TYPESCRIPT = "apt-get install -y --no-install-recommends node-typescript"
COMPILER_OPTIONS = (
    *("--target", "es2022", "--module", "commonjs", "--lib", "es2022,dom", "--strict"),
    *("--noImplicitAny", "false"),  # the generated code narrows objects by `in`, which Debian's compiler does not know
)
EXPECTED = {
    "entities": ["Ada"],
    "label": "PER",
    "version": "3",
    "degraded": [False, True],
    "results": 2,
    "column": ["Ada"],
    "model": "summit-extract",
    "refused": {"status": 400, "code": "invalid_request"},
}

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


async def run(*command: str) -> str:
    """What it prints; it must end well."""
    process = await asyncio.create_subprocess_exec(*command, stdout=-1, stderr=-1)
    output, faults = await process.communicate()
    assert process.returncode == 0, output.decode() + faults.decode()
    return output.decode()


async def generate(kind: str, folder: Path, *options: str) -> None:
    program("java", install=JAVA)
    generator = program("openapi-generator-cli", install="pip install openapi-generator-cli")
    await run(generator, "generate", "-q", "-i", str(DOCUMENT), "-g", kind, "-o", str(folder), *options)


async def called(*command: str) -> Any:
    """What a client's caller got, from a gateway that takes one key, before a model that answers."""
    async with (
        served(ScriptedModel().app()) as upstream,
        gateway_before(upstream, token=TOKEN, probe_seconds=10) as door,
    ):
        return json.loads(await run(*command, door.url, TOKEN))


async def test_a_python_client_is_made_and_calls(tmp_path: Path) -> None:
    await generate("python", tmp_path, "--additional-properties=packageName=summit_client,generateSourceCodeOnly=true")
    assert await called(sys.executable, "-P", str(CLIENTS / "call.py"), str(tmp_path)) == EXPECTED


async def test_a_typescript_client_is_made_compiles_and_calls(tmp_path: Path) -> None:
    await generate("typescript-fetch", tmp_path)
    shutil.copy(CLIENTS / "call.ts", tmp_path)
    await run(program("tsc", install=TYPESCRIPT), *COMPILER_OPTIONS, str(tmp_path / "call.ts"))
    assert await called(program("node", install=TYPESCRIPT), str(tmp_path / "call.js")) == EXPECTED
