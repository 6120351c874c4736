import asyncio


async def fail(name):
    await asyncio.sleep(0.01)
    raise RuntimeError(name)


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail("first"))
            group.create_task(fail("second"))
    except ExceptionGroup as error:
        messages = [str(each) for each in error.exceptions]
        print(f"thrown: {messages[0]}; other error: {'kept' if 'second' in messages else 'lost'}")


asyncio.run(main())
