import asyncio


async def work():
    await asyncio.sleep(0.01)
    raise RuntimeError("boom")


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0.2)


try:
    asyncio.run(main())
    print("program: ended well")
except Exception as error:
    print(f"program: failed with {error}")
