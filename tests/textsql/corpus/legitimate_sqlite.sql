SELECT strftime('%Y-%m', created_at) AS month, SUM(total) FROM orders GROUP BY month ORDER BY month
SELECT strftime('%Y', created_at) AS y, COUNT(*) FROM orders GROUP BY 1
SELECT CAST(strftime('%w', created_at) AS INTEGER) AS dow, COUNT(*) FROM orders GROUP BY dow
SELECT date(created_at) AS day, COUNT(*) FROM orders GROUP BY day
SELECT * FROM orders WHERE created_at > date('now', '-30 days')
SELECT * FROM orders WHERE created_at >= datetime('now', 'start of month', '-1 month')
SELECT julianday(shipped_at) - julianday(created_at) AS days FROM orders
SELECT AVG(julianday(shipped_at) - julianday(created_at)) * 24 AS hours FROM orders WHERE shipped_at IS NOT NULL
SELECT unixepoch(created_at), time(created_at), datetime(created_at, '+1 day') FROM orders
SELECT strftime('%s', created_at) - strftime('%s', '2024-01-01') FROM orders
SELECT date('now'), time('now'), datetime('now', 'localtime'), strftime('%H:%M', 'now')
SELECT date(created_at, 'weekday 0', '-6 days') AS week, SUM(total) FROM orders GROUP BY week
SELECT CURRENT_TIME
SELECT attributes ->> '$.colour' AS colour, COUNT(*) FROM products GROUP BY colour
SELECT attributes -> '$.spec' ->> 'weight' FROM products
SELECT attributes ->> 'colour' FROM products
SELECT json_extract(attributes, '$.spec.weight') AS weight FROM products ORDER BY weight
SELECT name FROM products WHERE json_extract(attributes, '$.colour') = 'red'
SELECT json_array_length(attributes, '$.sizes'), json_type(attributes), json_valid(attributes) FROM products
SELECT p.name, s.value FROM products p, json_each(p.attributes, '$.sizes') s
SELECT p.name, s.key, s.value FROM products AS p JOIN json_each(p.attributes) AS s
SELECT DISTINCT p.name FROM products p, json_each(p.attributes, '$.sizes') WHERE json_each.value > 50
SELECT t.fullkey, t.type, t.atom FROM products p, json_tree(p.attributes) t WHERE p.id = 1
SELECT json_object('id', id, 'name', name), json_array(id, name), json_quote(name) FROM customers
SELECT json_group_array(name), json_group_object(id, name) FROM customers
SELECT json_set(attributes, '$.colour', 'green'), json_remove(attributes, '$.colour'), json(attributes) FROM products
SELECT group_concat(name) FROM customers
SELECT group_concat(name, '; ') FROM customers
SELECT group_concat(DISTINCT country) FROM customers
SELECT name || ' <' || email || '>' FROM customers
SELECT printf('%.2f', total), format('%05d', id) FROM orders
SELECT printf('%-10s|%s', name, city) FROM customers
SELECT instr(email, '@'), substr(email, instr(email, '@') + 1) AS domain FROM customers
SELECT substr(email, instr(email, '@') + 1) AS domain, COUNT(*) FROM customers GROUP BY domain
SELECT name FROM customers WHERE name GLOB 'A*'
SELECT name FROM customers WHERE name NOT GLOB '*x'
SELECT name FROM customers WHERE name LIKE 'a%'
SELECT typeof(total), quote(name), hex(name), unicode(name), char(65, 66) FROM orders JOIN customers ON customers.id = orders.customer_id
SELECT ltrim(name, 'A'), rtrim(name), trim(name, 'g') FROM customers
SELECT iif(total > 100, 'large', 'small') AS size, COUNT(*) FROM orders GROUP BY size
SELECT ifnull(note, 'none'), coalesce(note, status), nullif(status, 'open') FROM orders
SELECT max(total, 100), min(total, 100), max(total) FROM orders
SELECT total(total), sum(total), avg(total) FROM orders
SELECT count(*) FILTER (WHERE status = 'paid') AS paid, count(*) FROM orders
SELECT sum(total) FILTER (WHERE status = 'paid') FROM orders
SELECT sum(status = 'paid') AS paid FROM orders
SELECT note IS NULL, note IS NOT NULL, note ISNULL, note NOTNULL, status IS 'paid', status IS NOT 'paid' FROM orders
SELECT status == 'paid', status != 'open', total <> 0 FROM orders
SELECT * FROM orders WHERE note IS NOT NULL AND total > 10
SELECT CAST(total AS INTEGER), CAST(id AS TEXT), CAST('1.5' AS REAL), CAST(total AS NUMERIC) FROM orders
SELECT 7 / 2, 7 % 2, 7 & 3, 7 | 8, ~7, 1 << 3, 8 >> 1, -7, +7, 7 / 2.0
SELECT abs(-5), round(2.5), ceil(2.1), floor(2.9), sqrt(16), pow(2, 3), exp(1), ln(2), log10(100), sign(-1), mod(7, 2), pi()
SELECT random() % 10 AS r
SELECT [Id], `select`, "mixedCase", "group" FROM "Odd Names"
SELECT "Odd Names"."select" FROM "Odd Names"
SELECT main.orders.id, orders.total FROM main.orders
SELECT o.id FROM main.orders AS o JOIN main.customers USING (id)
SELECT id, status FROM orders NATURAL JOIN (SELECT id, quantity FROM order_items) i
SELECT * FROM customers c RIGHT JOIN orders o ON o.customer_id = c.id
SELECT * FROM customers c FULL OUTER JOIN orders o ON o.customer_id = c.id
SELECT id FROM customers FULL JOIN orders USING (id) ORDER BY id
SELECT * FROM orders ORDER BY shipped_at DESC NULLS LAST
SELECT * FROM orders LIMIT 2 OFFSET 1
SELECT * FROM orders LIMIT 1, 2
SELECT * FROM (VALUES (1, 'one'), (2, 'two'))
WITH v(n, word) AS (VALUES (1, 'one'), (2, 'two')) SELECT word FROM v WHERE n = 2
SELECT column1 FROM (VALUES (1), (2)) AS v
SELECT * FROM orders WHERE (customer_id, status) IN (SELECT customer_id, status FROM orders WHERE total > 100)
SELECT * FROM orders WHERE (customer_id, status) = (1, 'paid')
SELECT name COLLATE NOCASE FROM customers ORDER BY name COLLATE NOCASE
SELECT name FROM customers WHERE name = 'ada berg' COLLATE NOCASE
SELECT name FROM customers WHERE is_active = 1
SELECT name FROM customers WHERE is_active
SELECT name FROM customers WHERE is_active = TRUE AND NOT is_active = FALSE
SELECT sum(total) OVER (ORDER BY created_at GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM orders
SELECT sum(total) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM orders
SELECT count(*) FILTER (WHERE status = 'paid') OVER (ORDER BY id) FROM orders
SELECT percent_rank() OVER (ORDER BY total), cume_dist() OVER (ORDER BY total), nth_value(id, 2) OVER (ORDER BY total) FROM orders
SELECT group_concat(name) OVER (ORDER BY id) FROM customers
SELECT total AS t FROM orders WHERE t > 100
SELECT status, COUNT(*) AS n FROM orders GROUP BY status HAVING n > 1 ORDER BY n * -1
SELECT customer_id, max(total), created_at FROM orders GROUP BY customer_id
WITH RECURSIVE days(day) AS (SELECT date('2024-01-01') UNION ALL SELECT date(day, '+1 day') FROM days WHERE day < '2024-01-31') SELECT days.day, COUNT(o.id) FROM days LEFT JOIN orders o ON date(o.created_at) = days.day GROUP BY days.day
WITH x AS MATERIALIZED (SELECT id FROM orders) SELECT * FROM x
WITH RECURSIVE up(id, name) AS (SELECT id, name FROM employees WHERE id = 3 UNION SELECT e.id, e.name FROM employees e JOIN up ON e.id = (SELECT manager_id FROM employees WHERE employees.id = up.id)) SELECT name FROM up
SELECT CASE WHEN is_active THEN 'yes' ELSE 'no' END FROM customers
SELECT likely(total > 100), unlikely(total < 1) FROM orders
SELECT replace(name, 'a', 'b'), upper(name), lower(name), length(name) FROM customers
SELECT name full_name FROM customers
SELECT id FROM orders UNION ALL SELECT id FROM customers EXCEPT SELECT id FROM products ORDER BY id DESC
SELECT * FROM customers c JOIN orders o ON c.id = o.customer_id AND o.total > 100 JOIN order_items i ON i.order_id = o.id
SELECT e.kind, count(*), round(avg(e.duration_ms), 1) FROM events e GROUP BY e.kind
SELECT 0x10, 1e3, .5, 'x' 
SELECT sum(total) * 1.0 / (SELECT sum(total) FROM orders) AS share FROM orders WHERE status = 'paid'
