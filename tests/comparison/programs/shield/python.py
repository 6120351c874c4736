import asyncio

facts = {"part": "was still running", "after": "did not run"}


async def part():
    await asyncio.sleep(0.03)
    facts["part"] = "had ended"


async def work():
    await asyncio.shield(part())
    await asyncio.sleep(0.03)
    facts["after"] = "ran"


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    then = facts["part"]
    await asyncio.sleep(0.1)
    print(f"protected part, when the task had ended: {then}; line after it: {facts['after']}")


asyncio.run(main())
