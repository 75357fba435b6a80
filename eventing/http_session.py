"""The connections of one client: no cookies, and no proxy from the environment."""

from collections.abc import Mapping

import aiohttp


def http_session(timeout_seconds: float, headers: Mapping[str, str] | None = None) -> aiohttp.ClientSession:
    """A session whose every call has so long, and these headers. Use it within one event loop, and close it there."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=timeout_seconds),
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )
