"""What each action of the audit is called in a sentence: "Bo approved boutique v0.10.6 → production". A test walks the
code for actions that are missing here."""

from __future__ import annotations

_OF_ROLLOUTS = {
    "rollout.start": "asked for {}",
    "rollout.way-back": "began the way back {}",
    "rollout.approve": "approved {}",
    "rollout.reject": "rejected {}",
    "rollout.break-glass": "broke the glass for {}",
    "approval.delegate": "gave a voice away: {}",
    "approval.take-back-delegation": "took a voice back: {}",
    "rollout.emergency": "took the emergency lane with {}",
    "rollout.after-review": "reviewed afterwards {}",
    "rollout.confirm-deletions": "confirmed the deletions of {}",
    "rollout.abort": "asked to abort {}",
    "rollout.stop-here": "stopped {} where it stood",
    "rollout.pause": "paused {}",
    "rollout.resume": "resumed {}",
    "rollout.look-again": "had {} looked at again",
    "rollout.release-lease": "took the lease of {} from its worker",
    "rollout.pending": "queued {}",
    "rollout.waiting": "has {} waiting for its gates",
    "rollout.progressing": "began to apply {}",
    "rollout.paused": "paused {}",
    "rollout.verifying": "applied {} and watches it",
    "rollout.succeeded": "finished {}",
    "rollout.failed": "ended {} as failed",
    "rollout.errored": "ended {} as errored",
    "rollout.aborted": "aborted {}",
    "rollout.superseded": "set {} aside for a newer one",
    "target.lift-mark": "lifted the mark from {}",
    "target.override-images": "overrode images of {}",
}
_OF_SETTINGS = {
    "release.create": "made release {}",
    "application.create": "made application {}",
    "application.change": "changed application {}",
    "environment.create": "made environment {}",
    "environment.change": "changed the policy of environment {}",
    "environment.move": "moved environment {} in the order",
    "environment.add-cluster": "added a cluster to environment {}",
    "environment.remove-cluster": "removed a cluster from environment {}",
    "cluster.add": "added cluster {}",
    "cluster.credentials": "changed the credentials of cluster {}",
    "grant.give": "gave a right in environment {}",
    "grant.take": "took back a right in environment {}",
    "organization.create": "made organization {}",
    "organization.rename": "renamed the organization to {}",
    "organization.second-factor": "changed from when {} requires a second factor",
    "organization.token-days": "changed how long tokens of {} may last",
    "connection.break-glass": "broke the glass to get into {} past its single sign-on",
    "domain.add": "added the domain {}",
    "domain.remove": "removed the domain {}",
    "team.create": "made team {}",
    "team.rename": "renamed a team to {}",
    "team.delete": "deleted team {}",
    "team.add": "added somebody to team {}",
    "team.remove": "took somebody out of team {}",
}
_OF_PEOPLE = {
    "member.add": "added somebody to {}",
    "member.invite": "invited {}",
    "member.withdraw-invitation": "withdrew the invitation of {}",
    "member.join": "joined as {}",
    "member.role": "changed the role of {}",
    "member.remove": "removed {}",
    "member.admit": "let {} in by single sign-on",
    "member.suspend": "suspended {}",
    "member.restore": "let {} in again",
    "service-account.create": "made the service account {}",
    "ownership.offer": "offered ownership to {}",
    "ownership.withdraw": "withdrew the offer of ownership to {}",
    "ownership.transfer": "handed ownership to {}",
    "person.address-asked": "asked for another address of {}",
    "person.address": "confirmed another address of {}",
    "sign-in.failed": "failed to sign in as {}",
    "token.astray": "used token {} from outside its networks",
    "person.rename": "is now called {}",
    "person.password": "changed the password of {}",
    "person.change": "changed the account of {}",
    "token.create": "made token {}",
    "token.revoke": "revoked token {}",
    "session.end": "ended a session of {}",
    "session.end-others": "ended all other sessions of {}",
    "access.refused": "was refused {}",
    "operator.look": "looked at {}",
    "audit.export": "exported the audit of {}",
    "view.save": "saved view {}",
    "view.delete": "deleted view {}",
    "outbox.retry": "had task {} sent again",
    "outbox.give-up": "gave up task {}",
}
DEEDS = {**_OF_ROLLOUTS, **_OF_SETTINGS, **_OF_PEOPLE}

_LOOKS = {
    "approve": "healthy",
    "succeeded": "healthy",
    "reject": "failed",
    "failed": "failed",
    "refused": "failed",
    "errored": "errored",
    "abort": "aborted",
    "aborted": "aborted",
    "way-back": "rolled-back",
}


def deed(action: str, label: str) -> tuple[str, str, str]:
    """What stands before the thing, the thing, and what stands behind it. An unknown action is named as it is."""
    before, _, after = DEEDS.get(action, f"did “{action}” to {{}}").partition("{}")
    return before, label, after


def look_of(action: str) -> str:
    """The colour's class; "" for most."""
    return _LOOKS.get(action.partition(".")[2], "")
