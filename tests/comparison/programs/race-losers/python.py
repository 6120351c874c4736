import asyncio

loser = "runs on"


async def slow():
    global loser
    try:
        await asyncio.sleep(0.5)
        loser = "ran to its end"
    finally:
        if loser == "runs on":
            loser = "is being stopped"
        await asyncio.sleep(0.02)
        if loser == "is being stopped":
            loser = "is stopped and cleaned up"


async def main():
    racers = [asyncio.create_task(slow()), asyncio.create_task(asyncio.sleep(0.01))]
    done, pending = await asyncio.wait(racers, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.wait(pending)
    print(f"loser, when the race is over: {loser}; who saw to it: the program")


asyncio.run(main())
