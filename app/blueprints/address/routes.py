"""Routes."""

from app.http.api import Blueprint

blp = Blueprint("address", __name__)
