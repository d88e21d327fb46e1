"""A cog in Python: it counts. The bot starts it with a socket as descriptor 3.

docs/protocol.md describes the frames. The standard library is enough.
"""

import json
import socket
import struct

REPLY, SETUP, CALL, START, STOP, SAVE, RESTORE, QUIT = 1, 2, 3, 6, 7, 8, 9, 10
FAILED = 1
HEAD = struct.Struct("<IBBHHHIQQ")  # length, kind, flags, name, from, 0, ms, id, parent

bot = socket.socket(fileno=3)
stream = bot.makefile("rb")
kept = {"n": 0}


class Refused(Exception):
    def __init__(self, code, message):
        self.error = {"code": code, "message": message}


def next_number(_):
    kept["n"] += 1
    return kept["n"]


def version(_):
    return "python"


ROUTES = {"stats.next": next_number, "stats.version": version}


def answer(kind, name, body):
    if kind == SETUP:
        return {"abi": 1, "routes": [{"name": name} for name in ROUTES], "keeps": list(kept)}
    if kind == CALL:
        if name not in ROUTES:
            raise Refused("no_route", f"no route {name!r}")
        return ROUTES[name](json.loads(body))
    if kind == SAVE:
        return kept[name]
    if kind == RESTORE:
        kept[name] = json.loads(body)
    return None


def reply(number, flags, value):
    body = json.dumps(value).encode()
    bot.sendall(HEAD.pack(HEAD.size - 4 + len(body), REPLY, flags, 0, 0, 0, 0, number, 0) + body)


while True:
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        break  # the bot is gone
    length, kind, _, name, caller, _, _, number, _ = HEAD.unpack(head)
    rest = stream.read(length - HEAD.size + 4)
    if kind not in (SETUP, CALL, START, STOP, SAVE, RESTORE, QUIT):
        continue  # a cancel is too late: calls run one after the other here
    try:
        reply(number, 0, answer(kind, rest[:name].decode(), rest[name + caller :]))
    except Refused as e:
        reply(number, FAILED, e.error)
    except Exception as e:  # the bot logs the text; callers see the type alone
        reply(number, FAILED, {"message": str(e), "type": type(e).__name__})
    if kind == QUIT:
        break
