"""What a company does to have the widget on its site, and who may have it there."""

import time

import jwt
from playwright.sync_api import Page, expect

from tests.browser.conftest import Company, NewVisitor
from tests.browser.host_pages import HostPages, document
from tests.browser.installation import Installation
from tests.browser.widget import PANEL, Widget

_QUESTION = "When is the bicycle shop on Harbour Street open?"


def _answers(widget: Widget) -> None:
    expect(widget.ask(_QUESTION)).to_contain_text("nine in the morning")


def test_the_embed_code_as_it_is_given(visitor: NewVisitor, company: Company, hosts: HostPages) -> None:
    given = company.api.call("GET", f"/v1/agent/{company.pia}/embed-code")
    policy = "default-src 'none'; " + "; ".join(
        f"{name} {origin}" for name, origin in given["content_security_policy"].items()
    )
    url = hosts.add(document(given["html"]), headers={"Content-Security-Policy": policy})
    _answers(visitor().visit(url).open().register())


def test_the_test_page_shows_it_at_work(page: Page, installation: Installation, company: Company) -> None:
    """A sandbox: the page is of no origin, and neither is the frame in it."""
    tag = company.api.call("GET", f"/v1/agent/{company.pia}/embed-code")["html"]
    page.set_content(
        f'<form method="post" action="{installation.origin}/test"><textarea name="body"></textarea></form>'
    )
    page.fill("textarea", f"<h1>Shop</h1>{tag}")
    page.evaluate("document.forms[0].submit()")
    page.wait_for_url("**/test")
    widget = Widget(page).wait_for_bubble().click_bubble().wait_until_usable()
    assert page.evaluate("window.origin") == "null"
    _answers(widget.register())


def test_other_sites_can_not_have_it(visitor: NewVisitor, company: Company, hosts: HostPages) -> None:
    agent = company.new_agent(widget_config={"allowed_domains": [f"shop.localhost:{hosts.port}"]})
    html = document(company.api.call("GET", f"/v1/agent/{agent}/embed-code")["html"])
    visitor().visit(hosts.add(html, host="shop.localhost")).open().register()
    elsewhere = visitor().visit(hosts.add(html, host="evil.localhost"))
    elsewhere.page.evaluate("Frontdesk.open()")
    elsewhere.page.wait_for_timeout(1500)
    assert not [frame for frame in elsewhere.page.frames if PANEL in frame.url and frame.query_selector("#register")]
    assert any("frame-ancestors" in refusal for refusal in elsewhere.heard.refusals)


def test_visitors_whom_the_company_knows_are_asked_nothing(
    visitor: NewVisitor, company: Company, hosts: HostPages
) -> None:
    """They find their conversation on another device; somebody else does not."""
    secret = company.api.call("POST", f"/v1/agent/{company.pia}/identity-secret")["secret"]
    tag = company.api.call("GET", f"/v1/agent/{company.pia}/embed-code")["html"]

    def arrive(customer: str) -> Widget:
        claims = {"sub": customer, "aud": company.pia, "exp": int(time.time()) + 300, "name": "Vera Visitor"}
        token = jwt.encode(claims, secret, "HS256")
        waiting = f"<script>addEventListener('frontdesk:ready', () => Frontdesk.identify('{token}'))</script>"
        widget = visitor().visit(hosts.add(document(tag, head=waiting))).open()
        expect(widget.composer).to_be_visible()
        return widget

    _answers(arrive("4711"))
    again = arrive("4711")
    expect(again.questions).to_have_text([_QUESTION])
    other = arrive("4712")
    expect(other.inside(".message[data-role=assistant]").first).to_be_visible()
    assert other.questions.count() == 0
