"""One's own profile."""

from typing import Any

from app.blueprints.profile.schemas import UpdateProfileRequest
from app.http.api import Blueprint
from app.http.requires import Credential, current_principal, requires
from app.http.shared import UserResponse
from app.models.user import User
from app.security.scopes import Resource, Scope
from app.services import profiles

blp = Blueprint("profile", __name__, description="The profile of the user behind the call.")


@blp.get("/v1/user/profile")
@requires(Credential.API_KEY, Credential.JWT, scope=Scope.READ, resource=Resource.PROFILE)
@blp.response(200, UserResponse)
def get_profile() -> User:
    """Fetch your profile; with an API key, its maker's"""
    return profiles.get(current_principal())


@blp.put("/v1/user/profile")
@requires(Credential.API_KEY, Credential.JWT, scope=Scope.WRITE, resource=Resource.PROFILE)
@blp.arguments(UpdateProfileRequest)
@blp.response(200, UserResponse)
def update_profile(body: dict[str, Any]) -> User:
    """Change your profile"""
    return profiles.change(current_principal(), body)
