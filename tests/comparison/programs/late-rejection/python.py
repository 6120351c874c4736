import asyncio
import contextlib
import gc

heard = "nothing"


async def main():
    global heard

    def handler(loop, context):
        global heard
        heard = context["message"]

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(handler)
    late = loop.create_future()
    loop.call_later(0.3, late.set_exception, RuntimeError("boom"))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            await asyncio.shield(late)  # without it, the future would be cancelled
    await asyncio.sleep(0.5)


asyncio.run(main())
gc.collect()
print(f"unhandled: {heard}")
