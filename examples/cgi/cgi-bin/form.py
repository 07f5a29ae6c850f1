#!/usr/bin/env python3
# A form, and what was filled in: from the query of a GET, or the body of a POST.

import html
import os
import sys
from urllib.parse import parse_qs

text = os.environ["QUERY_STRING"]
if os.environ["REQUEST_METHOD"] == "POST":
    text = sys.stdin.buffer.read(int(os.environ["CONTENT_LENGTH"])).decode()
name = parse_qs(text).get("name", ["stranger"])[0]

sys.stdout.reconfigure(encoding="utf-8")
print(
    f"""Content-Type: text/html; charset=utf-8

<!doctype html>
<title>Form</title>
<p>Hello, {html.escape(name)}!
<form method="post">
  <label>Your name: <input name="name" required></label>
  <button>Send</button>
</form>"""
)
