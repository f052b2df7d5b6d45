"""What the minifier must leave as it is: 2.24 moved a declaration before the one that it depends on."""

import pytest

from app.integrations import minifying


@pytest.mark.parametrize("tail", ["", " this.store.change({ conversation: id, conversationKey: undefined });"])
def test_declarations_keep_their_order(tail: str) -> None:
    source = (
        "class A { async open() { const key = this.store.read().key; this.store.change({ key });"
        " const body = { agent: this.agent, about: this.about ? { page: this.about } : {} };"
        " const { id } = await this.call({ key, body }); this.use(id);" + tail + " } }"
    )
    (small,) = minifying.minify([(minifying.JAVASCRIPT, source)])
    assert small.index("page:") < small.index("await")


def test_says_where_a_script_is_wrong() -> None:
    with pytest.raises(minifying.MinifyError, match="unexpected"):
        minifying.minify([(minifying.JAVASCRIPT, "const = ;")])
