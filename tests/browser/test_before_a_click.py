"""What the widget costs a page on which nobody uses it."""

from typing import Any

import pytest

from tests.browser.conftest import Embed, NewVisitor
from tests.browser.installation import Installation
from tests.browser.widget import Widget

_STORED = """async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    cookies: document.cookie,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
})"""
_LONG_TASKS = """
    window.longTasks = [];
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((each) => each.duration)))
        .observe({ type: 'longtask', buffered: true });
"""


@pytest.fixture
def untouched(visitor: NewVisitor, embed: Embed) -> Widget:
    """A page with the widget on it, left alone."""
    widget = visitor()
    widget.page.add_init_script(_LONG_TASKS)
    widget.visit(embed())
    widget.page.wait_for_load_state("networkidle")
    return widget


def test_one_request_and_no_third_party(untouched: Widget, installation: Installation) -> None:
    ours = [each for each in untouched.heard.requests if each.startswith("http")][1:]
    assert ours == [f"{installation.origin}/widget.js"]


def test_nothing_is_stored(untouched: Widget) -> None:
    stored: dict[str, Any] = untouched.page.evaluate(_STORED)
    assert stored == {"local": 0, "session": 0, "cookies": "", "databases": 0, "caches": 0}
    assert untouched.page.context.cookies() == []


def test_nothing_takes_long(untouched: Widget) -> None:
    """What is the widget's comes at every visit; what is the busy machine's doesn't."""

    def visit() -> list[float]:
        untouched.page.reload()
        untouched.wait_for_bubble()
        untouched.page.evaluate("() => new Promise((done) => requestIdleCallback(done))")
        tasks: list[float] = untouched.page.evaluate("window.longTasks")
        return tasks

    assert any(visit() == [] for _ in range(6))


def test_nothing_is_said(untouched: Widget) -> None:
    assert untouched.heard.console == untouched.heard.errors == []


def test_one_global_is_left(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor()
    widget.page.add_init_script("window.before = new Set(Object.getOwnPropertyNames(window))")
    widget.visit(embed())
    added = widget.page.evaluate("Object.getOwnPropertyNames(window).filter((name) => !window.before.has(name))")
    assert set(added) - {"before", "0"} == {"Frontdesk"}


def test_the_panel_has_no_frame_before_somebody_reaches_for_it(untouched: Widget) -> None:
    assert len(untouched.page.frames) == 1


def test_it_is_loaded_when_a_pointer_comes_near(untouched: Widget) -> None:
    untouched.page.mouse.move(*untouched.bubble())
    assert untouched.frame
