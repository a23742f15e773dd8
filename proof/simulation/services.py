"""The four services as processes of the simulation: what each ``main.py`` wires, less the pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import MetaData

from checkout.consumers import consumers as checkout_consumers
from checkout.placing.till import Till
from checkout.tables import metadata as checkout_metadata
from members.benefits.release_benefit import OverdueReservation, ReleaseBenefits
from members.benefits.tables import benefit_reservations
from members.consumers import consumers as members_consumers
from members.points.expire_points import ExpirePoints, LapsedGrant
from members.points.tables import point_grants
from members.tables import metadata as members_metadata
from notifications.consumers import consumers as notifications_consumers
from notifications.mailing.send_mail import MailSending, Server
from notifications.mails.rendering import Mails
from notifications.mails.rendering import Shop as MailShop
from notifications.mails.sender import Sender
from notifications.tables import metadata as notifications_metadata
from payments.consumers import consumers as payments_consumers
from payments.methods.registry import Methods
from payments.notices.act_on_notices import Notices
from payments.requests.perform_requests import Requests
from payments.requests.provider_gate import ProviderGate
from payments.settings import Settings
from payments.tables import metadata as payments_metadata
from payments.watching.watch_payments import Watch
from proof.simulation.gateway import ORIGIN, Gateway
from proof.simulation.mail_server import SimulatedMailServer
from proof.simulation.nodes import Node
from proof.simulation.parts import Parts
from shared.database.transactions import Database
from shared.due.work import DueRunner, DueWork
from shared.messaging.consumers import Consumer, Consumers, Handler, consumer_of
from shared.web.parts import add_part

METADATA: Mapping[str, MetaData] = {
    "checkout": checkout_metadata,
    "payments": payments_metadata,
    "members": members_metadata,
    "notifications": notifications_metadata,
}
CONSUMERS: Mapping[str, Consumers] = {
    "checkout": checkout_consumers,
    "payments": payments_consumers,
    "members": members_consumers,
    "notifications": notifications_consumers,
}
SENDER = Sender("のれん商店", "shop@example.jp")
PAYMENT_SETTINGS = Settings(
    database_url=SecretStr("postgresql://nowhere"), amqp_url=SecretStr("amqp://nowhere"), origin_url=ORIGIN
)
MAILS = Mails(MailShop(name="のれん商店", url=ORIGIN, mail="shop@example.jp"))


@dataclass(frozen=True)
class Services:
    """Starts the processes of one run, made of ``parts``. Raises LookupError if one replaces what is not there."""

    parts: Parts
    gateway: Gateway
    mail_server: SimulatedMailServer

    def __post_init__(self) -> None:
        there = {one.queue for consumers in CONSUMERS.values() for one in consumers.all}
        if unknown := {*self.parts.functions, *self.parts.workers} - there:
            raise LookupError(f"no such queue: {', '.join(sorted(unknown))}")

    def consumers(self, service: str) -> Sequence[Consumer]:
        """Return what ``service`` hears, with replaced functions where the parts say so."""
        return [
            consumer_of(service, _named(one.name, self.parts.functions[one.queue]), one.events)
            if one.queue in self.parts.functions
            else one
            for one in CONSUMERS[service].all
        ]

    def starter(self, service: str) -> Callable[[Node], None]:
        """Return what starts a process of ``service``."""
        wire = {
            "checkout": self._checkout,
            "payments": self._payments,
            "members": self._members,
            "notifications": self._notifications,
        }[service]

        def start(node: Node) -> None:
            works, resources = wire(node)
            self._start(node, self.consumers(service), works, resources)

        return start

    def _start(
        self,
        node: Node,
        consumers: Sequence[Consumer],
        works: Sequence[DueWork],
        resources: Mapping[type[Any], Any],
    ) -> None:
        parts, db = self.parts, node.db
        relay = parts.relay(db, parts.publisher(node.link()))
        db.relay = relay
        node.ends_with_core_tasks = parts.ends_with_core_tasks
        node.keep(relay.run())
        link, publisher = node.link(), parts.publisher(node.link())
        for consumer in consumers:
            make = parts.workers.get(consumer.queue, parts.worker)
            node.keep(make(consumer, db, link, publisher, resources).run())
        works = parts.due_work(node, works)
        node.works = [work.name for work in works]
        for work in works:
            node.keep(DueRunner(work, db, poll_seconds=parts.poll_seconds).run())
        if parts.besides is not None:
            node.spawn(_forever(parts.besides, node))

    def _checkout(self, node: Node) -> tuple[Sequence[DueWork], Mapping[type[Any], Any]]:
        node.resources = {Till: Till(node.db, origin_url=ORIGIN)}
        return (), {}

    def _payments(self, node: Node) -> tuple[Sequence[DueWork], Mapping[type[Any], Any]]:
        methods = self.gateway.methods
        gate = self.parts.gate(methods)
        node.resources = {ProviderGate: gate, FastAPI: self._notice_pages(node)}
        works = [kind(gate).due_work(concurrency=5) for kind in (Requests, Notices, Watch)]
        return works, {Methods: methods, Settings: PAYMENT_SETTINGS}

    def _members(self, node: Node) -> tuple[Sequence[DueWork], Mapping[type[Any], Any]]:
        db = node.db
        return [
            DueWork("release_benefits", benefit_reservations, ReleaseBenefits(db), kind=OverdueReservation),
            DueWork("expire_points", point_grants, ExpirePoints(db), kind=LapsedGrant),
        ], {}

    def _notifications(self, node: Node) -> tuple[Sequence[DueWork], Mapping[type[Any], Any]]:
        node.resources = {Server: self.mail_server, Mails: MAILS}
        sending = MailSending(self.mail_server, MAILS, sender=SENDER)
        return [sending.due_work(concurrency=5)], {Mails: MAILS}

    def _notice_pages(self, node: Node) -> httpx.AsyncClient:
        app = FastAPI(openapi_url=None)
        add_part(app, Database, node.db)
        app.include_router(self.gateway.notices)
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN, trust_env=False)


def _named(name: str, function: Handler) -> Handler:
    """Return ``function`` under the name of the one that it replaces: the queue is named after it."""

    @wraps(function)
    async def replaced(*given: Any) -> Any:
        return await function(*given)

    replaced.__name__ = name
    return replaced


async def _forever(doing: Callable[[Node], Any], node: Node) -> None:
    await doing(node)
