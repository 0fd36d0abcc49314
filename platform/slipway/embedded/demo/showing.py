"""The demo itself: runs once the stack is up."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import httpx

from slipway.embedded import running
from slipway.embedded.demo import samples
from slipway.embedded.demo.api import Api, Refused
from slipway.embedded.demo.journey import ENVIRONMENTS, DemoFailed, Journey
from slipway.embedded.demo.namespaces import NamespaceNote
from slipway.embedded.demo.people import ORGANIZATION, People, PeopleFile
from slipway.embedded.demo.samples import Sample
from slipway.embedded.demo.screen import Screen
from slipway.embedded.stack import Stack
from slipway.embedded.supervision.supervisor import Supervisor


class Demo:
    def __init__(self, *, exit_when_done: bool, screen: Screen) -> None:
        self._exit = exit_when_done
        self._screen = screen

    async def show(self, stack: Stack, supervisor: Supervisor, seconds: float) -> int:
        """The exit code. DemoFailed with the reason, with `--exit`; without it the reason is said and all stays up."""
        self._screen.say(f"Slipway is up at {stack.url} after {seconds:.1f} s.")
        api = Api(stack.ports.web)
        try:
            people = await _people(api, stack, supervisor)
            self._screen.lines(_logins(stack, people))
            try:
                waiting = await self._travel(
                    Journey(
                        api=api,
                        people=people,
                        cluster=stack.cluster,
                        screen=self._screen,
                        namespace_template=_namespace_template(stack),
                    ),
                    stack,
                )
            except (DemoFailed, Refused, httpx.HTTPError) as failure:
                if self._exit:
                    raise DemoFailed(str(failure)) from failure
                self._screen.rest()
                waiting = [f"The demo stopped here: {failure}"]
        finally:
            await api.close()
        if self._exit:
            self._screen.lines(waiting)
            return 0
        self._screen.lines(
            ["", *_logins(stack, people), *waiting, "Ctrl-C stops everything; the data stays."]
        )
        return await running.for_ever()

    async def _travel(self, journey: Journey, stack: Stack) -> list[str]:
        """Answers what to say at its end: the summary, or what waits for whom."""
        sample = samples.choose(minor=await journey.add_cluster())
        if sample.note:
            self._screen.say(sample.note)
        await journey.make_environments()
        await journey.make_application(sample)
        if not stack.cluster.is_sandbox:
            await self._note_namespaces(stack, sample)
        first, following = sample.first_two()
        if not await journey.has_release(sample, following):
            await journey.make_release(sample, first)
            await journey.follow(sample, first.stem, approve=True)
            self._screen.rest()
            self._screen.say(f"{sample.name} {first.stem} is live everywhere. Next comes {following.stem}.")
        await journey.make_release(sample, following)
        arrived = await journey.follow(sample, following.stem, approve=self._exit)
        self._screen.rest()
        if self._exit:
            return [
                f"{arrival.environment:<11} {sample.slug} {arrival.version}  {arrival.seconds:.1f} s  {arrival.verdict}"
                for arrival in await journey.arrivals(sample, following.stem)
            ]
        if arrived:
            return [f"{sample.name} {following.stem} is live everywhere; nothing waits for anybody."]
        second = journey.people.releaser
        return [
            f"{sample.name} {following.stem} waits for {second.name}, who may approve it for production.",
            f"Sign in as {second.email} at {stack.url}/, or on the command line with the tokens that are in",
            f"{_people_file(stack)}:",
            f"  {_slipway()} login {stack.url}",
            f"  {_slipway()} rollouts list",
        ]

    async def _note_namespaces(self, stack: Stack, sample: Sample) -> None:
        names = [
            _namespace_template(stack).format(application=sample.slug, environment=environment)
            for environment, _ in ENVIRONMENTS
        ]
        note = NamespaceNote(stack.folder.path / "namespaces.json")
        await asyncio.to_thread(note.write, stack.cluster, names)
        self._screen.say(f"Namespaces made on the cluster: {', '.join(names)}. --reset removes them.")


def _people_file(stack: Stack) -> Path:
    return stack.folder.path / "secrets" / "demo.json"


def _slipway() -> str:
    """As it can be typed here: the one of this Python, which need not be on PATH."""
    own = Path(sys.executable).with_name("slipway")
    if not own.exists():
        return "slipway"
    return str(own.relative_to(Path.cwd())) if own.is_relative_to(Path.cwd()) else str(own)


def _namespace_template(stack: Stack) -> str:
    """On a cluster that others use too, the names are ours alone."""
    if stack.cluster.is_sandbox:
        return "{application}-{environment}"
    return f"{{application}}-{{environment}}-{stack.folder.installation_id[:5]}"


async def _people(api: Api, stack: Stack, supervisor: Supervisor) -> People:
    """Made once; on a later start their tokens are tried first, which spares two seconds."""
    file = PeopleFile(_people_file(stack))
    people = file.read()
    if people is not None:
        try:
            for person in people:
                await api.get(person, "environments/")
        except Refused:
            people = None
    if people is None:
        file.write_fresh(simulated=stack.cluster.is_sandbox)
        await supervisor.run_to_end(
            "people", stack.python("django", "demo_organization", str(file.path)), stack.environment
        )
        people = file.read()
    if people is None:
        raise DemoFailed("The demo's people could not be made.")
    return people


def _logins(stack: Stack, people: People) -> list[str]:
    width = max(len(person.email) for person in people)
    return [
        f"{stack.url}/   organization “{ORGANIZATION}”, a simulation"
        if stack.cluster.is_sandbox
        else f"{stack.url}/   organization “{ORGANIZATION}”, on {stack.cluster.kubeconfig}",
        *(f"  {person.role:<10} {person.email:<{width}}  password {person.password}" for person in people),
    ]
