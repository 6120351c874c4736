import asyncio

cleanup = "still running"


async def work():
    global cleanup
    try:
        await asyncio.sleep(1)
    finally:
        await asyncio.sleep(0.05)
        cleanup = "ended"


async def main():
    try:
        async with asyncio.timeout(0.01):
            await work()
    except TimeoutError as error:
        print(f"thrown: {type(error).__name__}; cleanup by then: {cleanup}")


asyncio.run(main())
