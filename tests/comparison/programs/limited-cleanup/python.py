import asyncio

cleanup = "cut"


async def work():
    global cleanup
    try:
        await asyncio.sleep(1)
    finally:
        expired = False
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(0.2)
        except TimeoutError:
            expired = True
        await asyncio.sleep(0.005)
        cleanup = "its limit was kept, and it ended" if expired else "its limit was not kept"


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    print(f"cleanup: {cleanup}")


asyncio.run(main())
