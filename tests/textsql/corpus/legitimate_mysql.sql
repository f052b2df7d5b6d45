SELECT DATE_FORMAT(created_at, '%Y-%m') AS month, SUM(total) FROM orders GROUP BY month ORDER BY month
SELECT YEAR(created_at) AS y, MONTH(created_at) AS m, COUNT(*) FROM orders GROUP BY y, m
SELECT QUARTER(created_at), WEEK(created_at), WEEKDAY(created_at), DAYOFWEEK(created_at), DAYNAME(created_at), MONTHNAME(created_at) FROM orders
SELECT YEARWEEK(created_at, 3), WEEK(created_at, 1), DAYOFYEAR(created_at), LAST_DAY(created_at) FROM orders
SELECT DATE(created_at) AS day, COUNT(*) FROM orders GROUP BY DATE(created_at)
SELECT DATE(created_at) AS day, COUNT(*) FROM orders GROUP BY day
SELECT HOUR(happened_at) AS h, MINUTE(happened_at), SECOND(happened_at) FROM events
SELECT EXTRACT(YEAR FROM created_at), EXTRACT(YEAR_MONTH FROM created_at) FROM orders
SELECT * FROM orders WHERE created_at > NOW() - INTERVAL 30 DAY
SELECT * FROM orders WHERE created_at >= DATE_SUB(CURDATE(), INTERVAL 1 YEAR)
SELECT * FROM orders WHERE created_at >= DATE_ADD('2024-01-01', INTERVAL 1 MONTH)
SELECT * FROM orders WHERE created_at >= CURDATE() - INTERVAL 1 WEEK
SELECT DATE_ADD(created_at, INTERVAL '1 02' DAY_HOUR) FROM orders
SELECT ADDDATE(created_at, 7), SUBDATE(created_at, INTERVAL 1 DAY) FROM orders
SELECT DATEDIFF(shipped_at, created_at) AS days FROM orders
SELECT TIMESTAMPDIFF(HOUR, created_at, shipped_at) AS hours FROM orders
SELECT AVG(TIMESTAMPDIFF(MINUTE, created_at, shipped_at)) FROM orders WHERE shipped_at IS NOT NULL
SELECT TIMESTAMPADD(MONTH, 1, created_at), TIMEDIFF(shipped_at, created_at) FROM orders
SELECT STR_TO_DATE('05.01.2024', '%d.%m.%Y'), MAKEDATE(2024, 32), UNIX_TIMESTAMP(created_at), FROM_UNIXTIME(1700000000) FROM orders
SELECT SEC_TO_TIME(3661), TIME_TO_SEC('01:01:01'), TO_DAYS(created_at), TIME(created_at), TIME_FORMAT('10:00:00', '%H') FROM orders
SELECT CURRENT_DATE(), CURRENT_TIME(), CURRENT_TIMESTAMP(), NOW(3), UTC_TIMESTAMP(), CURTIME(), UTC_DATE()
SELECT CONVERT_TZ(created_at, '+00:00', '+02:00') FROM orders
SELECT PERIOD_DIFF(202402, 202401), PERIOD_ADD(202401, 2)
SELECT * FROM orders WHERE created_at = DATE '2024-01-15'
SELECT * FROM orders WHERE created_at > TIMESTAMP '2024-01-01 00:00:00'
SELECT GROUP_CONCAT(name) FROM customers
SELECT GROUP_CONCAT(DISTINCT country ORDER BY country DESC SEPARATOR '; ') FROM customers
SELECT GROUP_CONCAT(name, ' ', city SEPARATOR ', ') FROM customers
SELECT CONCAT(name, ' <', email, '>'), CONCAT_WS(', ', city, country) FROM customers
SELECT LEFT(name, 2), RIGHT(name, 2), REVERSE(name), LPAD(id, 6, '0'), RPAD(name, 10, '.') FROM customers
SELECT SUBSTRING_INDEX(email, '@', -1) AS domain, COUNT(*) FROM customers GROUP BY domain
SELECT SUBSTRING(name FROM 2 FOR 3), MID(name, 2, 3), SUBSTRING(name, 2) FROM customers
SELECT LOCATE('@', email), POSITION('@' IN email), INSTR(email, '@') FROM customers
SELECT CHAR_LENGTH(name), LENGTH(name), OCTET_LENGTH(name), LCASE(name), UCASE(name) FROM customers
SELECT TRIM(LEADING 'A' FROM name), TRIM(BOTH ' ' FROM name), LTRIM(name), RTRIM(name) FROM customers
SELECT FIELD(status, 'open', 'paid') AS f FROM orders ORDER BY FIELD(status, 'open', 'paid')
SELECT ELT(2, 'a', 'b'), FIND_IN_SET('b', 'a,b'), STRCMP('a', 'b'), REPEAT('ab', 3), SPACE(3), INSERT(name, 1, 1, 'x') FROM customers
SELECT FORMAT(total, 2), TRUNCATE(total, 1), CEIL(total), CEILING(total), FLOOR(total), MOD(id, 2), POW(2, 3), SQRT(total), SIGN(total) FROM orders
SELECT name FROM customers WHERE name REGEXP '^[AB]'
SELECT name FROM customers WHERE name NOT REGEXP 'x$'
SELECT name FROM customers WHERE name RLIKE 'a'
SELECT REGEXP_REPLACE(email, '@.*', ''), REGEXP_SUBSTR(email, '[a-z]+'), REGEXP_INSTR(email, '@') FROM customers
SELECT IF(total > 100, 'large', 'small') AS size, COUNT(*) FROM orders GROUP BY size
SELECT IFNULL(note, 'none'), ISNULL(note), NULLIF(status, 'open') FROM orders
SELECT SUM(status = 'paid') AS paid, SUM(IF(status = 'open', total, 0)) AS open FROM orders
SELECT COUNT(DISTINCT customer_id, status) FROM orders
SELECT GREATEST(total, 100), LEAST(total, 100) FROM orders
SELECT attributes->'$.colour' FROM products
SELECT attributes->>'$.colour' AS colour, COUNT(*) FROM products GROUP BY colour
SELECT JSON_EXTRACT(attributes, '$.spec.weight') AS weight FROM products ORDER BY weight
SELECT JSON_UNQUOTE(JSON_EXTRACT(attributes, '$.colour')) FROM products
SELECT JSON_VALUE(attributes, '$.colour'), JSON_LENGTH(attributes, '$.sizes'), JSON_KEYS(attributes) FROM products
SELECT name FROM products WHERE JSON_CONTAINS(attributes, '"red"', '$.colour')
SELECT name FROM products WHERE JSON_EXTRACT(attributes, '$.spec.weight') < 10
SELECT JSON_OBJECT('id', id, 'name', name), JSON_ARRAY(id, name), JSON_QUOTE(name) FROM customers
SELECT JSON_ARRAYAGG(id), JSON_OBJECTAGG(id, name) FROM customers
SELECT JSON_TYPE(attributes), JSON_VALID(attributes), JSON_DEPTH(attributes), JSON_SEARCH(attributes, 'one', 'red') FROM products
SELECT JSON_SET(attributes, '$.colour', 'green'), JSON_REMOVE(attributes, '$.colour') FROM products
SELECT p.name, s.size FROM products p, JSON_TABLE(p.attributes, '$.sizes[*]' COLUMNS (size INT PATH '$')) AS s
SELECT p.name, t.n, t.size FROM products p CROSS JOIN JSON_TABLE(p.attributes, '$.sizes[*]' COLUMNS (n FOR ORDINALITY, size INT PATH '$')) t
SELECT country, SUM(total) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY country WITH ROLLUP
SELECT STD(total), STDDEV(total), STDDEV_POP(total), STDDEV_SAMP(total), VARIANCE(total), VAR_POP(total), VAR_SAMP(total) FROM orders
SELECT BIT_AND(id), BIT_OR(id), BIT_XOR(id), BIT_COUNT(7) FROM orders
SELECT DISTINCT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY total) OVER (PARTITION BY status) AS median FROM orders
SELECT DISTINCT MEDIAN(total) OVER (PARTITION BY status) FROM orders
SELECT CAST(total AS UNSIGNED), CAST(total AS SIGNED), CAST(created_at AS DATE), CAST(id AS CHAR), CAST(total AS DECIMAL(10, 1)), CAST('1.5' AS DOUBLE) FROM orders
SELECT CONVERT(total, SIGNED), CONVERT(name USING utf8mb4) FROM orders JOIN customers ON customers.id = orders.customer_id
SELECT id DIV 2, id % 2, id MOD 2, 7 / 2, 1 << 3, 7 & 3, 7 | 8, 7 ^ 2, ~7 FROM orders
SELECT note <=> NULL, NOT is_active, !is_active, is_active XOR TRUE FROM customers JOIN orders ON orders.customer_id = customers.id
SELECT name FROM customers WHERE is_active = TRUE
SELECT name FROM customers WHERE is_active IS TRUE
SELECT name FROM customers WHERE is_active
SELECT * FROM orders WHERE status = "paid" AND note = 'it''s'
SELECT * FROM orders WHERE note = 'it\'s' OR note = "say \"hi\""
SELECT name FROM customers WHERE name LIKE '%\_%' OR name LIKE '%\%%'
SELECT name FROM customers WHERE BINARY name = 'Ada Berg'
SELECT name COLLATE utf8mb4_bin FROM customers
SELECT * FROM orders LIMIT 1, 2
SELECT * FROM orders WHERE (customer_id, status) IN (SELECT customer_id, status FROM orders WHERE total > 100)
SELECT * FROM orders WHERE (customer_id, status) = (1, 'paid')
SELECT * FROM orders WHERE total > ALL (SELECT price FROM products WHERE price < 100)
SELECT * FROM orders WHERE customer_id = ANY (SELECT id FROM customers WHERE country = 'DE')
SELECT name FROM products WHERE MATCH(name) AGAINST ('roadster')
SELECT name FROM products WHERE MATCH(name) AGAINST ('+road*' IN BOOLEAN MODE)
SELECT `Id`, `select`, `mixedCase`, `group` FROM `Odd Names`
SELECT shop.orders.id, orders.total FROM shop.orders
SELECT o.id FROM shop.orders AS o JOIN shop.customers USING (id)
SELECT id, status FROM orders NATURAL JOIN (SELECT id, quantity FROM order_items) i
SELECT * FROM customers c RIGHT JOIN orders o ON o.customer_id = c.id
SELECT * FROM customers c LEFT OUTER JOIN orders o ON o.customer_id = c.id
SELECT 1 FROM DUAL
SELECT MD5(email), SHA1(email), SHA2(email, 256), CRC32(email), HEX(id), UNHEX('41'), TO_BASE64(name), CONV(10, 10, 2), BIN(5) FROM customers
SELECT RAND(), PI(), RADIANS(180), DEGREES(PI()), ATAN2(1, 2), LOG10(100), LOG2(8), EXP(1), LN(2)
SELECT SOUNDEX(name), QUOTE(name), ORD(name), ASCII(name), CHAR(65) FROM customers
SELECT INET_ATON('10.0.0.1'), INET_NTOA(167772161)
SELECT PERCENT_RANK() OVER (ORDER BY total), CUME_DIST() OVER (ORDER BY total), NTH_VALUE(id, 2) OVER (ORDER BY total) FROM orders
SELECT ROUND(SUM(total) / COUNT(*), 2) AS mean, MAX(total) - MIN(total) AS spread FROM orders
WITH RECURSIVE days AS (SELECT DATE '2024-01-01' AS day UNION ALL SELECT day + INTERVAL 1 DAY FROM days WHERE day < '2024-01-31') SELECT days.day, COUNT(o.id) FROM days LEFT JOIN orders o ON DATE(o.created_at) = days.day GROUP BY days.day
SELECT status, COUNT(*) AS n FROM orders GROUP BY status HAVING n > 1 ORDER BY n * -1
(SELECT id FROM orders ORDER BY total DESC LIMIT 1) UNION ALL (SELECT id FROM orders ORDER BY total LIMIT 1)
SELECT CASE WHEN is_active THEN 'yes' ELSE 'no' END FROM customers
SELECT name AS `full name` FROM customers ORDER BY `full name`
SELECT name full_name FROM customers # the names
SELECT status, SUM(total) AS total FROM orders GROUP BY status HAVING total > 1000
SELECT status, COUNT(*) AS id FROM orders GROUP BY status HAVING id >= 1 ORDER BY id DESC, status
SELECT department, MAX(salary) AS salary FROM employees GROUP BY department HAVING salary > 6000 AND MAX(salary) < 9999 ORDER BY salary + 0
SELECT name, salary * 12 AS yearly FROM employees HAVING yearly > 60000 ORDER BY name
SELECT MAX(name) AS name, country FROM customers GROUP BY country HAVING name LIKE 'A%'
SELECT SUBSTRING(status, 1, 1) AS status, COUNT(*) FROM orders GROUP BY status HAVING status = 'paid'
