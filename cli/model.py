"""`summit model …`: train, judge, publish and look up model versions."""

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from cli.platform import MODEL_NAME
from cli.registry_here import registry_here
from cli.settings import CliSettings
from cli.terminal import put, say, step
from registry.resolve import resolve
from registry.selector import CHAMPION
from registry.store import RegisteredVersion
from registry.stores import open_store
from summit_inference.errors import InvalidRequest

if TYPE_CHECKING:
    from training.evaluate import Extract, Scores
    from training.shipped import ShippedVersion

_TIMED_SENTENCES = 100


def add_arguments(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The noun and its verbs."""
    nouns = verbs.add_parser("model", help="train, evaluate, publish and look up model versions")
    verb = nouns.add_subparsers(required=True, metavar="VERB")
    for add in (_add_list, _add_resolve, _add_alias, _add_publish, _add_seal, _add_train, _add_evaluate):
        add(verb)


def _add_list(verb: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verb.add_parser("list", help="the registered versions of a model, newest first")
    parser.add_argument("name", nargs="?", default=MODEL_NAME)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.set_defaults(run=run_list)


def run_list(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print a line a version."""
    with open_store(registry_here(settings)) as store:
        versions = store.all_versions(options.name)
    if options.json:
        put(json.dumps([asdict(version) for version in versions]))
        return 0
    for version in versions:
        put(_line(version))
    if not versions:
        say(f"no version of {options.name} is registered; `summit up` and `summit model publish` register some")
    return 0


def _line(version: RegisteredVersion) -> str:
    semver, aliases = version.tags.get("semver", "-"), ", ".join(version.aliases) or "-"
    return f"{version.name} {version.version:<4} {semver:<10} {aliases:<24} run {version.run_id or '-'}"


def _add_resolve(verb: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verb.add_parser("resolve", help="which exact version a number, semver or alias means")
    parser.add_argument("model", help=f"NAME@SELECTOR, such as {MODEL_NAME}@champion, @2 or @v2.0.0")
    parser.set_defaults(run=run_resolve)


def run_resolve(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print the reference as one JSON document."""
    name, selector = _named(options.model)
    with open_store(registry_here(settings)) as store:
        put(json.dumps(asdict(resolve(store, name, selector))))
    return 0


def _add_alias(verb: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verb.add_parser("alias", help="let an alias name a version")
    parser.add_argument("alias", help="candidate, or champion: what `summit up` serves")
    parser.add_argument("model", help=f"NAME@SELECTOR, such as {MODEL_NAME}@2")
    parser.set_defaults(run=run_alias)


def run_alias(options: argparse.Namespace, settings: CliSettings) -> int:
    """Move the alias."""
    name, selector = _named(options.model)
    with open_store(registry_here(settings)) as store:
        reference = resolve(store, name, selector)
        store.set_alias(name, options.alias, reference.version)
    say(f"{options.alias} of {name} is version {reference.version}")
    return 0


def _add_publish(verb: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verb.add_parser("publish", help="register a shipped version, or a model directory of your own")
    parser.add_argument("what", help="v1, v2, or a directory as save_pretrained writes it")
    parser.add_argument("--name", default=MODEL_NAME, help="the registered model, for a directory")
    parser.add_argument("--semver", help="needed for a directory, such as v2.1.0")
    parser.add_argument("--alias", help="an alias to set, such as candidate")
    parser.add_argument("--int8-f1-loss", type=float, help="points of F1 that a directory's model loses in 8 bits")
    parser.add_argument("--int8-maps", default="", help="the maps that this was measured with; all by default")
    parser.set_defaults(run=run_publish)


def run_publish(options: argparse.Namespace, settings: CliSettings) -> int:
    """Register, and print the reference as one JSON document."""
    from cli import shipping  # noqa: PLC0415
    from registry.publish import publish  # noqa: PLC0415 - imports mlflow, which takes seconds
    from registry.publish_order import PublishOrder  # noqa: PLC0415

    connection = registry_here(settings)
    with tempfile.TemporaryDirectory(prefix="summit-") as scratch, step(f"publishing {options.what}"):
        if shipped := _shipped(options.what):
            order = shipping.order(shipped, shipping.merged(shipped, Path(scratch) / "model"), options.alias)
        elif Path(options.what).is_dir() and options.semver:
            order = PublishOrder(
                options.name,
                Path(options.what),
                options.semver,
                int8_f1_loss=options.int8_f1_loss,
                int8_maps=options.int8_maps,
                alias=options.alias,
            )
        else:
            raise InvalidRequest("publish v1, v2, or a model directory together with --semver")
        reference = publish(order, connection)
    put(json.dumps(asdict(reference)))
    return 0


def _add_seal(verb: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verb.add_parser("seal", help="add digests to a version that was logged with mlflow by hand")
    parser.add_argument("model", help=f"NAME@VERSION, such as {MODEL_NAME}@3")
    parser.set_defaults(run=run_seal)


def run_seal(options: argparse.Namespace, settings: CliSettings) -> int:
    """Check the version's files, and print the reference as one JSON document."""
    from registry.publish import seal  # noqa: PLC0415 - imports mlflow, which takes seconds

    name, version = _named(options.model)
    put(json.dumps(asdict(seal(name, version, registry_here(settings), say))))
    return 0


def _add_train(verb: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verb.add_parser("train", help="make a shipped version anew from its data; about 25 minutes")
    parser.add_argument("what", help="v1 or v2")
    parser.add_argument("--data", type=Path, required=True, help="the folder with the corpora's .jsonl files")
    parser.add_argument("--out", type=Path, required=True, help="the adapter file to write, .safetensors")
    parser.set_defaults(run=run_train)


def run_train(options: argparse.Namespace, settings: CliSettings) -> int:  # noqa: ARG001 - every command takes both
    """Train, and write the adapter."""
    from training.build import build  # noqa: PLC0415 - imports torch

    shipped = _shipped(options.what)
    if shipped is None:
        raise InvalidRequest("train v1 or v2")
    build(shipped.recipe, options.data, options.out, say)
    say(f"wrote {options.out}")
    return 0


def _add_evaluate(verb: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verb.add_parser("evaluate", help="strict micro F1 of a version, or of a peer, on labelled files")
    parser.add_argument(
        "files", nargs="*", type=Path, help="labelled .jsonl files; by default those of --data that are for tests"
    )
    parser.add_argument("--data", type=Path, help="a folder; its *_test.jsonl files are judged on")
    parser.add_argument(
        "--model",
        default=f"{MODEL_NAME}@{CHAMPION}",
        help="NAME@SELECTOR, `fallback`, `spacy:PIPELINE`, or a model directory",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.set_defaults(run=run_evaluate)


def run_evaluate(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print the scores of every file, per label, and the median latency of one sentence alone."""
    from training.corpora import read, written  # noqa: PLC0415
    from training.evaluate import evaluate, p50_ms  # noqa: PLC0415 - imports scikit-learn

    files = options.files or sorted((options.data or Path()).glob("*_test.jsonl"))
    if not files:
        raise InvalidRequest("name labelled .jsonl files, or a folder that has *_test.jsonl with --data")
    report: dict[str, object] = {}
    with _extract(options.model, settings) as extract:
        for file in files:
            sentences = read(file)
            with step(f"{file.stem}: {len(sentences)} sentences"):
                scores = evaluate(extract, sentences)
                latency_ms = p50_ms(extract, [written(sentence).text for sentence in sentences[:_TIMED_SENTENCES]])
            report[file.stem] = {**asdict(scores), "p50_ms": latency_ms}
            if not options.json:
                _print_scores(file.stem, scores, latency_ms)
    if options.json:
        put(json.dumps({"model": options.model, "scores": report}))
    return 0


def _print_scores(name: str, scores: "Scores", latency_ms: float) -> None:
    rows = {"all": scores.micro, **scores.by_label}
    for label, score in rows.items():
        figures = f"F1 {score.f1:5.1f}   precision {score.precision:5.1f}   recall {score.recall:5.1f}"
        put(f"{name:<16} {label:<4} {figures}   {score.mentions} mentions")
    put(f"{name:<16} p50 {latency_ms:.1f} ms a sentence")


@contextmanager
def _extract(model: str, settings: CliSettings) -> Iterator["Extract"]:
    """The extract function that `--model` names."""
    if model == "fallback":
        from fallback.extract import extract  # noqa: PLC0415

        yield lambda texts: [extract(text) for text in texts]
    elif model.startswith("spacy:"):
        from training.peers import spacy_pipeline  # noqa: PLC0415

        yield spacy_pipeline(model.removeprefix("spacy:"))
    elif Path(model).is_dir():
        from training.extract import extractor  # noqa: PLC0415 - imports torch

        yield extractor(Path(model))
    else:
        from cli.local_model import local_extractor  # noqa: PLC0415 - imports torch

        with local_extractor(settings, *_named(model)) as loaded:
            yield loaded.extract


def _named(model: str) -> tuple[str, str]:
    name, _, selector = model.partition("@")
    return name or MODEL_NAME, selector or CHAMPION


def _shipped(name: str) -> "ShippedVersion | None":
    from training.shipped import SHIPPED  # noqa: PLC0415

    return next((version for version in SHIPPED if version.name == name), None)
