#!/usr/bin/env python3
"""Receives webhooks and prints those that are really from Frontdesk. Needs `pip install standardwebhooks`.

usage: WEBHOOK_SECRET=whsec_… python3 scripts/examples/receive_webhooks.py [port]
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
seen: set[str] = set()  # in your own system: a unique column, written with what you do


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            event = webhook.verify(body, dict(self.headers))
        except WebhookVerificationError:
            self.send_response(401)
        else:
            if self.headers["webhook-id"] not in seen:  # an event may come twice, always under the same id
                seen.add(self.headers["webhook-id"])
                print(event["type"], event["data"].get("id"), flush=True)
            self.send_response(204)  # at once; do what takes long afterwards
        self.end_headers()


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9000), Receiver).serve_forever()
