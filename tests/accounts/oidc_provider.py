"""A provider of OpenID Connect that runs in the tests: discovery, token and userinfo."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import jwt

SECRET = "a secret of the provider, of 32 bytes or more"


class Provider:
    """Somebody signed in there, as `person` says; each code is taken once."""

    def __init__(self):
        self.person = {"sub": "1", "email": "pat@example.org", "email_verified": True}
        self.in_token = {}  # what the ID token alone says of the person
        self.codes = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        # Whoever closes it waits for its next look around.
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def authorize(self, query):
        """What the browser brings back: the code, and the state as it was."""
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return {"code": code, "state": query["state"]}

    def _token(self, posted):
        asked = self.codes.pop(posted.get("code", ""), None)
        if asked is None or posted.get("client_secret") != "client-secret":
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        of_token = {"iss": self.url, "aud": "portal", "iat": now, "exp": now + 60}
        claims = of_token | self.person | self.in_token
        token = jwt.encode(claims, SECRET, algorithm="HS256")
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": token}

    def _handler(provider):  # noqa: N805 - self is the handler's
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_args):
                pass

            def do_GET(self):
                if self.path == "/.well-known/openid-configuration":
                    names = ("authorization", "token", "userinfo")
                    known = {f"{name}_endpoint": f"{provider.url}/{name}" for name in names}
                    self._say(
                        200, known | {"issuer": provider.url, "jwks_uri": f"{provider.url}/k"}
                    )
                elif self.headers.get("Authorization") == "Bearer access":
                    self._say(200, provider.person)
                else:
                    self._say(401, {})

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._say(*provider._token({k: v[0] for k, v in parse_qs(body).items()}))

            def _say(self, code, data):
                body = json.dumps(data).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler
