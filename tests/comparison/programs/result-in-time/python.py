import asyncio
import time


async def main():
    loop = asyncio.get_running_loop()
    answer = loop.create_future()

    def reply():
        answer.set_result("the result")
        time.sleep(0.4)

    loop.call_later(0.05, reply)
    try:
        async with asyncio.timeout(0.2):
            ended = await answer
    except TimeoutError as error:
        ended = type(error).__name__
    print(f"ended with: {ended}")


asyncio.run(main())
