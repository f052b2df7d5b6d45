"""How much the widget weighs on the wire. Kilobytes of 1,000 bytes, compressed by gzip as served."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Response, expect

from tests.browser.conftest import Company, Embed, NewVisitor

_LOADER = 4_000
_AFTER_OPENING = 14_000
_A_LANGUAGE = 2_000


@pytest.fixture
def weigh(visitor: NewVisitor, embed: Embed, company: Company) -> Callable[..., dict[str, int]]:
    """Opens the widget of a bare agent; the bytes of each body that came, by address."""

    def weigh(language: str) -> dict[str, int]:
        widget = visitor(extra_http_headers={"Accept-Encoding": "gzip"})
        came: list[Response] = []

        def note(response: Response) -> None:
            came.append(response)

        widget.page.on("response", note)
        widget.visit(embed(company.new_agent(), page={"html": f'lang="{language}"'})).open()
        expect(widget.inside("#register")).to_be_visible()
        widget.page.wait_for_load_state("networkidle")
        ours = [each for each in came if "/widget" in each.url]
        assert {each.header_value("content-encoding") for each in ours} == {"gzip"}
        return {each.url: each.request.sizes()["responseBodySize"] for each in ours}

    return weigh


@pytest.mark.parametrize("language", ["en", "de", "ar", "hi", "zh"])
def test_it_stays_below_its_budget(weigh: Callable[..., dict[str, int]], language: str) -> None:
    weights = weigh(language)
    (loader,) = [size for url, size in weights.items() if url.endswith("/widget.js")]
    opened = sum(weights.values()) - loader
    assert loader <= _LOADER
    assert opened <= _AFTER_OPENING + _A_LANGUAGE


def test_opening_asks_for_three_things(weigh: Callable[..., dict[str, int]]) -> None:
    """The page, its style and its script: no waterfall."""
    kinds = [re.sub(r".*/(panel/|.*\.)", r"\1", url).split("/")[0].rpartition(".")[2] for url in weigh("en")]
    assert sorted(kinds) == ["css", "js", "js", "panel"]


def test_the_second_page_of_a_visit_loads_nothing_anew(visitor: NewVisitor, embed: Embed, company: Company) -> None:
    widget = visitor().visit(embed()).open()
    widget.visit(embed())
    loads: Any = widget.page.evaluate(
        "performance.getEntriesByType('resource').filter((each) => each.name.endsWith('/widget.js'))"
        ".map((each) => each.transferSize)"
    )
    assert loads == [0]
