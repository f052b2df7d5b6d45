"""Logos of companies: pictures only, found out from their content, without the metadata they came with."""

import io
import re
import warnings
from functools import cache
from uuid import UUID

from PIL import Image, UnidentifiedImageError

from app.core.ids import new_id
from app.core.settings import settings
from app.errors import Invalid, NotFound, TooLarge
from app.integrations.storage import Storage, make_storage

_FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
# Decoding and encoding happens while other clients of a green process wait: some tens of milliseconds at this size.
_MAX_SIDE = 1024
_NAME = re.compile(r"[0-9a-f]{32}\.(png|jpeg|webp|gif)")


class NotAPicture(Invalid):
    """The upload isn't one of the picture formats that we take."""

    code = "not_a_picture"
    detail = "Send the logo as PNG, JPEG, WebP or GIF, at most 1024 pixels wide and high."


def store(company_id: UUID, content: bytes) -> str:
    """Keeps a logo; returns the address under which browsers find it."""
    if len(content) > settings().max_logo_bytes:
        raise TooLarge(f"A logo may have {settings().max_logo_bytes} bytes at most.")
    picture, kind = _rewrite(content)
    name = f"{new_id().hex}.{kind.lower()}"
    _storage().put(f"logos/{company_id}/{name}", picture)
    return f"{settings().public_url}/v1/company/{company_id}/logo/{name}"


def load(company_id: UUID, name: str) -> tuple[bytes, str]:
    """A logo and its content type; raises `NotFound`."""
    ours = _NAME.fullmatch(name)
    if ours is None:
        raise NotFound
    try:
        return _storage().get(f"logos/{company_id}/{name}"), _FORMATS[ours[1].upper()]
    except FileNotFoundError:
        raise NotFound from None


def _rewrite(content: bytes) -> tuple[bytes, str]:
    # Decoding and encoding again drops what hides in a file that is a picture and something else at once.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=list(_FORMATS)) as picture:
                if max(picture.size) > _MAX_SIDE:
                    raise NotAPicture
                # A phone's file of several pictures is a JPEG to everybody else.
                kind = "JPEG" if picture.format == "MPO" else picture.format or ""
                picture.load()
                # Here, too, are comments, which Pillow would write again.
                picture.info = {name: value for name, value in picture.info.items() if name == "transparency"}
                out = io.BytesIO()
                picture.save(out, format=kind)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning):
        raise NotAPicture from None
    return out.getvalue(), kind


@cache
def _storage() -> Storage:
    return make_storage(settings().data_dir, settings().storage_url)
