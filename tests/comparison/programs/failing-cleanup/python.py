import asyncio


async def first():
    await asyncio.sleep(0.01)
    raise RuntimeError("first")


async def other():
    try:
        await asyncio.sleep(1)
    finally:
        await asyncio.sleep(0.005)
        raise RuntimeError("second")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(first())
            group.create_task(other())
    except ExceptionGroup as error:
        messages = [str(each) for each in error.exceptions]
        print(f"thrown: {messages[0]}; other error: {'kept' if 'second' in messages else 'lost'}")


asyncio.run(main())
