import asyncio
import re


async def main():
    async def wait_for_b():
        await b

    async def wait_for_a():
        await a

    a = asyncio.create_task(wait_for_b(), name="a")
    b = asyncio.create_task(wait_for_a(), name="b")
    await a


try:
    asyncio.run(main())
except Exception as error:
    named = re.search(r"\ba\b", str(error)) and re.search(r"\bb\b", str(error))
    print(f"thrown: {type(error).__name__}; tasks: {'both named' if named else 'not named'}")
