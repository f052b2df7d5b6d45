SELECT * FROM customers
SELECT name, email FROM customers WHERE country = 'DE'
SELECT c.* FROM customers c WHERE c.is_active = c.is_active
SELECT count(*) FROM orders
SELECT COUNT(*) AS n, SUM(total) AS revenue, AVG(total) AS mean, MIN(total), MAX(total) FROM orders
SELECT DISTINCT country FROM customers ORDER BY country
SELECT status, COUNT(*) FROM orders GROUP BY status
SELECT status, COUNT(*) AS n FROM orders GROUP BY status ORDER BY n DESC
SELECT status, COUNT(*) AS n FROM orders GROUP BY 1 ORDER BY 2 DESC, 1
SELECT status, SUM(total) AS revenue FROM orders GROUP BY status HAVING SUM(total) > 100
SELECT status, SUM(total) AS revenue FROM orders GROUP BY status HAVING revenue > 100 ORDER BY revenue
SELECT c.name, o.total FROM customers c JOIN orders o ON o.customer_id = c.id
SELECT c.name, o.total FROM customers AS c INNER JOIN orders AS o ON o.customer_id = c.id WHERE o.status = 'paid'
SELECT c.name, COUNT(o.id) AS orders FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.name ORDER BY orders DESC
SELECT c.name FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL
SELECT customers.name, orders.total FROM customers, orders WHERE customers.id = orders.customer_id
SELECT c.name, p.name, i.quantity FROM customers c JOIN orders o ON o.customer_id = c.id JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id
SELECT p.name, SUM(i.quantity * i.unit_price) AS revenue FROM order_items i JOIN products p ON p.id = i.product_id GROUP BY p.name ORDER BY revenue DESC LIMIT 10
SELECT p.name, SUM(i.quantity * i.unit_price * (1 - i.discount)) AS revenue FROM order_items i JOIN products p ON p.id = i.product_id JOIN orders o ON o.id = i.order_id WHERE o.status <> 'cancelled' GROUP BY p.id, p.name
SELECT k.name AS category, COUNT(DISTINCT p.id) AS products FROM categories k LEFT JOIN products p ON p.category_id = k.id GROUP BY k.name
SELECT child.name, parent.name AS parent FROM categories child LEFT JOIN categories parent ON parent.id = child.parent_id
SELECT e.name, m.name AS manager FROM employees e LEFT JOIN employees m ON m.id = e.manager_id ORDER BY manager, e.name
SELECT name FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE total > 500)
SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.status = 'paid')
SELECT name FROM customers c WHERE NOT EXISTS (SELECT * FROM orders o WHERE o.customer_id = c.id)
SELECT name FROM customers WHERE id NOT IN (SELECT customer_id FROM orders WHERE customer_id IS NOT NULL)
SELECT name, (SELECT COUNT(*) FROM orders WHERE orders.customer_id = customers.id) AS orders FROM customers
SELECT name, (SELECT MAX(total) FROM orders o WHERE o.customer_id = c.id) AS best FROM customers c ORDER BY best
SELECT total FROM orders WHERE total > (SELECT AVG(total) FROM orders)
SELECT * FROM (SELECT status, SUM(total) AS revenue FROM orders GROUP BY status) AS by_status WHERE revenue > 50
SELECT avg(n) FROM (SELECT customer_id, COUNT(*) AS n FROM orders GROUP BY customer_id) per_customer
WITH paid AS (SELECT * FROM orders WHERE status = 'paid') SELECT COUNT(*) FROM paid
WITH paid AS (SELECT customer_id, total FROM orders WHERE status = 'paid'), best AS (SELECT customer_id, SUM(total) AS revenue FROM paid GROUP BY customer_id) SELECT c.name, b.revenue FROM best b JOIN customers c ON c.id = b.customer_id
WITH orders AS (SELECT * FROM orders WHERE status = 'paid') SELECT SUM(total) FROM orders
WITH a AS (SELECT id FROM orders), b AS (SELECT id FROM a WHERE id > 1) SELECT COUNT(*) FROM b CROSS JOIN a
WITH t(x, y) AS (SELECT id, total FROM orders) SELECT x, y FROM t WHERE y > 100
WITH RECURSIVE tree AS (SELECT id, name, parent_id, 0 AS depth FROM categories WHERE parent_id IS NULL UNION ALL SELECT c.id, c.name, c.parent_id, t.depth + 1 FROM categories c JOIN tree t ON t.id = c.parent_id) SELECT name, depth FROM tree ORDER BY depth, name
WITH RECURSIVE chain(id, name, level) AS (SELECT id, name, 1 FROM employees WHERE manager_id IS NULL UNION ALL SELECT e.id, e.name, c.level + 1 FROM employees e JOIN chain c ON e.manager_id = c.id WHERE c.level < 10) SELECT * FROM chain
WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 12) SELECT i FROM n
SELECT name FROM customers UNION SELECT name FROM employees
SELECT name, 'customer' AS kind FROM customers UNION ALL SELECT name, 'employee' FROM employees ORDER BY name
SELECT country FROM customers EXCEPT SELECT 'DE'
SELECT id FROM customers INTERSECT SELECT customer_id FROM orders
SELECT id FROM customers UNION SELECT id FROM orders UNION SELECT id FROM products ORDER BY 1 LIMIT 5
SELECT * FROM (SELECT id FROM customers UNION ALL SELECT id FROM orders) AS ids ORDER BY id LIMIT 3 OFFSET 1
SELECT id, total, ROW_NUMBER() OVER (ORDER BY total DESC) AS place FROM orders
SELECT id, RANK() OVER (PARTITION BY customer_id ORDER BY total DESC) AS place FROM orders
SELECT id, DENSE_RANK() OVER (ORDER BY total) FROM orders
SELECT id, SUM(total) OVER (ORDER BY created_at, id) AS running FROM orders
SELECT id, SUM(total) OVER (PARTITION BY customer_id ORDER BY created_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running FROM orders
SELECT id, AVG(total) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS moving FROM orders
SELECT id, AVG(total) OVER (ORDER BY id ROWS 2 PRECEDING) AS moving FROM orders
SELECT id, total - LAG(total) OVER (ORDER BY created_at) AS change FROM orders
SELECT id, LEAD(total, 1) OVER (ORDER BY created_at) AS next FROM orders
SELECT id, NTILE(4) OVER (ORDER BY total) AS quarter FROM orders
SELECT id, FIRST_VALUE(total) OVER (PARTITION BY customer_id ORDER BY id) FROM orders
SELECT id, LAST_VALUE(total) OVER (PARTITION BY customer_id ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM orders
SELECT id, total / SUM(total) OVER () AS share FROM orders
SELECT id, SUM(total) OVER w AS s, COUNT(*) OVER w AS n FROM orders WINDOW w AS (PARTITION BY customer_id)
SELECT * FROM (SELECT o.*, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY total DESC) AS rn FROM orders o) ranked WHERE rn = 1
SELECT customer_id, SUM(total) AS revenue, RANK() OVER (ORDER BY SUM(total) DESC) AS place FROM orders GROUP BY customer_id
SELECT CASE WHEN total > 1000 THEN 'large' WHEN total > 100 THEN 'middle' ELSE 'small' END AS size, COUNT(*) FROM orders GROUP BY CASE WHEN total > 1000 THEN 'large' WHEN total > 100 THEN 'middle' ELSE 'small' END
SELECT CASE WHEN total > 1000 THEN 'large' ELSE 'small' END AS size, COUNT(*) FROM orders GROUP BY size
SELECT CASE status WHEN 'paid' THEN 1 WHEN 'open' THEN 0 END AS done FROM orders
SELECT SUM(CASE WHEN status = 'paid' THEN total ELSE 0 END) AS paid, SUM(CASE WHEN status = 'open' THEN total ELSE 0 END) AS open FROM orders
SELECT SUM(CASE WHEN status = 'paid' THEN 1 ELSE 0 END) * 100.0 / COUNT(*) AS paid_percent FROM orders
SELECT COUNT(CASE WHEN shipped_at IS NULL THEN 1 END) AS waiting FROM orders
SELECT COALESCE(note, 'none') FROM orders
SELECT COALESCE(SUM(total), 0) FROM orders WHERE status = 'never'
SELECT NULLIF(status, 'open') FROM orders
SELECT total / NULLIF(id - 1, 0) FROM orders
SELECT UPPER(name), LOWER(email), LENGTH(name) FROM customers
SELECT TRIM(name), REPLACE(email, '@', ' at ') FROM customers
SELECT SUBSTR(name, 1, 3) AS prefix FROM customers
SELECT SUBSTRING(name, 1, 3) AS prefix FROM customers
SELECT ABS(-5), ROUND(total, 1), ROUND(total) FROM orders
SELECT name FROM customers WHERE name LIKE 'A%'
SELECT name FROM customers WHERE name NOT LIKE '%x%' AND email LIKE '%.com'
SELECT name FROM customers WHERE name LIKE '%!%%' ESCAPE '!'
SELECT name FROM customers WHERE LOWER(city) LIKE LOWER('%BER%')
SELECT * FROM orders WHERE total BETWEEN 50 AND 900
SELECT * FROM orders WHERE total NOT BETWEEN 50 AND 900
SELECT * FROM orders WHERE status IN ('paid', 'open') AND customer_id IN (1, 2, 3)
SELECT * FROM orders WHERE status NOT IN ('cancelled')
SELECT * FROM orders WHERE note IS NULL OR note = 'gift'
SELECT * FROM orders WHERE NOT (status = 'paid' OR total < 10)
SELECT * FROM orders WHERE created_at >= '2024-02-01' AND created_at < '2024-03-01'
SELECT * FROM orders WHERE created_at BETWEEN '2024-01-01' AND '2024-12-31'
SELECT * FROM orders ORDER BY total DESC, id ASC LIMIT 2
SELECT * FROM orders ORDER BY created_at LIMIT 2 OFFSET 2
SELECT id, total * 1.19 AS gross, total - 5 AS less, total / 2, id % 2, -total FROM orders
SELECT (total + 10) * 2 AS x FROM orders WHERE (id = 1 OR id = 2) AND total <> 0
SELECT 'it''s' AS quoted, 'a;b' AS semicolon, '-- no comment' AS dashes, '/* none */' AS stars FROM customers
SELECT name -- the name
FROM customers /* all of them */ WHERE id = 1
SELECT o.status, c.country, COUNT(*) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY o.status, c.country ORDER BY COUNT(*) DESC, o.status
SELECT c.country, COUNT(DISTINCT o.customer_id) AS buyers FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY c.country
SELECT id FROM orders o JOIN (SELECT customer_id AS cid, MAX(total) AS best FROM orders GROUP BY customer_id) b ON b.cid = o.customer_id AND b.best = o.total
SELECT id, name FROM customers JOIN (SELECT customer_id FROM orders) bought ON bought.customer_id = customers.id
SELECT c.name FROM customers c JOIN orders o ON o.customer_id = c.id AND o.status = 'paid' AND o.total > (SELECT AVG(total) FROM orders o2 WHERE o2.customer_id = c.id)
SELECT i.order_id, p.name FROM order_items i JOIN products p ON p.id = i.product_id WHERE p.category_id IN (SELECT id FROM categories WHERE parent_id = (SELECT id FROM categories WHERE name = 'Bikes'))
SELECT name, salary, salary - AVG(salary) OVER (PARTITION BY department) AS above FROM employees
SELECT department, COUNT(*), AVG(salary) FROM employees GROUP BY department HAVING COUNT(*) > 1
SELECT * FROM customers c CROSS JOIN categories k WHERE c.id = 1
SELECT id, customer_id FROM orders JOIN order_items USING (id)
SELECT * FROM orders JOIN order_items USING (id) WHERE quantity > 0
SELECT order_id, COUNT(*) OVER () AS total_rows FROM order_items ORDER BY order_id
SELECT SUM(quantity) AS units, product_id FROM order_items GROUP BY product_id ORDER BY units DESC LIMIT 1
SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM events GROUP BY customer_id) AS t
SELECT kind, AVG(duration_ms) AS mean FROM events GROUP BY kind
SELECT e1.customer_id FROM events e1 JOIN events e2 ON e1.customer_id = e2.customer_id AND e1.id < e2.id
SELECT 1
SELECT 1 AS one, 'a' AS letter, NULL AS nothing, 1.5 AS number
SELECT 1 + 1 AS two
SELECT CURRENT_DATE
SELECT CURRENT_TIMESTAMP
(SELECT id FROM orders)
select Name, EMAIL from CUSTOMERS where Id = 1
SELECT o.id AS "order" FROM orders o
SELECT count(*) as count from orders as count
SELECT x.a FROM (SELECT id AS a FROM orders) x, (SELECT id AS b FROM customers) y WHERE x.a = y.b
SELECT a.id FROM orders a WHERE a.total = (SELECT MAX(b.total) FROM orders b WHERE b.customer_id = (SELECT c.id FROM customers c WHERE c.id = a.customer_id))
SELECT status FROM orders GROUP BY status HAVING COUNT(*) = (SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM orders GROUP BY status) AS counts)
WITH monthly AS (SELECT status, SUM(total) AS s FROM orders GROUP BY status) SELECT m.status, m.s, (SELECT SUM(s) FROM monthly) AS whole FROM monthly m
WITH a AS (SELECT 1 AS x), b AS (WITH c AS (SELECT x + 1 AS y FROM a) SELECT y FROM c) SELECT * FROM b
SELECT CAST(total AS CHAR(20)) FROM orders
SELECT MIN(created_at), MAX(created_at) FROM orders
SELECT COUNT(*), COUNT(note), COUNT(DISTINCT status) FROM orders
SELECT exists_paid FROM (SELECT CASE WHEN EXISTS (SELECT 1 FROM orders WHERE status = 'paid') THEN 1 ELSE 0 END AS exists_paid) q
