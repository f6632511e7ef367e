"""The weather text: a forecast in, one SMS out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fake_run import BERLIN, FakeRun
from service_double import Reply, ServiceDouble, free_port, reply_json

from jobs.weather_sms import (
    GSM,
    SMS_LENGTH,
    ServiceRefused,
    gsm_text,
    parse_forecast,
    shorten,
    summarise,
    weather_sms,
)

pytestmark = pytest.mark.anyio

FORECAST = "/data/2.5/forecast"
MESSAGES = "/2010-04-01/Accounts/AC1/Messages.json"
MORNING = datetime(2026, 11, 21, 6, 30, tzinfo=BERLIN)
CREATED = reply_json({"sid": "SM1", "status": "queued", "error_code": None}, 201)


def step(hour: int, celsius: float, sky: str = "light rain", pop: float = 0.0, day: int = 21) -> dict[str, Any]:
    at = datetime(2026, 11, day, hour, tzinfo=BERLIN)
    return {
        "dt": int(at.timestamp()),
        "main": {"temp": celsius, "humidity": 80},
        "weather": [{"id": 500, "main": "Rain", "description": sky, "icon": "10d"}],
        "pop": pop,
    }


DAY = {"cod": "200", "list": [step(7, 2.6), step(13, 9.2, pop=0.7), step(19, 4), step(1, -5, day=22)]}
TEXT = "Berlin Sat 21 Nov: 3 to 9 C, light rain, rain 70% around 13:00"


@pytest.fixture
def run(run: FakeRun) -> FakeRun:
    run.scheduled_at = MORNING
    run.secrets = {
        "OPENWEATHER_API_KEY": "weather-key",
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "token-1",
        "TWILIO_SENDER_NUMBER": "+15005550006",
        "TWILIO_RECEIVER_NUMBER": "+491701234567",
    }
    return run


async def text_me(run: FakeRun, service: ServiceDouble, timeout: float = 1.0) -> dict[str, object]:
    return await weather_sms(run, weather_api=service.url, sms_api=service.url, answer_timeout=timeout)


async def test_the_day_is_summarised_and_sent_with_the_documented_requests(
    run: FakeRun, service: ServiceDouble
) -> None:
    service.on("GET", FORECAST, reply_json(DAY))
    service.on("POST", MESSAGES, CREATED)
    assert await text_me(run, service) == {"text": TEXT, "message": "SM1"}
    asked, sent = service.requests
    assert asked.query == {"lat": "52.52", "lon": "13.41", "appid": "weather-key", "units": "metric"}
    assert sent.basic_auth == "AC1:token-1"
    assert sent.form == {"From": "+15005550006", "To": "+491701234567", "Body": TEXT}


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_without_a_forecast_nothing_is_sent(run: FakeRun, service: ServiceDouble, status: int) -> None:
    service.on("GET", FORECAST, reply_json({"cod": status, "message": "no"}, status))
    with pytest.raises(ServiceRefused, match=f"OpenWeather answered {status}: no") as failure:
        await text_me(run, service)
    assert service.paths() == [FORECAST]
    assert "weather-key" not in str(failure.value)


@pytest.mark.parametrize("fault", ["reset", "hang", "cut"])
async def test_a_broken_forecast_sends_nothing(run: FakeRun, service: ServiceDouble, fault: str) -> None:
    service.on("GET", FORECAST, reply_json(DAY, fault=fault))
    with pytest.raises(httpx.TransportError) as failure:
        await text_me(run, service, timeout=0.1)
    assert service.paths() == [FORECAST]
    assert "weather-key" not in str(failure.value)


async def test_no_network_sends_nothing(run: FakeRun) -> None:
    with pytest.raises(httpx.ConnectError):
        await weather_sms(run, weather_api=f"http://127.0.0.1:{free_port()}")


@pytest.mark.parametrize(
    "answer", [{}, {"list": []}, {"list": None}, {"list": [{"dt": 1}, "x", {"main": {"temp": 1}}]}, []]
)
async def test_an_answer_without_a_usable_step_is_an_error(
    run: FakeRun, service: ServiceDouble, answer: object
) -> None:
    service.on("GET", FORECAST, reply_json(answer))
    with pytest.raises(ValueError, match="OpenWeather's answer"):
        await text_me(run, service)
    assert service.paths() == [FORECAST]


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [(400, 21211, "Invalid 'To' number"), (401, 20003, "Authenticate"), (429, 20429, "Too Many Requests")],
)
async def test_a_refusal_by_twilio_is_told_in_its_words(
    run: FakeRun, service: ServiceDouble, status: int, code: int, message: str
) -> None:
    service.on("GET", FORECAST, reply_json(DAY))
    service.on("POST", MESSAGES, reply_json({"code": code, "message": message, "status": status}, status))
    with pytest.raises(ServiceRefused, match=rf"Twilio answered {status}: {message} \(code {code}\)"):
        await text_me(run, service)


async def test_a_gateways_page_is_quoted(run: FakeRun, service: ServiceDouble) -> None:
    service.on("GET", FORECAST, reply_json(DAY))
    service.on("POST", MESSAGES, Reply(502, b"<h1>Bad Gateway</h1>"))
    with pytest.raises(ServiceRefused, match="502: <h1>Bad Gateway</h1>"):
        await text_me(run, service)


async def test_a_lost_answer_of_twilio_is_a_failure(run: FakeRun, service: ServiceDouble) -> None:
    """So the retry sends again: a second text is the better mistake."""
    service.on("GET", FORECAST, reply_json(DAY))
    service.on("POST", MESSAGES, Reply(fault="reset"), CREATED)
    with pytest.raises(httpx.TransportError):
        await text_me(run, service)
    assert (await text_me(run, service))["message"] == "SM1"


async def test_created_without_a_body_is_created(run: FakeRun, service: ServiceDouble) -> None:
    service.on("GET", FORECAST, reply_json(DAY))
    service.on("POST", MESSAGES, Reply(201))
    assert (await text_me(run, service))["message"] == ""


def summary(*steps: dict[str, Any], place: str = "Berlin", at: datetime = MORNING) -> str:
    return summarise(place, parse_forecast({"list": list(steps)}), at)


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([step(9, 5.4, "clear sky")], "Berlin Sat 21 Nov: 5 C, clear sky, dry"),
        ([step(9, -0.4, ""), step(12, -3)], "Berlin Sat 21 Nov: -3 to 0 C, light rain, dry"),
        ([step(9, -1, "light snow", 0.5)], "Berlin Sat 21 Nov: -1 C, light snow, snow 50% around 09:00"),
        ([step(9, 5, day=22)], "Berlin Sun 22 Nov: 5 C, light rain, dry"),
        ([{"dt": step(9, 5)["dt"], "main": {"temp": 5}}], "Berlin Sat 21 Nov: 5 C, dry"),
        ([step(9, 5, "mist"), {"dt": None}, {}], "Berlin Sat 21 Nov: 5 C, mist, dry"),
    ],
)
async def test_summaries(steps: list[dict[str, Any]], text: str) -> None:
    assert summary(*steps) == text


async def test_the_day_is_the_one_of_the_jobs_zone_in_the_night_of_the_clock_change() -> None:
    at = datetime(2026, 10, 25, 6, 30, tzinfo=BERLIN)
    midnight = datetime(2026, 10, 26, tzinfo=BERLIN)
    late = {"dt": int((midnight - timedelta(hours=1)).timestamp()), "main": {"temp": 8}}
    next_day = {"dt": int(midnight.timestamp()), "main": {"temp": 20}}
    assert summary(late, next_day, at=at) == "Berlin Sun 25 Oct: 8 C, dry"


async def test_a_message_never_exceeds_one_sms_nor_its_alphabet() -> None:
    text = summary(step(9, 5, "drizzle" * 60), place="São Paulo – 東京 ☂ Zürich")
    assert len(text) == SMS_LENGTH
    assert set(text) <= GSM
    assert text.startswith("Sao Paulo ? ?? ? Zürich Sat")
    assert text.endswith("...")


async def test_letters_outside_gsm_lose_their_accent_only() -> None:
    assert gsm_text("Łódź ñ ã é 5°C ²") == "?odz ñ a é 5?C 2"
    assert shorten("x" * 160) == "x" * 160
