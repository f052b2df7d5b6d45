"""The widget as a visitor uses it."""

from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Frame, Locator, Page, expect

PANEL = "/widget/panel/"
VISITOR = {"first_name": "Vera", "last_name": "Visitor", "email": "vera@example.com"}


@dataclass
class Heard:
    """What a page said and did while it was open: `console` texts, uncaught `errors`, `requests` by address."""

    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    @property
    def refusals(self) -> list[str]:
        """What a Content-Security-Policy or Trusted Types complained about."""
        words = ("content security policy", "trustedhtml", "trustedscript", "trusted type")
        return [said for said in [*self.console, *self.errors] if any(word in said.lower() for word in words)]

    def origins(self) -> set[str]:
        """Where the requests went."""
        return {"{0.scheme}://{0.netloc}".format(urlsplit(each)) for each in self.requests if each.startswith("http")}


def listen(page: Page) -> Heard:
    """Notes what a page says from now on, its frames included."""
    heard = Heard()
    page.on("console", lambda message: heard.console.append(message.text))
    page.on("pageerror", lambda error: heard.errors.append(str(error)))
    page.on("request", lambda request: heard.requests.append(request.url))

    def dismiss(dialog: Any) -> None:
        heard.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    return heard


class Widget:
    """The widget on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.heard = listen(page)

    def visit(self, url: str) -> Self:
        """Goes to a page and waits until the bubble is there."""
        self.page.goto(url)
        return self.wait_for_bubble()

    def wait_for_bubble(self) -> Self:
        """Waits until the loader has run."""
        # By a locator, which looks from a world of its own: pages may have broken what is in theirs.
        self.page.locator("frontdesk-widget").wait_for(state="attached")
        return self

    def open(self) -> Self:
        """Opens the panel as a page's script would, and waits until it can be used."""
        self.page.evaluate("Frontdesk.open()")
        return self.wait_until_usable()

    def wait_until_usable(self) -> Self:
        """Waits until there is something to fill in or to write into."""
        expect(self.inside("#register input, #composer").first).to_be_visible()
        return self

    @property
    def frame(self) -> Frame:
        """The panel."""
        for _ in range(200):
            for frame in self.page.frames:
                if PANEL in frame.url:
                    return frame
            self.page.wait_for_timeout(25)
        raise AssertionError(f"no panel among {[each.url for each in self.page.frames]}")

    def inside(self, selector: str) -> Locator:
        """What is in the panel."""
        return self.frame.locator(selector)

    @property
    def composer(self) -> Locator:
        """Where the visitor writes."""
        return self.inside("#composer")

    @property
    def answers(self) -> Locator:
        """The agent's complete messages, the greeting apart."""
        return self.inside(".message[data-role=assistant][data-id]")

    @property
    def questions(self) -> Locator:
        """The visitor's messages that the server has."""
        return self.inside(".message[data-role=user][data-id]")

    @property
    def draft(self) -> Locator:
        """The answer that is being written."""
        return self.inside("#log .list .message[data-role=assistant]:not([data-id]):not(.typing)")

    def register(self, **values: str) -> Self:
        """Fills the form in, agrees to what has to be agreed to, and waits for the conversation."""
        form = self.inside("#register")
        for name, value in {**VISITOR, **values}.items():
            form.locator(f"[name={name}]").fill(value)
        consent = form.locator("[name=consent_data_processing]")
        if consent.count():
            consent.check()
        form.locator("button.primary").click()
        expect(self.composer).to_be_visible()
        return self

    def write(self, text: str) -> Self:
        """Sends a message."""
        self.composer.fill(text)
        self.composer.press("Enter")
        return self

    def ask(self, text: str) -> Locator:
        """Sends a message and waits for its answer, which is returned."""
        before = self.answers.count()
        self.write(text)
        expect(self.answers).to_have_count(before + 1, timeout=20_000)
        return self.answers.nth(before)

    def remembered(self) -> dict[str, Any]:
        """What the panel keeps in its storage."""
        agent = urlsplit(self.frame.url).path.rpartition("/")[2]
        kept: dict[str, Any] = self.frame.evaluate(
            "name => JSON.parse(localStorage.getItem(name) || '{}')", f"frontdesk:{agent}"
        )
        return kept

    def watch(self) -> Self:
        """Notes from now on what stands in answers while they are written; see `watched`."""
        self.frame.evaluate(
            """() => {
                window.watched = [];
                const look = () => {
                    const texts = document.querySelectorAll('#log .list .message[data-role=assistant] > .text');
                    if (texts.length) window.watched.push(texts[texts.length - 1].textContent);
                };
                new MutationObserver(look).observe(document.querySelector('#log'), {
                    childList: true, subtree: true, characterData: true,
                });
            }"""
        )
        return self

    def watched(self) -> list[str]:
        """The texts that stood there, one after the other."""
        texts: list[str] = self.frame.evaluate("window.watched")
        return texts

    def bubble(self) -> tuple[float, float]:
        """Where the bubble is to be clicked: the root of its host is closed, but it is the only thing painted there."""
        size = self.page.viewport_size or {"width": 1280, "height": 720}
        return size["width"] - 50.0, size["height"] - 50.0

    def click_bubble(self) -> Self:
        """Clicks where the bubble is."""
        self.page.mouse.click(*self.bubble())
        return self
