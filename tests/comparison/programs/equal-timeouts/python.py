import asyncio


async def main():
    inner = "did not run"
    outer = "not kept"
    try:
        async with asyncio.timeout(0.02):
            try:
                async with asyncio.timeout(0.02):
                    await asyncio.sleep(0.5)
            except TimeoutError:
                inner = "ran"
                await asyncio.sleep(0.5)
    except TimeoutError:
        outer = "kept"
    print(f"outer limit: {outer}; inner handler: {inner}")


asyncio.run(main())
