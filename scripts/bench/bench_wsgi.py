"""The application, with bare Flask routes beside it that run the same indexed query through the same server."""

from serving.boot import boot

boot()

import psycopg2.extras  # noqa: E402
from flask import Flask  # noqa: E402
from psycopg2.pool import ThreadedConnectionPool  # noqa: E402
from sqlalchemy import create_engine, select  # noqa: E402
from sqlalchemy.orm import Session  # noqa: E402
from werkzeug.middleware.dispatcher import DispatcherMiddleware  # noqa: E402

from app.config import Settings, with_driver, without_driver  # noqa: E402
from app.models.api_key import ApiKey  # noqa: E402
from app.models.company import Company  # noqa: E402
from wsgi import application as frontdesk  # noqa: E402

# The owner, so that no row-level security is in the way of the bare queries.
_URL = Settings.from_env().database_url
_COLUMNS = "id, name, email, phone, logo, address_id, status, created_at, updated_at, deleted_at"
psycopg2.extras.register_uuid()
_pool = ThreadedConnectionPool(1, 4, without_driver(_URL))
_engine = create_engine(with_driver(_URL), pool_size=4)
bare = Flask("bare")


@bare.get("/psycopg2/<uuid:company_id>")
def by_psycopg2(company_id):
    connection = _pool.getconn()
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {_COLUMNS} FROM companies WHERE id = %s", (company_id,))
            row = dict(zip(_COLUMNS.split(", "), cursor.fetchone(), strict=True))
        connection.rollback()
    finally:
        _pool.putconn(connection)
    return row


@bare.get("/core/<uuid:company_id>")
def by_core(company_id):
    with _engine.connect() as connection:
        row = connection.execute(select(Company.__table__).where(Company.id == company_id)).one()
        return dict(row._mapping)


@bare.get("/orm/<uuid:company_id>")
def by_orm(company_id):
    with Session(_engine, info={"across_companies": "bench"}) as session:
        company = session.scalars(select(Company).where(Company.id == company_id)).one()
        return {name: getattr(company, name) for name in _COLUMNS.split(", ")}


@bare.get("/list/<uuid:company_id>")
def list_by_orm(company_id):
    names = ("id", "key", "name", "scopes", "permissions", "created_by", "created_at", "expires_at", "last_used_at")
    with Session(_engine, info={"across_companies": "bench"}) as session:
        rows = session.scalars(select(ApiKey).where(ApiKey.company_id == company_id).limit(20))
        return {"items": [{name: getattr(row, name) for name in names} for row in rows]}


application = DispatcherMiddleware(frontdesk, {"/bare": bare})
