"""Pages that were not made for us, and some that were made against us."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Company, Embed, NewVisitor
from tests.browser.host_pages import HostPages, document, script_tag
from tests.browser.installation import Installation
from tests.browser.widget import Widget

_QUESTION = "When is the bicycle shop on Harbour Street open?"
_HOSTILE_STYLE = """<style>
* { display: none !important; visibility: hidden !important; opacity: 0 !important; }
html, body, h1 { display: block !important; visibility: visible !important; opacity: 1 !important; }
button, iframe, div, frontdesk-widget { all: unset !important; position: static !important; width: 1px !important;
  height: 1px !important; transform: scale(0) !important; pointer-events: none !important; z-index: -1 !important;
  clip-path: inset(50%) !important; filter: opacity(0) !important; font-size: 0 !important; color: red !important; }
:root { --accent: red; --ink: red; font-size: 3px !important; direction: ltr; }
</style>"""
_HOSTILE_SCRIPTS = {
    "prototypes": "Array.prototype.extra = 1; Object.prototype.extra = function () { throw new Error('extra'); };"
    "Array.prototype.map = Array.prototype.filter = () => { throw new Error('map'); };",
    "globals": "window.fetch = window.JSON = window.Promise = () => { throw new Error('no'); }; window.name = 'x';",
    "elements": "customElements.define = () => { throw new Error('no'); };"
    "Element.prototype.attachInternals = () => { throw new Error('no'); };",
    "console": "console.warn = console.error = () => { throw new Error('no'); };",
    "messages": "addEventListener('message', (event) => { window.overheard = event.data; });"
    "setInterval(() => { for (let n = 0; n < frames.length; n += 1) frames[n].postMessage("
    "{ type: 'frontdesk:connect', page: 'https://evil.example' }, '*'); }, 5);",
}


def _works(widget: Widget) -> None:
    """The bubble is clicked like a visitor clicks it, and an answer comes."""
    widget.click_bubble().wait_until_usable().register()
    expect(widget.ask(_QUESTION)).to_contain_text("nine in the morning")


def test_a_static_page_of_another_origin(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor().visit(embed())
    _works(widget)
    assert widget.heard.errors == []


def test_a_page_with_a_strict_policy(visitor: NewVisitor, embed: Embed, installation: Installation) -> None:
    """The two lines that the embed code names are enough."""
    policy = f"default-src 'none'; script-src {installation.origin}; frame-src {installation.origin}"
    widget = visitor().visit(embed(headers={"Content-Security-Policy": policy}))
    _works(widget)
    # The page's own icon is a data: address, which its policy refuses.
    assert [each for each in widget.heard.refusals if "icon" not in each and "data:," not in each] == []


def test_a_page_that_requires_trusted_types(visitor: NewVisitor, embed: Embed, installation: Installation) -> None:
    policy = (
        f"script-src {installation.origin}; frame-src {installation.origin}; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    )
    widget = visitor().visit(embed(headers={"Content-Security-Policy": policy}))
    _works(widget)
    assert widget.heard.refusals == []


def test_a_page_whose_styles_hide_everything(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor().visit(embed(page={"head": _HOSTILE_STYLE}))
    _works(widget)


@pytest.mark.parametrize("script", _HOSTILE_SCRIPTS.values(), ids=_HOSTILE_SCRIPTS.keys())
def test_a_page_whose_scripts_meddle_with_everything(visitor: NewVisitor, embed: Embed, script: str) -> None:
    widget = visitor().visit(embed(page={"head": f"<script>{script}</script>"}))
    _works(widget)
    assert widget.page.evaluate("window.overheard") is None


def test_a_page_without_doctype(
    visitor: NewVisitor, hosts: HostPages, installation: Installation, company: Company
) -> None:
    widget = visitor().visit(
        hosts.add(document(script_tag(installation.origin, company.pia)).replace("<!doctype html>", ""))
    )
    assert widget.page.evaluate("document.compatMode") == "BackCompat"
    _works(widget)


def test_a_single_page_application_that_replaces_its_body(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor().visit(embed()).open().register()
    widget.page.evaluate(
        "() => { history.pushState({}, '', '/elsewhere'); const body = document.createElement('body');"
        "body.append('Another view'); document.body.replaceWith(body); }"
    )
    expect(widget.ask(_QUESTION)).to_contain_text("nine in the morning")
    widget.page.evaluate("Frontdesk.close(); document.body.innerHTML = ''")
    widget.click_bubble()
    expect(widget.answers).to_be_visible()


def test_a_script_that_is_included_twice(
    visitor: NewVisitor, hosts: HostPages, installation: Installation, company: Company
) -> None:
    tag = script_tag(installation.origin, company.pia)
    widget = visitor().visit(hosts.add(document(tag + tag)))
    widget.page.wait_for_load_state("networkidle")
    assert widget.page.locator("frontdesk-widget").count() == 1
    _works(widget)


def test_a_script_that_is_added_later(
    visitor: NewVisitor, hosts: HostPages, installation: Installation, company: Company
) -> None:
    widget = visitor()
    widget.page.goto(hosts.add(document("")))
    widget.page.evaluate(
        """([src, agent]) => { const script = document.createElement('script');
            script.src = src; script.dataset.agentId = agent; document.head.append(script); }""",
        [f"{installation.origin}/widget.js", company.pia],
    )
    _works(widget.wait_for_bubble())


@pytest.mark.parametrize("wrong", ["", "nobody", "<script>"])
def test_a_wrong_agent_id_only_warns(
    visitor: NewVisitor, hosts: HostPages, installation: Installation, wrong: str
) -> None:
    widget = visitor()
    widget.page.goto(hosts.add(document(script_tag(installation.origin, wrong))))
    widget.page.wait_for_load_state("networkidle")
    assert widget.page.locator("frontdesk-widget").count() == 0
    assert len(widget.heard.console) == 1
    assert widget.heard.errors == []


def test_an_agent_that_is_not_there_says_so_in_the_panel(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor().visit(embed("00000000-0000-0000-0000-000000000000")).click_bubble()
    expect(widget.inside("body")).not_to_be_empty()
    assert widget.heard.errors == []


def test_destroying_it_leaves_nothing(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor().visit(embed()).open()
    widget.page.evaluate("Frontdesk.destroy()")
    assert widget.page.locator("frontdesk-widget").count() == 0
    assert widget.page.evaluate("typeof window.Frontdesk") == "undefined"


def test_a_page_hears_what_happens_and_no_secret(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor().visit(embed())
    widget.page.evaluate(
        """() => { window.said = [];
            for (const name of ['open', 'close', 'ready', 'unread', 'registered', 'message'])
                Frontdesk.on(name, (detail) => window.said.push([name, JSON.stringify(detail || null)])); }"""
    )
    widget.open().register().ask(_QUESTION)
    said = widget.page.evaluate("window.said")
    assert [name for name, _ in said][:2] == ["open", "ready"]
    assert {"registered", "message"} <= {name for name, _ in said}
    assert "eyJ" not in str(said)


def test_the_visitors_token_is_out_of_reach_of_the_page(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor().visit(embed()).open().register()
    assert widget.remembered()["token"]
    reached = widget.page.evaluate(
        """() => { const found = [JSON.stringify({ ...localStorage }), document.cookie, document.body.outerHTML];
            for (let n = 0; n < frames.length; n += 1) {
                try { found.push(JSON.stringify(frames[n].localStorage)); } catch { found.push('refused'); }
            }
            return found.join(); }"""
    )
    assert "eyJ" not in reached


def test_an_answer_behind_a_closed_panel_is_counted(visitor: NewVisitor, embed: Embed) -> None:
    widget = visitor().visit(embed()).open().register()
    widget.page.evaluate(
        "() => { window.unread = []; Frontdesk.on('unread', ({ count }) => window.unread.push(count)); }"
    )
    widget.write(_QUESTION)
    widget.page.evaluate("Frontdesk.close()")
    widget.page.wait_for_function("window.unread.at(-1) === 1")
