"""Real files, from the upload to a passage that is found."""

from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.core import tenancy
from app.core.transaction import transaction
from app.models.agent import Agent
from app.models.chunk import Chunk
from app.services import embedding_spaces, retrieval
from tests.cast import Cast
from tests.document.conftest import Process, Upload
from tests.guards.rules import PROJECT
from tests.rows import all_of, now_in

FOLDER = PROJECT / "app" / "demo" / "documents"

# Slow on purpose: each file is read in a process of its own, and its passages are embedded on the CPU.
pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "kind", "question"),
    [
        ("condiciones-y-devoluciones-es.pdf", "pdf", "¿Cuántos días tengo para devolver una bicicleta?"),
        ("repairs-staff-faq-en.docx", "docx", "How long does a repair take?"),
        ("spare-parts-stock.csv", "csv", "How many brake pads are in stock?"),
        ("faq-en.md", "markdown", "Can I pay by card?"),
        ("lista-de-precios-2026-es.xlsx", "xlsx", "¿Cuánto cuesta una bicicleta?"),
        ("horarios-y-contacto-es.html", "html", "¿A qué hora abre la tienda?"),
    ],
)
def test_a_real_file_is_read_and_found(
    app: Flask,
    database: Session,
    cast: Cast,
    agent: UUID,
    upload: Upload,
    process: Process,
    name: str,
    kind: str,
    question: str,
) -> None:
    path = Path(FOLDER, name)
    document = process(upload(path.read_bytes(), name))
    assert (document.status, document.error, document.kind) == ("processed", None, kind)
    assert document.chunk_count == len(all_of(database, Chunk)) > 0
    assert document.language == {"es": "es", "en": "en"}.get(path.stem[-2:], document.language)
    row = now_in(database, Agent, agent)
    with app.app_context(), transaction():
        tenancy.enter_company(cast.acme)
        vector = embedding_spaces.embedder_for(row).embed_question(question, "en").tolist()
        found = retrieval.find(
            company_id=cast.acme,
            agent_id=agent,
            space=row.embedding_space or "",
            vector=vector,
            question=question,
            languages=row.document_languages,
        )
    assert {each.document_id for each in found} == {document.id}
