import asyncio


async def depth(n):
    return 0 if n == 0 else 1 + await depth(n - 1)


try:
    result = asyncio.run(depth(100_000))
except RecursionError as error:
    result = type(error).__name__
print(f"result: {result}")
