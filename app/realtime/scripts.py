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
from typing import Any
from uuid import UUID

import redis
from redis.exceptions import NoScriptError

SINCE = "frontdesk:events:since"

_OPEN = """
local function text(n) return string.format('%.0f', n) end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local since = tonumber(redis.call('GET', KEYS[3]) or '0')
if ARGV[1] == 'fresh' then
  since = now
  redis.call('SET', KEYS[3], text(now))
end
local keep = ARGV[2]
local kept = redis.call('HMGET', KEYS[2], 'epoch', 'n')
local epoch, n = tonumber(kept[1]), tonumber(kept[2])
if not epoch then redis.call('DEL', KEYS[1]) end
if not epoch or epoch < since then
  epoch, n = math.max(now, (epoch or 0) + 1), 0
  redis.call('HSET', KEYS[2], 'epoch', text(epoch), 'n', 0)
  redis.call('PEXPIRE', KEYS[2], keep)
end
"""

_POSITION = """
if ARGV[3] == 'position' then return redis.call('HGETALL', KEYS[2]) end
"""

_APPEND = """
local turn, attempt, final = ARGV[4], ARGV[5], ARGV[6] == '!'
if turn ~= '' then
  local seen = redis.call('GET', KEYS[4])
  if seen and (string.sub(seen, -1) == '!' or tonumber(seen) > tonumber(attempt)) then return {} end
  local mark = final and attempt .. '!' or attempt
  if mark ~= seen then redis.call('SET', KEYS[4], mark, 'PX', math.max(tonumber(keep), 3600000)) end
end
local ids = {}
for i = 7, #ARGV do
  n = n + 1
  local id = text(epoch) .. '-' .. text(n)
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], id, 'e', ARGV[i])
  redis.call('PUBLISH', KEYS[1], id .. ' ' .. ARGV[i])
  ids[#ids + 1] = id
end
if turn ~= '' then
  if final then redis.call('HDEL', KEYS[2], 'o:' .. turn)
  else redis.call('HSETNX', KEYS[2], 'o:' .. turn, ids[1]) end
end
redis.call('HSET', KEYS[2], 'n', text(n))
redis.call('PEXPIRE', KEYS[1], keep)
redis.call('PEXPIRE', KEYS[2], keep)
return ids
"""


# One script for both, so that a Redis that has started is noticed once.
_SCRIPT = _OPEN + _POSITION + _APPEND
_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


def _run(client: "redis.Redis", keys: Sequence[str], arguments: Sequence[Any]) -> Any:
    try:
        return client.evalsha(_SHA, len(keys), *keys, "", *arguments)
    except NoScriptError:
        return client.eval(_SCRIPT, len(keys), *keys, "fresh", *arguments)


def append(
    client: "redis.Redis",
    stream: str,
    frames: Sequence[bytes],
    *,
    turn: tuple[UUID, int] | None,
    final: bool,
    keep_seconds: int,
    keep_events: int,
) -> list[str]:
    """Appends and publishes `frames`; returns their ids, or none when the turn is over or `turn`'s attempt (its second
    part) is not the latest. Raises RedisError."""
    turn_id, attempt = (str(turn[0]), turn[1]) if turn else ("", 0)
    keys = (stream, f"{stream}:state", SINCE, f"frontdesk:turn:{turn_id}")
    head = (keep_seconds * 1000, keep_events, turn_id, attempt, "!" if final else ".")
    return [each.decode() for each in _run(client, keys, (*head, *frames))]


def position(client: "redis.Redis", stream: str, *, keep_seconds: int) -> dict[bytes, bytes]:
    """The state of a stream, which is begun if there is none: see above. Raises RedisError."""
    found = _run(client, (stream, f"{stream}:state", SINCE), (keep_seconds * 1000, "position"))
    return dict(zip(found[::2], found[1::2], strict=True))
