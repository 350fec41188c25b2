"""The vendor's own Python SDK against mock-databricks: see databricks-sdk.md for how to run it."""

import json
import sys
import time
import urllib.request

from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import NotFound, PermissionDenied, PrivateLinkValidationError, ResourceConflict
from databricks.sdk.service import iam

ready = json.load(open(sys.argv[1]))["databricks"]


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ready["control_url"] + path, data=data, method=method)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def workspace(url, **credential):
    return WorkspaceClient(config=Config(host=url, **credential))


def say(what, value):
    print(f"{what:<34} {value}")


control("POST", "/reset")
control("PUT", "/limits", {"mode": "off"})
w = workspace(ready["private_url"], token=ready["token"])

me = w.current_user.me()
say("me", me.user_name)

# Users: the name is lower-cased; activity goes off by PATCH and back by PUT.
ada = w.users.create(user_name="Ada@Example.com", display_name="Ada Lovelace", active=True)
assert w.users.get(ada.id).user_name == "ada@example.com"
w.users.patch(
    ada.id,
    operations=[iam.Patch(op=iam.PatchOp.REPLACE, path="active", value="false")],
    schemas=[iam.PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP],
)
assert w.users.get(ada.id).active is False
w.users.update(ada.id, user_name="ada@example.com", display_name="Ada", active=True)
assert w.users.get(ada.id).active is True
[found] = w.users.list(filter="userName eq ada@example.com")
say("user found by name", found.display_name)

# Service principals.
robot = w.service_principals.create(display_name="robot", active=True)
assert w.service_principals.get(robot.id).application_id
w.service_principals.update(robot.id, display_name="robot 2", application_id=robot.application_id, active=True)
[found] = w.service_principals.list(filter=f"applicationId eq {robot.application_id}")
say("service principal renamed", found.display_name)

# Groups: members of three kinds, one taken out by a filter path.
inner = w.groups.create(display_name="inner")
group = w.groups.create(
    display_name="team",
    members=[iam.ComplexValue(value=id) for id in (ada.id, robot.id, inner.id)],
)
say("members", sorted(member.ref.split("/")[0] for member in w.groups.get(group.id).members))
w.groups.patch(
    group.id,
    operations=[iam.Patch(op=iam.PatchOp.REMOVE, path=f'members[value eq "{ada.id}"]')],
    schemas=[iam.PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP],
)
assert [member.value for member in w.groups.get(group.id).members] == [robot.id, inner.id]

# Conflicts and not-found.
for what, create in [
    ("taken user name", lambda: w.users.create(user_name="ADA@example.com")),
    ("taken group name", lambda: w.groups.create(display_name="team")),
    ("taken application id", lambda: w.service_principals.create(application_id=robot.application_id)),
]:
    try:
        create()
        raise SystemExit(f"{what}: no conflict")
    except ResourceConflict as error:
        say(what, error)
w.groups.delete(group.id)
for what, read in [
    ("absent group", lambda: w.groups.get(group.id)),
    ("absent user", lambda: w.users.get("17")),
    ("absent service principal", lambda: w.service_principals.get("17")),
]:
    try:
        read()
        raise SystemExit(f"{what}: found")
    except NotFound as error:
        say(what, error)

# Paging: three pages of a hundred, and the empty one that ends the walk.
control("POST", "/reset")
control("POST", "/seed", {"users": 250, "groups": 20, "seed": 1})
since = control("GET", "/history")[-1]["seq"]
users = list(w.users.list(sort_by="userName"))
assert len({user.id for user in users}) == 251
pages = [entry for entry in control("GET", f"/history?since={since}") if "/Users" in entry["path"]]
say("users over pages", f"{len(users)} in {len(pages)} calls")
say("groups over pages", len(list(w.groups.list())))

# Throttling: the SDK waits as Retry-After says and goes on.
control("PUT", "/limits", {"mode": "published", "factor": 20})
group = w.groups.create(display_name="busy")
start = time.monotonic()
for number in range(13):
    w.groups.patch(
        group.id,
        operations=[iam.Patch(op=iam.PatchOp.REPLACE, path="displayName", value=f"busy {number}")],
        schemas=[iam.PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP],
    )
throttled = control("GET", "/counters")["throttled"]
assert throttled > 0
say("13 group PATCHes, throttled", f"{throttled} times, done after {time.monotonic() - start:.1f} s")
control("PUT", "/limits", {"mode": "off"})

# A wrong token.
try:
    workspace(ready["private_url"], token="dapi-wrong").current_user.me()
    raise SystemExit("a wrong token got in")
except PermissionDenied as error:
    say("wrong token", error)

# The public front end: the SDK follows the redirect to the login page and knows it for what it is.
try:
    workspace(ready["public_url"], token=ready["token"]).current_user.me()
    raise SystemExit("the public front end let us in")
except PrivateLinkValidationError as error:
    say("public front end", str(error)[:60] + "…")
