"""Debian's Chromium, driven by Playwright, which brings no browser of its own here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, async_playwright
from servers.processes import program

_INSTALL = "apt-get install -y --no-install-recommends chromium"
_PATIENCE_MILLISECONDS = 20_000


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """One browser without a window."""
    path = program("chromium", install=_INSTALL)
    async with async_playwright() as playwright:
        # --no-sandbox: root has none, and the pages are ours.
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def tab(browser: Browser, url: str, *, scheme: str = "light", width: int = 1280) -> AsyncIterator[Page]:
    """A fresh tab at this URL; every error of its console fails the test."""
    context = await browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light", viewport={"width": width, "height": 900}
    )
    context.set_default_timeout(_PATIENCE_MILLISECONDS)
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    try:
        await page.goto(url)
        yield page
    finally:
        await context.close()
    assert faults == []
