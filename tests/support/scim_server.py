"""A SCIM 2.0 service provider of its own making, to prove a client against: RFC 7643/7644, entity tags,
index paging and the cursors of RFC 9865, our preferences as an extension where it is told to have one.
It also fails as it is told. It shares no line with the program under test.

python3 scim_server.py PORT OPTIONS-AS-JSON; everything under /_ is the test's hand on it.
"""

import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

PREFS = "urn:nightdesk:scim:2.0:Preferences"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"

lock = threading.RLock()
users = {}
versions = {}
log = []
options = {"preferences": True, "cursor": False, "schemas": True, "largest": 1000, "token": None,
           "opaque": False, "proxy": False, "faults": []}
options.update(json.loads(sys.argv[2]))


def tag(uid):
    n = versions[uid]
    # An opaque tag says nothing of which came first.
    return 'W/"%s"' % (("%08x" % ((n * 2654435761) % 2**32)).replace("0", "g") if options["opaque"] else n)


def shown(uid):
    out = dict(users[uid])
    out["id"] = uid
    out["schemas"] = [USER] + ([PREFS] if PREFS in out else [])
    out["meta"] = {"resourceType": "User", "version": tag(uid)}
    return {k: v for k, v in out.items() if v not in (None, [], {})}


def touch(uid):
    versions[uid] = versions.get(uid, 0) + 1


def apply(target, op):
    kind, path, value = op["op"].lower(), op.get("path"), op.get("value")
    if path is None:
        for key, inner in value.items():
            if key == PREFS:
                need_preferences()
                target.setdefault(PREFS, {}).update(inner)
            else:
                target[key] = inner
        return
    if path.startswith("urn:"):
        urn, _, attribute = path.rpartition(":")
        if urn != PREFS:
            raise ValueError("invalidPath", "no schema " + urn)
        need_preferences()
        target = target.setdefault(PREFS, {})
        path = attribute
    parts = path.split(".")
    for part in parts[:-1]:
        target = target.setdefault(part, {})
    last = parts[-1]
    if not re.fullmatch(r"[A-Za-z]+", last):
        raise ValueError("invalidPath", path)
    if kind == "remove":
        target.pop(last, None)
    elif kind == "add" and isinstance(value, list):
        target[last] = target.get(last, []) + [v for v in value if v not in target.get(last, [])]
    elif kind in ("add", "replace"):
        target[last] = value
    else:
        raise ValueError("invalidSyntax", kind)


def need_preferences():
    if not options["preferences"]:
        raise ValueError("invalidPath", "there is no schema " + PREFS)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=None, headers=None):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/scim+json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def error(self, status, detail, kind=None):
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status), "detail": detail}
        if kind:
            body["scimType"] = kind
        self.answer(status, body)

    def body(self):
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")

    def allowed(self):
        want = options["token"]
        if want and self.headers.get("Authorization") != "Bearer " + want:
            self.error(401, "who are you?")
            return False
        return True

    def entity(self, uid):
        # A proxy that compresses marks the tag, and takes neither mark nor its own tag back.
        header = tag(uid)[:-1] + '-gzip"' if options["proxy"] else tag(uid)
        self.answer(200, shown(uid), {"ETag": header})

    def do_GET(self):
        url = urlsplit(self.path)
        query = parse_qs(url.query, keep_blank_values=True)
        if url.path == "/_state":
            with lock:
                return self.answer(200, {"users": users, "log": log, "versions": versions})
        if not self.allowed():
            return None
        path = url.path.removeprefix("/scim/v2")
        if path == "/ServiceProviderConfig":
            pagination = {"cursor": options["cursor"], "index": not options["cursor"],
                          "maxPageSize": options["largest"]}
            return self.answer(200, {"patch": {"supported": True}, "etag": {"supported": True},
                                     "pagination": pagination})
        if path == "/Schemas":
            if not options["schemas"]:
                return self.error(404, "no schemas here")
            names = ["userName", "name", "displayName", "active", "emails", "phoneNumbers", "locale",
                     "preferredLanguage", "timezone", "roles"]
            found = [{"id": USER, "attributes": [{"name": n} for n in names]}]
            if options["preferences"]:
                found.append({"id": PREFS, "attributes": [{"name": "channels"}]})
            return self.answer(200, {"totalResults": len(found), "Resources": found})
        if path == "/Users":
            return self.listing(query)
        if path.startswith("/Users/"):
            uid = unquote(path[len("/Users/"):])
            with lock:
                log.append({"do": "GET", "id": uid})
                if uid not in users:
                    return self.error(404, "no such user")
                return self.entity(uid)
        return self.error(404, "no such page")

    def listing(self, query):
        with lock:
            ids = sorted(users)
            if "filter" in query:
                wanted = re.fullmatch(r'externalId eq (".*")', query["filter"][0])
                if not wanted:
                    return self.error(400, "what?", "invalidFilter")
                ids = [u for u in ids if users[u].get("externalId") == json.loads(wanted.group(1))]
                return self.answer(200, {"totalResults": len(ids), "Resources": [shown(u) for u in ids]})
            log.append({"do": "LIST", "query": {k: v[0] for k, v in query.items()}})
            count = min(int(query.get("count", ["100"])[0]), options["largest"])
            if options["cursor"]:
                if "cursor" not in query:
                    return self.error(400, "this server pages by cursor", "invalidValue")
                after = query["cursor"][0].removeprefix("after:")
                rest = [u for u in ids if u > after]
                page = rest[:count]
                body = {"Resources": [shown(u) for u in page], "itemsPerPage": len(page)}
                if len(rest) > count:
                    body["nextCursor"] = "after:" + page[-1]
                return self.answer(200, body)
            start = max(int(query.get("startIndex", ["1"])[0]), 1)
            page = ids[start - 1:start - 1 + count]
            return self.answer(200, {"totalResults": len(ids), "startIndex": start, "itemsPerPage": len(page),
                                     "Resources": [shown(u) for u in page]})

    def do_PATCH(self):
        if not self.allowed():
            return
        uid = unquote(urlsplit(self.path).path.removeprefix("/scim/v2/Users/"))
        body = self.body()
        with lock:
            fault = options["faults"].pop(0) if options["faults"] else None
            entry = {"do": "PATCH", "id": uid, "if_match": self.headers.get("If-Match"),
                     "operations": body["Operations"], "fault": fault}
            log.append(entry)
            if uid not in users:
                return self.error(404, "no such user")
            if fault == "overtake":
                users[uid]["title"] = "edited at the last moment"
                touch(uid)
            if fault == "500_before":
                return self.error(500, "not today")
            if self.headers.get("If-Match") != tag(uid):
                entry["answer"] = 412
                return self.error(412, "somebody was first")
            after = json.loads(json.dumps(users[uid]))
            try:
                for op in body["Operations"]:
                    apply(after, op)
                    wrong = options.get("refuses")
                    if wrong and wrong in json.dumps(op):
                        raise ValueError("invalidValue", "we do not take " + wrong)
            except ValueError as why:
                entry["answer"] = 400
                return self.error(400, why.args[1], why.args[0])
            users[uid] = after
            touch(uid)
            entry["answer"] = 200
            if fault == "500_after":
                return self.error(500, "done, but do not ask")
            if fault == "204":
                return self.answer(204, None, {"ETag": tag(uid)})
            if fault != "hang_after":
                return self.entity(uid)
        time.sleep(5)
        self.close_connection = True

    def do_POST(self):
        body = self.body()
        with lock:
            if self.path == "/_edit":
                for uid, values in body.items():
                    user = users.setdefault(uid, {})
                    for key, value in values.items():
                        if key == PREFS and isinstance(user.get(PREFS), dict):
                            user[PREFS].update(value)
                        else:
                            user[key] = value
                    touch(uid)
            elif self.path == "/_delete":
                users.pop(body)
            elif self.path == "/_options":
                options.update(body)
        self.answer(200, {})


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.daemon_threads = True
server.serve_forever()
