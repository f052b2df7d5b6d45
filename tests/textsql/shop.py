"""A small shop with its people, in three dialects: what the corpora of statements ask about."""

from app.textsql.schema import Column, Dialect, ForeignKey, Table, TableKind

_COLUMNS = {
    "categories": "id:int name:text parent_id:int",
    "products": "id:int sku:text name:text category_id:int price:money attributes:json stock:int added_on:date",
    "customers": "id:int name:text email:text country:text city:text is_active:bool created_at:moment",
    "orders": "id:int customer_id:int status:text total:money created_at:moment shipped_at:moment note:text",
    "order_items": "id:int order_id:int product_id:int quantity:int unit_price:money discount:real",
    "employees": "id:int name:text manager_id:int department:text salary:money hired_on:date",
    "events": "id:int customer_id:int kind:text happened_at:moment payload:json duration_ms:int",
    "Odd Names": "Id:int select:text mixedCase:text group:int",
}
_KEYS = {
    "categories": {"parent_id": "categories"},
    "products": {"category_id": "categories"},
    "orders": {"customer_id": "customers"},
    "order_items": {"order_id": "orders", "product_id": "products"},
    "employees": {"manager_id": "employees"},
    "events": {"customer_id": "customers"},
}
_TYPES = {
    Dialect.POSTGRESQL: {
        "int": "integer",
        "text": "text",
        "money": "numeric(12,2)",
        "json": "jsonb",
        "date": "date",
        "moment": "timestamp",
        "bool": "boolean",
        "real": "double precision",
    },
    Dialect.MYSQL: {
        "int": "int",
        "text": "varchar(200)",
        "money": "decimal(12,2)",
        "json": "json",
        "date": "date",
        "moment": "datetime",
        "bool": "tinyint(1)",
        "real": "double",
    },
    Dialect.SQLITE: {
        "int": "INTEGER",
        "text": "TEXT",
        "money": "NUMERIC",
        "json": "TEXT",
        "date": "TEXT",
        "moment": "TEXT",
        "bool": "INTEGER",
        "real": "REAL",
    },
}
_ROWS = {
    "categories": [(1, "Bikes", None), (2, "Road", 1), (3, "City", 1), (4, "Helmets", None)],
    "products": [
        (
            1,
            "RB-1",
            "Roadster",
            2,
            1499.90,
            '{"colour": "red", "sizes": [52, 54], "spec": {"weight": 8.2}}',
            4,
            "2024-01-10",
        ),
        (
            2,
            "CB-2",
            "Cityglide",
            3,
            799.00,
            '{"colour": "blue", "sizes": [48], "spec": {"weight": 13.1}}',
            0,
            "2024-02-20",
        ),
        (3, "HL-3", "Shell", 4, 59.50, '{"colour": "red", "sizes": [], "spec": {"weight": 0.3}}', 120, "2023-11-05"),
    ],
    "customers": [
        (1, "Ada Berg", "ada@example.com", "DE", "Berlin", 1, "2023-01-05 10:00:00"),
        (2, "Bo Lind", "bo@example.se", "SE", "Malmö", 1, "2023-06-17 08:30:00"),
        (3, "Cy O'Neil", "cy@example.ie", "IE", "Cork", 0, "2024-03-01 23:15:00"),
    ],
    "orders": [
        (1, 1, "paid", 1559.40, "2024-01-15 09:00:00", "2024-01-17 12:00:00", None),
        (2, 1, "paid", 59.50, "2024-02-03 19:45:00", "2024-02-05 08:00:00", "gift"),
        (3, 2, "cancelled", 799.00, "2024-02-28 07:10:00", None, None),
        (4, 3, "open", 858.50, "2024-03-30 21:00:00", None, "call first"),
    ],
    "order_items": [
        (1, 1, 1, 1, 1499.90, 0.0),
        (2, 1, 3, 1, 59.50, 0.0),
        (3, 2, 3, 1, 59.50, 0.0),
        (4, 3, 2, 1, 799.00, 0.1),
        (5, 4, 2, 1, 799.00, 0.0),
        (6, 4, 3, 1, 59.50, 0.0),
    ],
    "employees": [
        (1, "Mia", None, "Board", 9000, "2015-04-01"),
        (2, "Noa", 1, "Sales", 5200, "2018-09-15"),
        (3, "Ole", 2, "Sales", 4100, "2021-01-01"),
        (4, "Pat", 1, "Tech", 6100, "2019-02-11"),
    ],
    "events": [
        (1, 1, "visit", "2024-01-15 08:50:00", '{"page": "/bikes", "tags": ["a", "b"]}', 1200),
        (2, 1, "click", "2024-01-15 08:52:00", '{"page": "/bikes/1", "tags": ["b"]}', 80),
        (3, 2, "visit", "2024-02-28 07:00:00", '{"page": "/", "tags": []}', 450),
    ],
    "Odd Names": [(1, "a", "b", 10), (2, "c", "d", 20)],
}
# Columns that are there and not known: deleted by the owner, or newer than the analysis.
HIDDEN = {"customers": "secret", "employees": "iban"}
HIDDEN_TABLE = "payroll"


def tables(dialect: Dialect, schema: str | None) -> list[Table]:
    """The shop as it is known."""
    types = _TYPES[dialect]
    return [
        Table(
            schema,
            name,
            TableKind.TABLE,
            tuple(Column(each, types[kind]) for each, kind in (pair.split(":") for pair in columns.split())),
            primary_key=("id",),
            foreign_keys=tuple(
                ForeignKey((column,), schema, target, ("id",)) for column, target in _KEYS.get(name, {}).items()
            ),
        )
        for name, columns in _COLUMNS.items()
    ]


def statements(dialect: Dialect) -> list[str]:
    """What makes the shop, with what is hidden from questions."""
    quote = "`" if dialect is Dialect.MYSQL else '"'
    types = _TYPES[dialect]
    made = []
    for name, columns in _COLUMNS.items():
        pairs = [pair.split(":") for pair in columns.split()]
        listed = [f"{quote}{each}{quote} {types[kind]}" for each, kind in pairs]
        if name in HIDDEN:
            listed.append(f"{HIDDEN[name]} {types['text']} DEFAULT 'hidden'")
        made.append(f"CREATE TABLE {quote}{name}{quote} ({', '.join(listed)})")
        names = ", ".join(f"{quote}{each}{quote}" for each, _kind in pairs)
        for row in _ROWS[name]:
            values = ", ".join(_literal(value, pairs[at][1], dialect) for at, value in enumerate(row))
            made.append(f"INSERT INTO {quote}{name}{quote} ({names}) VALUES ({values})")
    made.append(f"CREATE TABLE {HIDDEN_TABLE} (id {types['int']}, amount {types['money']})")
    if dialect is Dialect.MYSQL:
        made.append("ALTER TABLE products ADD FULLTEXT (name)")
    return made


def _literal(value: object, kind: str, dialect: Dialect) -> str:
    if value is None:
        return "NULL"
    if kind == "bool" and dialect is Dialect.POSTGRESQL:
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"
