"""A whole installation, as it runs: web process and worker, which integrators' programs talk to."""

from collections.abc import Iterator

import pytest

from scripts.bench.installation import Api
from tests.browser.installation import Installation


@pytest.fixture(scope="package")
def installation(
    worker_id: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Installation]:
    """Running processes, on a database of their own. Receivers of webhooks on this machine may be called."""
    base = tmp_path_factory.getbasetemp()
    number = 0 if worker_id == "master" else int(worker_id.removeprefix("gw")) + 1
    models = (base if worker_id == "master" else base.parent) / "local-model"
    settings = {"WEBHOOK_ALLOW_HTTP": "true", "WEBHOOK_TIMEOUT_SECONDS": "30", "WEBHOOK_CONCURRENCY": "4"}
    folder = tmp_path_factory.mktemp("running")
    queues = "chat,ingest,default,webhooks"
    with Installation(
        folder, number, models, name="running", first_redis=12, queues=queues, settings=settings
    ) as running:
        yield running


@pytest.fixture
def api(installation: Installation) -> Api:
    """A company's admin key."""
    api = installation.api()
    api.found_company(scopes=("read", "write", "admin"))
    return api
