#!/usr/bin/env node
// The SHA-256 of what is uploaded, however large: it goes by in pieces.
// curl -T big.iso http://127.0.0.1:8000/cgi-bin/digest.mjs

import { createHash } from 'node:crypto';

if (process.env.REQUEST_METHOD !== 'PUT' && process.env.REQUEST_METHOD !== 'POST') {
  process.stdout.write('Status: 405 Method Not Allowed\nAllow: PUT, POST\n\n');
} else {
  const hash = createHash('sha256');
  for await (const chunk of process.stdin) hash.update(chunk);
  process.stdout.write('Content-Type: application/json\n\n');
  process.stdout.write(`${JSON.stringify({ sha256: hash.digest('hex') })}\n`);
}
