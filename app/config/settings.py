"""The settings themselves, one field for each environment variable."""

import dataclasses
import os
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import new as hmac_new
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit, urlunsplit

from app.config.checks import check
from app.config.values import Environment, SettingsError, parse, setting, variable


@dataclass(frozen=True, kw_only=True, repr=False)  # without a repr, for it would show every secret
class Settings:
    """One value per environment variable: `redis_url` is read from `REDIS_URL`. Times are in the unit that the
    name ends with, sizes in bytes."""

    environment: Environment = setting("`development`, `test` or `production`.", Environment.DEVELOPMENT)
    secret_keys: tuple[str, ...] = setting(
        "Comma-separated keys, newest first, each 32 random bytes or more. The first encrypts and signs; the others "
        "still decrypt and verify, so keys can be rotated."
    )
    database_url: str = setting(
        "Postgres as the owner of the tables: for migrations and for making the runtime role.", ""
    )
    database_runtime_url: str = setting(
        "Postgres as web and workers use it, with a role that row-level security binds. "
        "Without it: the host and database of `DATABASE_URL`, role `frontdesk_runtime`, a password derived from the "
        "secret key.",
        "",
    )
    redis_url: str = setting("Redis 7 or a compatible server.")
    data_dir: Path = setting("Folder for files, development mails and logs.", Path("var"))
    public_url: str = setting("The address under which browsers reach this installation.", "http://127.0.0.1:8000")
    frontend_url: str = setting(
        "Where links in mails lead: the team's frontend, which reads `token` from the query and calls the API. "
        "Without it `PUBLIC_URL`.",
        "",
    )
    trusted_proxies: int = setting("How many proxies in front set `X-Forwarded-For`; 0 trusts none.", 0)
    cors_origins: tuple[str, ...] = setting(
        "Comma-separated origins whose pages may call the API from a browser; `*` for any. Cookies are never used.", ()
    )
    log_level: str = setting("`DEBUG`, `INFO`, `WARNING` or `ERROR`.", "INFO")
    metrics_token: str = setting(
        "Bearer token that Prometheus sends to `/metrics`. Without it `/metrics` is open in development and 404 in "
        "production.",
        "",
    )

    database_pool_size: int = setting("Connections per process, and the most that are used at once.", 20)
    database_pool_timeout_seconds: float = setting(
        "How long a request waits for a free connection while none comes back.", 1.0
    )
    database_connect_timeout_seconds: float = setting("How long connecting to Postgres may take.", 0.9)
    database_statement_timeout_ms: int = setting("Longest a single statement may run.", 15_000)
    redis_timeout_seconds: float = setting("Longest a Redis command may take before we go on without it.", 0.3)

    allow_signup: bool = setting("Whether anybody may create a company (`POST /v1/company`).", True, runtime=True)
    maintenance_notice: str = setting(
        "What the team is told whenever it looks who it is (`GET /v1/auth/user/me`), say of a maintenance.",
        "",
        runtime=True,
    )
    require_verified_email: bool = setting(
        "Whether users must verify their e-mail before they can sign in.", False, runtime=True
    )
    super_admin_email: str = setting("E-mail of the super admin that `GET /v1/auth/super-admin` seeds.", "")
    super_admin_password: str = setting("Password of that super admin.", "")
    demo_password: str = setting("Password of the demo company's admin, seeded by `flask prepare --demo`.", "")

    access_token_minutes: int = setting("Life of an access token.", 15)
    refresh_token_days: int = setting("Life of a session that is not refreshed.", 30)
    lead_token_hours: int = setting("Life of a visitor's token.", 24)
    lead_refresh_days: int = setting(
        "How long a visitor who doesn't come back is known: the life of the token that their browser gets new ones "
        "with.",
        30,
    )
    invitation_days: int = setting("Life of an invitation.", 7, runtime=True)
    setup_token_hours: int = setting(
        "Life of the token with which a new company's first admin registers.", 24, runtime=True
    )
    verification_hours: int = setting("Life of an e-mail verification link.", 48, runtime=True)
    password_reset_minutes: int = setting("Life of a password reset link.", 60, runtime=True)
    password_min_length: int = setting("Shortest password, in characters.", 10, runtime=True)
    password_hash_memory_kib: int = setting("Argon2id memory per hash.", 19_456)
    password_hash_iterations: int = setting("Argon2id passes per hash.", 2)
    login_failures_allowed: int = setting("Failed sign-ins for one e-mail before it is locked.", 5, runtime=True)
    login_lock_seconds: int = setting("First lock; doubled at every further failure.", 30, runtime=True)
    login_lock_max_seconds: int = setting("Longest lock.", 900, runtime=True)
    api_key_max_days: int = setting("Longest life that can be asked for an API key.", 3650, runtime=True)

    rate_limit_authentication: int = setting(
        "Calls a minute to sign-in, registration and token routes, per address.",
        5,
        runtime=True,
    )
    rate_limit_general: int = setting("Calls a minute per caller to everything else.", 100, runtime=True)
    rate_limit_visitors: int = setting(
        "Calls a minute of visitors who have no token yet (opening the widget, registering), per address and agent; "
        "per address five times as many.",
        100,
        runtime=True,
    )
    rate_limit_upload: int = setting("Uploads a minute per caller.", 10, runtime=True)
    rate_limit_ai: int = setting("Calls a minute per caller that ask a model.", 20, runtime=True)
    rate_limit_analytics: int = setting("Calls a minute per caller to analytics.", 50, runtime=True)

    widget_test_page: bool = setting(
        "Whether `POST /test` renders pages in production, too: anybody could have it show theirs at our address.",
        False,
    )

    max_body_bytes: int = setting("Largest JSON or form body.", 1_048_576)
    max_logo_bytes: int = setting("Largest company logo.", 524_288)
    idempotency_hours: int = setting("How long an `Idempotency-Key` is remembered.", 24)
    usage_flush_seconds: float = setting("How often records of API calls are written, in one batch.", 2.0)
    usage_buffer_size: int = setting(
        "Records of API calls kept while Postgres is away; older ones are dropped.", 50_000
    )
    usage_retention_days: int = setting("How long records of API calls are kept.", 400, runtime=True)
    audit_retention_days: int = setting(
        "How long audit entries are kept, 30 days or more; 0 keeps them for good.", 0, runtime=True
    )

    storage_url: str = setting(
        "Where files are kept: `s3://bucket/prefix?endpoint=https://host:port&region=…` (keys from "
        "`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or `s3://key:secret@bucket`), `folder:/path`, or empty for "
        "the folder `storage` of `DATA_DIR`.",
        "",
    )
    max_upload_bytes: int = setting("Largest upload, all its files together.", 104_857_600)
    max_upload_files: int = setting("Most files or URLs in one upload.", 50)
    max_document_bytes: int = setting("Largest single document.", 52_428_800)
    max_document_pages: int = setting("Most pages, slides or sheets of a document.", 5_000)
    max_document_characters: int = setting("Most characters of text taken from a document.", 20_000_000)
    max_document_chunks: int = setting("Most passages that a document is cut into.", 50_000)
    max_expansion_ratio: int = setting("How many times its size an archive (DOCX, XLSX, …) may unpack to.", 200)
    max_expanded_bytes: int = setting("Most bytes that an archive may unpack to.", 1_073_741_824)
    extraction_seconds: int = setting("Longest that taking the text out of a document may run.", 600)
    extraction_memory_bytes: int = setting("Most memory that taking the text out of a document may use.", 2_147_483_648)
    chunk_tokens: int = setting("Longest passage, in tokens of the embedding model.", 256)
    document_attempts: int = setting("How often a document is tried when its worker dies before it got any further.", 4)
    fetch_timeout_seconds: float = setting("Longest that fetching a web page may take.", 30.0)
    fetch_max_redirects: int = setting("Most redirects that are followed when a web page is fetched.", 5)
    allowed_networks: tuple[str, ...] = setting(
        "Comma-separated networks (`10.0.0.0/8`) inside yours that URLs of documents and providers, webhooks and "
        "customers' databases may lead to. By default none: neither private nor loopback nor link-local addresses.",
        (),
    )

    database_files_dir: str = setting(
        "Folder that customers' SQLite files are opened from, read-only. Every company may open the files in the "
        "folder itself, and those in the subfolder that is named by its id. Without it SQLite can't be connected.",
        "",
    )
    database_test_seconds: float = setting("Longest that connecting to a customer's database may take.", 8.0)
    database_query_seconds: float = setting("Longest that a question's query may run on a customer's database.", 15.0)
    database_most_rows: int = setting("Most rows that a question's query returns.", 1_000)
    database_result_bytes: int = setting("Most bytes that a question's query returns.", 1_000_000)
    database_most_cost: float = setting(
        "Queries are not run that Postgres expects to cost more than this, in its planner's units. 0: no limit.", 0.0
    )

    max_message_characters: int = setting("Longest message of a visitor.", 8_000, runtime=True)
    context_length: int = setting(
        "How many tokens of a conversation a model is shown, by default.", 4_000, runtime=True
    )
    conversation_idle_hours: int = setting(
        "After so long without a message a conversation is not active any more.", 24, runtime=True
    )
    turn_lease_seconds: int = setting("How long a worker owns a message without giving a sign of life.", 12)
    turn_attempts: int = setting("How often a message is tried when its worker dies.", 8)
    turn_seconds: int = setting("Longest that an answer may take.", 120)
    max_queued_turns: int = setting("Most unanswered messages of one conversation.", 20, runtime=True)
    model_connect_seconds: float = setting("Longest that connecting to a model's provider may take.", 5.0)
    model_first_token_seconds: float = setting("Longest until a model begins to answer.", 30.0)
    model_pause_seconds: float = setting("Longest pause within a model's answer.", 20.0)
    settings_test_seconds: float = setting("Longest that a chat model may take when settings are tried out.", 15.0)
    model_attempts: int = setting(
        "How often a model is asked before the next one in line is; once if it doesn't begin in time.", 2
    )
    model_answer_characters: int = setting(
        "Most characters of a model's answer, which is cut there, whatever the model makes of its limit.", 20_000
    )
    evidence_floor: float = setting(
        "How sure the documents must be (0 to 1) before an agent answers from them.", 0.5, runtime=True
    )
    stream_heartbeat_seconds: float = setting("How often a silent stream says that it lives.", 15.0)
    stream_keep_seconds: int = setting("How long events can be resumed after the last one.", 3600)
    stream_keep_events: int = setting("How many events of a conversation can be resumed.", 10_000)

    max_webhooks: int = setting("Most webhooks of a company.", 20)
    webhook_allow_http: bool = setting("Whether webhooks may be addresses without TLS (`http://`).", False)
    webhook_timeout_seconds: float = setting("Longest that a webhook's receiver may take to answer.", 10.0)
    webhook_concurrency: int = setting("How many events are sent to one webhook at once.", 4)
    webhook_retention_days: int = setting(
        "How long events and their deliveries are kept: for the log, for sending them again, and for webhooks that "
        "were switched off.",
        14,
    )

    mail_url: str = setting(
        "`smtp://user:password@host:587` (STARTTLS when offered; `?starttls=required` insists), "
        "`smtps://user:password@host:465`, or `folder:` (the folder `mail` of `DATA_DIR`; not in production).",
        "folder:",
    )
    mail_from: str = setting("Sender of our mails.", "Frontdesk <no-reply@frontdesk.example>")
    mail_attempts: int = setting("How often a mail is tried before it is given up.", 8)

    def __post_init__(self) -> None:
        object.__setattr__(self, "public_url", self.public_url.rstrip("/"))
        check(self)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Reads and checks the environment; raises `SettingsError` naming the first variable that is wrong."""
        source = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        hints = typing.get_type_hints(cls)
        for each in dataclasses.fields(cls):
            name = variable(each.name)
            if source.get(name, "") != "":
                values[each.name] = parse(name, source[name], hints[each.name])
            elif each.default is dataclasses.MISSING:
                raise SettingsError(f"{name} is not set. {each.metadata['help']}")
        return cls(**values)

    @property
    def production(self) -> bool:
        """Whether strict defaults hold."""
        return self.environment is Environment.PRODUCTION

    @property
    def has_test_page(self) -> bool:
        """Whether `POST /test` renders pages."""
        return self.widget_test_page or not self.production

    @property
    def runtime_url(self) -> str:
        """What web and workers connect to Postgres with: a role that row-level security binds."""
        if self.database_runtime_url:
            return self.database_runtime_url
        parts = urlsplit(self.database_url)
        password = hmac_new(self.secret_keys[-1].encode(), b"frontdesk runtime role", sha256).hexdigest()
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"frontdesk_runtime:{quote(password)}@{host}"))


def runtime_names() -> frozenset[str]:
    """The settings that super admins can change while everything runs."""
    return frozenset(each.name for each in dataclasses.fields(Settings) if each.metadata["runtime"])
