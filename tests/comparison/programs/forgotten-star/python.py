import asyncio


async def save():
    await asyncio.sleep(0.005)
    return 7


async def main():
    number = save()
    await asyncio.sleep(0.01)
    print(f"the line: goes on, with a value of type {type(number).__name__}")


asyncio.run(main())
