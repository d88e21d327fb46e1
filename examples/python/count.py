#!/usr/bin/env python3
"""Ask the example bot for its members, with the client of discord-ext-ipcx."""

import asyncio
import os

from discord.ext import ipcx


async def main():
    # without a port, the client asks for it at port 20000
    async with ipcx.Client(secret_key=os.environ["COGBUS_SECRET"]) as bot:
        guilds = await bot.request("members.list")
        for guild in guilds[:10]:
            print(f"{guild['name']:25} {guild['count']:5} members")

        # ids are numbers here, as in discord.py; the bot answers with strings,
        # which JavaScript does not round
        largest = int(guilds[0]["guild_id"])
        print(await bot.request("members.count", guild_id=largest))
        print(await bot.request("settings.set", guild_id=largest, prefix="py!", welcome="hello from Python"))

        # errors are values, as from any server of that package
        print(await bot.request("members.count", guild_id=1))


if __name__ == "__main__":
    asyncio.run(main())
