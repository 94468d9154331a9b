#!/usr/bin/env python3
"""Writes cases.json: random recurrences, and their first occurrences as python-dateutil sees them.

    pip install python-dateutil==2.9.0.post0
    python3 generate.py > cases.json

The same seed gives the same cases. Starts lie in years whose time zones are history, so that a newer time zone database
changes nothing.
"""

import json
import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr, rruleset

SEED = 5545
CASES = 400
OCCURRENCES = 8
LAST_YEAR = 2020

ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo",
    "Africa/Casablanca", "Asia/Tehran", "Pacific/Apia",
]
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def some(rng, values, most):
    return sorted(rng.sample(values, rng.randint(1, most)))


def listed(values):
    return ",".join(str(value) for value in values)


def nth_days(rng, numbers):
    return listed(f"{rng.choice(numbers)}{day}" for day in rng.sample(DAYS, rng.randint(1, 2)))


def shape(rng):
    """The parts of a rule that say on which days and at which times it comes."""
    frequency = rng.choice(["YEARLY", "MONTHLY", "MONTHLY", "WEEKLY", "WEEKLY", "DAILY", "DAILY", "HOURLY"])
    parts = {"FREQ": frequency}
    if rng.random() < 0.5:
        parts["INTERVAL"] = rng.choice([2, 3, 4, 5, 7, 12])
    kind = rng.random()
    if frequency == "YEARLY":
        if kind < 0.2:
            parts["BYMONTH"] = listed(some(rng, range(1, 13), 3))
        elif kind < 0.4:
            parts |= {"BYMONTH": listed(some(rng, range(1, 13), 2)), "BYDAY": nth_days(rng, [1, 2, -1])}
        elif kind < 0.55:
            parts["BYYEARDAY"] = listed(some(rng, [1, 60, 100, 200, 365, -1, -100], 3))
        elif kind < 0.7:
            parts |= {"BYWEEKNO": listed(some(rng, [1, 2, 20, 52, -1], 2)), "BYDAY": rng.choice(DAYS)}
        elif kind < 0.8:
            parts["BYDAY"] = nth_days(rng, [1, 20, -1, -10])
    elif frequency == "MONTHLY":
        if kind < 0.25:
            parts["BYMONTHDAY"] = listed(some(rng, [1, 2, 15, 28, 29, 30, 31, -1, -2], 3))
        elif kind < 0.4:
            parts["BYDAY"] = nth_days(rng, [1, 2, 3, 4, 5, -1, -2])
        elif kind < 0.55:
            parts |= {"BYDAY": "MO,TU,WE,TH,FR", "BYSETPOS": rng.choice(["1", "-1", "2,-2"])}
        elif kind < 0.7:
            parts |= {"BYMONTHDAY": "28,29,30,31", "BYSETPOS": "-1"}
        elif kind < 0.8:
            parts |= {"BYDAY": "FR", "BYMONTHDAY": "13"}
    elif frequency == "WEEKLY":
        if kind < 0.7:
            parts["BYDAY"] = listed(rng.sample(DAYS, rng.randint(1, 5)))
        if rng.random() < 0.3:
            parts["WKST"] = rng.choice(DAYS)
    elif frequency == "DAILY":
        if kind < 0.2:
            parts["BYMONTH"] = listed(some(rng, range(1, 13), 3))
        elif kind < 0.4:
            parts["BYDAY"] = listed(rng.sample(DAYS, rng.randint(1, 5)))
        elif kind < 0.5:
            parts["BYMONTHDAY"] = listed(some(rng, [1, 15, 31, -1], 2))
        elif kind < 0.7:
            parts["BYHOUR"] = listed(some(rng, range(24), 3))
    elif kind < 0.4:
        parts["BYHOUR"] = listed(some(rng, range(24), 5))
    elif kind < 0.5:
        parts["BYDAY"] = listed(rng.sample(DAYS, 2))
    if frequency != "HOURLY" and rng.random() < 0.1:
        parts["BYMINUTE"] = listed(some(rng, [0, 15, 30, 45], 2))
    return parts


def instants(times, zone):
    """The UTC instants of times on the wall clock; a gap may put one onto or behind another, which is then left out."""
    found = []
    for time in times:
        instant = time.replace(tzinfo=zone).astimezone(timezone.utc)
        if not found or instant > found[-1]:
            found.append(instant)
        if len(found) == OCCURRENCES:
            break
    return [instant.strftime("%Y-%m-%dT%H:%M:%SZ") for instant in found]


def case(rng):
    name = rng.choice(ZONES)
    zone = ZoneInfo(name)
    start = datetime(
        rng.randint(2000, 2015), rng.randint(1, 12), rng.choice([1, 2, 15, 28, 28, *range(1, 29)]),
        rng.choice([0, 2, 9, 23, *range(24)]), rng.choice([0, 30]),
    )
    if rng.random() < 0.2:
        start = (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        start = start.replace(hour=rng.randint(0, 23))
    parts = shape(rng)
    ours, theirs = dict(parts), dict(parts)
    end = rng.random()
    if end < 0.25:
        ours["COUNT"] = theirs["COUNT"] = rng.randint(1, 6)
    elif end < 0.5:
        days = {"HOURLY": 2, "DAILY": 20, "WEEKLY": 60, "MONTHLY": 300, "YEARLY": 1500}[parts["FREQ"]]
        until = start + timedelta(days=rng.randint(1, days))
        ours["UNTIL"] = until.replace(tzinfo=zone).astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        theirs["UNTIL"] = until.strftime("%Y%m%dT%H%M%S")

    def text(parts):
        return ";".join(f"{key}={value}" for key, value in parts.items())

    try:
        rule = rrulestr(text(theirs), dtstart=start)
    except ValueError:  # it never comes
        return None
    first = []
    for time in rule:
        first.append(time)
        if len(first) == 2 * OCCURRENCES or time.year > LAST_YEAR:
            break
    if not first or first[-1].year > LAST_YEAR:
        return None
    exdates = sorted(rng.sample(first, min(len(first), rng.randint(1, 2)))) if rng.random() < 0.3 else []
    rdates = []
    if rng.random() < 0.3:
        rdates = sorted({start + timedelta(hours=rng.randint(1, 24 * 40)) for _ in range(2)})
    occurrences = rruleset()
    occurrences.rrule(rule)
    for date in exdates:
        occurrences.exdate(date)
    for date in rdates:
        occurrences.rdate(date)
    return {
        "rrule": text(ours),
        "start": start.isoformat(),
        "time_zone": name,
        "exdates": [date.isoformat() for date in exdates],
        "rdates": [date.isoformat() for date in rdates],
        "occurrences": instants(occurrences, zone),
    }


def main():
    rng = random.Random(SEED)
    cases = []
    while len(cases) < CASES:
        found = case(rng)
        if found:
            cases.append(found)
    print("[")
    print(",\n".join(json.dumps(found) for found in cases))
    print("]")


main()
