"""What the other tests of this folder take for granted."""

import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Company
from tests.browser.faults import FaultyNetwork
from tests.browser.host_pages import HostPages
from tests.browser.installation import Installation


def test_agents_answer_from_their_documents(company: Company) -> None:
    for agent in (company.pia, company.max):
        answer = company.api.call("POST", f"/v1/agent/{agent}/test", {"query": "When is the bicycle shop open?"})
        assert "nine" in str(answer).lower()


def test_storage_of_a_frame_belongs_to_the_site_around_it(page: Page, hosts: HostPages) -> None:
    inner = hosts.add("<title>inner</title>", host="inner.localhost")
    for host in ("one.localhost", "two.localhost"):
        page.goto(hosts.add(f'<iframe src="{inner}"></iframe>', host=host))
        frame = page.frames[1]
        frame.wait_for_load_state()
        assert frame.evaluate("localStorage.getItem('who')") is None
        frame.evaluate("localStorage.setItem('who', location.ancestorOrigins[0])")


def test_a_network_that_is_down_refuses(network: FaultyNetwork, installation: Installation) -> None:
    def health() -> int:
        with urllib.request.urlopen(f"{network.origin}/health", timeout=5) as answer:
            status: int = answer.status
            return status

    assert health() == 200
    network.go_down()
    with pytest.raises(urllib.error.URLError):
        health()
    network.come_back()
    assert health() == 200
    assert network.requests == ["GET /health"] * 2
