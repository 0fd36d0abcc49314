from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from slipway.cli.client import Api, Json, said
from slipway.cli.commands.delegations import giver_of
from slipway.cli.commands.targets import find_target
from slipway.cli.outcomes import EXPLAINED, CommandFailed, Outcome
from slipway.cli.output import (
    Format,
    Limit,
    Output,
    age,
    clock,
    columns_of,
    field,
    show_one,
    show_rows,
    since,
)
from slipway.cli.plans import plan_lines
from slipway.cli.session import confirm, connect, remark
from slipway.cli.watching.follow import Follow, follow

app = typer.Typer(
    help="Rollouts: a release on its way onto a target.", no_args_is_help=True, epilog=EXPLAINED
)

_COLUMNS = [
    *columns_of("number", "application", "environment", "release", "kind", "phase"),
    ("FOR", age("since")),
    *columns_of("sentence"),
]
_STARTED = columns_of("number", "kind", "application", "environment", "release", "phase", "sentence")

Rollout = Annotated[str, typer.Argument(metavar="ROLLOUT", help="Its number or its id.")]
Why = Annotated[str, typer.Option(help="Kept with it, for whoever reads it later.")]
Cluster = Annotated[str, typer.Option(help="Where an environment has several.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Follow it to its end.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="End with 7 when it waits for a person.")]
Timeout = Annotated[float, typer.Option(min=0, help="Seconds until this command gives up; 0 is never.")]


@app.command("list")
def list_rollouts(
    context: typer.Context,
    application: str = "",
    environment: str = "",
    release: str = "",
    phase: Annotated[str, typer.Option(help="One or more, with commas between.")] = "",
    limit: Limit = 20,
    output: Output = Format.TABLE,
) -> None:
    """Rollouts, newest first."""
    api = connect(context)
    wanted = {"application": application, "environment": environment, "release": release, "phase": phase}
    rows = api.pages(api.inside("rollouts"), most=limit, **wanted)
    show_rows(rows, _COLUMNS, output, empty="There are no such rollouts.")


@app.command()
def start(
    context: typer.Context,
    application: str,
    environment: str,
    release: Annotated[str, typer.Argument(help="The version.")],
    cluster: Cluster = "",
    why: Why = "",
    watch: Watch = False,
    no_wait: NoWait = False,
    timeout: Timeout = 0,
    output: Output = Format.TABLE,
) -> None:
    """Put a release on a target. The same start twice is the first one again."""
    api = connect(context)
    row = _start(api, application, environment, release, cluster=cluster, why=why, rollback=False)
    _show_started(api, row, output, Follow(watch=watch, no_wait=no_wait, timeout_seconds=timeout))


@app.command()
def rollback(
    context: typer.Context,
    application: str,
    environment: str,
    to: Annotated[
        str, typer.Option(help="The version; the one that stood there before when not given.")
    ] = "",
    cluster: Cluster = "",
    why: Why = "",
    watch: Watch = False,
    no_wait: NoWait = False,
    timeout: Timeout = 0,
    output: Output = Format.TABLE,
) -> None:
    """Bring an earlier release back, from what was applied then."""
    api = connect(context)
    version = to or _before(api, application, environment, cluster)
    row = _start(api, application, environment, version, cluster=cluster, why=why, rollback=True)
    _show_started(api, row, output, Follow(watch=watch, no_wait=no_wait, timeout_seconds=timeout))


@app.command()
def watch(
    context: typer.Context,
    rollout: Rollout,
    no_wait: NoWait = False,
    timeout: Timeout = 0,
    output: Output = Format.TABLE,
) -> None:
    """Follow a rollout to its end. The exit code says which end; -o json prints an event a line."""
    _follow(connect(context), rollout, output, Follow(watch=True, no_wait=no_wait, timeout_seconds=timeout))


@app.command()
def show(context: typer.Context, rollout: Rollout, output: Output = Format.TABLE) -> None:
    """One rollout, its steps and objects."""
    api = connect(context)
    row = api.get(api.inside("rollouts", rollout))
    names = (
        "number",
        "kind",
        "application",
        "environment",
        "cluster",
        "release",
        "from",
        "way_back",
        "phase",
    )
    columns = [*columns_of(*names, "sentence"), ("FOR", age("since"))]
    show_one(row, [*columns, *columns_of("requested_by", "why", "plan_digest")], output)
    if output is not Format.TABLE:
        return
    if row["steps"]:
        typer.echo()
        show_rows(row["steps"], columns_of("title", "state", "objects"), output, empty="")
    if objects := (row["progress"] or {}).get("objects"):
        typer.echo()
        seen = [{"object": key, **facts} for key, facts in sorted(objects.items())]
        show_rows(seen, columns_of("object", "health", "ready", "wanted", "sentence"), output, empty="")


@app.command()
def explain(context: typer.Context, rollout: Rollout, output: Output = Format.TABLE) -> None:
    """What it waits for, since when, what comes next, who can unblock it, and what you may do."""
    api = connect(context)
    row = api.get(api.inside("rollouts", rollout, "explain"))
    if output is not Format.TABLE:
        show_one(row, [], output)
        return
    what = row["phase"].capitalize()
    typer.echo(f"{what} for {since(row['since'])}. {row['sentence'].removeprefix(f'{what}: ')}".rstrip())
    for wait in row["waits_for"]:
        who = f"; unblocked by {wait['unblocked_by']}" if wait["unblocked_by"] else ""
        typer.echo(f"  {wait['gate']}: {wait['why']}{who}.")
    if row["end_reason"] and row["end_reason"] != row["sentence"]:
        typer.echo(f"It ended: {row['end_reason']}")
    for title, name in (("Asked next", "next_check_at"), ("Deadline", "deadline_at")):
        if row[name] and not row["ended"]:
            typer.echo(f"{title}: {clock(row[name])}")
    for action, why_not in row["actions"].items():
        typer.echo(f"  {action:<9}  {why_not or 'you may'}")


@app.command()
def diff(context: typer.Context, rollout: Rollout, output: Output = Format.TABLE) -> None:
    """What its plan changes, object by object, field by field."""
    api = connect(context)
    plan = api.get(api.inside("rollouts", rollout, "plan"))
    if output is Format.TABLE:
        typer.echo("\n".join(plan_lines(plan)))
    else:
        show_one(plan, [], output)


@app.command()
def approve(
    context: typer.Context,
    rollout: Rollout,
    digest: Annotated[
        str, typer.Option(help="The plan you have seen; another one in force is refused.")
    ] = "",
    comment: str = "",
    behalf: Annotated[
        str, typer.Option("--for", help="The address of somebody whose voice was given to you.")
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Approve the plan that is in force, unseen.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Approve exactly the plan that is shown, its way back included."""
    _decide(
        context, rollout, approved=True, digest=digest, comment=comment, yes=yes, output=output, behalf=behalf
    )


@app.command()
def reject(
    context: typer.Context,
    rollout: Rollout,
    digest: Annotated[str, typer.Option(help="The plan you have seen.")] = "",
    comment: str = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Reject the plan that is in force."""
    _decide(context, rollout, approved=False, digest=digest, comment=comment, yes=yes, output=output)


@app.command("break-glass")
def break_glass(
    context: typer.Context,
    rollout: Rollout,
    reason: Annotated[str, typer.Option(help="Why. Everybody who may approve is told.")],
    environment: Annotated[str, typer.Option(help="The environment's short name, typed once more.")],
    digest: Annotated[
        str, typer.Option(help="The plan you have seen; the one in force when not given.")
    ] = "",
    output: Output = Format.TABLE,
) -> None:
    """As an owner, let exactly this plan through without its approvals. Somebody else reviews it afterwards."""
    api = connect(context)
    digest = digest or api.get(api.inside("rollouts", rollout, "plan"))["digest"]
    body = said(plan_digest=digest, reason=reason, environment=environment)
    _show_override(api.post(api.inside("rollouts", rollout, "break-glass"), body), output)


@app.command()
def emergency(
    context: typer.Context,
    rollout: Rollout,
    reason: Annotated[str, typer.Option(help="Which weakness it fixes. Everybody who may approve is told.")],
    environment: Annotated[str, typer.Option(help="The environment's short name, typed once more.")],
    output: Output = Format.TABLE,
) -> None:
    """Take the lane with fewer approvals, for a security fix. Somebody else reviews it afterwards."""
    api = connect(context)
    body = said(reason=reason, environment=environment)
    _show_override(api.post(api.inside("rollouts", rollout, "emergency"), body), output)


@app.command("after-review")
def after_review(
    context: typer.Context,
    rollout: Rollout,
    comment: Annotated[str, typer.Option(help="What you found.")],
    justified: Annotated[bool, typer.Option("--justified/--not-justified", help="Your finding.")],
    output: Output = Format.TABLE,
) -> None:
    """Look afterwards at what somebody else let through without its approvals."""
    api = connect(context)
    body = {"justified": justified, "comment": comment}
    _show_override(api.post(api.inside("rollouts", rollout, "after-review"), body), output)


def _show_override(row: Json, output: Format) -> None:
    names = ("rollout", "environment", "kind", "by", "reason", "review_due_at", "reviewed_by", "justified")
    show_one(row, columns_of(*names), output)


@app.command("confirm-deletions")
def confirm_deletions(
    context: typer.Context, rollout: Rollout, deletions: Annotated[int, typer.Argument(min=0)]
) -> None:
    """Say how many objects the plan deletes, having read it."""
    api = connect(context)
    row = api.post(api.inside("rollouts", rollout, "confirm-deletions"), {"deletions": deletions})
    remark(f"Rollout {row['number']} may delete {deletions} objects.")


@app.command()
def abort(context: typer.Context, rollout: Rollout, why: Why = "", output: Output = Format.TABLE) -> None:
    """Stop it and bring back what was there. Always wins."""
    _act(context, rollout, "abort", why, output)


@app.command()
def stop(context: typer.Context, rollout: Rollout, why: Why = "", output: Output = Format.TABLE) -> None:
    """End it where it stands; nothing is taken back."""
    _act(context, rollout, "stop", why, output)


@app.command()
def pause(context: typer.Context, rollout: Rollout, why: Why = "", output: Output = Format.TABLE) -> None:
    """Hold it; deadlines stand still."""
    _act(context, rollout, "pause", why, output)


@app.command()
def resume(context: typer.Context, rollout: Rollout, why: Why = "", output: Output = Format.TABLE) -> None:
    """Let it go on."""
    _act(context, rollout, "resume", why, output)


@app.command()
def retry(context: typer.Context, rollout: Rollout, why: Why = "", output: Output = Format.TABLE) -> None:
    """Begin a new rollout of the same release, after one that ended badly."""
    _act(context, rollout, "retry", why, output)


def _act(context: typer.Context, rollout: str, action: str, why: str, output: Format) -> None:
    api = connect(context)
    show_one(api.post(api.inside("rollouts", rollout, action), said(why=why)), _STARTED, output)


def _start(
    api: Api, application: str, environment: str, version: str, *, cluster: str, why: str, rollback: bool
) -> Json:
    where = said(application=application, environment=environment, cluster=cluster)
    row: Json = api.post(api.inside("rollouts"), said(**where, release=version, why=why, rollback=rollback))
    return row


def _show_started(api: Api, row: Json, output: Format, wishes: Follow) -> None:
    if not (wishes.watch or wishes.no_wait or wishes.timeout_seconds):
        show_one(row, _STARTED, output)
        return
    if output is Format.TABLE:
        remark(f"Rollout {row['number']}: {row['release']} to {row['environment']}.")
    _follow(api, str(row["number"]), output, wishes)


def _follow(api: Api, rollout: str, output: Format, wishes: Follow) -> None:
    outcome = follow(api, rollout, wishes, as_json=output is not Format.TABLE)
    if outcome is not Outcome.DONE:
        raise typer.Exit(int(outcome))


def _before(api: Api, application: str, environment: str, cluster: str) -> str:
    """What stood there before what stands there now."""
    target = api.get(api.inside("targets", find_target(api, application, environment, cluster)["id"]))
    live = (target["live"] or {}).get("version")
    for stretch in target["history"]:
        if stretch["version"] and stretch["version"] != live:
            return str(stretch["version"])
    raise CommandFailed(f"Nothing else stood in {environment} before; say which version with --to.")


def _decide(
    context: typer.Context,
    rollout: str,
    *,
    approved: bool,
    digest: str,
    comment: str,
    yes: bool,
    output: Format,
    behalf: str = "",
) -> None:
    api = connect(context)
    word = "Approve" if approved else "Reject"
    if not digest:
        plan: Mapping[str, Any] = api.get(api.inside("rollouts", rollout, "plan"))
        digest = plan["digest"]
        if not yes:
            remark("\n".join(plan_lines(plan)))
        if not confirm(f"{word} this?", yes=yes):
            sentence = "Nothing was decided. Without a terminal, name what you have seen with --digest, or say --yes."
            raise CommandFailed(sentence, Outcome.USAGE)
    giver = giver_of(api, behalf) if behalf else ""
    body = said(plan_digest=digest, approved=approved, comment=comment, on_behalf_of=giver)
    row = api.post(api.inside("rollouts", rollout, "approvals"), body)
    show_one(row, [*columns_of("approved", "by", "comment"), ("PLAN", field("plan_digest"))], output)
