"""A machine that rolls out: process manager, gateway, controller and pairs are real, the registry is scripted.

The models are tiny and all alike, but for what a test spoils; or there are none, and a script answers in their place.
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers.platform import Platform, free_offset
from servers.scripted_registry import NAME, ScriptedRegistry, answering

from cli import health
from cli.home import Home, Ports
from cli.platform import Plan
from cli.start import pairs_of
from rollout.phase import Phase
from rollout.routes_file import RoutesFile
from rollout.state import Outcome, Status
from rollout.state_file import StateFile
from serving.supervisor import Supervisor
from summit_inference.routes_document import Route

_FAULTS = Path(__file__).parent / "faults"
_START_SECONDS = 240.0  # on a machine that does other things besides
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class RolloutMachine:
    """One machine that serves version 1."""

    platform: Platform
    plan: Plan
    supervisor: Supervisor
    registry: ScriptedRegistry
    faults: Path

    def add(self, version: str, spoil: Callable[[Path], None] = lambda _: None) -> None:
        """Register another version: the same model, spoilt before its digests are taken."""
        shutil.copytree(self.registry.folder("1"), self.registry.folder(version))
        spoil(self.registry.folder(version))
        self.registry.publish(version)

    def inject(self, version: str, fault: str) -> None:
        """Have the processes of the version fail in this way."""
        self.faults.write_text(json.dumps({**json.loads(self.faults.read_text()), version: fault}))

    def start(self, version: str, policy: Path) -> None:
        """Order a rollout, as a person does."""
        done = self.platform.summit("rollout", "start", NAME, version, "--policy", str(policy))
        assert done.returncode == 0, done.stderr

    def status(self) -> Status:
        """The controller's, as it stands in its file."""
        found = StateFile(self.plan.home.rollouts).read(NAME)
        return found.status if found else Status()

    def until(self, is_so: Callable[[Status], bool], seconds: float) -> Status:
        """The first status of which this is true."""
        end = time.monotonic() + seconds
        while not is_so(status := self.status()):
            if time.monotonic() > end:
                log = (self.plan.home.logs / "rollout.log").read_text()[-3000:]
                pytest.fail(f"it did not happen: {status.phase} {status.reason} {status.rules}\n{log}")
            time.sleep(_POLL_SECONDS)
        return status

    def outcome(self, version: str, seconds: float) -> Outcome:
        """How the rollout of this version ended, once it has."""

        def is_over(status: Status) -> bool:
            return any(each.candidate.version == version for each in status.outcomes)

        return next(each for each in self.until(is_over, seconds).outcomes if each.candidate.version == version)

    def kill_controller(self) -> None:
        """End the controller without a warning, wherever it stands; the manager starts another."""
        process = next(each for each in self.supervisor.processes() if each.name == "rollout")
        os.kill(process.pid, signal.SIGKILL)

    def routed(self) -> dict[str, int]:
        """The percent of each version, as the gateway follows it."""
        document = RoutesFile(self.plan.home.routes).read()
        return {route.model_version: route.percent for route in document.routes} if document else {}

    def is_back(self) -> bool:
        """Whether the champion serves alone, and no other version runs."""
        champion = self.registry.aliases["champion"]
        pairs = [pair.model_version for pair in pairs_of(self.plan, self.supervisor).all()]
        return self.routed() == {champion: 100} and pairs == [champion]

    def is_over(self) -> bool:
        """Whether nothing is rolled out."""
        return self.status().phase in {Phase.PROMOTED, Phase.ROLLED_BACK, Phase.IDLE}


@contextmanager
def rollout_machine(folder: Path, *, is_scripted: bool) -> Iterator[RolloutMachine]:
    """The machine, once version 1 answers, until the block ends. Scripted, it has no encoders and starts in seconds."""
    platform = Platform(folder / "home", free_offset())
    plan = Plan(Home(platform.home), Ports(platform.offset))
    plan.home.make()
    registry = ScriptedRegistry(folder / "registry")
    _save_model(registry.folder("1"), is_scripted=is_scripted)
    registry.publish("1")
    registry.aliases["champion"] = "1"
    faults = folder / "faults.json"
    faults.write_text("{}")
    supervisor = Supervisor(plan.home.supervisor, plan.home.logs)
    with answering(registry, plan.ports.mlflow):
        try:
            with pytest.MonkeyPatch.context() as patch:  # supervisord's, and so that of all that it starts
                patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (_FAULTS, _FAULTS.parents[1], _FAULTS.parents[2]))))
                patch.setenv("FAULTS_FILE", str(faults))
                if is_scripted:
                    patch.setenv("SCRIPTED_PAIRS", "true")
                _start(plan, supervisor, registry)
            yield RolloutMachine(platform, plan, supervisor, registry, faults)
        finally:
            supervisor.shut_down()


def _start(plan: Plan, supervisor: Supervisor, registry: ScriptedRegistry) -> None:
    directory = plan.home.models / NAME / "1"
    shutil.copytree(registry.folder("1"), directory)
    _refer(directory, registry)
    gateway = [service for service in plan.always() if service.name == "gateway"]
    services = [*gateway, *plan.afterwards()]
    pairs = pairs_of(plan, supervisor)
    supervisor.declare("platform", [service.program for service in gateway])
    supervisor.start()
    pair = pairs.start("1", directory)
    RoutesFile(plan.home.routes).write([Route(model_version="1", percent=100, url=pair.url)], 0)
    health.wait_until_ready([*gateway, *plan.stages(pair)], _START_SECONDS, lambda name: name)
    supervisor.declare("platform", [service.program for service in services])
    supervisor.follow()
    health.wait_until_ready(plan.afterwards(), _START_SECONDS, lambda name: name)


def _save_model(directory: Path, *, is_scripted: bool) -> None:
    if not is_scripted:
        from servers.stages import save_tiny_model  # noqa: PLC0415 - imports torch

        save_tiny_model(directory)
        return
    directory.mkdir(parents=True)
    tags = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
    (directory / "config.json").write_text(json.dumps({"id2label": dict(enumerate(tags))}))
    (directory / "tokenizer.json").write_text("{}")
    (directory / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")


def _refer(directory: Path, registry: ScriptedRegistry) -> None:
    tags = registry.tags["1"]
    reference = {
        "name": NAME,
        "version": "1",
        "run_id": "1".zfill(32),
        "digest": tags["digest"],
        "files": json.loads(tags["files"]),
    }
    (directory / "model-reference.json").write_text(json.dumps(reference))
