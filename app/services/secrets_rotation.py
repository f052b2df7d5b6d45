"""After a new key was put in front of `SECRET_KEYS`: encrypts what the old ones encrypted."""

from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.repositories import secrets_at_rest


def reencrypt_all() -> dict[str, int]:
    """Encrypts every stored secret with the newest key, in batches; returns how many rows by table.

    When it is done, the old keys are needed for nothing but API keys that haven't been used since (their hashes are
    renewed at the next use) and links in mails that are still open.
    """
    counts: dict[str, int] = {}
    for name, table in secrets_at_rest.tables_across_companies().items():
        after: object = None
        counts[name] = 0
        while True:
            with transaction(), across_companies("secrets of all companies are encrypted anew"):
                done, after = secrets_at_rest.reencrypt_batch_across_companies(table, after)
            counts[name] += done
            if not done:
                break
    return counts
