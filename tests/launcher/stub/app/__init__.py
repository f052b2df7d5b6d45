"""Just enough application for the launcher: readiness that asks both servers, and `flask prepare`."""

import os

import click
import psycopg2
import redis
from flask import Flask


def create_app() -> Flask:
    app = Flask(__name__)

    @app.get("/health/ready")
    def ready() -> dict[str, str]:
        psycopg2.connect(os.environ["DATABASE_URL"]).close()
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as connection:
            connection.ping()
        return {name: os.environ[name] for name in ("FRONTDESK_ENV", "DATA_DIR", "PUBLIC_URL", "PORT")}

    @app.cli.command()
    @click.option("--demo", is_flag=True)
    def prepare(demo: bool) -> None:
        if os.environ.get("PREPARE_FAILS"):
            raise click.ClickException("the stub was told to fail")
        click.echo(f"prepared with demo={demo}")

    return app
