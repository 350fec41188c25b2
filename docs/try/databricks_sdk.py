"""The vendor's own Python SDK against mock-databricks: see databricks-sdk.md for how to run it."""

import json
import socket
import struct
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


def look_up(name):
    """Asks the mock's DNS server, as the resolver of a network would: the view decides which front end a name leads to."""
    host, port = ready["dns"].split(":")
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    packet = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + question + struct.pack(">2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dns:
        dns.settimeout(5)
        dns.sendto(packet, (host, int(port)))
        # The address is the last record, and its last four bytes.
        return socket.inet_ntoa(dns.recv(512)[-4:])


system_look_up = socket.getaddrinfo


def getaddrinfo(host, *rest, **more):
    known = isinstance(host, str) and host.endswith(".azuredatabricks.net")
    return system_look_up(look_up(host) if known else host, *rest, **more)


socket.getaddrinfo = getaddrinfo
port = ready["private_url"].rsplit(":", 1)[1]


def workspace(**credential):
    return WorkspaceClient(config=Config(host=f"https://{ready['workspace_host']}:{port}", **credential))


def say(what, value):
    print(f"{what:<34} {value}")


control("POST", "/reset")
control("PUT", "/limits", {"mode": "off"})
w = workspace(token=ready["token"])

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
    workspace(token="dapi-wrong").current_user.me()
    raise SystemExit("a wrong token got in")
except PermissionDenied as error:
    say("wrong token", error)

# Databricks' own OAuth, found by discovery; a service principal is its own Me.
oauth = ready["oauth"]
say("me by OAuth", workspace(**oauth).current_user.me().user_name == oauth["client_id"])

# The account: groups with their own endpoint, and a user who is in no workspace.
account = AccountClient(
    config=Config(host=f"https://{ready['account_host']}:{port}", account_id=ready["account_id"], **oauth)
)
bo = account.users.create(user_name="bo@example.com", display_name="Bo Berg")
team = account.groups.create(display_name="everybody", members=[iam.ComplexValue(value=bo.id)])
assert account.groups.get(team.id).members[0].value == bo.id
say("account users", len(list(account.users.list())))
say("in the workspace", len(list(w.users.list(filter="userName eq bo@example.com"))))

# DNS breaks: the name leads to the public front end, and the SDK knows the login page for what it is.
control("PUT", "/dns", {"view": "outside"})
try:
    workspace(token=ready["token"]).current_user.me()
    raise SystemExit("the public front end let us in")
except PrivateLinkValidationError as error:
    say("with the wrong DNS", f"{type(error).__name__}: {str(error)[:64]}…")
finally:
    control("PUT", "/dns", {"view": "inside"})
