import asyncio

cleanup = "cut"


async def work():
    global cleanup
    try:
        await asyncio.sleep(1)
    finally:
        await asyncio.sleep(0.03)
        cleanup = "ended"


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.sleep(0.1)
    print(f"cleanup: {cleanup}")


asyncio.run(main())
