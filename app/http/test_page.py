"""A page that somebody sends, shown as it is, to try the embed code out before a site is changed.

It runs in a sandbox: to the browser it is of no origin, so that its scripts reach nothing of ours. The address bar says
ours all the same, which a swindler could use, so that production has no such page unless it is switched on.
"""

import re

from flask import Response

from app.core.settings import settings
from app.errors import NotFound

_POLICY = "sandbox allow-scripts allow-forms allow-popups; frame-ancestors 'none'; base-uri 'none'"
_WHOLE = re.compile(r"\s*(<!--.*?-->\s*)*<(!doctype|html)\b", re.IGNORECASE | re.DOTALL)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Test page</title>
</head>
<body>
{body}
</body>
</html>
"""


def render(body: str) -> Response:
    """The page: a whole document as it is, anything else in a plain one."""
    if not settings().has_test_page:
        raise NotFound("This installation renders no test pages. WIDGET_TEST_PAGE switches them on.")
    html = body if _WHOLE.match(body) else _PAGE.replace("{body}", body)
    return Response(html, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY})
