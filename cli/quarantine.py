"""`summit quarantine …`: documents and events that were given up on; sent again, or dropped."""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable

from cli.batch_door import BatchDoor, add_address, as_line, batch_door
from cli.settings import CliSettings
from cli.terminal import put, say
from summit_inference.jobs import QuarantineEntry


def add_arguments(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The noun and its verbs."""
    nouns = verbs.add_parser("quarantine", help="documents and events that were given up on")
    verb = nouns.add_subparsers(required=True, metavar="VERB")
    listing = verb.add_parser("list", help="all entries, the newest first")
    listing.add_argument("--limit", type=int, default=50)
    listing.add_argument("--json", action="store_true", help="one JSON document a line")
    listing.set_defaults(run=run_list)
    for name, run, told in (
        ("show", run_show, "all that was kept of an entry, as JSON"),
        ("replay", run_replay, "try it again"),
        ("drop", run_drop, "settle it without another try"),
    ):
        one = verb.add_parser(name, help=told)
        one.add_argument("entry_id", metavar="ENTRY")
        one.set_defaults(run=run)
    for each in verb.choices.values():
        add_address(each)


def run_list(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print a line an entry."""

    async def listed(door: BatchDoor) -> None:
        left, after, found = options.limit, None, 0
        while left > 0:
            page = await door.quarantine(after)
            for entry in page.entries[:left]:
                put(as_line(entry) if options.json else _row(entry))
            left, after, found = left - len(page.entries), page.next, found + len(page.entries)
            if after is None:
                break
        if not found:
            say("the quarantine is empty")

    return _with_door(options, settings, listed)


def run_show(options: argparse.Namespace, settings: CliSettings) -> int:
    """Print the entry."""

    async def shown(door: BatchDoor) -> None:
        put((await door.entry(options.entry_id)).model_dump_json(indent=2))

    return _with_door(options, settings, shown)


def run_replay(options: argparse.Namespace, settings: CliSettings) -> int:
    """Send the entry again."""

    async def replayed(door: BatchDoor) -> None:
        entry = await door.replay(options.entry_id)
        say(f"{entry.id} is sent again" + (f" as job {entry.replayed_as}" if entry.replayed_as else ""))

    return _with_door(options, settings, replayed)


def run_drop(options: argparse.Namespace, settings: CliSettings) -> int:
    """Settle the entry."""

    async def dropped(door: BatchDoor) -> None:
        say(f"{(await door.drop(options.entry_id)).id} is dropped")

    return _with_door(options, settings, dropped)


def _with_door(options: argparse.Namespace, settings: CliSettings, work: Callable[[BatchDoor], Awaitable[None]]) -> int:
    async def done() -> None:
        async with batch_door(options, settings) as door:
            await work(door)

    asyncio.run(done())
    return 0


def _row(entry: QuarantineEntry) -> str:
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.created_at))
    what = f"line {entry.line} of {entry.job_id}" if entry.kind == "document" else entry.event_type
    return f"{entry.id}  {since}  {entry.state:<8}  {what}  {entry.code}: {entry.reason}"
