import { describe, expect, it } from 'vitest';
import { Connection } from '../../src/connection/connection.js';
import type { Application } from '../../src/connection/exchange.js';
import { connectionSettings } from '../../src/connection/settings.js';
import { Turns, type TurnTaker } from '../../src/connection/turns.js';
import { FakeClock } from '../support/fake-clock.js';
import { FakeTransport, settle } from '../support/fake-transport.js';
import { answer } from '../support/serve.js';

/** Turns that are taken when the test says so. */
function heldTurns(): { turns: Turns; take(): void; scheduled: number } {
  const scheduled: (() => void)[] = [];
  const turns = new Turns((takeTurns) => scheduled.push(takeTurns));
  return {
    turns,
    take: () => {
      for (const takeTurns of scheduled.splice(0)) takeTurns();
    },
    get scheduled() {
      return scheduled.length;
    },
  };
}

function taker(name: string, told: string[], onTurn: () => void = () => {}): TurnTaker {
  return {
    onTurn: () => {
      told.push(`${name} works`);
      onTurn();
    },
    onTurnEnd: () => told.push(`${name} sends`),
  };
}

describe('Turns', () => {
  it('lets all work before any sends', () => {
    const { turns, take } = heldTurns();
    const told: string[] = [];
    turns.add(taker('a', told));
    turns.add(taker('b', told));
    expect(told).toEqual([]);
    take();
    expect(told).toEqual(['a works', 'b works', 'a sends', 'b sends']);
  });

  it('come to 32 together, so that nobody waits for all the others', () => {
    const { turns, take } = heldTurns();
    const told: string[] = [];
    for (let name = 0; name < 40; name++) turns.add(taker(String(name), told));
    take();
    expect(told).toHaveLength(80);
    expect(told.indexOf('0 sends')).toBe(32);
    expect(told.indexOf('32 works')).toBe(64);
    expect(told.indexOf('32 sends')).toBe(72);
  });

  it('are scheduled once a round', () => {
    const held = heldTurns();
    const told: string[] = [];
    for (const name of ['a', 'b', 'c']) held.turns.add(taker(name, told));
    expect(held.scheduled).toBe(1);
    held.take();
    held.take();
    expect(told).toHaveLength(6);
  });

  it('leave whoever asks meanwhile to the next round', () => {
    const held = heldTurns();
    const told: string[] = [];
    const late = taker('late', told);
    held.turns.add(taker('a', told, () => held.turns.add(late)));
    held.take();
    expect(told).toEqual(['a works', 'a sends']);
    expect(held.scheduled).toBe(1);
    held.take();
    expect(told.slice(2)).toEqual(['late works', 'late sends']);
  });
});

describe('Connections that take turns', () => {
  /** Two connections whose turns are held. */
  function two(application: Application) {
    const held = heldTurns();
    const settings = connectionSettings({}, new FakeClock().deadlines, held.turns);
    const transports = [new FakeTransport(), new FakeTransport()] as const;
    const connections = transports.map((transport) => new Connection(transport, application, settings));
    return { ...held, transports, connections };
  }

  const REQUEST = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n';

  it('send only when both have been served', () => {
    const sentMeanwhile: string[] = [];
    const { transports, take } = two({
      onRequest: (exchange) => {
        sentMeanwhile.push(transports[0].sent + transports[1].sent);
        answer(exchange, 'ok');
      },
      onError: () => {},
    });
    for (const transport of transports) transport.feed(REQUEST);
    take();
    expect(sentMeanwhile).toEqual(['', '']);
    for (const transport of transports) expect(transport.sent).toContain('\r\n\r\nok');
  });

  it('send together also what they have waited for', async () => {
    let resume!: () => void;
    const waiting = new Promise<void>((resolve) => {
      resume = resolve;
    });
    const { transports, take } = two({
      onRequest: async (exchange) => {
        await waiting;
        answer(exchange, 'ok');
      },
      onError: () => {},
    });
    for (const transport of transports) transport.feed(REQUEST);
    take();
    take();
    resume();
    await settle();
    expect(transports.map(({ sent }) => sent)).toEqual(['', '']);
    take();
    for (const transport of transports) {
      expect(transport.writes.length).toBe(1);
      expect(transport.sent).toContain('\r\n\r\nok');
    }
  });

  it('are served at once when more comes: a body is not put together first', () => {
    const bodies: (number | undefined)[] = [];
    const { transports, take } = two({
      onRequest: async (exchange) => {
        for (let octets = await exchange.body.read(); octets; octets = await exchange.body.read())
          bodies.push(octets.length);
      },
      onError: () => {},
    });
    transports[0].feed('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n');
    transports[0].feed('x'.repeat(1000));
    transports[0].feed('x'.repeat(2000));
    take();
    return settle().then(() => expect(bodies).toEqual([1000, 2000]));
  });

  it('that have ended before their turn do nothing in it', () => {
    const served: string[] = [];
    const { transports, connections, take } = two({
      onRequest: (exchange) => {
        served.push(exchange.head.target);
        answer(exchange, 'ok');
      },
      onError: () => {},
    });
    for (const transport of transports) transport.feed(REQUEST);
    connections[0]!.destroy();
    transports[1].close();
    take();
    expect(served).toEqual([]);
    expect(transports[0].sent + transports[1].sent).toBe('');
  });

  it('are not idle while one is due, and finish it when they are stopped', () => {
    const { transports, connections, take } = two({
      onRequest: (exchange) => answer(exchange, 'ok'),
      onError: () => {},
    });
    transports[0].feed(REQUEST);
    expect(connections[0]!.idle).toBe(false);
    connections[0]!.stop();
    take();
    expect(transports[0].sent).toContain('Connection: close\r\n');
    expect(transports[0].ended).toBe(true);
  });
});
