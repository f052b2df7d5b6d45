"""What must happen in Redis in one step.

Keys of a conversation: its stream; `<stream>:state`, a hash with the stream's `epoch`, the `n`umber of its last event
and, for each turn that is not over, `o:<turn>`, the id of its first event; both expire together. Each turn has a key of
its own with the highest attempt that has spoken, and a `!` once it is over.

A stream begins anew, with a new epoch, when Redis has lost it or may have lost the end of it. The latter can't be seen
in the data; but a Redis that starts knows no scripts, so whoever has to hand the script over again says so
(`fresh`), and every stream that is older than this moment begins anew, whether it is appended to or only looked at.
Otherwise an id could be given to two events, and who comes back would not be told that some were never appended.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import redis
from redis.exceptions import NoScriptError

SINCE = "frontdesk:events:since"

_OPEN = """
local function text(n) return string.format('%.0f', n) end
local function now()
  local clock = redis.call('TIME')
  return clock[1] * 1000 + math.floor(clock[2] / 1000)
end
local since = tonumber(redis.call('GET', KEYS[3]) or '0')
if ARGV[1] == 'fresh' then
  since = now()
  redis.call('SET', KEYS[3], text(since))
end
local keep, forgets = ARGV[2], ARGV[3] == 'forget'
local kept = redis.call('HMGET', KEYS[2], 'epoch', 'n')
local epoch, n = tonumber(kept[1]), tonumber(kept[2])
if forgets or not epoch then redis.call('DEL', KEYS[1]) end
if forgets then redis.call('DEL', KEYS[2]) end
local anew = forgets or not epoch or epoch < since
if anew then
  epoch, n = math.max(now(), (epoch or 0) + 1), 0
  redis.call('HSET', KEYS[2], 'epoch', text(epoch), 'n', 0)
  redis.call('PEXPIRE', KEYS[2], keep)
end
"""

_POSITION = """
if ARGV[3] == 'position' then return redis.call('HGETALL', KEYS[2]) end
"""

_SAY = """
local function say(frame, most)
  n = n + 1
  local id = text(epoch) .. '-' .. text(n)
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', most, id, 'e', frame)
  redis.call('PUBLISH', KEYS[1], id .. ' ' .. frame)
  return id
end
"""

_FORGET = """
if forgets then
  for i = 4, #KEYS do
    local attempt, seen = ARGV[2 * i - 4], redis.call('GET', KEYS[i])
    if not seen or string.sub(seen, -1) ~= '!' then
      redis.call('SET', KEYS[i], attempt .. '!', 'PX', math.max(tonumber(keep), 3600000))
      say(ARGV[2 * i - 3], #KEYS)
    end
  end
  redis.call('HSET', KEYS[2], 'n', text(n))
  redis.call('PEXPIRE', KEYS[1], keep)
  return {}
end
"""

# What neither begins nor ends a turn needn't renew what is kept for longer than turns last: most events are such, and
# their turn's end does.
_APPEND = """
local turn, attempt, final, renews = ARGV[4], ARGV[5], ARGV[6] == '!', true
if turn ~= '' then
  local seen = redis.call('GET', KEYS[4])
  if seen and (string.sub(seen, -1) == '!' or tonumber(seen) > tonumber(attempt)) then return {} end
  local mark = final and attempt .. '!' or attempt
  renews = anew or mark ~= seen or tonumber(keep) < 600000
  if mark ~= seen then redis.call('SET', KEYS[4], mark, 'PX', math.max(tonumber(keep), 3600000)) end
end
local ids = {}
for i = 7, #ARGV do ids[#ids + 1] = say(ARGV[i], ARGV[3]) end
redis.call('HSET', KEYS[2], 'n', text(n))
if final then redis.call('HDEL', KEYS[2], 'o:' .. turn)
elseif turn ~= '' then redis.call('HSETNX', KEYS[2], 'o:' .. turn, ids[1]) end
if renews then
  redis.call('PEXPIRE', KEYS[1], keep)
  redis.call('PEXPIRE', KEYS[2], keep)
end
return ids
"""


# One script for all, so that a Redis that has started is noticed once.
_SCRIPT = _OPEN + _POSITION + _SAY + _FORGET + _APPEND
_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Keep:
    """How long a stream is kept after the last turn that began or ended in it, and how many events of it."""

    seconds: int
    events: int


def _run(client: "redis.Redis", keys: Sequence[str], arguments: Sequence[Any]) -> Any:
    try:
        return client.evalsha(_SHA, len(keys), *keys, "", *arguments)
    except NoScriptError:
        return client.eval(_SCRIPT, len(keys), *keys, "fresh", *arguments)


def _repeat(client: "redis.Redis", keys: Sequence[str], arguments: Sequence[Any]) -> Any:
    """The answer, or the error that Redis answers. Raises only for a Redis that doesn't answer."""
    try:
        return _run(client, keys, arguments)
    except redis.ResponseError as error:
        return error


@dataclass(frozen=True, slots=True)
class Said:
    """Frames for a stream. `turn`: whose they are, and its attempt; `final`: the last one ends it."""

    stream: str
    frames: Sequence[bytes]
    turn: tuple[UUID, int] | None
    final: bool


def append(client: "redis.Redis", said: Said, keep: Keep) -> list[str]:
    """Appends and publishes frames; returns their ids, or none when the turn is over or its attempt is not the latest.
    Raises RedisError."""
    return _ids(_run(client, *_call(said, keep)))


def append_each(client: "redis.Redis", said: Sequence[Said], keep: Keep) -> list[list[str]]:
    """The same for many streams, in one turn to Redis; not in one step. Raises RedisError."""
    calls = [_call(each, keep) for each in said]
    pipeline = client.pipeline(transaction=False)
    for keys, arguments in calls:
        pipeline.evalsha(_SHA, len(keys), *keys, "", *arguments)
    answers = pipeline.execute(raise_on_error=False)
    # All that Redis didn't know are repeated before anything is raised: one stream's error is no reason to lose the
    # words of the others.
    answers = [
        _repeat(client, *call) if isinstance(answer, NoScriptError) else answer
        for call, answer in zip(calls, answers, strict=True)
    ]
    for answer in answers:
        if isinstance(answer, redis.RedisError):
            raise answer
    return [_ids(answer) for answer in answers]


def forget(client: "redis.Redis", stream: str, ends: Sequence[tuple[UUID, int, bytes]], keep: Keep) -> None:
    """Drops what a stream holds, and ends turns (id, attempt, frame) in the new one: in one step, so that no word of
    theirs comes in between. Raises RedisError."""
    keys = [*_keys(stream), *(_turn_key(turn_id) for turn_id, _, _ in ends)]
    pairs = [part for _, attempt, frame in ends for part in (attempt, frame)]
    _run(client, keys, [keep.seconds * 1000, "forget", *pairs])


def _call(said: Said, keep: Keep) -> tuple[Sequence[str], Sequence[Any]]:
    turn_id, attempt = (str(said.turn[0]), said.turn[1]) if said.turn else ("", 0)
    keys = (*_keys(said.stream), _turn_key(turn_id))
    return keys, (keep.seconds * 1000, keep.events, turn_id, attempt, "!" if said.final else ".", *said.frames)


def _keys(stream: str) -> tuple[str, str, str]:
    return stream, f"{stream}:state", SINCE


def _turn_key(turn_id: UUID | str) -> str:
    return f"frontdesk:turn:{turn_id}"


def _ids(answer: Any) -> list[str]:
    return [each.decode() for each in answer]


def position(client: "redis.Redis", stream: str, *, keep_seconds: int) -> dict[bytes, bytes]:
    """The state of a stream, which is begun if there is none: see above. Raises RedisError."""
    found = _run(client, _keys(stream), (keep_seconds * 1000, "position"))
    return dict(zip(found[::2], found[1::2], strict=True))
