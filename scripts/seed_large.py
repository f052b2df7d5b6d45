"""What `scripts/seed --large` writes: rows in the order of their time, by COPY, with triggers off."""

import io
import itertools
import json
import random
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg2

_COMPANIES, _LEADS, _CONVERSATIONS, _REQUESTS = 1_000, 120_000, 200_000, 5_000_000
_QUESTIONS_A_CONVERSATION = (1, 2, 2, 3, 4)  # with as many answers: five messages on average
_BIG_SHARE = 0.4
_CHUNK = 50_000
_TABLES = (
    *("companies", "users", "api_keys", "agents", "documents", "leads", "conversations", "messages", "turns"),
    *("model_calls", "unanswered_questions", "api_requests"),
)
_ENDPOINTS = tuple(
    (method, path, category, scope, resource)
    for resource, paths in {
        "leads": ("/v1/lead", "/v1/lead/<uuid:lead_id>", "/v1/lead/company"),
        "conversations": ("/v1/conversation", "/v1/conversation/<uuid:conversation_id>/messages"),
        "agents": ("/v1/agent", "/v1/agent/<uuid:agent_id>/details", "/v1/agent/<uuid:agent_id>/stats"),
        "documents": ("/v1/document", "/v1/document/<uuid:document_id>", "/v1/search/document"),
        "analytics": ("/v1/analytic/dashboard", "/v1/analytic/usage"),
        "users": ("/v1/user/profile", "/v1/company"),
    }.items()
    for path in paths
    for method, scope in (("GET", "read"), ("POST", "write"))
    for category in ("analytics" if resource == "analytics" else "ai" if "search" in path else "general",)
)
_STATUSES = ((200, ""), (201, ""), (404, "resource_not_found"), (422, "validation_error"), (429, "rate_limit_exceeded"))
_STATUSES += ((403, "insufficient_permissions"), (500, "internal_error"))
_STATUS_WEIGHTS = (800, 120, 30, 25, 15, 8, 2)
_WORDS = (
    *("returns", "shipping", "warranty", "battery", "price", "delivery", "opening", "hours", "repair", "invoice"),
    *("size", "colour", "discount"),
)
_SOURCES = ("widget", "widget", "widget", "import", "partner", "")


@dataclass
class Company:
    """A company of the seed and the ids that its rows refer to."""

    id: str
    user: str
    keys: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    leads: list[str] = field(default_factory=list)


def fill(url: str, scale: float, until: date, days: int) -> None:
    """Adds everything; says what it does."""
    connection = psycopg2.connect(url)
    begun = time.monotonic()
    with connection, connection.cursor() as cursor, _unwatched(cursor):
        seed = _Seed(cursor, scale, datetime(until.year, until.month, until.day, tzinfo=UTC), days)
        seed.companies()
        seed.leads()
        seed.conversations()
        seed.requests()
        print(f"loaded in {time.monotonic() - begun:.0f} s; indexes", flush=True)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) " + ", ".join(_TABLES))
    connection.close()
    print(f"done in {time.monotonic() - begun:.0f} s; now the rollups", flush=True)


@contextmanager
def _unwatched(cursor: Any) -> Iterator[None]:
    """Without triggers, whose marks the rebuild makes needless; indexes are made afterwards, which is quicker."""
    late = ("api_requests", "messages", "turns", "model_calls")
    cursor.execute("SET statement_timeout = 0")
    cursor.execute("SET maintenance_work_mem = '512MB'")
    cursor.execute(
        "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisunique",
        (list(late),),
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    for table in _TABLES:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if cursor.fetchone()[0]:  # who may skips checking keys that refer to rows of this very file
        cursor.execute("SET session_replication_role = replica")
    yield
    cursor.execute("SET session_replication_role = origin")
    for _, statement in indexes:
        cursor.execute(statement)
    for table in _TABLES:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


class _Seed:
    """Writes one subject after the other. Everything random comes from one generator with a fixed beginning."""

    def __init__(self, cursor: Any, scale: float, until: datetime, days: int) -> None:
        self.cursor, self.scale, self.until, self.days = cursor, scale, until, days
        self.random = random.Random(f"{until}:{days}:{scale}")
        self.number = itertools.count(1)
        self.all: list[Company] = []
        count = max(2, int(_COMPANIES * min(1.0, scale * 10)))
        # The first has its share, the others what Zipf leaves them.
        rest = [1 / (rank + 10) for rank in range(count - 1)]
        self.weights = [_BIG_SHARE * sum(rest) / (1 - _BIG_SHARE), *rest]
        self.cumulated = list(itertools.accumulate(self.weights))

    def companies(self) -> None:
        """Companies with a user, keys, agents and documents each."""
        rows: dict[str, list[str]] = {name: [] for name in ("companies", "users", "api_keys", "agents", "documents")}
        start = self._text(self.until - timedelta(days=self.days))
        for index in range(len(self.weights)):
            big = index == 0
            company = Company(self._id(0), self._id(0))
            company.keys = [self._id(0) for _ in range(20 if big else 1 + index % 3)]
            company.agents = [self._id(0) for _ in range(10 if big else 1 + index % 2)]
            company.documents = [self._id(0) for _ in range(3000 if big else 5 + index % 30)]
            self.all.append(company)
            rows["companies"].append(f"{company.id}\tSeed {index}\tseed-{index}@example.com\t{start}\t{start}")
            rows["users"].append(
                f"{company.user}\t{company.id}\tadmin@seed-{index}.example\tadmin\tnone\tAda\tSeed\tadmin\t{start}\t{start}"
            )
            for key in company.keys:
                rows["api_keys"].append(
                    f"{key}\t{company.id}\tfdk_{key[2:]}\tnone\tKey\t{{read,write}}\t{company.user}\t{start}\t{start}"
                )
            for number, agent in enumerate(company.agents):
                rows["agents"].append(f"{agent}\t{company.id}\tAgent {number}\t{start}\t{start}")
            for number, document in enumerate(company.documents):
                agent = company.agents[number % len(company.agents)]
                rows["documents"].append(
                    f"{document}\t{company.id}\t{agent}\tfile\tDocument {number}\tprocessed\tdone\t12\t20480"
                    f"\t{document}\t{start}\t{start}\t{start}"
                )
        self._copy("companies", "id, name, email, created_at, updated_at", rows["companies"])
        names = "id, company_id, email, username, password_hash, first_name, last_name, role, created_at, updated_at"
        self._copy("users", names, rows["users"])
        names = "id, company_id, key, secret_hash, name, scopes, created_by, created_at, updated_at"
        self._copy("api_keys", names, rows["api_keys"])
        self._copy("agents", "id, company_id, name, created_at, updated_at", rows["agents"])
        names = "id, company_id, agent_id, source, title, status, stage, chunk_count, size_bytes, content_hash, \
due_at, created_at, updated_at"
        self._copy("documents", names, rows["documents"])

    def leads(self) -> None:
        """Leads, in order of time."""
        pick = self.random

        def rows() -> Iterator[str]:
            for company, at in self._times(_LEADS):
                lead = self._id(at)
                company.leads.append(lead)
                status = pick.choices(("new", "contacted", "qualified", "converted", "lost"), (60, 15, 10, 8, 7))[0]
                moment = self._at(at)
                yield (
                    f"{lead}\t{company.id}\t{pick.choice(company.agents)}\tLead\tNo {lead[-6:]}"
                    f"\tlead-{lead[-8:]}@example.com\t{pick.choice(_SOURCES) or chr(92) + 'N'}\t{status}"
                    f"\t{moment}\t{moment}"
                )

        names = "id, company_id, agent_id, first_name, last_name, email, source, status, created_at, updated_at"
        self._copy("leads", names, rows())

    def conversations(self) -> None:
        """Conversations with their messages, turns, calls to models and unanswered questions."""
        spooled: dict[str, io.StringIO] = {}
        names = {
            "conversations": "id, company_id, agent_id, lead_id, title, max_context_length, next_sequence, \
last_message_at, created_at, updated_at",
            "messages": "id, company_id, conversation_id, sequence, role, content, reply_to_id, citations, metadata, \
feedback_rating, created_at, updated_at",
            "turns": "id, company_id, conversation_id, message_id, agent_id, sequence, status, outcome, attempt, \
due_at, started_at, first_delta_at, finished_at, answer_id, created_at, updated_at",
            "model_calls": "id, company_id, agent_id, conversation_id, turn_id, lead_id, provider, model, kind, \
outcome, input_tokens, output_tokens, estimated, cost, first_token_ms, total_ms, created_at, updated_at",
            "unanswered_questions": "id, company_id, agent_id, message_id, question, confidence, created_at, \
updated_at",
        }

        def flush() -> None:
            for table, lines in spooled.items():
                lines.seek(0)
                self._copy_file(table, names[table], lines)
            spooled.clear()

        for index, (company, at) in enumerate(self._times(_CONVERSATIONS)):
            for table, line in self._talk(company, at):
                spooled.setdefault(table, io.StringIO()).write(line + "\n")
            if index % 10_000 == 9_999:
                flush()
        flush()

    def _talk(self, company: Company, at: float) -> Iterator[tuple[str, str]]:
        pick, talk, agent = self.random, self._id(at), self.random.choice(company.agents)
        lead = pick.choice(company.leads) if company.leads else "\\N"
        questions = pick.choice(_QUESTIONS_A_CONVERSATION) + (pick.random() < 0.1)
        begin = at
        for place in range(1, 2 * questions, 2):
            took = pick.lognormvariate(7.3, 0.6) / 1000  # seconds; 1.5 at the median
            asked, answered = self._at(at), self._at(at + took)
            question, answer, turn = self._id(at), self._id(at + took), self._id(at)
            words = f"What about {pick.choice(_WORDS)} and {pick.choice(_WORDS)} {int(pick.paretovariate(0.9)) % 500}?"
            outcome = pick.choices(("answered", "refused", "small_talk", "failed"), (80, 12, 7, 1))[0]
            failed = outcome == "failed"
            head = f"{company.id}\t{talk}"
            yield (
                "messages",
                f"{question}\t{head}\t{place}\tuser\t{words}\t\\N\t[]\t{{}}\t\\N\t{asked}\t{asked}",
            )
            if not failed:
                cited = pick.sample(company.documents, min(2, len(company.documents))) if outcome == "answered" else ()
                citations = json.dumps([{"index": n, "document_id": _dashed(each)} for n, each in enumerate(cited, 1)])
                details = json.dumps({"handover_offered": True} if outcome == "refused" else {"retrieval_ms": 31})
                rating = pick.choices(("\\N", "up", "down"), (85, 11, 4))[0]
                yield (
                    "messages",
                    f"{answer}\t{head}\t{place + 1}\tassistant\tSee what our documents say about that.\t{question}"
                    f"\t{citations}\t{details}\t{rating}\t{answered}\t{answered}",
                )
            started, first = self._at(at + 0.02), self._at(at + took * 0.4)
            ended = f"failed\t\\N\t1\t{asked}\t{started}\t\\N\t{answered}\t\\N"
            if not failed:
                ended = f"completed\t{outcome}\t1\t{asked}\t{started}\t{first}\t{answered}\t{answer}"
            yield "turns", f"{turn}\t{head}\t{question}\t{agent}\t{place}\t{ended}\t{asked}\t{asked}"
            tokens_in, tokens_out = pick.randrange(500, 3000), pick.randrange(20, 400)
            cost = f"{tokens_in * 15e-8 + tokens_out * 6e-7:.8f}"
            model = pick.choices(("gpt-4o-mini", "claude-haiku"), (3, 1))[0]
            yield (
                "model_calls",
                f"{self._id(at)}\t{company.id}\t{agent}\t{talk}\t{turn}\t{lead}\topenai\t{model}\tchat"
                f"\t{'timeout' if failed else 'ok'}\t{tokens_in}\t{tokens_out}\tf\t{cost}\t{int(took * 300)}"
                f"\t{int(took * 900)}\t{answered}\t{answered}",
            )
            if outcome == "refused":
                yield (
                    "unanswered_questions",
                    f"{self._id(at)}\t{company.id}\t{agent}\t{question}\t{words}\t0.21\t{answered}\t{answered}",
                )
            at += took + pick.uniform(5, 90)
        yield (
            "conversations",
            f"{talk}\t{company.id}\t{agent}\t{lead}\t{words}\t4000\t{2 * questions + 1}\t{self._at(at)}"
            f"\t{self._at(begin)}\t{self._at(at)}",
        )

    def requests(self) -> None:
        """Usage records: most by keys, few keys and endpoints with most of them."""
        pick, total = self.random, len(_ENDPOINTS)
        favour = list(itertools.accumulate(1 / (rank + 1) for rank in range(total)))
        statuses = list(itertools.accumulate(_STATUS_WEIGHTS))

        def rows() -> Iterator[str]:
            times = self._times(_REQUESTS)
            while chunk := list(itertools.islice(times, _CHUNK)):
                size = len(chunk)
                what = pick.choices(_ENDPOINTS, cum_weights=favour, k=size)
                how = pick.choices(_STATUSES, cum_weights=statuses, k=size)
                for (company, at), (method, path, category, scope, resource), (status, code) in zip(
                    chunk, what, how, strict=True
                ):
                    keys = company.keys
                    if pick.random() < 0.8:
                        key = keys[int(len(keys) * pick.random() ** 3)]
                        who = f"api_key\t{key}\t{key}"
                    else:
                        who = f"user\t{company.user}\t\\N"
                    yield (
                        f"{self._id(at)}\t{company.id}\t{self._at(at)}\t{who}\t{method}\t{path}\t{status}"
                        f"\t{code or chr(92) + 'N'}\t{pick.lognormvariate(2.5, 0.8):.3f}\t{category}\t{scope}"
                        f"\t{resource}\t192.0.2.7\t\\N"
                    )

        names = "id, company_id, created_at, caller_kind, caller_id, api_key_id, method, endpoint, status, error_code, \
duration_ms, category, scope, resource, ip, request_id"
        self._copy("api_requests", names, rows())

    def _times(self, number: int) -> Iterator[tuple[Company, float]]:
        """So many pairs of a company and a moment (seconds since the beginning), in order; fewer at night."""
        pick, length = self.random, self.days * 86_400
        count = max(1, int(number * self.scale))
        step, at = length / count, 0.0
        owners: Iterable[Company] = itertools.chain.from_iterable(
            pick.choices(self.all, cum_weights=self.cumulated, k=min(_CHUNK, count - done))
            for done in range(0, count, _CHUNK)
        )
        for company in owners:
            at += step
            day, hour = divmod(at, 86_400)
            # Squeezed towards noon, which keeps the order.
            share = hour / 86_400 - 0.5
            yield company, min(day * 86_400 + (0.5 + 4 * share**3 * 0.7 + share * 0.3) * 86_400, length - 600.0)

    def _at(self, seconds: float) -> str:
        return self._text(self.until + timedelta(seconds=seconds - self.days * 86_400))

    @staticmethod
    def _text(moment: datetime) -> str:
        return moment.isoformat(timespec="milliseconds")

    def _id(self, seconds: float) -> str:
        """A UUIDv7 of that time (RFC 9562), the same in every run."""
        milliseconds = int((self.until.timestamp() + seconds - self.days * 86_400) * 1000)
        return f"{milliseconds:012x}7{0:03x}8{next(self.number):015x}"

    def _copy(self, table: str, columns: str, rows: Iterable[str]) -> None:
        self._copy_file(table, columns, _Lines(rows))

    def _copy_file(self, table: str, columns: str, lines: Any) -> None:
        begun = time.monotonic()
        self.cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", lines, 1 << 20)
        if time.monotonic() - begun > 5:
            print(f"{table}: {self.cursor.rowcount:,} rows in {time.monotonic() - begun:.0f} s", flush=True)


class _Lines:
    """Rows as a file that COPY reads, without all of them in memory."""

    def __init__(self, rows: Iterable[str]) -> None:
        self._rows, self._rest = iter(rows), ""

    def read(self, size: int) -> str:
        """The next characters."""
        parts, length = [self._rest], len(self._rest)
        while length < size and (more := list(itertools.islice(self._rows, 2_000))):
            parts.append("\n".join(more) + "\n")
            length += len(parts[-1])
        text = "".join(parts)
        self._rest = text[size:]
        return text[:size]


def _dashed(hexadecimal: str) -> str:
    h = hexadecimal
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"
