"""Providers and mail server lose answers, refuse, are slow, take their time, notify strangely (F27 to F34)."""

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import httpx

from proof.chaos.faults import NotProven, fault, proven
from proof.chaos.stage import Stage
from proof.patience import send_form

AMAZON = "amazon_pay"
HAPPENS_SECONDS_MAX = 90.0
Row = Mapping[str, Any]


@fault("F27", "provider's answer lost", proof="the provider's list of calls", over="it has happened")
async def lose_answer(stage: Stage, fate: Random) -> str:
    """Let Amazon Pay book what it is asked, and drop the socket or answer after the shop gave up."""
    operation = fate.choice(["complete", "complete", "capture", "capture", "cancel", "refund"])
    odd = fate.choice(["lose_answer", "lose_answer", "hang"])
    return await _next_call(stage, operation, odd)


@fault("F27p", "answer lost on the way", proof="the proxy swallowed it", over="connections are cut")
async def swallow_answer(stage: Stage, fate: Random) -> str:
    """Let a request reach a provider, and its answer nobody; then the connection breaks."""
    method = fate.choice(["konbini", AMAZON])
    doors = f"provider-{method}"
    async with stage.doors.following(doors, marker="POST ", times=fate.randint(1, 3)) as since:

        async def lost() -> bool:
            return bool(await since.counted("bytes_swallowed"))

        await stage.until(lost, f"a call of {method}", seconds=HAPPENS_SECONDS_MAX)
        await asyncio.sleep(1.1)
        answers = await since.counted("answers_lost")
    return proven(answers, f"{answers} answers of {method} swallowed")


@fault("F28", "provider refuses for now", proof="the provider's list of calls", over="it has happened")
async def refuse(stage: Stage, fate: Random) -> str:
    """Let Amazon Pay answer 429, 500, 503 or nonsense, or nothing at all."""
    operation = fate.choice(["complete", "complete", "capture", "capture", "cancel", "get"])
    odd = fate.choice(["throttle", "error_500", "error_503", "wrong_schema", "drop"])
    return await _next_call(stage, operation, odd)


@fault("F28s", "provider slow", proof="the proxy slowed it", over="it is fast again")
async def slow(stage: Stage, fate: Random) -> str:
    """Make every answer of a provider take some seconds."""
    doors = f"provider-{fate.choice(['konbini', AMAZON])}"
    seconds = fate.uniform(10, 20)
    async with stage.doors.following(doors, delay_seconds=1, jitter_seconds=2) as since:
        await asyncio.sleep(seconds)
        delayed = await since.counted("delayed")
    return proven(delayed, f"{doors}: {delayed} pieces slowed over {seconds:.0f} s")


@fault("F28c", "provider away", proof="the proxy refused connections", over="it takes connections")
async def away(stage: Stage, fate: Random) -> str:
    """Refuse every connection to a provider for a while."""
    doors = f"provider-{fate.choice(['konbini', AMAZON])}"
    return await _closed(stage, doors, fate.uniform(8, 20))


@fault("F29", "provider takes its time", proof="its console no longer waits to do it", over="it has begun")
async def pend(stage: Stage, fate: Random) -> str:
    """Let an authorization or a capture be only initiated; it is decided half a minute later."""
    choice = fate.choice(["complete:AuthorizationInitiated", "capture:CaptureInitiated"])
    console = stage.simulator_urls[AMAZON]
    await send_form(f"{console}/console/behaviours", behaviour=choice)

    async def begun() -> bool:
        return f"<code>{choice}" not in (await stage.client.get(f"{console}/console")).text

    proven(not await begun(), f"{choice} was not asked for")
    await stage.until(begun, choice, seconds=HAPPENS_SECONDS_MAX, every=0.5)
    return choice


@fault("F30", "strange notices", proof="the provider's list of notices", over="the notice is written")
async def strange_notice(stage: Stage, fate: Random) -> str:
    """Let the next notice come twice, a minute late, before the answer, or never; or repeat an old one."""
    choice = fate.choice(["notice_twice", "notice_late", "notice_early", "notice_never", "again"])
    if choice == "again":
        return await _notice_again(stage, fate, "notice_twice", lambda row: row["flavour"] == "good")
    console = stage.simulator_urls[AMAZON]
    await send_form(f"{console}/console/behaviours", behaviour=f"notice:{choice}")

    async def taken() -> bool:
        return f"<code>notice:{choice}" not in (await stage.client.get(f"{console}/console")).text

    proven(not await taken(), f"{choice} was not asked for")
    await stage.until(taken, choice, seconds=HAPPENS_SECONDS_MAX, every=0.5)
    return choice


@fault("F31", "forged notices", proof="the shop's answer, 4xx", over="it was refused")
async def forged_notice(stage: Stage, fate: Random) -> str:
    """Send a notice with somebody else's signature, of somebody else's topic, or with none at all."""
    if fate.random() < 0.3:
        answer = await stage.client.post(
            f"{stage.origin_url}/payments/konbini/notices",
            json={"notice_id": "kt_forged", "kind": "paid", "reference": "x", "number_id": "x"},
            headers={"X-Konbini-Signature": "0" * 64},
        )
        return proven(answer.is_client_error, f"konbini: {answer.status_code}")
    do = fate.choice(["notice_forged", "notice_wrong_topic"])
    flavour = do.removeprefix("notice_")
    return await _notice_again(
        stage, fate, do, lambda row: row["flavour"] == flavour and str(row["last_answer"]).startswith("4")
    )


@fault("F34", "mail server away", proof="the proxy refused connections", over="it takes connections")
async def mail_away(stage: Stage, fate: Random) -> str:
    """Refuse every connection to the mail server for a while."""
    return await _closed(stage, "smtp", fate.uniform(8, 20))


@fault("F34d", "mail accepted, answer lost", proof="the proxy swallowed answers", over="connections are cut")
async def lose_mail_answer(stage: Stage, fate: Random) -> str:
    """Let the mail server take a mail, and its 250 reach nobody; then the connection breaks."""
    async with stage.doors.following("smtp", marker="\r\n.\r\n", times=fate.randint(1, 3)) as since:

        async def lost() -> bool:
            return bool(await since.counted("bytes_swallowed"))

        await stage.until(lost, "a mail", seconds=HAPPENS_SECONDS_MAX)
        await asyncio.sleep(1.1)
        answers = await since.counted("answers_lost")
    return proven(answers, f"{answers} answers to mails swallowed")


async def _closed(stage: Stage, doors: str, seconds: float) -> str:
    """Cut what is open at these doors and refuse what comes, for so long and until one has come."""
    async with stage.doors.following(doors, refuse=True) as since:
        await stage.doors.cut(doors)

        async def came() -> bool:
            return bool(await since.counted("refused"))

        await asyncio.sleep(seconds)
        await stage.until(came, f"somebody at {doors}", seconds=HAPPENS_SECONDS_MAX)
        refused = await since.counted("refused")
    return proven(refused, f"{doors}: {refused} connections refused")


async def _next_call(stage: Stage, operation: str, odd: str) -> str:
    """Let Amazon Pay's next call of a kind go wrong, and wait until it has."""
    console = stage.simulator_urls[AMAZON]
    before = await _last(stage, f"{console}/ledger/calls", "calls")
    await send_form(f"{console}/console/behaviours", behaviour=f"{operation}:{odd}")

    async def happened() -> bool:
        rows = (await stage.client.get(f"{console}/ledger/calls?since={before}")).json()["calls"]
        return any(row["behaviour"] == odd for row in rows)

    await stage.until(happened, f"{operation}:{odd}", seconds=HAPPENS_SECONDS_MAX, every=0.3)
    return f"{operation}: {odd}"


async def _notice_again(stage: Stage, fate: Random, do: str, shows: Callable[[Row], bool]) -> str:
    """Send a notice about an old charge again, or a bad copy of it, and wait until the shop has answered."""
    console = stage.simulator_urls[AMAZON]
    known = (await _rows(stage, f"{console}/ledger/notices", "notices"))[-200:]
    noticed = {row["object_id"] for row in known if row["flavour"] == "good"}
    ledger = (await _rows(stage, f"{console}/ledger", "entries"))[-400:]
    charges = sorted({str(row["charge_id"]) for row in ledger if row["charge_id"] in noticed})
    if not charges:
        raise NotProven("no notice to repeat")
    before = max(int(row["number"]) for row in known)
    charge = fate.choice(charges)
    await send_form(f"{console}/console/charges/{charge}", do=do)

    async def answered() -> bool:
        rows = (await stage.client.get(f"{console}/ledger/notices?since={before}")).json()["notices"]
        return any(shows(row) and row["tries"] for row in rows)

    await stage.until(answered, f"{do} is answered", seconds=60, every=0.3)
    return f"{do} about {charge}"


async def _last(stage: Stage, url: str, table: str) -> int:
    rows = await _rows(stage, url, table)
    return int(rows[-1]["number"]) if rows else 0


async def _rows(stage: Stage, url: str, table: str) -> list[Row]:
    answer: httpx.Response = await stage.client.get(url)
    answer.raise_for_status()
    return list(answer.json()[table])
