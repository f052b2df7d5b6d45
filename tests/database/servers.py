"""Real servers with a shop in each, as customers have them: Postgres, MariaDB and an SQLite file.

Each is reached by a role that may read and nothing else, and by its owner, for tests that change what is in it.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from tests.database.mariadb import MariaDb

READER, PASSWORD = "shop_reader", "s3cret-of-the-reader"


@dataclass(frozen=True)
class Shop:
    """A customer's database. `url` is the reader's; `execute` runs statements as the owner, whose `owner_url` is known
    of Postgres."""

    kind: str
    url: str
    execute: Callable[..., None]
    owner_url: str = ""

    @property
    def reader(self) -> str:
        """The role that reads."""
        return urlsplit(self.url).username or ""

    def with_(self, **parts: str) -> str:
        """The URL with another `user`, `password`, `host`, `port` or `database`."""
        split = urlsplit(self.url)
        given = {"user": split.username, "password": split.password, "host": split.hostname, "port": split.port}
        given |= {"database": split.path.lstrip("/")} | parts
        netloc = f"{given['user']}:{given['password']}@{given['host']}:{given['port']}"
        return urlunsplit(split._replace(netloc=netloc, path=f"/{given['database']}"))


_TABLES = (
    """CREATE TABLE customers (
        id INTEGER PRIMARY KEY, full_name VARCHAR(80) NOT NULL, email VARCHAR(120) NOT NULL UNIQUE,
        phone VARCHAR(40), iban VARCHAR(40), city VARCHAR(60), created_at TIMESTAMP NULL
    )""",
    """CREATE TABLE products (
        id INTEGER PRIMARY KEY, sku VARCHAR(20) NOT NULL UNIQUE, title VARCHAR(120) NOT NULL,
        category VARCHAR(30) NOT NULL, price NUMERIC(10, 2) NOT NULL
    )""",
    """CREATE TABLE orders (
        id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, status VARCHAR(20) NOT NULL,
        placed_at TIMESTAMP NULL, total NUMERIC(10, 2),
        CONSTRAINT fk_orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
    )""",
    # Without a declared key to products: it has to be inferred.
    """CREATE TABLE order_lines (
        order_id INTEGER NOT NULL, line INTEGER NOT NULL, product_id INTEGER NOT NULL, quantity INTEGER NOT NULL,
        PRIMARY KEY (order_id, line), CONSTRAINT fk_lines_order FOREIGN KEY (order_id) REFERENCES orders (id)
    )""",
    """CREATE VIEW open_orders AS SELECT id, customer_id, total FROM orders WHERE status = 'open'""",
)
_ROWS = (
    """INSERT INTO customers (id, full_name, email, phone, iban, city, created_at) VALUES
        (1, 'Ada Lovelace', 'ada@example.com', '+44 20 7946 0958', 'GB33BUKB20201555555555', 'London', '2026-01-05'),
        (2, 'Grace Hopper', 'grace@example.org', '+1 212 555 0123', 'DE89370400440532013000', 'New York', '2026-02-11'),
        (3, 'Rosa Parks', 'rosa@example.net', '+34 911 234 567', 'ES9121000418450200051332', 'Madrid', '2026-03-17')""",
    """INSERT INTO products (id, sku, title, category, price) VALUES
        (1, 'HLM-1', 'Helmet', 'safety', 49.90), (2, 'BLL-1', 'Bell', 'safety', 9.90),
        (3, 'PMP-1', 'Pump', 'tools', 19.90), (4, 'LCK-1', 'Lock', 'safety', 29.90)""",
    """INSERT INTO orders (id, customer_id, status, placed_at, total) VALUES
        (1, 1, 'open', '2026-05-01', 59.80), (2, 1, 'shipped', '2026-05-03', 19.90),
        (3, 2, 'paid', '2026-05-09', 29.90), (4, 3, 'open', '2026-06-02', 9.90)""",
    """INSERT INTO order_lines (order_id, line, product_id, quantity) VALUES
        (1, 1, 1, 1), (1, 2, 2, 1), (2, 1, 3, 1), (3, 1, 4, 1), (4, 1, 2, 1)""",
)


def postgres_shop(server_url: str, name: str) -> tuple[Shop, Callable[[], None]]:
    """A database of its own on a Postgres server, whose superuser `server_url` names, and what removes it."""

    def run(database: str, *statements: str) -> None:
        connection = psycopg2.connect(urlunsplit(urlsplit(server_url)._replace(path=f"/{database}")))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    role = f"{READER}_{name}"
    drop = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'
    run("postgres", drop, f'DROP ROLE IF EXISTS "{role}"', f'CREATE DATABASE "{name}"')
    run("postgres", f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{PASSWORD}'")
    run(
        name,
        *_TABLES,
        *_ROWS,
        "COMMENT ON TABLE orders IS 'Orders of the web shop'",
        "COMMENT ON COLUMN orders.total IS 'With tax, in euro'",
        f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}"',
        f'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO "{role}"',
        "ANALYZE",
    )
    split = urlsplit(server_url)
    url = f"postgresql://{role}:{PASSWORD}@{split.hostname}:{split.port}/{name}"
    owner_url = urlunsplit(split._replace(path=f"/{name}"))
    shop = Shop("postgresql", url, lambda *statements: run(name, *statements), owner_url)
    return shop, lambda: run("postgres", drop, f'DROP ROLE IF EXISTS "{role}"')


def mariadb_shop(server: MariaDb, name: str) -> Shop:
    """A database of its own on a MariaDB server."""
    server.execute(
        "SET foreign_key_checks = 0",
        f"DROP DATABASE IF EXISTS {name}",
        f"CREATE DATABASE {name}",
        f"CREATE OR REPLACE USER {READER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
        f"GRANT SELECT, SHOW VIEW ON {name}.* TO {READER}@'127.0.0.1'",
    )
    server.execute(
        *_TABLES,
        *_ROWS,
        "ALTER TABLE orders COMMENT 'Orders of the web shop'",
        "ALTER TABLE orders MODIFY total NUMERIC(10, 2) COMMENT 'With tax, in euro'",
        database=name,
    )
    url = server.url(name, READER, PASSWORD)
    return Shop("mysql", url, lambda *statements: server.execute(*statements, database=name))


def sqlite_shop(folder: Path, name: str = "shop.db") -> Shop:
    """A file in the operator's folder."""
    path = folder / name

    def run(*statements: str) -> None:
        connection = sqlite3.connect(path)
        try:
            with connection:
                for statement in statements:
                    connection.execute(statement)
        finally:
            connection.close()

    run(*_TABLES, *_ROWS)
    return Shop("sqlite", f"sqlite:///{name}", run)
