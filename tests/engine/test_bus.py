"""Events go out; listeners can neither slow nor harm what they listen to."""

import asyncio
import gc

import pytest

from asched.engine.bus import KEPT, Bus

pytestmark = pytest.mark.anyio


def bad(event):
    raise ValueError("no")


async def test_each_listener_hears_each_event_until_it_ends():
    bus, one, two = Bus(), [], []
    end = bus.listen(one.append)
    bus.listen(two.append)
    bus.publish({"type": "a"})
    end()
    end()
    bus.publish({"type": "b"})
    assert (one, two) == ([{"type": "a"}], [{"type": "a"}, {"type": "b"}])


async def test_it_knows_whether_anybody_listens():
    bus = Bus()
    assert not bus.heard
    end = bus.listen(print)
    assert bus.heard
    end()
    assert not bus.heard


async def test_a_listener_hears_only_what_it_wants_and_what_nobody_wants_need_not_be_made():
    bus, some, most = Bus(), [], []
    end = bus.listen(lambda event: some.append(event["type"]), only=["a", "b"])
    assert [kind for kind in "abc" if bus.hears(kind)] == ["a", "b"]
    bus.listen(lambda event: most.append(event["type"]), but=["a"])
    assert bus.hears("c")
    for kind in "abc":
        bus.publish({"type": kind})
    assert (some, most) == (["a", "b"], ["b", "c"])
    end()
    assert [kind for kind in "abc" if bus.hears(kind)] == ["b", "c"]


async def test_a_listener_that_raises_is_dropped_and_the_others_are_told():
    bus, heard = Bus(), []
    bus.listen(bad)
    bus.listen(heard.append)
    bus.publish({"type": "a"})
    bus.publish({"type": "b"})
    dropped = {"type": "listener.dropped", "error": "ValueError: no"}
    assert heard == [dropped, {"type": "a"}, {"type": "b"}]


async def test_several_listeners_that_raise_harm_only_themselves():
    bus, heard = Bus(), []
    for _ in range(3):
        bus.listen(lambda event: bad(event))
    bus.listen(heard.append)
    bus.publish({"type": "a"})
    assert [event["type"] for event in heard].count("listener.dropped") == 3
    assert {"type": "a"} in heard


async def test_a_listener_may_end_itself_and_raise():
    bus = Bus()

    def leave(event):
        end()
        raise ValueError("and slam the door")

    end = bus.listen(leave)
    bus.publish({"type": "a"})
    assert not bus.heard


async def test_a_stream_yields_everything_from_when_it_is_read():
    bus = Bus()
    stream = bus.stream()
    reading = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    bus.publish({"type": "a"})
    bus.publish({"type": "b"})
    assert (await reading, await anext(stream)) == ({"type": "a"}, {"type": "b"})
    await stream.aclose()
    assert not bus.heard


async def test_a_slow_reader_loses_the_oldest_and_is_told_how_many():
    bus = Bus()
    stream = bus.stream()
    reading = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    bus.publish({"n": 0})
    await reading
    for n in range(1, KEPT + 8):
        bus.publish({"n": n})
    assert await anext(stream) == {"type": "events.lost", "count": 7}
    assert await anext(stream) == {"n": 8}
    await stream.aclose()


async def test_streams_end_once_they_are_read_when_nothing_more_will_happen():
    bus = Bus()
    stream = bus.stream()
    reading = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    bus.publish({"n": 0})
    bus.publish({"n": 1})
    bus.close()
    assert [await reading, *[event async for event in stream]] == [{"n": 0}, {"n": 1}]


async def test_a_stream_that_is_full_ends_too():
    bus = Bus()
    stream = bus.stream()
    reading = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    for n in range(KEPT + 5):
        bus.publish({"n": n})
    bus.close()
    seen = [await reading, *[event async for event in stream]]
    assert seen[-1] == {"n": KEPT + 4}


async def test_a_stream_hears_what_happens_before_it_is_first_read():
    bus = Bus()
    stream = bus.stream()
    bus.publish({"n": 0})
    bus.close()
    assert [event async for event in stream] == [{"n": 0}]
    assert [event async for event in stream] == [], "it stays at its end"


async def test_a_stream_that_nobody_holds_any_more_is_deaf():
    bus = Bus()
    stream = bus.stream()
    assert bus.heard
    del stream
    gc.collect()
    assert not bus.heard
    asyncio.get_running_loop().call_soon(bus.publish, {"n": 0})
    async for _ in bus.stream():
        break
    gc.collect()
    assert not bus.heard


async def test_a_closed_stream_is_deaf_and_whoever_waits_for_it_comes_to_the_end():
    bus = Bus()
    stream = bus.stream()
    reading = asyncio.ensure_future(anext(stream, None))
    await asyncio.sleep(0)
    await stream.aclose()
    await stream.aclose()
    assert await reading is None
    assert not bus.heard
    bus.publish({"n": 0})
    assert [event async for event in stream] == []


async def test_a_stream_is_closed_with_what_it_held():
    bus = Bus()
    stream = bus.stream()
    for n in range(KEPT + 1):
        bus.publish({"n": n})
    bus.close()
    await stream.aclose()
    assert [event async for event in stream] == []
