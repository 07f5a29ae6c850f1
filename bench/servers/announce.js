// What every server here does once it listens: say the port on one line, and end when the benchmark does.
// Runs under Node, Bun and Deno alike.
import process from 'node:process';

export function announce(port) {
  process.stdout.write(`${port}\n`);
  process.stdin.resume();
  process.stdin.on('end', () => process.exit());
}
