"""`summit flags …`: what an operator changes while gateways run. They follow within a second."""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from cli.here import plan_here
from cli.settings import CliSettings
from cli.terminal import put, say
from gateway.flag_stores import FileFlags, FlagStore, RedisFlags, change_flag
from summit_inference.errors import UpstreamUnreachable

_R = TypeVar("_R")


def add_arguments(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The noun and its verbs."""
    nouns = verbs.add_parser("flags", help="throttle, fall back, refuse, or disable a model version, at once")
    verb = nouns.add_subparsers(required=True, metavar="VERB")
    get = verb.add_parser("get", help="all flags that are set")
    get.add_argument("--json", action="store_true", help="one JSON document")
    get.set_defaults(run=run_get)
    change = verb.add_parser(
        "set", help="set a flag: throttle 50, fallback_only true, refuse true, disable_version:3 true"
    )
    change.add_argument("name")
    change.add_argument("value")
    change.set_defaults(run=run_set)
    clear = verb.add_parser("clear", help="remove a flag")
    clear.add_argument("name")
    clear.set_defaults(run=run_clear)


def run_get(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print a line a flag."""
    entries = _in_store(settings, lambda store: store.read())
    if options.json:
        put(json.dumps(dict(entries)))
        return 0
    for name, value in sorted(entries.items()):
        put(f"{name} {value}")
    if not entries:
        say("no flag is set")
    return 0


def run_set(options: argparse.Namespace, settings: CliSettings) -> int:
    """Set one flag."""
    _in_store(settings, lambda store: change_flag(store, options.name, options.value))
    say(f"{options.name} is {options.value}")
    return 0


def run_clear(options: argparse.Namespace, settings: CliSettings) -> int:
    """Remove one flag; one that is not set is no error."""
    _in_store(settings, lambda store: change_flag(store, options.name, None))
    say(f"{options.name} is not set")
    return 0


def _in_store(settings: CliSettings, work: Callable[[FlagStore], Awaitable[_R]]) -> _R:
    async def done() -> _R:
        async with _store(settings) as store:
            return await work(store)

    try:
        return asyncio.run(done())
    except OSError as error:
        raise UpstreamUnreachable("the place of the flags does not answer; check REDIS_URL, or SUMMIT_HOME") from error


@asynccontextmanager
async def _store(settings: CliSettings) -> AsyncIterator[FlagStore]:
    """The flags of REDIS_URL; where it is not set, those of the platform on this machine."""
    plan = plan_here(settings)
    redis_url = settings.redis_url.get_secret_value() if settings.redis_url else plan.stores.redis_url
    if redis_url is None:
        yield FileFlags(plan.home.flags)
        return
    from gateway.redis_store import RedisStore  # noqa: PLC0415 - redis loads much; only who uses it pays

    redis = RedisStore(redis_url)
    try:
        yield RedisFlags(redis)
    finally:
        await redis.aclose()
