"""What is printed goes where it belongs, and the streams behave as text streams do."""

from __future__ import annotations

import io
from typing import Any

import pytest

from asched.service.printing import RoutedStream


@pytest.mark.parametrize("no_text", [b"bytes", bytearray(b"x"), 3, None])
def test_only_text_can_be_written(no_text: Any) -> None:
    real = io.StringIO()
    stream = RoutedStream(real, "stdout")
    with pytest.raises(TypeError, match=type(no_text).__name__):
        stream.write(no_text)
    with pytest.raises(TypeError):
        stream.writelines([no_text])
    assert real.getvalue() == ""


def test_outside_of_jobs_it_is_masked_and_goes_where_it_went() -> None:
    real = io.StringIO()
    assert RoutedStream(real, "stdout", lambda text: text.replace("secret", "***")).write("a secret") == 8
    assert real.getvalue() == "a ***"
