"""The test page of `POST /test`: no origin, no storage, and yet a conversation."""

import json

from playwright.sync_api import expect

from tests.browser.conftest import Company, NewVisitor
from tests.browser.host_pages import HostPages, document, script_tag
from tests.browser.installation import Installation
from tests.browser.widget import Widget


def _post(widget: Widget, installation: Installation, hosts: HostPages, body: str) -> None:
    form = f'<form method="post" action="{installation.origin}/test"><textarea name="body"></textarea></form>'
    widget.page.goto(hosts.add(document(form)))
    fill = "(body) => { const [form] = document.forms; form.elements.body.value = body; form.submit(); }"
    widget.page.evaluate(fill, body)
    widget.page.wait_for_url(f"{installation.origin}/test")


def test_a_conversation_on_the_test_page(
    visitor: NewVisitor, installation: Installation, hosts: HostPages, company: Company
) -> None:
    widget = visitor()
    _post(widget, installation, hosts, script_tag(installation.origin, company.pia))
    widget.wait_for_bubble().open().register()
    answer = widget.ask("When is the bicycle shop on Harbour Street open?")
    expect(answer).to_contain_text("nine in the morning")
    assert widget.heard.errors == []


def test_scripts_of_the_test_page_are_of_no_origin(
    visitor: NewVisitor, installation: Installation, hosts: HostPages
) -> None:
    widget = visitor()
    _post(widget, installation, hosts, "<script>document.title = window.origin</script>")
    assert json.loads(widget.page.evaluate("JSON.stringify([origin, document.title])")) == ["null", "null"]
