"""Passwords: Argon2id (RFC 9106, OWASP's parameters by default), and the rules for new ones."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.core.offload import offload
from app.core.settings import settings
from app.errors import Invalid

MAX_LENGTH = 200  # Argon2 takes any length; hashing megabytes would be an attack on us


class WeakPassword(Invalid):
    """The new password is too easy to guess."""

    code = "weak_password"


def check_strength(password: str, *, personal: tuple[str, ...]) -> None:
    """Raises `WeakPassword` for one that is short, uniform, or the user's own name or e-mail."""
    problem = None
    least = settings().password_min_length
    if not least <= len(password) <= MAX_LENGTH:
        problem = f"Use {least} to {MAX_LENGTH} characters."
    elif len(set(password)) < 5:
        problem = "Use at least five different characters."
    elif any(password.lower() == word.lower() for word in personal):
        problem = "Don't use your name or e-mail as the password."
    if problem:
        raise WeakPassword("The password is too easy to guess.", errors={"password": [problem]})


def hash_password(password: str) -> str:
    """The encoded hash, with its salt and parameters. Takes tens of milliseconds of CPU."""
    return offload(_hasher().hash, password)


def verify(stored: str | None, password: str) -> bool:
    """Whether the password fits. Without a stored hash it takes as long and answers no, so that the time doesn't
    tell whether a user exists."""
    return offload(_verify, stored or _nobodys_hash(), password) and stored is not None


def outdated(stored: str) -> bool:
    """Whether `stored` was made with other parameters than today's."""
    return _hasher().check_needs_rehash(stored)


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    chosen = settings()
    return PasswordHasher(
        time_cost=chosen.password_hash_iterations, memory_cost=chosen.password_hash_memory_kib, parallelism=1
    )


@cache
def _nobodys_hash() -> str:
    return _hasher().hash("nobody's password")
