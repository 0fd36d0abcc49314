"""All controllers together."""

from __future__ import annotations

import asyncio

from slipway.sandbox.controllers import bootstrap
from slipway.sandbox.controllers.accounts import Accounts
from slipway.sandbox.controllers.autoscalers import Autoscalers
from slipway.sandbox.controllers.claims import Claims
from slipway.sandbox.controllers.clock import Clock
from slipway.sandbox.controllers.control import Control, Controller
from slipway.sandbox.controllers.cronjobs import CronJobs
from slipway.sandbox.controllers.daemonsets import DaemonSets
from slipway.sandbox.controllers.deployments import Deployments
from slipway.sandbox.controllers.disruptions import DisruptionBudgets
from slipway.sandbox.controllers.endpoints import ServiceEndpoints
from slipway.sandbox.controllers.garbage import Garbage
from slipway.sandbox.controllers.jobs import Jobs
from slipway.sandbox.controllers.kubelet import Kubelet
from slipway.sandbox.controllers.namespaces import Namespaces
from slipway.sandbox.controllers.queue import Queue
from slipway.sandbox.controllers.quotas import Quotas
from slipway.sandbox.controllers.replicasets import ReplicaSets
from slipway.sandbox.controllers.scheduler import Scheduler
from slipway.sandbox.controllers.statefulsets import StatefulSets
from slipway.sandbox.store import Store

_EVENTS_SWEPT_EVERY = 60.0


async def run(store: Store, *, speed: float) -> None:
    """Until cancelled. What was begun before a restart goes on from what the store says."""
    control = Control(store, Clock(speed))
    bootstrap.ensure(control)
    kubelet = Kubelet(control)
    controllers: list[Controller] = [
        Accounts(control),
        Scheduler(control),
        kubelet,
        ReplicaSets(control),
        Deployments(control),
        StatefulSets(control),
        DaemonSets(control),
        Jobs(control),
        CronJobs(control),
        ServiceEndpoints(control),
        Claims(control),
        Quotas(control),
        Autoscalers(control),
        DisruptionBudgets(control),
        Garbage(control),
        Namespaces(control),
    ]
    queue = Queue(store, controllers)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(queue.run())
            group.create_task(_sweep(control))
    finally:
        await kubelet.stop()


async def _sweep(control: Control) -> None:
    while True:
        control.events.forget_old()
        await asyncio.sleep(_EVENTS_SWEPT_EVERY)
