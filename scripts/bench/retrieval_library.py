"""An application in this process with sets of documents in it, each an agent's of a company of its own."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self
from uuid import UUID

from installation import ROOT
from retrieval_sets import QuestionSet

_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Library:
    """An embedded Postgres below `folder`, prepared, and the application on it, for the time of the block. What a
    folder holds already is used again."""

    def __init__(self, folder: Path) -> None:
        from launcher.postgres import EmbeddedPostgres
        from launcher.valkey import EmbeddedValkey

        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._servers = [
            EmbeddedPostgres(folder / "postgres", "bench-owner", settings=_FAST),
            EmbeddedValkey(folder / "redis", "bench-redis"),
        ]

    def __enter__(self) -> Self:
        for each in self._servers:
            each.start()
        postgres, valkey = self._servers
        os.environ.update(
            DATABASE_URL=postgres.url("frontdesk"),
            REDIS_URL=valkey.url(),
            SECRET_KEYS="a key for benchmarks only with 32 characters",
            DATA_DIR=str(self.folder / "data"),
            LOG_LEVEL="ERROR",
        )
        command = [sys.executable, "-m", "flask", "--app", "app", "prepare"]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        from app import create_app
        from app.config import Settings

        self._context = create_app(Settings.from_env()).app_context()
        self._context.push()
        return self

    def __exit__(self, *_: object) -> None:
        from app.db import db

        db.engine.dispose()
        self._context.pop()
        for each in reversed(self._servers):
            each.stop()

    def agent_of(self, of_set: QuestionSet) -> tuple[UUID, UUID]:
        """Company and agent whose documents are the set's; ingested unless the folder has them."""
        noted = self.folder / f"{of_set.digest}.json"
        if not noted.exists():
            made = _ingested(of_set)
            noted.write_text(json.dumps([str(each) for each in made]))
        company_id, agent_id = json.loads(noted.read_text())
        return UUID(company_id), UUID(agent_id)


@contextmanager
def entered(company_id: UUID) -> Iterator[Any]:
    """A transaction in which a company's rows are seen."""
    from app.core.tenancy import enter_company
    from app.core.transaction import transaction

    with transaction() as session:
        enter_company(company_id)
        yield session


def filenames(company_id: UUID) -> dict[UUID, str]:
    """The company's documents by id."""
    from sqlalchemy import select

    from app.models.document import Document

    with entered(company_id) as session:
        rows = session.execute(select(Document.id, Document.filename).where(Document.company_id == company_id))
        return {each.id: each.filename or "" for each in rows}


def look_up(company_id: UUID, agent_id: UUID, text: str, most: int = 8) -> tuple[Any, str]:
    """What is found for a question, and the language it is taken to be in."""
    from app.ai import language
    from app.repositories import agents
    from app.services import evidence, model_choice

    with entered(company_id):
        agent = agents.get(company_id=company_id, agent_id=agent_id)
        choice = model_choice.find(company_id=company_id, agent_id=agent_id).embedding
        if agent is None:
            raise LookupError(agent_id)
        spoken = language.detect(text, candidates=[*agent.languages, *agent.document_languages])
        wanted = evidence.Wanted(
            company_id=company_id,
            agent_id=agent_id,
            space=agent.embedding_space,
            choice=choice,
            languages=(spoken, *agent.document_languages),
            most=most,
        )
    return evidence.look_up(wanted, text), spoken


def _ingested(of_set: QuestionSet) -> tuple[UUID, UUID]:
    from app.models.document import DocumentStatus
    from app.repositories import documents
    from app.services import document_uploads, ingestion

    principal, agent_id = _company()
    with TemporaryDirectory() as folder:
        files = [_received(Path(folder) / name, content) for name, content in of_set.files.items()]
        with document_uploads.stage(principal, files) as staged, entered(principal.company()):
            taken = document_uploads.take(principal, agent_id=agent_id, files=staged, urls=[])
            ids = [each.document.id for each in taken if each.document]
    for each in ids:
        ingestion.ingest(company_id=principal.company(), document_id=each)
    with entered(principal.company()):
        for each in ids:
            document = documents.get(company_id=principal.company(), document_id=each)
            if document is None or document.status != DocumentStatus.PROCESSED:
                raise RuntimeError(f"{document and document.filename}: {document and document.error}")
    return principal.company(), agent_id


def _company() -> tuple[Any, UUID]:
    from app.core.ids import new_id
    from app.models.agent import Agent
    from app.models.company import Company
    from app.repositories import agents, companies
    from app.security.principal import Principal, PrincipalKind
    from app.security.scopes import ROLE_SCOPES
    from app.services import accounts
    from app.services.accounts import NewUser

    company_id, agent_id = new_id(), new_id()
    with entered(company_id):
        companies.add(Company(id=company_id, name=company_id.hex, email=f"{company_id.hex}@bench.example"))
        person = {"username": "bench", "first_name": "Ada", "last_name": "Admin", "password": "correct horse battery"}
        new = NewUser(email=f"{company_id.hex}@bench.example", **person)
        user = accounts.create_admin(new, company_id)
        agents.add(Agent(id=agent_id, company_id=company_id, name="Bench"))
        principal = Principal(
            kind=PrincipalKind.USER,
            id=user.id,
            company_id=company_id,
            role=user.role,
            scopes=ROLE_SCOPES[user.role],
            user_id=user.id,
        )
    return principal, agent_id


def _received(path: Path, content: bytes) -> Any:
    from app.services.document_uploads import ReceivedFile

    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return ReceivedFile(path=path, filename=path.name, declared=None, size=len(content), sha256=digest)
