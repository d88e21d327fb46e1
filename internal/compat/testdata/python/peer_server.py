#!/usr/bin/python3
"""Run the REAL Python IPC server with a fixed set of routes, as a test peer.

    IPCX_DIR=/path/to/discord-ext-ipcx  peer_server.py HOST PORT MPORT SECRET
    IPC_DIR=/path/to/discord-ext-ipc    peer_server.py HOST PORT MPORT SECRET

Exactly one of IPCX_DIR (discord-ext-ipcx) and IPC_DIR (its 2021 ancestor) must
be set: a checkout whose discord/ext/<package> directory is put on the path.
MPORT "-" turns the multicast server off.  SECRET "@none" means no secret_key,
"@empty" the empty string.  Run it with /usr/bin/python3 (discord.py, aiohttp).

Events are printed to stdout, one JSON object a line:
  {"event":"listening","port":..,"mport":..,"impl":"ipcx"|"ipc"}   both sites up
  {"event":"ipc_ready"}                                   bot event on_ipc_ready
  {"event":"ipc_error","endpoint":..,"type":..,"message":..}
  {"event":"call","route":..,"n":..}                      a counting route ran
  {"event":"unhandled","type":..,"message":..}    exception that left a handler
It stops when stdin reaches end of file, or on SIGTERM.

The routes are in the `ROUTES` sections below.
"""
import asyncio
import builtins
import collections
import datetime
import decimal
import enum
import json
import logging
import os
import signal
import sys
import threading
import time

import discord
import discord.ext
from discord.ext import commands

IMPL = None
if os.environ.get("IPCX_DIR"):
    IMPL = "ipcx"
    discord.ext.__path__.append(os.path.join(os.environ["IPCX_DIR"], "discord", "ext"))
    from discord.ext import ipcx as pkg
elif os.environ.get("IPC_DIR"):
    IMPL = "ipc"
    discord.ext.__path__.append(os.path.join(os.environ["IPC_DIR"], "discord", "ext"))
    from discord.ext import ipc as pkg
else:
    sys.exit("set IPCX_DIR or IPC_DIR")

cog_route = pkg.server.route          # module-level decorator, same place in both


def emit(**event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


class HandlerWatch(logging.Handler):
    """Turn aiohttp's 'Error handling request' log records into events."""

    def emit(self, record):
        if record.exc_info and record.exc_info[1] is not None:
            exc = record.exc_info[1]
            emit(event="unhandled", type=type(exc).__name__, message=str(exc)[:300])


logging.getLogger("aiohttp.server").addHandler(HandlerWatch())
logging.getLogger("aiohttp.server").propagate = False
logging.getLogger("aiohttp.websocket").setLevel(logging.CRITICAL)
# both packages log route errors at ERROR; the events above say the same
logging.getLogger("discord.ext").setLevel(logging.CRITICAL)


class Bot(commands.Bot):
    async def on_ipc_ready(self):
        emit(event="ipc_ready")

    async def on_ipc_error(self, endpoint, error):
        emit(event="ipc_error", endpoint=endpoint, type=type(error).__name__,
             message=str(error)[:300])


def make_bot():
    return Bot(command_prefix="!", intents=discord.Intents.none())


class CustomError(Exception):
    pass


class Outer:
    class InnerError(Exception):
        pass


class RootError(BaseException):
    """Not an Exception subclass."""


class Plain:
    pass


class Colour(enum.IntEnum):
    RED = 3


class Mode(enum.Enum):
    ON = "on"


Point = collections.namedtuple("Point", "x y")


class Shout(str):
    pass


def circular():
    a = []
    a.append(a)
    return a


def deep(n):
    v = []
    for _ in range(n):
        v = [v]
    return v


# ROUTES: constants.  Endpoint "ret_<key>" returns the value (called each time).
CONSTANTS = {
    "str": lambda: "hello",
    "str_empty": lambda: "",
    "int": lambda: 42,
    "int_zero": lambda: 0,
    "int_neg": lambda: -7,
    "int_2p53p1": lambda: 2**53 + 1,
    "int_i64max": lambda: 2**63 - 1,
    "int_u64max": lambda: 2**64 - 1,
    "int_2p70": lambda: 2**70,
    "int_4300digits": lambda: 10**4299,
    "int_4301digits": lambda: 10**4300,
    "float": lambda: 1.5,
    "float_whole": lambda: 3.0,
    "float_third": lambda: 1 / 3,
    "float_1e15": lambda: 1e15,
    "float_1e16": lambda: 1e16,
    "float_1e21": lambda: 1e21,
    "float_1e-4": lambda: 1e-4,
    "float_1e-5": lambda: 1e-5,
    "float_max": lambda: 1.7976931348623157e308,
    "float_min": lambda: 5e-324,
    "float_negzero": lambda: -0.0,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "ninf": lambda: float("-inf"),
    "nan_nested": lambda: {"v": [float("nan"), float("inf")]},
    "none": lambda: None,
    "true": lambda: True,
    "false": lambda: False,
    "list": lambda: [1, "two", None, True],
    "list_empty": lambda: [],
    "dict": lambda: {"b": 1, "a": 2},
    "dict_empty": lambda: {},
    "nested": lambda: {"z": [{"y": {"x": [1, [2, [3]]]}}], "a": {"b": []}},
    "latin": lambda: "caf\u00e9 na\u00efve",
    "cjk": lambda: "\u65e5\u672c\u8a9e",
    "emoji": lambda: "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "surrogate": lambda: "a\ud800b",
    "controls": lambda: "".join(map(chr, range(0x20))) + "\x7f\x80\u2028\u2029",
    "specials": lambda: "\"\\/<>&'",
    "key_unicode": lambda: {"cl\u00e9": "\u00fc"},
    "bytes": lambda: b"raw",
    "object": lambda: Plain(),
    "object_nested": lambda: {"ok": 1, "bad": [Plain()]},
    "set": lambda: {1},
    "tuple": lambda: (1, 2, (3,)),
    "namedtuple": lambda: Point(1, 2),
    "str_subclass": lambda: Shout("loud"),
    "int_enum": lambda: Colour.RED,
    "plain_enum": lambda: Mode.ON,
    "datetime": lambda: datetime.datetime(2020, 1, 2, 3, 4, 5),
    "decimal": lambda: decimal.Decimal("1.10"),
    "exception_obj": lambda: ValueError("x"),
    "keys_int": lambda: {1: "a", -2: "b"},
    "keys_mixed": lambda: {None: 0, True: 1, False: 2, 1.5: 3, 7: 4, "s": 5},
    "keys_dup": lambda: {1: "int", "1": "str"},
    "keys_tuple": lambda: {(1, 2): "x"},
    "keys_bytes": lambda: {b"k": "x"},
    "circular": circular,
    "deep_900": lambda: deep(900),
    "deep_3000": lambda: deep(3000),
    "error_like": lambda: {"error": "not really", "code": 500},
    "port_like": lambda: {"message": "Connection success", "port": 1, "code": 200},
    "big_1m": lambda: "x" * (1 << 20),
    "big_4m_minus3": lambda: "x" * (4 * (1 << 20) - 3),   # frame of 4 MiB - 1 bytes
    "big_4m_minus2": lambda: "x" * (4 * (1 << 20) - 2),   # frame of exactly 4 MiB
    "big_5m": lambda: "x" * (5 * (1 << 20)),
    "json_text": lambda: "{\"a\": 1}",
}

# ROUTES: failures.  Endpoint "raise_<key>" raises what the function makes.
FAILURES = {
    "value": lambda: ValueError("boom"),
    "key": lambda: KeyError("missing"),
    "custom": lambda: CustomError("mine"),
    "inner": lambda: Outer.InnerError("nested class"),
    "unicode_msg": lambda: ValueError("caf\u00e9"),
    "discord": lambda: discord.DiscordException("d"),
    "command": lambda: commands.CommandError("c"),
    "timeout": lambda: asyncio.TimeoutError(),
    "stop_async": lambda: StopAsyncIteration(),
    "stop_iter": lambda: StopIteration(),
    "group": lambda: getattr(builtins, "ExceptionGroup", ValueError)("g", [ValueError("a")]),
    "jsonlike": lambda: TypeError("Object of type Fake is not JSON serializable"),
    "cancelled": lambda: asyncio.CancelledError(),
    "root": lambda: RootError("base"),
    "generator_exit": lambda: GeneratorExit(),
    "system_exit": lambda: SystemExit(3),
    "keyboard": lambda: KeyboardInterrupt(),
}

COUNTS = collections.Counter()


def count(name):
    COUNTS[name] += 1
    emit(event="call", route=name, n=COUNTS[name])
    return COUNTS[name]


def visible(data):
    """All attributes a route sees on its argument, the envelope left out."""
    return {k: v for k, v in vars(data).items() if k != "_json"}


def common(server):
    """Constant and failing routes, registered on the Server instance."""
    def returner(make):
        async def handler(data):
            return make()
        return handler

    def raiser(make):
        async def handler(data):
            raise make()
        return handler

    for key, make in CONSTANTS.items():
        server.route(name="ret_" + key)(returner(make))
    for key, make in FAILURES.items():
        server.route(name="raise_" + key)(raiser(make))


def register(server, bot):
    common(server)

    @server.route()
    async def plain(data):                     # default name: function name
        return "plain"

    @server.route(name="named.route/x y")
    async def whatever(data):                  # custom name, any string works
        return "named"

    @server.route(name="")
    async def emptyname(data):                 # "" falls back to function name
        return "emptyname"

    @server.route()
    async def echo_envelope(data):
        return data.to_json()

    @server.route()
    async def echo_data(data):
        return data.to_json()["data"]

    @server.route()
    async def echo_attrs(data):
        return visible(data)

    @server.route()
    async def echo_value(data):
        return data.value

    @server.route()
    async def type_of_value(data):
        return type(data.value).__name__

    @server.route()
    async def str_of_value(data):
        return str(data.value)

    @server.route()
    async def text_of_data(data):
        return str(data)

    @server.route()
    async def get_member_count(data):          # as in the README: 0 if unknown
        guild = bot.get_guild(data.guild_id)
        return guild.member_count if guild else 0

    @server.route()
    async def counter(data):
        return count("counter")

    @server.route()
    async def counter_circular(data):
        count("counter_circular")
        return circular()

    @server.route()
    async def sleep(data):
        count("sleep")
        await asyncio.sleep(data.seconds)
        count("sleep_done")
        return data.to_json()["data"]

    @server.route()
    async def hang(data):
        count("hang")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            count("hang_cancelled")
            raise

    @server.route()
    async def block(data):                     # blocks the whole event loop
        time.sleep(data.seconds)
        return "blocked"

    @server.route(name="sync")
    def sync(data):
        count("sync")
        return 1

    @server.route(name="sync_returns_coroutine")
    def sync_returns_coroutine(data):
        async def inner():
            return "inner"
        return inner()

    @server.route(name="async_generator")
    async def async_generator(data):
        yield 1

    @server.route()
    async def noargs():
        return "noargs"

    @server.route()
    async def twoargs(data, extra):
        return "twoargs"

    class Call:
        async def __call__(self, data):
            return "callable"
    server.route(name="callable_object")(Call())   # has no __qualname__

    async def Oracle(data, *rest):             # its qualname is a cog's name
        return type(data).__name__
    Oracle.__qualname__ = "Oracle"
    server.route(name="function_named_like_cog")(Oracle)

    # registered twice on the instance: the later one stays
    @server.route(name="dup_server")
    async def dup_a(data):
        return "first"

    @server.route(name="dup_server")
    async def dup_b(data):
        return "second"

    # the same name on the instance and on the class table (see Oracle)
    @server.route(name="dup_both")
    async def dup_c(data):
        return "instance"


class Oracle(commands.Cog):
    def __init__(self, bot, tag="first"):
        self.bot = bot
        self.tag = tag

    @cog_route()
    async def cog_plain(self, data):
        return "cog_plain"

    @cog_route(name="cog.named")
    async def other(self, data):
        return "cog.named"

    @cog_route()
    async def cog_tag(self, data):
        return [type(self).__name__, self.tag]

    @cog_route()
    async def cog_attrs(self, data):
        return visible(data)

    @cog_route()
    async def cog_raise(self, data):
        raise CustomError("from cog")

    @cog_route()
    async def cog_optional(self, data=None):
        # without its cog, self is the request object
        return [type(self).__name__, type(data).__name__]

    @cog_route(name="dup_both")
    async def dup_both(self, data):
        return "class"

    @cog_route(name="dup_class")
    async def dup_one(self, data):
        return "first"

    @cog_route(name="dup_class")
    async def dup_two(self, data):
        return "second"

    @staticmethod
    @cog_route()
    async def cog_static(data):
        return "static"


class Renamed(commands.Cog, name="Display Name"):
    """Its cog name is not its class name."""

    @cog_route()
    async def renamed_cog(self, data):
        return "renamed"


class Mixin:
    @cog_route()
    async def inherited(self, data):
        return "inherited"


class Child(Mixin, commands.Cog):
    pass


class Falsy(commands.Cog):
    """A cog whose truth value is False."""

    def __len__(self):
        return 0

    @cog_route()
    async def falsy_cog(self, data):
        return "falsy"


class Other(commands.Cog):
    @cog_route()
    async def other_cog(self, data):
        return type(self).__name__


def nested_cog(bot):
    class Nested(commands.Cog):
        @cog_route()
        async def nested(self, data):
            return "nested"
    return Nested()


@cog_route()
async def free_function(data):                 # module-level, no cog
    return "free"


def secret_of(text):
    return {"@none": None, "@empty": ""}.get(text, text)


async def add_cogs(bot):
    for cog in (Oracle(bot), Renamed(), Child(), Falsy(), Other(), nested_cog(bot)):
        await bot.add_cog(cog)


def build(bot, host, port, mport, secret):
    server = pkg.Server(bot, host=host, port=port, secret_key=secret,
                        do_multicast=mport is not None,
                        multicast_port=mport or 20000)
    register(server, bot)
    return server


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    host, port, mport, secret = sys.argv[1:5]
    port = int(port)
    mport = None if mport == "-" else int(mport)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    bot = make_bot()
    # entering the bot gives it its loop, without logging in
    loop.run_until_complete(bot.__aenter__())
    server = build(bot, host, port, mport, secret_of(secret))
    loop.run_until_complete(add_cogs(bot))
    started = server.start()                   # a coroutine in ipcx only
    if started is not None:
        loop.run_until_complete(started)
    loop.add_signal_handler(signal.SIGTERM, loop.stop)

    def wait_for_eof():
        while sys.stdin.readline():
            pass
        loop.call_soon_threadsafe(loop.stop)
    threading.Thread(target=wait_for_eof, daemon=True).start()

    emit(event="listening", port=port, mport=mport, impl=IMPL)
    loop.run_forever()


if __name__ == "__main__":
    main()
