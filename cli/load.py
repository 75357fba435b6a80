"""`summit load`: requests at a steady rate, and which version answered them how fast."""

import argparse
import asyncio
from collections.abc import Callable
from functools import partial

import orjson

from cli.documents import documents
from cli.home import Home, Ports
from cli.open_loop import Load, shoot
from cli.platform import Plan
from cli.settings import CliSettings
from cli.shots import Shot, by_version, line, summary
from cli.terminal import put, say
from summit_inference.errors import InvalidRequest

TEXTS = (
    "Angela Merkel met Tim Cook of Apple in Berlin.",
    "The European Commission fined Google in Brussels, Margrethe Vestager said.",
    "Pedro Sánchez flew from Madrid to Lisbon for talks with António Costa.",
    "Nothing of note happened, and the afternoon was quiet.",
    "Satya Nadella said that Microsoft would open an office in Nairobi next year.",
    "Reuters reported from Kyiv that the World Bank had agreed to the loan.",
    "In Osaka, Sony and Honda showed the car; Kenichiro Yoshida drove it on stage.",
    "Jacinda Ardern taught at Harvard University before she came back to New Zealand.",
)
_MOST_PER_SECOND = 2000.0


def add_arguments(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb."""
    load = verbs.add_parser("load", help="send requests at a steady rate, and see which version answers how")
    load.add_argument("--rate", type=float, default=10.0, help="requests a second, whether or not they are answered")
    load.add_argument("--seconds", type=float, default=60.0)
    load.add_argument("--texts", metavar="FILE", help="a text or .jsonl file; by default a few sentences of news")
    load.add_argument("--timeout-seconds", type=float, default=30.0, help="a request without an answer by then failed")
    load.add_argument("--url", help="the gateway; by default AI_SERVICE_URL, or the one of this machine")
    load.add_argument("--json", action="store_true", help="the summary as one JSON document, last")
    load.set_defaults(run=run)


def run(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print a line a second, then a summary; 0 if no request failed, 1 if one did."""
    token = settings.first_token()
    load = Load(
        texts=[document.text for document in documents([options.texts])] if options.texts else TEXTS,
        per_second=_positive("--rate", options.rate, _MOST_PER_SECOND),
        seconds=_positive("--seconds", options.seconds),
        timeout_seconds=_positive("--timeout-seconds", options.timeout_seconds),
        headers={"authorization": f"Bearer {token}"} if token else {},
    )
    if not load.texts:
        raise InvalidRequest(f"{options.texts} has no text in it; write one a line, as JSON Lines")
    url = options.url or settings.service_url or Plan(Home(settings.home), Ports(settings.port_offset)).gateway_url
    shots = asyncio.run(shoot(url, load, partial(_tell, say if options.json else put)))
    report = summary(shots)
    if options.json:
        put(orjson.dumps(report).decode())
    else:
        _print(shots)
    return 1 if report["failed"] else 0


def _positive(name: str, value: float, most: float = 1e6) -> float:
    if not 0 < value <= most:
        raise InvalidRequest(f"{name} must be over 0 and at most {most:g}")
    return value


def _tell(printing: Callable[[str], None], second: int, shots: list[Shot]) -> None:
    printing(f"{second + 1:>5} s   {line(shots)}")


def _print(shots: list[Shot]) -> None:
    put("")
    for version, part in by_version(shots).items():
        put(f"version {version or '?':<6} {line(part)}")
    put(f"{'all':<14} {line(shots)}")
    for note, count in summary(shots)["notes"].items():
        put(f"{count:>14} {note}")
