"""The weather text: every morning the day's forecast arrives as one SMS.

Whose job     somebody who wants to know about the umbrella before leaving, and the code without passwords in it.
Needs         OPENWEATHER_API_KEY, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_SENDER_NUMBER and
              TWILIO_RECEIVER_NUMBER: in the environment, or named under [secrets] in config.toml.
Try it        asched run weather_sms                       (sends one now, instead of waiting a day)
              asched run weather_sms --arg lat=48.14 --arg lon=11.58 --arg place=Munich

Guarantees    One message of at most 160 characters that every phone can show (GSM 03.38), for the day of
              `scheduled_at` in the job's own zone. Nothing is sent when the forecast could not be read.
              In doubt it sends again: when Twilio's answer is lost, the retry may bring a second text. A second
              text costs a cent, a missing one costs a wet coat. newsletter.py shows the opposite choice.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from asched import Run, job

SMS_LENGTH = 160
# The basic GSM 03.38 alphabet without its control characters. Anything else would halve the room to 70.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
WORTH_SAYING = 0.2  # below this chance of rain a day counts as dry


class ServiceRefused(RuntimeError):
    """OpenWeather or Twilio answered, and said no."""


@dataclass(frozen=True, slots=True)
class Step:
    """Three hours of forecast."""

    at: datetime
    celsius: float
    sky: str
    rain_chance: float


@job(
    "daily at 06:30",
    tz="local",
    secrets=(
        "OPENWEATHER_API_KEY",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "TWILIO_SENDER_NUMBER",
        "TWILIO_RECEIVER_NUMBER",
    ),
    timeout="2m",
    retry={"attempts": 3, "delay": "1m"},
    catch_up_window="6h",  # a text about the morning is of no use in the evening
    description="The day's forecast as one SMS",
)
async def weather_sms(
    run: Run,
    lat: float = 52.52,
    lon: float = 13.41,
    place: str = "Berlin",
    weather_api: str = "https://api.openweathermap.org",
    sms_api: str = "https://api.twilio.com",
    answer_timeout: float = 20.0,
) -> dict[str, object]:
    """Fetch the forecast of a place, put it into one SMS, send it. `answer_timeout` is in seconds."""
    answer = await fetch_forecast(run, weather_api, lat, lon, answer_timeout)
    text = summarise(place, parse_forecast(answer), run.scheduled_at)
    run.log.info("weather.summarised", text=text)
    message = await send_sms(run, sms_api, text, answer_timeout)
    run.log.info("weather.sent", message=message)
    return {"text": text, "message": message}


async def fetch_forecast(run: Run, api: str, lat: float, lon: float, timeout: float) -> Mapping[str, Any]:
    query = {"lat": str(lat), "lon": str(lon), "appid": run.secret("OPENWEATHER_API_KEY"), "units": "metric"}
    response = await run.http.get(f"{api.rstrip('/')}/data/2.5/forecast", params=query, timeout=timeout)
    # Not raise_for_status: its message holds the address, and the address holds the key.
    if response.status_code != 200:
        raise ServiceRefused(f"OpenWeather answered {response.status_code}: {reason(response)}")
    answer = response.json()
    if not isinstance(answer, dict):
        raise ValueError("OpenWeather's answer is not an object")
    return answer


async def send_sms(run: Run, api: str, text: str, timeout: float) -> str:
    sid = run.secret("TWILIO_ACCOUNT_SID")
    response = await run.http.post(
        f"{api.rstrip('/')}/2010-04-01/Accounts/{sid}/Messages.json",
        auth=(sid, run.secret("TWILIO_AUTH_TOKEN")),
        data={
            "From": run.secret("TWILIO_SENDER_NUMBER"),
            "To": run.secret("TWILIO_RECEIVER_NUMBER"),
            "Body": text,
        },
        timeout=timeout,
    )
    if response.status_code != 201:
        raise ServiceRefused(f"Twilio answered {response.status_code}: {reason(response)}")
    return str(fields_of(response).get("sid", ""))


# What an answer means: pure.


def reason(response: httpx.Response) -> str:
    """Why a service refused, in its words; both put them under "message", Twilio adds its own code."""
    fields = fields_of(response)
    message = str(fields.get("message") or response.text.strip()[:200] or response.reason_phrase)
    return f"{message} (code {fields['code']})" if "code" in fields else message


def fields_of(response: httpx.Response) -> Mapping[str, Any]:
    """The answer's JSON object, or nothing: a status line is an answer even when its body is a proxy's HTML."""
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def parse_forecast(answer: Mapping[str, Any]) -> list[Step]:
    """The steps in order of time. A step without time or temperature is left out; none at all is an error."""
    entries = answer.get("list")
    steps = [step for entry in entries if (step := parse_step(entry))] if isinstance(entries, list) else []
    if not steps:
        raise ValueError("OpenWeather's answer holds no usable forecast: expected list[].dt and list[].main.temp")
    return sorted(steps, key=lambda step: step.at)


def parse_step(entry: Any) -> Step | None:
    try:
        at = datetime.fromtimestamp(int(entry["dt"]), UTC)
        celsius = float(entry["main"]["temp"])
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    try:
        sky = str(entry["weather"][0]["description"])
    except (KeyError, TypeError, IndexError):
        sky = ""
    chance = entry.get("pop")
    return Step(at, celsius, sky, float(chance) if isinstance(chance, int | float) else 0.0)


def summarise(place: str, steps: Sequence[Step], scheduled_at: datetime) -> str:
    """One SMS about the day of `scheduled_at` in its own zone; about the next 24 hours when that day is over."""
    zone = scheduled_at.tzinfo
    today = [step for step in steps if step.at.astimezone(zone).date() == scheduled_at.date()]
    told = today or list(steps[:8])
    low, high = min(step.celsius for step in told), max(step.celsius for step in told)
    pieces = [temperatures(round(low), round(high))]
    if sky := Counter(step.sky for step in told if step.sky).most_common(1):
        pieces.append(sky[0][0])
    wettest = max(told, key=lambda step: step.rain_chance)
    pieces.append(rain(wettest, wettest.at.astimezone(zone)))
    day = f"{told[0].at.astimezone(zone):%a %d %b}"
    return shorten(gsm_text(f"{place} {day}: {', '.join(pieces)}"))


def temperatures(low: int, high: int) -> str:
    return f"{low} to {high} C" if low != high else f"{high} C"


def rain(step: Step, local: datetime) -> str:
    if step.rain_chance < WORTH_SAYING:
        return "dry"
    kind = "snow" if "snow" in step.sky else "rain"
    return f"{kind} {step.rain_chance:.0%} around {local:%H:%M}"


def gsm_text(text: str) -> str:
    """The same text in the GSM alphabet: ü stays, ã becomes a, a degree sign or an emoji becomes a question mark."""
    return "".join(c if c in GSM else gsm_letter(c) for c in unicodedata.normalize("NFC", text))


def gsm_letter(character: str) -> str:
    plain = unicodedata.normalize("NFKD", character)
    return "".join(c for c in plain if c in GSM) or ("" if unicodedata.combining(character) else "?")


def shorten(text: str) -> str:
    return text if len(text) <= SMS_LENGTH else text[: SMS_LENGTH - 3].rstrip() + "..."
