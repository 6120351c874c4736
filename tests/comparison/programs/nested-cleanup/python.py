import asyncio

facts = {"inner": "cut", "outer": "cut", "line": "did not run"}


async def inner():
    try:
        await asyncio.sleep(1)
    finally:
        await asyncio.sleep(0.005)
        facts["inner"] = "ended"


async def outer():
    try:
        await inner()
        facts["line"] = "ran"
    finally:
        await asyncio.sleep(0.005)
        facts["outer"] = "ended"


async def main():
    task = asyncio.create_task(outer())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    print(f"inner cleanup: {facts['inner']}; outer cleanup: {facts['outer']}; line after the call: {facts['line']}")


asyncio.run(main())
