# The peer of differential.test.ts: CPython's own handlers, in HTTP/1.1. Prints the port of each, and serves until its
# standard input ends.

import sys
import threading
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer


class Base(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        self.answer(f'{self.command} {self.path} {self.request_version}')

    do_HEAD = do_OPTIONS = do_DELETE = do_GET

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        self.answer(f'POST {len(data)}')

    def do_FIELD(self):
        self.answer(self.headers.get('X-Field', 'none'))

    def do_NOTHING(self):
        pass

    def do_FAIL(self):
        raise RuntimeError('on purpose')

    def do_ERROR(self):
        self.send_error(int(self.path[1:]))

    def answer(self, text):
        body = text.encode('latin-1')
        self.send_response(200)
        self.send_header('Content-Type', 'text/plain')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def log_message(self, *args):
        pass


class Simple(SimpleHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def __init__(self, *args):
        super().__init__(*args, directory=sys.argv[1])

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass


servers = [Server(('127.0.0.1', 0), handler) for handler in (Base, Simple)]
for server in servers:
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(*(server.server_port for server in servers), flush=True)
sys.stdin.read()
