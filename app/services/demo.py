"""The demo company: what a newcomer signs in to."""

from app.core import tenancy
from app.core.ids import new_id
from app.core.settings import settings
from app.core.tenancy import across_companies
from app.core.transaction import transaction
from app.models.company import Company
from app.repositories import companies, users
from app.security import passwords
from app.services import accounts
from app.services.accounts import NewUser

EMAIL = "demo@frontdesk.example"


def seed() -> None:
    """Makes the demo company and its admin once; later only sets the admin's password to `DEMO_PASSWORD`."""
    password = settings().demo_password
    if not password:
        return
    with transaction():
        with across_companies("only the e-mail says whether the demo is there"):
            user = users.find_by_email_across_companies(EMAIL)
        if user is None:
            _create(password)
            return
        tenancy.enter_company(user.company_id)
        if not passwords.verify(user.password_hash, password):
            user.password_hash = passwords.hash_password(password)


def _create(password: str) -> None:
    company_id = new_id()
    tenancy.enter_company(company_id)
    companies.add(Company(id=company_id, name="Demo Shop", email="hello@demo-shop.example", phone="+34911234567"))
    new = NewUser(email=EMAIL, username="demo", password=password, first_name="Dana", last_name="Demo")
    accounts.create_admin(new, company_id)
