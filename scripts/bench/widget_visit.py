"""A visit to a page with a widget on it, as `scripts/bench/widget` measures it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, CDPSession, Error, Frame, Page, Request
from widget_sites import NOTHING, Widget

_PATIENCE_MS = 60_000
# After the page has gone silent, and after it is usable: what comes late still counts.
_AFTERWARDS_S = 1.5
# In every frame: notes long tasks, the click, and when each of the nodes was first painted where a click reaches it.
_PROBE = """
(() => {
  const now = (at) => performance.timeOrigin + at;
  const seen = (window.__bench = { start: now(0), longTasks: [], at: {} });
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) seen.longTasks.push([now(task.startTime), task.duration]);
  }).observe({ type: 'longtask', buffered: true });
  addEventListener('click', (event) => (seen.at.click ??= now(event.timeStamp)), true);
  const hit = (node) => {
    if (!node || node.disabled) return null;
    const { left, top, width, height } = node.getBoundingClientRect();
    const found = node.getRootNode().elementFromPoint(left + width / 2, top + height / 2);
    return found && node.contains(found) ? node : null;
  };
  const nodes = { bubble: () => %(bubble)s, window: () => seen.at.click && %(window)s, input: () => %(input)s };
  const look = () => {
    for (const name in nodes) {
      if (seen.at[name] || !document.body || !nodes[name]()) continue;
      // What this frame shows has been painted when the next task runs.
      const { port1, port2 } = new MessageChannel();
      port2.onmessage = () => (seen.at[name] ??= now(performance.now()));
      port1.postMessage(0);
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""
_STORED = """async () => {
  const size = (store) => Object.entries(store).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  const others = (await indexedDB.databases()).length + ('caches' in window ? (await caches.keys()).length : 0);
  return size(localStorage) + size(sessionStorage) + document.cookie.length + others;
}"""


@dataclass(frozen=True)
class Profile:
    """A visitor's device. `cpu`: how many times slower than this machine; bits a second and ms: None, the loopback."""

    name: str
    context: dict[str, Any]
    cpu: int = 1
    down: int | None = None
    up: int = 0
    latency_ms: int = 0

    @property
    def switches(self) -> list[str]:
        """Phones put pages of several sites into one process, as Chromium on Android does below some size of memory.
        Only so do the brakes of the page's DevTools session hold for the frames of other sites in it."""
        return ["--disable-site-isolation-trials"] if self.down else []


DESKTOP = Profile("desktop", {"viewport": {"width": 1280, "height": 800}})
PHONE = Profile(
    "phone",
    {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 3},
    cpu=4,
    down=1_600_000,
    up=750_000,
    latency_ms=150,
)


@dataclass
class Visit:
    """Figures of one visit by name, in bytes and ms, and the addresses of what came before and after the click."""

    figures: dict[str, float]
    before: list[str]
    after: list[str]


@contextmanager
def visitor(browser: Browser, profile: Profile, widget: Widget) -> Iterator[tuple[Page, CDPSession]]:
    """A tab, and its DevTools session, of somebody who has never been here: nothing is cached. Fetches with gzip."""
    context = browser.new_context(**profile.context, extra_http_headers={"Accept-Encoding": "gzip"})
    context.set_default_timeout(_PATIENCE_MS)
    context.add_init_script(_PROBE % {"bubble": widget.bubble, "window": widget.window, "input": widget.input})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    if profile.down:
        brake(session, profile)
    yield page, session
    context.close()


def brake(session: CDPSession, profile: Profile) -> None:
    """Makes the tab as slow as the device."""
    session.send("Emulation.setCPUThrottlingRate", {"rate": profile.cpu})
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": profile.latency_ms,
            "downloadThroughput": (profile.down or 0) / 8,
            "uploadThroughput": profile.up / 8,
        },
    )


def measure(browser: Browser, profile: Profile, widget: Widget, address: str) -> Visit:
    """Comes, waits until all is silent, clicks where there is a bubble, and types a letter."""
    with visitor(browser, profile, widget) as (page, session):
        requests: list[Request] = []
        page.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - it wants a function
        page.goto(address)
        if widget is not NOTHING:
            _wait_for(page, "bubble" if widget.has_bubble else "input")
        _silence(page)
        before = _fetched(requests, address)
        # A braked CPU is one that waits busily, and what it waits is counted as work.
        figures = {"CPU before a click": _cpu(session)} if profile.cpu == 1 else {}
        figures |= _before(page, before)
        if widget is NOTHING:
            return Visit(figures, [], [])
        if widget.has_bubble:
            click(page, profile)
            _wait_for(page, "window")
        _wait_for(page, "input")
        figures["requests until usable"] = len(_fetched(requests, address))
        at = _times(page)
        start = page.evaluate("__bench.start")
        if widget.has_bubble:
            figures["bubble"] = at["bubble"] - start
            figures["click to usable"] = max(at["input"], at["window"]) - at["click"]
            figures["usable, clicked at once"] = figures["bubble"] + figures["click to usable"]
        else:
            figures["usable, clicked at once"] = at["input"] - start
        _silence(page)
        fetched = _fetched(requests, address)
        late = [task for task in _long_tasks(page) if widget.has_bubble and task[0] >= at["click"]]
        figures |= {
            "bytes until usable": _bytes(fetched),
            "long tasks after the click": len(late),
            "blocked after the click": _blocked(late),
            "JS heap when usable": _heap(page),
        }
        type_into(page, widget, "a")
        after = [each for each in fetched if each not in before]
        return Visit(figures, _files(before), _files(after))


def _before(page: Page, requests: list[Request]) -> dict[str, float]:
    tasks = _long_tasks(page)  # first: collecting garbage for the heap is one
    return {
        "first paint of the page": page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"),
        "requests before a click": len(requests),
        "of them to third parties": sum(not _is_local(each) for each in requests),
        "bytes before a click": _bytes(requests),
        "stored before a click": page.evaluate(_STORED),
        "long tasks before a click": len(tasks),
        "blocked before a click": _blocked(tasks),
        "JS heap before a click": _heap(page),
    }


def try_out(browser: Browser, profile: Profile, widget: Widget, address: str, pictures: Path | None) -> None:
    """Asks something and waits for the answer, so that nobody is measured who doesn't work."""
    with visitor(browser, profile, widget) as (page, _):
        page.goto(address)
        if widget.has_bubble:
            _wait_for(page, "bubble")
        _picture(page, profile, widget, pictures, "1")
        if widget.has_bubble:
            click(page, profile)
        _wait_for(page, "input")
        _silence(page)
        _picture(page, profile, widget, pictures, "2")
        if widget.asks_who:
            _ask_ours(_frame_with(page, "input"))
        else:
            type_into(page, widget, "Do you ship to Switzerland?")
            page.keyboard.press("Enter")
            page.locator(widget.answer).get_by_text("An answer.").first.wait_for()
        _picture(page, profile, widget, pictures, "3")


def click(page: Page, profile: Profile) -> None:
    """Where the bubble is; without a moment of hovering before, in which some begin to load."""
    size = page.viewport_size
    assert size
    at = size["width"] - 50, size["height"] - 50
    if profile.context.get("has_touch"):
        page.touchscreen.tap(*at)
    else:
        page.mouse.click(*at)


def type_into(page: Page, widget: Widget, text: str) -> None:
    """Types into the input, and makes sure that it is there."""
    frame = _frame_with(page, "input")
    handle = frame.evaluate_handle(f"() => {{ const hit = (node) => node; return {widget.input}; }}").as_element()
    assert handle
    handle.click()
    page.keyboard.type(text)
    typed = handle.evaluate("(node) => node.value ?? node.textContent")
    if typed != text:
        raise RuntimeError(f"{widget.name}: typed {text!r}, there is {typed!r}")


def _ask_ours(frame: Frame) -> None:
    for name, value in {"first_name": "Vera", "last_name": "Visitor", "email": "vera@bench.example"}.items():
        frame.fill(f"[name={name}]", value)
    if frame.locator("[name=consent_data_processing]").count():
        frame.check("[name=consent_data_processing]")
    frame.click("#register button.primary")
    frame.fill("#composer", "Do you ship to Switzerland?")
    frame.press("#composer", "Enter")
    frame.locator("#log .message[data-role=assistant] button.citation").first.wait_for()


def _picture(page: Page, profile: Profile, widget: Widget, folder: Path | None, step: str) -> None:
    if folder:
        page.wait_for_timeout(500)
        page.screenshot(path=folder / f"{profile.name}-{widget.name.strip('@').replace('/', '-')}-{step}.png")


def _wait_for(page: Page, name: str) -> None:
    end = time.monotonic() + _PATIENCE_MS / 1000
    while time.monotonic() < end:
        if name in _times(page):
            return
        page.wait_for_timeout(50)
    raise RuntimeError(f"{page.url}: no {name}")


def _silence(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(_AFTERWARDS_S * 1000)


def _times(page: Page) -> dict[str, float]:
    """When each node was there, in ms since 1970."""
    found: dict[str, float] = {}
    for frame in reversed(page.frames):
        found |= _evaluate(frame, "window.__bench?.at") or {}
    return found


def _frame_with(page: Page, name: str) -> Frame:
    return next(frame for frame in page.frames if name in (_evaluate(frame, "window.__bench?.at") or {}))


def _evaluate(frame: Frame, expression: str) -> Any:
    try:
        return frame.evaluate(expression)
    except Error:  # on its way to another document
        return None


def _fetched(requests: list[Request], address: str) -> list[Request]:
    return [each for each in requests if each.url != address and not each.url.startswith("data:")]


def _bytes(requests: list[Request]) -> int:
    """Over the wire, headers included. What failed, since it isn't on this machine, weighs nothing."""
    total = 0
    for each in requests:
        if not each.failure:
            sizes = each.sizes()
            total += sizes["responseBodySize"] + sizes["responseHeadersSize"]
    return total


def _files(requests: list[Request]) -> list[str]:
    return [each.url for each in requests if each.method == "GET" and not each.failure]


def _is_local(request: Request) -> bool:
    host = urlsplit(request.url).hostname or ""
    return host.endswith("localhost") or host == "127.0.0.1"


def _processes(page: Page) -> Iterator[tuple[Frame, CDPSession]]:
    """A frame of each process that the page is in, with a session there."""
    for frame in page.frames:
        try:
            yield frame, page.context.new_cdp_session(page if frame is page.main_frame else frame)
        except Error:  # in the process of another frame
            continue


def _heap(page: Page) -> float:
    total = 0.0
    for _, session in _processes(page):
        session.send("HeapProfiler.collectGarbage")
        total += session.send("Runtime.getHeapUsage")["usedSize"]
        session.detach()
    return total


def _cpu(session: CDPSession) -> float:
    """What the page's main thread has worked, in ms of CPU, which other work on the machine doesn't lengthen."""
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["ThreadTime"]) * 1000


def _long_tasks(page: Page) -> list[tuple[float, float]]:
    """When each began and how long it took, in all processes."""
    found = []
    for frame, session in _processes(page):
        found += [(at, took) for at, took in _evaluate(frame, "window.__bench?.longTasks") or []]
        session.detach()
    return found


def _blocked(tasks: list[tuple[float, float]]) -> float:
    return sum(took - 50 for _, took in tasks)
