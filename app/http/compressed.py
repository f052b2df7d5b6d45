"""Answers with a content coding that the caller takes, and none that it has to fetch twice."""

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
    response.set_etag(etag, weak=True)
    if status == 200:
        response.make_conditional(request)
    return response
