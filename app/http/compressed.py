"""Answers with a content coding that the caller takes, and none that it has to fetch twice."""

import hashlib
from collections.abc import Mapping

from flask import Response, request

# The best first.
_CODINGS = ("br", "gzip")


def compressed(
    content: bytes,
    encoded: Mapping[str, bytes],
    *,
    content_type: str,
    etag: str,
    cache: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The content in the best coding of `encoded` that the caller takes; 304 when they have it already."""
    coding = next((each for each in _CODINGS if each in encoded and request.accept_encodings[each] > 0), None)
    response = Response(encoded[coding] if coding else content, status, content_type=content_type)
    if coding:
        response.headers["Content-Encoding"] = coding
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = cache
    response.headers.extend(headers or {})
    # Weak: one tag for all codings of the same content.
    response.set_etag(_tag(etag, response), weak=True)
    if status == 200:
        response.make_conditional(request)
    return response


def _tag(etag: str, response: Response) -> str:
    """With the page's policy in it: browsers keep the one that they have when they are told that nothing changed, so a
    site that may not embed a page any more would go on with it."""
    policy = response.headers.get("Content-Security-Policy")
    return etag if policy is None else hashlib.sha256(f"{etag}\n{policy}".encode()).hexdigest()[:32]
