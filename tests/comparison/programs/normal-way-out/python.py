import asyncio
import contextlib

facts = {"finally": "cut short", "release": "cut short"}


async def release(which):
    await asyncio.sleep(0.05)
    facts[which] = "ended"


async def with_finally():
    try:
        await asyncio.sleep(0.005)
    finally:
        await release("finally")


async def with_stack():
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(release, "release")
        await asyncio.sleep(0.005)


async def main():
    for work in [with_finally, with_stack]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.02):
                await work()
    await asyncio.sleep(0.1)
    print(f"plain finally: {facts['finally']}; the system's own way: {facts['release']} (AsyncExitStack)")


asyncio.run(main())
