"""Pictures for logos."""

import io
from typing import Any

from PIL import Image
from werkzeug.datastructures import FileStorage


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 8), **options: Any) -> bytes:
    """A red rectangle."""
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **options)
    return out.getvalue()


def form(logo: bytes, filename: str = "logo.png", **fields: str) -> dict[str, Any]:
    """A sign-up as multipart/form-data."""
    return {"name": "New", "email": "hello@new.example", "logo": FileStorage(io.BytesIO(logo), filename), **fields}
