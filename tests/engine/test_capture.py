"""What a run prints is kept in bounds, in order, masked, and never cut inside a character."""

import threading
import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from asched.engine.capture import HEAD, LONGEST_LINE, PIECE, TAIL, Capture


class Watched:
    def __init__(self, mask=str):
        self.pending, self.children = 0, []
        self.capture = Capture(self._pend, lambda _, pid, started: self.children.append((pid, started)), mask)

    def _pend(self, whose):
        self.pending += 1

    def text(self, pieces, stream="stdout"):
        return "".join(piece.text for piece in pieces if piece.stream == stream)


def printed(*writes, mask=str):
    watched = Watched(mask)
    for write in writes:
        watched.capture.write("stdout", write)
    return watched.capture.close()


def test_what_is_small_is_kept_whole():
    assert [(p.seq, p.stream, p.text) for p in printed("one\n", b"two\n", "three")] == [
        (0, "stdout", "one\ntwo\nthree")
    ]


def test_whole_lines_can_be_taken_while_the_run_goes_on():
    watched = Watched()
    watched.capture.write("stdout", "one\ntw")
    assert [(p.seq, p.text) for p in watched.capture.take()] == [(0, "one\n")]
    assert watched.capture.take() == []
    watched.capture.write("stdout", "o\n")
    assert [(p.seq, p.text) for p in watched.capture.take()] == [(1, "two\n")]
    assert watched.capture.close() == []


def test_it_says_once_that_there_is_something_to_take():
    watched = Watched()
    watched.capture.write("stdout", "half")
    assert watched.pending == 0
    watched.capture.write("stdout", " a line\n")
    watched.capture.write("stdout", "another\n")
    assert watched.pending == 1
    watched.capture.take()
    watched.capture.write("stdout", "third\n")
    assert watched.pending == 2


def test_what_is_written_after_the_end_is_ignored():
    watched = Watched()
    watched.capture.close()
    watched.capture.write("stdout", "too late\n")
    assert (watched.capture.take(), watched.pending) == ([], 0)


def test_a_child_is_passed_on():
    watched = Watched()
    watched.capture.child(4711, 99)
    assert watched.children == [(4711, 99)]


def test_a_character_that_comes_in_two_writes_is_one():
    raw = "grüße 😀\n".encode()
    for cut in range(len(raw)):
        assert [p.text for p in printed(raw[:cut], raw[cut:])] == ["grüße 😀\n"]


def test_bytes_that_are_no_utf8_are_marked_and_harm_nothing():
    assert [p.text for p in printed(b"a\xff\xfe\n", b"\xe2\x82")] == ["a��\n�"]


def test_a_secret_that_comes_in_two_writes_is_masked():
    def mask(text):
        return text.replace("hunter2", "***")

    for cut in range(len("hunter2")):
        pieces = printed("password: " + "hunter2"[:cut], "hunter2"[cut:] + "\n", mask=mask)
        assert [p.text for p in pieces] == ["password: ***\n"]


def test_a_secret_is_masked_in_an_unfinished_line_and_beside_another_stream():
    watched = Watched(lambda text: text.replace("hunter2", "***"))
    watched.capture.write("stdout", "hun")
    watched.capture.write("stderr", "oops\n")
    watched.capture.write("stdout", "ter2")
    pieces = watched.capture.close()
    assert [(p.stream, p.text) for p in pieces] == [("stderr", "oops\n"), ("stdout", "***")]


def test_a_line_that_never_ends_is_kept_in_pieces():
    text = "x" * (3 * LONGEST_LINE)
    watched = Watched()
    for character_at in range(0, len(text), 100):
        watched.capture.write("stdout", text[character_at : character_at + 100])
    taken = watched.capture.take()
    assert taken
    assert watched.text([*taken, *watched.capture.close()]) == text


def test_a_flood_of_fifty_megabytes_leaves_head_and_tail_and_a_note_in_bounded_memory():
    watched = Watched()
    line = b"0123456789abcdef" * 64 + b"\n"
    tracemalloc.start()
    for _ in range(50_000_000 // len(line) + 1):
        watched.capture.write("stdout", line)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    pieces = watched.capture.close()
    assert peak < 8_000_000
    kept = watched.text(pieces)
    (note,) = [p.text for p in pieces if p.stream == "note"]
    left_out = int(note.strip("[]\n").split()[0])
    assert len(kept) + left_out == len(line) * (50_000_000 // len(line) + 1)
    assert len(kept) <= HEAD + TAIL + PIECE
    assert kept.startswith("0123456789abcdef")
    assert kept.endswith("abcdef\n")


def test_a_flood_of_very_short_lines_costs_no_more():
    watched = Watched()
    tracemalloc.start()
    for _ in range(300_000):
        watched.capture.write("stdout", "\n")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000_000
    assert len(watched.text(watched.capture.close())) == HEAD + TAIL


def test_threads_may_write_at_once_and_no_line_is_lost():
    watched = Watched()

    def write(name):
        for n in range(200):
            watched.capture.write(name, f"{name} {n}\n")

    threads = [threading.Thread(target=write, args=(f"s{k}",)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pieces = watched.capture.close()
    for k in range(8):
        assert watched.text(pieces, f"s{k}") == "".join(f"s{k} {n}\n" for n in range(200))


writes = st.lists(
    st.tuples(
        st.sampled_from(["stdout", "stderr", "log"]),
        st.one_of(
            st.text(max_size=50),
            st.binary(max_size=50),
            st.tuples(st.sampled_from("ab\n"), st.integers(0, 90_000)).map(lambda pair: pair[0] * pair[1]),
        ),
        st.booleans(),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(writes)
def test_nothing_beyond_head_and_tail_is_kept_and_each_stream_keeps_its_order(writes):
    watched, taken = Watched(), []
    for stream, data, take in writes:
        watched.capture.write(stream, data)
        if take:
            taken += watched.capture.take()
    pieces = [*taken, *watched.capture.close()]
    assert [piece.seq for piece in pieces] == list(range(len(pieces)))
    kept = [piece for piece in pieces if piece.stream != "note"]
    assert sum(len(piece.text) for piece in kept) <= HEAD + TAIL + PIECE
    assert all(piece.text for piece in pieces)
    notes = [piece for piece in pieces if piece.stream == "note"]
    if not notes:
        return
    (note,) = notes
    position = pieces.index(note)
    before = sum(len(piece.text) for piece in pieces[:position])
    assert before == HEAD


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=3000), max_size=20), st.data())
def test_within_the_head_text_comes_out_as_it_went_in_however_it_was_cut(texts, data):
    whole = "".join(texts)
    raw, watched, taken = whole.encode(), Watched(), []
    at = 0
    while at < len(raw):
        width = data.draw(st.integers(1, 4000))
        watched.capture.write("stdout", raw[at : at + width])
        at += width
        if data.draw(st.booleans()):
            taken += watched.capture.take()
    assert watched.text([*taken, *watched.capture.close()]) == whole[: HEAD + TAIL]
