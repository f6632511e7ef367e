"""The room that decides.

Pure: times, jobs and loads come in as arguments, decisions go out as values.
It must not know I/O, asyncio, threads, or what time it is.
"""
