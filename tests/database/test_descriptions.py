"""Tables are described by the company's model, over HTTP, where it has one and says something usable."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.ai import wire
from app.models.database_table import DatabaseTable
from app.models.llm_settings import LlmSettings
from app.models.model_call import ModelCall
from app.models.provider import Provider
from app.models.provider_model import ProviderModel
from app.services.model_choice import BUILTIN_EMBEDDING_MODEL
from tests.cast import Cast
from tests.database.conftest import Analyze, Connect
from tests.database.servers import Shop
from tests.rows import all_of

KEYS = re.compile(r'"key":"([0-9a-f-]{36})","table":"(\w+)"')


class Model:
    """A server that speaks OpenAI's protocol and answers with what `say` makes of a prompt."""

    def __init__(self) -> None:
        self.prompts: list[str] = []
        self.say: Callable[[str], str] = lambda prompt: ""
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                prompt = asked["messages"][-1]["content"]
                model.prompts.append(prompt)
                message = {"role": "assistant", "content": model.say(prompt)}
                body = json.dumps(
                    {
                        "id": "1",
                        "object": "chat.completion",
                        "model": "scripted",
                        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
                    }
                ).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


@pytest.fixture
def scripted() -> Iterator[Model]:
    found = Model()
    thread = threading.Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    wire.close_connections()
    found.server.shutdown()
    found.server.server_close()
    thread.join()


@pytest.fixture
def asked(scripted: Model, database: Session, cast: Cast) -> Model:
    """Acme's default settings name the model for answers, and the builtin one for vectors."""
    chat = Provider(company_id=cast.acme, name="Local", type="openai_compatible", api_base_url=scripted.url)
    builtin = Provider(company_id=cast.acme, name="Builtin", type="builtin")
    database.add_all([chat, builtin])
    database.flush()
    own = {"company_id": cast.acme}
    chatting = ProviderModel(
        **own, provider_id=chat.id, name="S", provider_model_id="scripted", type="chat", input_price=2, output_price=8
    )
    vectors = ProviderModel(
        **own, provider_id=builtin.id, name="E", provider_model_id=BUILTIN_EMBEDDING_MODEL, type="embedding"
    )
    database.add_all([chatting, vectors])
    database.flush()
    database.add(
        LlmSettings(
            **own,
            is_default=True,
            llm_provider_id=chat.id,
            llm_model_id=chatting.id,
            embedding_provider_id=builtin.id,
            embedding_model_id=vectors.id,
        )
    )
    database.commit()
    return scripted


@pytest.fixture
def described(
    analyze: Analyze, connect: Connect, shops: dict[str, Shop], reachable: None, database: Session, asked: Model
) -> Callable[[], dict[str, DatabaseTable]]:
    def run() -> dict[str, DatabaseTable]:
        assert analyze(connect(shops["postgresql"])).analysis_status == "done"
        return {table.name: table for table in all_of(database, DatabaseTable)}

    return run


def test_a_model_describes_what_nobody_commented(
    described: Callable[[], dict[str, DatabaseTable]], asked: Model, database: Session
) -> None:
    asked.say = lambda prompt: "Here:\n" + json.dumps({key: f"Rows of {name}." for key, name in KEYS.findall(prompt)})
    tables = described()
    assert (tables["products"].description, tables["products"].described_by) == ("Rows of products.", "model")
    assert (tables["orders"].description, tables["orders"].described_by) == ("Orders of the web shop", "comment")
    (call,) = all_of(database, ModelCall)
    assert (call.kind, call.outcome, call.input_tokens, call.cost > 0) == ("chat", "ok", 100, True)


def test_a_model_sees_nothing_personal(described: Callable[[], Any], asked: Model) -> None:
    described()
    (prompt,) = asked.prompts
    assert "customers" in prompt and "safety" in prompt
    assert not re.search(r"ada|lovelace|hopper|7946|bukb", prompt, re.IGNORECASE)


@pytest.mark.parametrize("said", ["", "I can't help with that.", '{"a": 1}', "[1, 2]", '{"key": "broken'])
def test_nonsense_leaves_what_the_names_say(
    described: Callable[[], dict[str, DatabaseTable]], asked: Model, said: str
) -> None:
    asked.say = lambda prompt: said
    tables = described()
    assert tables["products"].described_by == "names"
    assert (tables["products"].description or "").startswith("Products with id, sku, title")


def test_a_model_that_is_down_is_no_failure(described: Callable[[], dict[str, DatabaseTable]], asked: Model) -> None:
    asked.server.shutdown()
    asked.server.server_close()
    assert described()["products"].described_by == "names"
