"""What Postgres' catalogue says about the second wall. Each function returns violations; none is good."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, MetaData, text

ENTERED = "app.company_id"

# Company-owned tables, and the companies themselves, with their policies.
_WALLS = text("""
    SELECT c.relname AS name, c.relrowsecurity AS enabled,
        coalesce(json_agg(json_build_object(
            'name', p.polname, 'command', p.polcmd, 'permissive', p.polpermissive,
            'everybody', p.polroles = '{0}', 'using', pg_get_expr(p.polqual, p.polrelid),
            'check', pg_get_expr(p.polwithcheck, p.polrelid)
        )) FILTER (WHERE p.polname IS NOT NULL), '[]') AS policies
    FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND (
        c.relname = 'companies' OR EXISTS (
            SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'company_id' AND NOT a.attisdropped))
    GROUP BY c.oid ORDER BY 1
""")
# A policy counts for the table that a statement names: those of a partitioned table don't hold for its partitions.
_PARTITIONS = text("""
    SELECT c.relname AS name, c.relrowsecurity AS enabled, has_any_column_privilege(:role, c.oid, 'SELECT')
            OR has_any_column_privilege(:role, c.oid, 'INSERT') OR has_any_column_privilege(:role, c.oid, 'UPDATE')
            OR has_table_privilege(:role, c.oid, 'DELETE') AS granted,
        EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid) AS has_policy
    FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relispartition ORDER BY 1
""")
_VIEWS = text("""
    SELECT c.relname AS name FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND has_table_privilege(:role, c.oid, 'SELECT') AND (
        c.relkind = 'm' OR c.relkind = 'v' AND NOT coalesce(c.reloptions, '{}') @> '{security_invoker=true}')
    ORDER BY 1
""")
_FUNCTIONS = text("""
    SELECT p.oid::regprocedure::text AS name, has_function_privilege('public', p.oid, 'EXECUTE') AS for_everybody,
        coalesce(array_to_string(p.proconfig, ';'), '') AS config
    FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace ORDER BY 1
""")
_ROLE = text("""
    SELECT rolsuper AS "is a superuser", rolbypassrls AS "bypasses row-level security",
        rolcreatedb AS "creates databases", rolcreaterole AS "creates roles", rolreplication AS "replicates",
        has_database_privilege(rolname, current_database(), 'CREATE') AS "creates schemas"
    FROM pg_roles WHERE rolname = :role
""")
_OWNS = text("""
    SELECT 'owns ' || objects.name FROM pg_roles r, LATERAL (
        SELECT relname AS name FROM pg_class WHERE relowner = r.oid
        UNION SELECT proname FROM pg_proc WHERE proowner = r.oid
        UNION SELECT nspname FROM pg_namespace WHERE nspowner = r.oid
        UNION SELECT datname FROM pg_database WHERE datdba = r.oid
    ) AS objects WHERE r.rolname = :role
    UNION SELECT 'is a member of ' || roleid::regrole FROM pg_auth_members WHERE member = CAST(:role AS regrole)
    UNION SELECT 'creates tables in ' || nspname FROM pg_namespace
        WHERE nspname NOT LIKE 'pg\\_%' AND has_schema_privilege(:role, oid, 'CREATE')
    ORDER BY 1
""")
_RIGHTS = text("""
    SELECT rights.name || ' ' || c.relname FROM pg_class c, unnest(ARRAY[
        'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'INSERT'
    ]) AS rights (name)
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND (
        has_table_privilege(:role, c.oid, rights.name)
        OR rights.name IN ('INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege(:role, c.oid, rights.name)
    ) ORDER BY 1
""")
# Row-level security says nothing about these three, whatever the table.
_NEVER = ("TRUNCATE", "REFERENCES", "TRIGGER")
_FORBIDDEN = {
    "UPDATE audit_entries",
    "DELETE audit_entries",
    "DELETE audit_chains",
    "DELETE companies",
    "INSERT alembic_version",
    "UPDATE alembic_version",
    "DELETE alembic_version",
}


def open_tables(connection: Connection) -> list[str]:
    """Tables whose rows other companies could reach, and why."""
    return [f"{row.name}: {problem}" for row in connection.execute(_WALLS) for problem in _holes(row)]


def open_partitions(connection: Connection, role: str) -> list[str]:
    """Partitions that the role could reach beside their table and its wall, and how."""
    found = []
    for row in connection.execute(_PARTITIONS, {"role": role}):
        if row.granted:
            found.append(f"{row.name}: {role} has rights on the partition")
        if not row.enabled:
            found.append(f"{row.name}: row-level security is off")
        if row.has_policy:
            found.append(f"{row.name}: a policy lets somebody in")
    return found


def _holes(row: Any) -> Iterator[str]:
    if not row.enabled:
        yield "row-level security is off"
    if not row.policies:
        yield "no policy"
    for policy in row.policies:
        if policy["command"] != "*" or not policy["everybody"]:
            yield f"the policy {policy['name']} does not hold for every command and role"
        # Permissive policies are OR-ed, so each of them has to ask for the company.
        if ENTERED not in (policy["using"] or "") or (policy["check"] and ENTERED not in policy["check"]):
            yield f"the policy {policy['name']} does not ask for {ENTERED}"


def open_views(connection: Connection, role: str) -> list[str]:
    """Views that the role can read, and that read with their owner's eyes."""
    return [f"{row.name}: a view without security_invoker" for row in connection.execute(_VIEWS, {"role": role})]


def open_functions(connection: Connection) -> list[str]:
    """Functions that run as their owner and that the wrong people could call or lead astray."""
    found = []
    for row in connection.execute(_FUNCTIONS):
        if row.for_everybody:
            found.append(f"{row.name}: everybody may call it")
        if not row.config.endswith("pg_temp") or "$user" in row.config:
            found.append(f"{row.name}: a search path that callers can change")
    return found


def excessive_powers(connection: Connection, role: str) -> list[str]:
    """What the role can do and should not."""
    row = connection.execute(_ROLE, {"role": role}).mappings().one()
    rights = connection.scalars(_RIGHTS, {"role": role}).all()
    return [
        *(power for power, held in row.items() if held),
        *connection.scalars(_OWNS, {"role": role}),
        *(right for right in rights if right in _FORBIDDEN or right.startswith(_NEVER)),
    ]


def unowned_children(metadata: MetaData) -> list[str]:
    """Tables without a company of their own that refer to a company's rows: no policy could guard them."""
    owned = {table for table in metadata.tables.values() if "company_id" in table.c or table.name == "companies"}
    return sorted(
        {
            f"{table.name} refers to {key.column.table.name} and has no company_id"
            for table in metadata.tables.values()
            for key in table.foreign_keys
            if table not in owned and key.column.table in owned
        }
    )
