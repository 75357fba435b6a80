"""The page at `/`, in a real Chromium: what people see, by mouse, by keyboard and by screen reader."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from contract.gateway.loopback import Door, ScriptedModel, gateway_before, nobody, served
from playwright.async_api import Browser, Page, expect
from servers.browser import chromium, tab

from summit_inference.spans import Span

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKEN = "web-token-0123456789"  # noqa: S105
TEXT = "😀 Ada Lovelace wrote to Siemens\nin <b>Zürich</b>."
KNOWN = {"Ada Lovelace": "PER", "Siemens": "ORG", "Zürich": "LOC"}


def finds(text: str) -> list[Span]:
    found = [Span(name, label, text.find(name), text.find(name) + len(name), 0.9) for name, label in KNOWN.items()]
    return [span for span in found if span.start >= 0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as one:
        yield one


@asynccontextmanager
async def routed(folder: Path, **settings: Any) -> AsyncIterator[Door]:
    """A gateway before version 3, with a flag set."""
    routes, flags = folder / "routes.json", folder / "flags.json"
    flags.write_text(json.dumps({"throttle": "50", "nonsense": "1"}))
    async with served(ScriptedModel(finds=finds).app()) as url:
        route = {"model_version": "3", "percent": 100, "url": url}
        routes.write_text(json.dumps({"generation": 1, "routes": [route]}))
        async with gateway_before(url, routes_file=routes, flags_file=flags, probe_seconds=5, **settings) as door:
            yield door


async def send(page: Page, text: str = TEXT) -> None:
    await page.get_by_label("Text", exact=True).fill(text)
    await page.get_by_role("button", name="Find entities").click()


async def test_entities_are_marked_where_they_stand_with_type_and_score(browser: Browser, tmp_path: Path) -> None:
    async with routed(tmp_path) as door, tab(browser, door.url) as page:
        await send(page)
        await expect(page.locator("mark")).to_have_text(
            ["Ada Lovelace (PER 90%)", "Siemens (ORG 90%)", "Zürich (LOC 90%)"]
        )
        assert [await mark.get_attribute("class") for mark in await page.locator("mark").all()] == ["per", "org", "loc"]
        shown = str(await page.locator("#marked").text_content())
        assert re.sub(r" \([A-Z]+ 90%\)", "", shown) == TEXT  # nothing is read as HTML
        rows = page.locator("#mentions tr")
        await expect(rows).to_have_count(3)
        await expect(rows.nth(0).locator("td")).to_have_text(["Ada Lovelace", "person", "90%", "3", "15"])


async def test_the_answer_says_who_gave_it_and_how_fast(browser: Browser, tmp_path: Path) -> None:
    async with routed(tmp_path) as door, tab(browser, door.url) as page:
        await send(page)
        await expect(page.locator("#summary")).to_have_text("3 mentions, by the model.")
        facts = page.locator("#lineage")
        await expect(facts).to_contain_text("summit-extract 3")
        await expect(facts).to_contain_text(re.compile(r"Latency\d+ ms"))
        await expect(facts).to_contain_text("Degradedno")


async def test_a_degraded_answer_says_so_and_why(browser: Browser) -> None:
    async with gateway_before(nobody()) as door, tab(browser, door.url) as page:
        await send(page)
        await expect(page.locator("#summary")).to_have_text("1 mention, by the rules: the model is starting.")
        await expect(page.locator("#lineage")).to_contain_text("Degradedyes")


async def test_what_fails_is_told_as_a_sentence(browser: Browser, tmp_path: Path) -> None:
    """An error of the gateway would show in the console too, so this one is the page's own."""
    async with routed(tmp_path) as door, tab(browser, door.url) as page:
        await send(page, "  ")
        await expect(page.get_by_role("alert")).to_have_text("There is no text yet: paste one, or use the example.")
        await expect(page.get_by_label("Text", exact=True)).to_be_focused()


async def test_the_live_state_shows_versions_latency_queue_breaker_and_flags(browser: Browser, tmp_path: Path) -> None:
    async with routed(tmp_path) as door, tab(browser, door.url) as page:
        await send(page)
        row = page.locator("#versions tr")
        await expect(row.locator("th")).to_have_text("3")
        await expect(row.locator("td").nth(3)).to_have_text("1")  # requests, as soon as there is an answer
        await expect(row.locator("td").nth(0)).to_contain_text("100%")
        await expect(row.locator("td").nth(1)).to_have_text("ready")
        await expect(row.locator("td").nth(2)).to_have_text("closed")
        await expect(row.locator("td").nth(6)).to_have_text(re.compile(r"[0-9.]+ ms"))
        await expect(page.locator("#facts")).to_contain_text("Waiting for the model0 of at most 256")
        await expect(page.locator("#facts")).to_contain_text("Flagsthrottle 50")
        await expect(page.locator("#facts")).not_to_contain_text("nonsense")


async def test_the_live_state_follows_by_itself_until_it_is_paused(browser: Browser, tmp_path: Path) -> None:
    async with routed(tmp_path) as door, tab(browser, door.url) as page:
        requests = page.locator("#versions td").nth(3)
        await expect(requests).to_have_text("0")
        await door.extract({"text": "Ada"})
        await expect(requests).to_have_text("1")
        await page.get_by_role("button", name="Pause").click()
        await expect(page.get_by_role("button", name="Pause")).to_have_attribute("aria-pressed", "true")
        await door.extract({"text": "Ada"})
        await asyncio.sleep(2.5)  # longer than the page's own pace
        await expect(requests).to_have_text("1")


async def test_with_keys_the_page_opens_and_asks_for_one(browser: Browser) -> None:
    async with gateway_before(nobody(), token=TOKEN) as door:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(door.url)
        await expect(page.locator("#state-failure")).to_contain_text("Authorization: Bearer")
        await page.get_by_label("Key", exact=True).fill(TOKEN)
        await send(page, "Ada")
        await expect(page.locator("#summary")).to_contain_text("1 mention")
        await expect(page.locator("#state-failure")).to_be_hidden()
        assert await page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
        await context.close()


async def test_everything_works_by_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    async with routed(tmp_path) as door, tab(browser, door.url) as page:
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the text")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.type("Ada Lovelace")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("mark")).to_have_count(1)
        reached = set()
        for _ in range(12):
            await page.keyboard.press("Tab")
            reached.add(await page.evaluate("document.activeElement.id || document.activeElement.ariaLabel || ''"))
        assert {"send", "example", "degradation", "mentions-area", "pause"} <= reached


UNNAMED = """() => [...document.querySelectorAll("button, input, select, textarea, table, section, [tabindex]")]
  .filter((each) => !each.hidden)
  .filter((each) => !(each.labels?.length || each.textContent.trim() || each.getAttribute("aria-labelledby")))
  .map((each) => each.outerHTML)"""


async def test_a_screen_reader_finds_landmarks_names_and_news(browser: Browser, tmp_path: Path) -> None:
    async with routed(tmp_path) as door, tab(browser, door.url) as page:
        await send(page)
        await expect(page.locator("mark")).to_have_count(3)
        for role, count in [("main", 1), ("banner", 1), ("region", 5), ("table", 2)]:
            await expect(page.get_by_role(role)).to_have_count(count)  # type: ignore[arg-type]
        assert await page.evaluate(UNNAMED) == []
        assert await page.locator("#summary").get_attribute("role") == "status"
        levels = await page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map((each) => each.tagName).join()")
        assert levels == "H1,H2,H3,H2"
        assert await page.evaluate("document.documentElement.lang") == "en"


CONTRAST = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).map((c) => ((c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (channels(colour)[3] !== 0) return colour;
    }
  };
  const faults = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || ["NOSCRIPT", "OPTION"].includes(element.tagName)) continue;
    const [one, other] = [luminance(getComputedStyle(element).color), luminance(ground(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) faults.push(`${element.outerHTML.slice(0, 80)} ${ratio.toFixed(2)}`);
  }
  return faults;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_can_be_read_in_light_and_dark(browser: Browser, scheme: str, tmp_path: Path) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    async with routed(tmp_path) as door, tab(browser, door.url, scheme=scheme) as page:
        await send(page)
        await expect(page.locator("mark")).to_have_count(3)
        await expect(page.locator("#versions tr")).to_have_count(1)
        background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(16, 20, 28)") == (scheme == "dark")
        assert await page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [320, 1280])
async def test_nothing_is_wider_than_the_window(browser: Browser, width: int, tmp_path: Path) -> None:
    """WCAG 2.2, 1.4.10: at 320 pixels, only tables may scroll sideways, within themselves."""
    async with routed(tmp_path) as door, tab(browser, door.url, width=width) as page:
        await send(page, TEXT + " " + "x" * 300)
        await expect(page.locator("mark")).to_have_count(3)
        await expect(page.locator("#versions tr")).to_have_count(1)
        assert await page.evaluate("document.documentElement.scrollWidth") == width


async def test_the_policy_lets_in_nothing_from_elsewhere_and_nothing_inline() -> None:
    async with gateway_before(nobody()) as door:
        response = await door.http.get("/")
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        for path in ("/", "/page.css", "/page.js", "/icon.svg"):
            response = await door.http.get(path)
            assert response.status_code == 200
            assert response.headers["x-content-type-options"] == "nosniff"
            outside = re.findall(r"(?:src|href|url|import|fetch)\W+(?:https?:)?//[^\s\"')]+", response.text)
            assert outside == [], path
