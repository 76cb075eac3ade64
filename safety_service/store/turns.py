"""Taking turns: so many in a second and no more, with bursts that are no larger than is allowed.

The generic cell rate algorithm: of each bucket one moment is kept, at which it would be quite empty again.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: Buckets beyond which those that are empty again are forgotten.
MANY = 1000


@dataclass(frozen=True, slots=True)
class Bucket:
    """One turn in `every` seconds, and `burst` of them at once. Who asks with a larger burst goes before the others."""

    key: str
    every: float
    burst: int


class Turns:
    """The buckets of one process."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._empty_at: dict[str, float] = {}

    def take(self, buckets: Sequence[Bucket], most: float, sharers: int = 1) -> float:
        """Seconds until the turn; it is taken if they are no more than `most`. `sharers`: who else takes, unseen."""
        now = self._steady()
        ours = [_share(each, sharers) for each in buckets]
        wait = max(0.0, *(self._empty_at.get(each.key, now) - (each.burst - 1) * each.every - now for each in ours))
        if wait <= most:
            for each in ours:
                self._empty_at[each.key] = max(self._empty_at.get(each.key, now), now) + each.every
        if len(self._empty_at) > MANY:
            self._empty_at = {key: at for key, at in self._empty_at.items() if at > now}
        return wait


def _share(bucket: Bucket, sharers: int) -> Bucket:
    return Bucket(bucket.key, bucket.every * sharers, max(1, bucket.burst // sharers))


#: The same in Redis, in one step and by its clock (microseconds); and how many processes took turns this last minute.
#: Keys: those processes, the buckets. Arguments: who asks, `most`; `every` and `burst` of each bucket.
#: Each moment is kept with the one at which it was said: when the clock was set back since, it comes back with it, or
#: everybody would wait for as long as the clock was wrong.
SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 60000000)
redis.call('PEXPIRE', KEYS[1], 120000)
local function empty_at(key)
  local moment, said = string.match(redis.call('GET', key) or '', '^(%d+) (%d+)$')
  if not moment then
    return now
  end
  return tonumber(moment) - math.max(0, tonumber(said) - now)
end
local wait = 0
for i = 2, #KEYS do
  wait = math.max(wait, empty_at(KEYS[i]) - (tonumber(ARGV[2 * i]) - 1) * tonumber(ARGV[2 * i - 1]) - now)
end
if wait <= tonumber(ARGV[2]) then
  for i = 2, #KEYS do
    local next_at = math.max(empty_at(KEYS[i]), now) + tonumber(ARGV[2 * i - 1])
    redis.call('SET', KEYS[i], string.format('%.0f %.0f', next_at, now), 'PX', math.ceil((next_at - now) / 1000) + 1)
  end
end
return {string.format('%.0f', wait), redis.call('ZCARD', KEYS[1])}
"""


def arguments(who: str, buckets: Sequence[Bucket], most: float) -> list[str | int]:
    """What the script is given besides its keys."""
    given: list[str | int] = [who, _micro(min(most, 1e6))]
    for each in buckets:
        given += [_micro(each.every), each.burst]
    return given


def _micro(seconds: float) -> int:
    return round(seconds * 1_000_000)
