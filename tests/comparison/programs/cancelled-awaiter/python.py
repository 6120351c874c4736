import asyncio


async def main():
    awaited = "stopped"

    async def work():
        nonlocal awaited
        await asyncio.sleep(0.2)
        awaited = "went on to its end"

    task = asyncio.create_task(work())

    async def wait():
        await task

    awaiter = asyncio.create_task(wait())
    await asyncio.sleep(0.01)
    awaiter.cancel()
    await asyncio.sleep(0.4)
    print(f"task that was awaited: {awaited}")


asyncio.run(main())
