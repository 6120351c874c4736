import asyncio


async def main():
    body = "did not begin"

    async def work():
        nonlocal body
        body = "began"
        await asyncio.sleep(0.02)
        body = "ran to its end"

    task = asyncio.create_task(work())
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0.05)
    print(f"body: {body}")


asyncio.run(main())
