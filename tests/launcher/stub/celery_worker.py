import os

from celery import Celery

app = Celery("stub", broker=os.environ["REDIS_URL"])
app.conf.update(
    task_default_queue="default", redbeat_redis_url=os.environ["REDIS_URL"], broker_connection_retry_on_startup=True
)
