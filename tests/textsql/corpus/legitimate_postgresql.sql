SELECT date_trunc('month', created_at) AS month, SUM(total) FROM orders GROUP BY month ORDER BY month
SELECT date_trunc('month', created_at)::date AS month, COUNT(*) FROM orders GROUP BY 1
SELECT EXTRACT(YEAR FROM created_at) AS y, EXTRACT(MONTH FROM created_at) AS m, SUM(total) FROM orders GROUP BY 1, 2 ORDER BY 1, 2
SELECT EXTRACT(DOW FROM created_at) AS dow, COUNT(*) FROM orders GROUP BY dow
SELECT EXTRACT(EPOCH FROM (shipped_at - created_at)) / 3600 AS hours FROM orders
SELECT date_part('hour', happened_at) AS h, count(*) FROM events GROUP BY h
SELECT to_char(created_at, 'YYYY-MM') AS month, SUM(total) FROM orders GROUP BY month
SELECT to_char(total, 'FM999G999D00') FROM orders
SELECT to_date('2024-01-05', 'YYYY-MM-DD'), to_timestamp(1700000000), to_number('12.5', '99D9')
SELECT * FROM orders WHERE created_at > now() - interval '30 days'
SELECT * FROM orders WHERE created_at >= CURRENT_DATE - INTERVAL '1 year'
SELECT * FROM orders WHERE created_at >= date_trunc('month', now()) - interval '1 month' AND created_at < date_trunc('month', now())
SELECT * FROM orders WHERE created_at::date = DATE '2024-01-15'
SELECT * FROM orders WHERE created_at >= '2024-01-01'::timestamp
SELECT * FROM orders WHERE created_at > timestamp '2024-01-01 00:00:00'
SELECT age(shipped_at, created_at) FROM orders
SELECT age(created_at) FROM orders
SELECT shipped_at - created_at AS took FROM orders WHERE shipped_at IS NOT NULL
SELECT AVG(shipped_at - created_at) FROM orders
SELECT created_at AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin' FROM orders
SELECT now() AT TIME ZONE 'Europe/Berlin'
SELECT make_date(2024, 1, 5), make_interval(days => 10), make_timestamp(2024, 1, 5, 10, 0, 0)
SELECT date_bin('15 minutes', happened_at, TIMESTAMP '2024-01-01') AS slot, count(*) FROM events GROUP BY slot
SELECT localtimestamp, localtime, current_time
SELECT CURRENT_DATE - hired_on AS days FROM employees
SELECT CURRENT_DATE + 7
SELECT DATE '2024-01-31' + INTERVAL '1 month'
SELECT justify_interval(interval '400 days'), justify_days(interval '40 days')
SELECT (DATE '2024-01-01', DATE '2024-06-01') OVERLAPS (DATE '2024-03-01', DATE '2024-09-01')
SELECT d::date AS day, COUNT(o.id) FROM generate_series(DATE '2024-01-01', DATE '2024-01-31', INTERVAL '1 day') AS d LEFT JOIN orders o ON o.created_at::date = d::date GROUP BY d ORDER BY d
SELECT g.month, COALESCE(SUM(o.total), 0) FROM generate_series('2024-01-01'::timestamp, '2024-12-01'::timestamp, '1 month') AS g(month) LEFT JOIN orders o ON date_trunc('month', o.created_at) = g.month GROUP BY g.month
SELECT i FROM generate_series(1, 10) AS i
SELECT generate_series(1, 3) AS n
SELECT s.a FROM generate_series(1, 10, 3) AS s(a)
SELECT attributes->>'colour' AS colour, COUNT(*) FROM products GROUP BY colour
SELECT attributes->'spec'->>'weight' FROM products
SELECT (attributes->'spec'->>'weight')::numeric AS weight FROM products ORDER BY weight
SELECT attributes #>> '{spec,weight}' FROM products
SELECT attributes #> '{sizes,0}' FROM products
SELECT attributes->'sizes'->0 FROM products
SELECT name FROM products WHERE attributes @> '{"colour": "red"}'
SELECT name FROM products WHERE attributes ? 'colour'
SELECT name FROM products WHERE attributes ?| array['colour', 'x']
SELECT name FROM products WHERE attributes->>'colour' = 'red' AND (attributes->'spec'->>'weight')::float < 1
SELECT jsonb_array_length(attributes->'sizes') FROM products
SELECT p.name, s.value FROM products p, jsonb_array_elements(p.attributes->'sizes') AS s
SELECT p.name, size FROM products p CROSS JOIN LATERAL jsonb_array_elements_text(p.attributes->'sizes') AS size
SELECT e.id, t.tag FROM events e, LATERAL jsonb_array_elements_text(e.payload->'tags') AS t(tag)
SELECT p.name, kv.key, kv.value FROM products p, jsonb_each(p.attributes) AS kv
SELECT p.name, kv.key FROM products p CROSS JOIN jsonb_each_text(p.attributes) kv WHERE kv.value = 'red'
SELECT DISTINCT jsonb_object_keys(attributes) FROM products
SELECT r.page FROM events e, jsonb_to_record(e.payload) AS r(page text, tags jsonb)
SELECT jsonb_build_object('name', name, 'price', price) FROM products
SELECT jsonb_agg(jsonb_build_object('id', id, 'total', total) ORDER BY id) FROM orders
SELECT json_object_agg(sku, price) FROM products
SELECT jsonb_typeof(attributes->'sizes'), jsonb_pretty(attributes) FROM products
SELECT jsonb_path_query_first(attributes, '$.sizes[0]') FROM products
SELECT jsonb_path_exists(attributes, '$.sizes[*] ? (@ > 50)') FROM products
SELECT to_jsonb(name), jsonb_set(attributes, '{colour}', '"green"') FROM products
SELECT json_build_array(id, name) FROM customers
SELECT string_agg(name, ', ') FROM customers
SELECT string_agg(DISTINCT country, ',' ORDER BY country) FROM customers
SELECT string_agg(name, E'\n' ORDER BY name) FROM customers
SELECT array_agg(id ORDER BY id DESC) FROM orders
SELECT customer_id, array_agg(DISTINCT status) FROM orders GROUP BY customer_id
SELECT array_length(array_agg(id), 1), cardinality(array_agg(id)) FROM orders
SELECT array_to_string(array_agg(name), '; ') FROM customers
SELECT (array_agg(name ORDER BY created_at DESC))[1] AS newest FROM customers
SELECT ARRAY[1, 2, 3] AS a, ARRAY(SELECT id FROM orders ORDER BY id) AS ids
SELECT * FROM orders WHERE id = ANY(ARRAY[1, 2])
SELECT * FROM orders WHERE status = ANY('{paid,open}')
SELECT * FROM orders WHERE total > ALL (SELECT price FROM products WHERE price < 100)
SELECT * FROM orders WHERE customer_id = ANY (SELECT id FROM customers WHERE country = 'DE')
SELECT u FROM unnest(ARRAY['a', 'b']) AS u
SELECT u.x, u.n FROM unnest(ARRAY['a', 'b']) WITH ORDINALITY AS u(x, n)
SELECT unnest(string_to_array(email, '@')) FROM customers
SELECT split_part(email, '@', 2) AS domain, COUNT(*) FROM customers GROUP BY domain
SELECT name || ' <' || email || '>' FROM customers
SELECT concat(name, ' ', city), concat_ws(', ', city, country) FROM customers
SELECT format('%s (%s)', name, country) FROM customers
SELECT left(name, 2), right(name, 2), reverse(name), initcap(name) FROM customers
SELECT lpad(id::text, 6, '0'), rpad(name, 20, '.') FROM customers
SELECT position('@' IN email), strpos(email, '@') FROM customers
SELECT substring(email FROM '@(.*)$') FROM customers
SELECT substring(name FROM 2 FOR 3), overlay(name PLACING 'xx' FROM 2) FROM customers
SELECT trim(BOTH 'x' FROM name), btrim(name), ltrim(name), rtrim(name, 'g') FROM customers
SELECT regexp_replace(email, '@.*', '', 'g') FROM customers
SELECT (regexp_match(email, '@([^.]+)'))[1] FROM customers
SELECT name FROM customers WHERE email ~ '^[a-c]' AND email !~ 'zzz' AND name ~* 'ADA'
SELECT name FROM customers WHERE name ILIKE '%ada%'
SELECT name FROM customers WHERE name NOT ILIKE 'a%'
SELECT name FROM customers WHERE name SIMILAR TO '(A|B)%'
SELECT regexp_split_to_array(name, ' ') FROM customers
SELECT md5(email), encode('abc'::bytea, 'hex'), ascii(name), chr(65), translate(name, 'ab', 'xy') FROM customers
SELECT starts_with(name, 'A'), char_length(name), octet_length(name) FROM customers
SELECT count(*) FILTER (WHERE status = 'paid') AS paid, count(*) FILTER (WHERE status <> 'paid') AS others FROM orders
SELECT customer_id, sum(total) FILTER (WHERE created_at >= '2024-02-01') FROM orders GROUP BY customer_id
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) AS median FROM orders
SELECT percentile_disc(0.9) WITHIN GROUP (ORDER BY total DESC) FROM orders
SELECT percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY total) FROM orders
SELECT mode() WITHIN GROUP (ORDER BY status) FROM orders
SELECT stddev(total), variance(total), stddev_pop(total), corr(total, id), regr_slope(total, id) FROM orders
SELECT bool_and(is_active), bool_or(is_active), every(is_active) FROM customers
SELECT country, status, SUM(total) FROM orders JOIN customers ON customers.id = customer_id GROUP BY ROLLUP (country, status)
SELECT country, status, SUM(total) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY CUBE (country, status)
SELECT country, status, GROUPING(country), SUM(total) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY GROUPING SETS ((country), (status), ())
SELECT DISTINCT ON (customer_id) customer_id, total, created_at FROM orders ORDER BY customer_id, created_at DESC
SELECT c.name, last.total FROM customers c LEFT JOIN LATERAL (SELECT total FROM orders o WHERE o.customer_id = c.id ORDER BY created_at DESC LIMIT 1) last ON true
SELECT c.name, x.n FROM customers c CROSS JOIN LATERAL (SELECT count(*) AS n FROM orders WHERE customer_id = c.id) x
SELECT * FROM customers c FULL OUTER JOIN orders o ON o.customer_id = c.id
SELECT * FROM customers c RIGHT JOIN orders o ON o.customer_id = c.id
SELECT id FROM customers FULL JOIN orders USING (id) ORDER BY id
SELECT id, status FROM orders NATURAL JOIN (SELECT id, quantity FROM order_items) i
SELECT * FROM orders ORDER BY shipped_at DESC NULLS LAST
SELECT * FROM orders ORDER BY shipped_at ASC NULLS FIRST, id
SELECT * FROM orders FETCH FIRST 2 ROWS ONLY
SELECT * FROM orders ORDER BY status FETCH FIRST 1 ROWS WITH TIES
SELECT * FROM (VALUES (1, 'one'), (2, 'two')) AS v(n, word)
WITH v(n, word) AS (VALUES (1, 'one'), (2, 'two')) SELECT word FROM v WHERE n = 2
SELECT o.id, v.label FROM orders o JOIN (VALUES ('paid', 'Paid'), ('open', 'Open')) AS v(status, label) ON v.status = o.status
SELECT * FROM orders WHERE (customer_id, status) IN (SELECT customer_id, status FROM orders WHERE total > 100)
SELECT * FROM orders WHERE (customer_id, status) = (1, 'paid')
SELECT ROW(1, 'a') = ROW(1, 'a')
SELECT total::int, total::text, id::numeric(10, 2), status::varchar(5), '5'::integer, id::bigint, total::double precision FROM orders
SELECT CAST(total AS INTEGER), CAST('2024-01-01' AS DATE), CAST(id AS TEXT), CAST(total AS DECIMAL(10, 1)) FROM orders
SELECT width_bucket(total, 0, 2000, 4) AS bucket, count(*) FROM orders GROUP BY bucket ORDER BY bucket
SELECT greatest(1, 2, 3), least(total, 100), ceil(total), floor(total), trunc(total, 1), sqrt(total), power(2, 3), mod(7, 3), 2 ^ 3, ln(10), log(100), exp(1), sign(-2), pi(), cbrt(27) FROM orders
SELECT round((total * 100 / sum(total) OVER ())::numeric, 2) AS percent FROM orders
SELECT percent_rank() OVER (ORDER BY total), cume_dist() OVER (ORDER BY total), nth_value(id, 2) OVER (ORDER BY total) FROM orders
SELECT sum(total) OVER (ORDER BY created_at RANGE BETWEEN INTERVAL '30 days' PRECEDING AND CURRENT ROW) FROM orders
SELECT sum(total) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM orders
SELECT name FROM customers WHERE is_active
SELECT name FROM customers WHERE is_active IS TRUE AND NOT is_active IS FALSE
SELECT name FROM customers WHERE is_active = true
SELECT status IS DISTINCT FROM 'paid', note IS NOT DISTINCT FROM NULL FROM orders
SELECT name COLLATE "C" FROM customers ORDER BY name COLLATE "C"
SELECT to_tsvector('english', name) @@ plainto_tsquery('english', 'roadster') FROM products
SELECT ts_rank(to_tsvector('simple', name), to_tsquery('simple', 'shell')) FROM products
SELECT "Id", "select", "mixedCase", "group" FROM "Odd Names"
SELECT mixedCase, "Odd Names"."select" FROM "Odd Names"
SELECT public.orders.id, orders.total FROM public.orders
SELECT o.id FROM public.orders AS o JOIN public.customers USING (id)
SELECT $$it's$$ AS x, $tag$a$tag$ AS y
SELECT * FROM orders WHERE note IS NULL LIMIT ALL
WITH x AS MATERIALIZED (SELECT id FROM orders) SELECT * FROM x
WITH x AS NOT MATERIALIZED (SELECT id FROM orders) SELECT * FROM x
SELECT daterange(DATE '2024-01-01', DATE '2024-02-01') @> created_at::date FROM orders
SELECT int4range(1, 5) && int4range(4, 9), lower(int4range(1, 5))
SELECT 7 / 2, 7 % 2, 7 & 3, 7 | 8, 7 # 2, ~7, 1 << 3, 8 >> 1, |/ 16.0, -7
SELECT coalesce(note, status, 'x') || '!' FROM orders
SELECT CASE WHEN is_active THEN 'yes' ELSE 'no' END FROM customers
SELECT department, array_agg(name ORDER BY salary DESC) FILTER (WHERE salary > 4000) FROM employees GROUP BY department
SELECT extract(quarter FROM created_at) q, extract(isoyear FROM created_at), extract(week FROM created_at) FROM orders
SELECT interval '1 hour 30 minutes', interval '2' day, 3 * interval '1 day'
SELECT first.id FROM orders first
SELECT t.day, t.revenue, lag(t.revenue) OVER (ORDER BY t.day), round(100.0 * (t.revenue - lag(t.revenue) OVER (ORDER BY t.day)) / nullif(lag(t.revenue) OVER (ORDER BY t.day), 0), 1) AS growth FROM (SELECT created_at::date AS day, sum(total) AS revenue FROM orders GROUP BY 1) t
WITH cohorts AS (SELECT id, date_trunc('month', created_at) AS cohort FROM customers), activity AS (SELECT o.customer_id, date_trunc('month', o.created_at) AS month FROM orders o) SELECT c.cohort, count(DISTINCT a.customer_id) FROM cohorts c LEFT JOIN activity a ON a.customer_id = c.id GROUP BY c.cohort ORDER BY c.cohort
WITH gaps AS (SELECT customer_id, happened_at, happened_at - lag(happened_at) OVER (PARTITION BY customer_id ORDER BY happened_at) AS gap FROM events) SELECT customer_id, count(*) FILTER (WHERE gap > interval '30 minutes' OR gap IS NULL) AS sessions FROM gaps GROUP BY customer_id
(SELECT id FROM orders ORDER BY total DESC LIMIT 1) UNION ALL (SELECT id FROM orders ORDER BY total LIMIT 1)
SELECT id FROM orders UNION ALL SELECT id FROM customers EXCEPT SELECT id FROM products ORDER BY id DESC
SELECT name FROM products WHERE stock <> ALL (ARRAY[1, 2]) AND id = ANY ('{1,2,3}'::int[])
