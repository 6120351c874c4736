import asyncio

tries = 0


async def poll():
    global tries
    while tries < 5:
        try:
            tries += 1
            await asyncio.sleep(0.1)
        except:
            pass


async def main():
    task = asyncio.create_task(poll())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.sleep(0.6)
    print(f"tries after the cancellation: {tries - 1}")


asyncio.run(main())
