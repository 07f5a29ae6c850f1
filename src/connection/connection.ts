// One HTTP/1.x connection: a transport, a parser, and one exchange at a time. It keeps the order of responses, both
// back-pressures, the time limits, and the way a connection ends. It never sees a path.

import { ProtocolError } from '../http1/errors.js';
import { CHUNKED } from '../http1/framing.js';
import { DATA, END, HEAD, RequestParser } from '../http1/parser.js';
import type { RequestHead } from '../http1/request-head.js';
import { ResponseHead } from '../http1/response-head.js';
import type { Timed } from './deadlines.js';
import {
  type Application,
  ConnectionResetError,
  Exchange,
  type ExchangeChannel,
  UnansweredError,
  type Upgraded,
} from './exchange.js';
import { Output } from './output.js';
import { type ResponseChannel, ResponseWriter } from './response-writer.js';
import type { ConnectionSettings } from './settings.js';
import type { Transport, TransportListener } from './transport.js';
import type { TurnTaker } from './turns.js';

// What the deadline is for.
const NOTHING = 0;
const NEXT_REQUEST = 1;
const REQUEST_HEAD = 2;
const BODY = 3;
const LEFT_OVER = 4;
const PEER_TAKES = 5;
const PEER_CLOSES = 6;
/** The next request, whose time begins to run with the next sweep. */
const NEXT_REQUEST_SOON = 7;

/** Orders connections by when they have become idle, without a look at the clock. */
let latestIdle = 0;

/** A reader that waits for octets of the body. */
interface Waiter {
  resolve(octets: Buffer | undefined): void;
  reject(error: unknown): void;
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** Serves the requests of one transport to an application, until the connection ends. */
export class Connection implements TransportListener, Timed, TurnTaker, ResponseChannel, ExchangeChannel {
  readonly output: Output;
  /** By the clock of the deadlines. */
  deadline = Number.POSITIVE_INFINITY;

  readonly #transport: Transport;
  readonly #application: Application;
  readonly #settings: ConnectionSettings;
  readonly #parser: RequestParser;
  readonly #onClosed: () => void;

  #exchange: Exchange | undefined;
  #requests = 0;
  /** What the deadline is for. */
  #awaits = NOTHING;
  #awaitsSince = 0;
  /** Our last octet has been decided on; what still arrives is dropped. */
  #ending = false;
  #closed = false;
  #stopping = false;
  #peerEnded = false;
  #paused = false;
  /** Something has come, and is looked at when this connection's turn comes. */
  #turnDue = false;
  /** In a turn, at whose end output is flushed. */
  #inTurn = false;
  #flushRequested = false;
  /** The response that was sent ends the connection. */
  #lastResponse = false;

  #idleSince = ++latestIdle;
  #bodyEnded = true;
  #bodyFailure: unknown;
  #continueOwed = false;
  #waiter: Waiter | undefined;
  #discarded = 0;
  #received = 0;
  #waited = 0;
  #lingers = true;
  #lingersUntil = 0;

  /**
   * Begins to serve. The application's methods are called with one exchange at a time.
   * @param onClosed called once, when the transport has closed, or has been taken over.
   */
  constructor(
    transport: Transport,
    application: Application,
    settings: ConnectionSettings,
    onClosed: () => void = () => {},
  ) {
    this.#transport = transport;
    this.#application = application;
    this.#settings = settings;
    this.#onClosed = onClosed;
    this.#parser = new RequestParser(settings.limits);
    this.output = new Output(transport, () => this.#await(PEER_TAKES, settings.timeouts.send));
    this.#await(REQUEST_HEAD, settings.timeouts.headers);
    settings.deadlines.add(this);
    transport.listen(this);
  }

  /** Whether nothing is going on: no request in flight or begun, and nothing to be sent. */
  get idle(): boolean {
    return this.#exchange === undefined && this.#parser.idle && !this.#ending && !this.output.blocked;
  }

  /**
   * Since when nothing is going on, other than that the peer may still have to close: a number that is smaller the longer
   * that is; `undefined` while something is.
   */
  get idleSince(): number | undefined {
    return this.idle || this.#awaits === PEER_CLOSES ? this.#idleSince : undefined;
  }

  /** Finishes what is in flight, lets it say `Connection: close`, and ends; an idle connection ends at once. */
  stop(): void {
    this.#stopping = true;
    if (!this.idle) return;
    this.#lingers = false; // the peer has had its answers: whether it closes need not be waited for
    this.#end();
  }

  /** Ends the connection now, whatever is in flight. */
  destroy(): void {
    this.#ending = true;
    this.#awaitNothing();
    this.#transport.destroy();
  }

  // ── What the transport tells ─────────────────────────────────────────────────────────────────────────────────────

  onData(chunk: Buffer): void {
    if (this.#ending) {
      if (this.#awaits === PEER_CLOSES) this.#linger();
      return;
    }
    if (this.#turnDue) this.#turn(); // so that what came before need not be copied
    this.#parser.feed(chunk);
    if (this.#exchange === undefined) this.#takeTurn();
    else this.#turn();
  }

  onDrain(): void {
    if (!this.output.blocked) return;
    this.output.onDrain();
    if (this.output.blocked) return;
    if (this.#awaits === PEER_TAKES) this.#awaitNothing();
    if (this.#ending) {
      this.#endTransport();
      return;
    }
    if (this.#waiter !== undefined) this.#awaitBody();
    this.#turn();
  }

  onEnd(): void {
    this.#peerEnded = true;
    this.#parser.finish();
    if (!this.#ending) this.#turn();
  }

  onClose(): void {
    if (this.#closed) return;
    this.#closed = this.#ending = true;
    this.#settings.deadlines.delete(this);
    const reason = this.#exchange === undefined ? GONE : gone();
    this.output.fail(reason);
    this.#settleWaiter((waiter) => waiter.reject(reason));
    this.#exchange?.abort(reason);
    this.#onClosed();
  }

  onDeadline(): void {
    switch (this.#awaits) {
      case REQUEST_HEAD:
        this.#reject(new ProtocolError(408, 'TIMEOUT', 'The request took too long to arrive'));
        break;
      case BODY:
        this.#failBody(new ProtocolError(408, 'TIMEOUT', 'The body took too long to arrive'));
        break;
      case NEXT_REQUEST_SOON:
        this.#await(NEXT_REQUEST, this.#settings.timeouts.idle);
        break;
      case NEXT_REQUEST:
      case LEFT_OVER:
        this.#end();
        break;
      case PEER_TAKES:
        this.#transport.reset(); // an end would make a part of a response look like all of it
        break;
      default:
        this.#transport.destroy();
    }
  }

  // ── The loop ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A request is looked at together with those that come to other connections now. */
  #takeTurn(): void {
    this.#turnDue = true;
    this.#settings.turns.add(this);
  }

  /** Goes on with whatever can go on. */
  onTurn(): void {
    this.#turnDue = false;
    if (this.#ending) return;
    this.#inTurn = true;
    if (this.#waiter !== undefined) this.#feedWaiter();
    if (this.#exchange === undefined) this.#advance();
  }

  /** Sends what that gave. */
  onTurnEnd(): void {
    this.#inTurn = false;
    if (this.#exchange === undefined || this.#flushRequested) this.#flushTurn();
    else this.requestFlush();
    this.#limitReadAhead();
  }

  #turn(): void {
    this.onTurn();
    this.onTurnEnd();
  }

  /** While nothing is in flight, the connection persists and the peer takes our output: the next request. */
  #advance(): void {
    while (this.#exchange === undefined && !this.#ending && !this.output.blocked) {
      if (!this.#bodyEnded && !this.#discard()) return;
      if (this.#lastResponse) {
        this.#end();
        return;
      }
      let event: number;
      try {
        event = this.#parser.next();
      } catch (error) {
        this.#reject(error);
        return;
      }
      if (event !== HEAD) {
        this.#awaitRequest();
        return;
      }
      this.#start(this.#parser.head!);
    }
  }

  #awaitRequest(): void {
    this.#unpause();
    if (!this.#parser.idle) {
      // The time for a head runs from its first octet, and is not prolonged by the others.
      if (this.#awaits !== REQUEST_HEAD) this.#await(REQUEST_HEAD, this.#settings.timeouts.headers);
    } else if (this.#peerEnded || this.#stopping) {
      this.#end();
    } else if (this.#requests > 0) {
      // Most connections are busy again by the next sweep, and have not looked at the clock.
      this.#awaits = NEXT_REQUEST_SOON;
      this.deadline = 0;
      this.#idleSince = ++latestIdle;
    }
  }

  #start(head: RequestHead): void {
    this.deadline = Number.POSITIVE_INFINITY;
    this.#awaits = NOTHING;
    this.#requests++;
    this.#bodyEnded = head.bodyLength === 0 && this.#parser.next() === END;
    this.#continueOwed = head.expectsContinue;
    this.#discarded = this.#received = this.#waited = 0;
    const exchange = this.#open(head);
    let returned: void | Promise<void>;
    try {
      returned = this.#application.onRequest(exchange);
    } catch (error) {
      this.#fail(exchange, error);
      return;
    }
    if (returned !== undefined) this.#waitFor(exchange, returned);
    else if (this.#exchange === exchange) this.#conclude(exchange);
  }

  #open(head: RequestHead): Exchange {
    const exchange = new Exchange(head, new ResponseWriter(head, this), this);
    this.#exchange = exchange;
    return exchange;
  }

  #waitFor(exchange: Exchange, returned: Promise<void>): void {
    // What an application in JavaScript returns need not be a promise.
    Promise.resolve(returned).then(
      () => {
        if (this.#exchange === exchange) this.#conclude(exchange);
        this.#resume();
      },
      (error: unknown) => {
        if (this.#exchange === exchange) this.#fail(exchange, error);
        else this.#tellError(exchange, error); // it was upgraded
        this.#resume();
      },
    );
  }

  /** An exchange has ended outside of a turn: what it left waiting goes on. */
  #resume(): void {
    if (!this.#closed) this.#advance();
    this.requestFlush();
  }

  /** The application has returned: the response is complete, or it is its fault. */
  #conclude(exchange: Exchange): void {
    const { response } = exchange;
    if (this.#closed) {
      this.#release(exchange);
      return;
    }
    if (response.state === 'idle') {
      this.#fail(exchange, new UnansweredError());
      return;
    }
    try {
      response.end();
    } catch (error) {
      // Shorter than its Content-Length, even if that has not been sent: the promise was made.
      this.#break(exchange, error);
      return;
    }
    this.#release(exchange);
  }

  /** The application threw, or the request could not be understood. */
  #fail(exchange: Exchange, error: unknown): void {
    const { response } = exchange;
    if (response.started) {
      this.#break(exchange, error);
      return;
    }
    exchange.persistent = false;
    response.reset();
    this.#answerError(exchange, error);
    this.#release(exchange);
  }

  /** Ends the connection so that the peer cannot take what it has got for a whole response. */
  #break(exchange: Exchange, error: unknown): void {
    exchange.persistent = false;
    exchange.response.close();
    this.#tellError(exchange, error);
    this.#cut(exchange.response.endsByClose);
    this.#release(exchange);
  }

  #tellError(exchange: Exchange, error: unknown): void {
    try {
      this.#application.onError(error, exchange);
    } catch {
      // There is nobody else to tell.
    }
  }

  #answerError(exchange: Exchange, error: unknown): void {
    const { response } = exchange;
    try {
      this.#application.onError(error, exchange);
      response.end();
    } catch {
      // The error page has failed too, or there is none.
      if (response.state === 'body') this.#cut(response.endsByClose);
      else if (response.state !== 'ended') this.#answerMinimally(exchange, error);
    }
  }

  #answerMinimally({ response }: Exchange, error: unknown): void {
    response.reset();
    const head = new ResponseHead(error instanceof ProtocolError ? error.status : 500);
    response.begin(head.append('Content-Length', 0));
    response.end();
  }

  #release(exchange: Exchange): void {
    if (!exchange.persistent || this.#leavesTooMuch()) this.#lastResponse = true;
    this.#leave(exchange);
    if (this.#closed) return;
    if (this.#lastResponse) this.#end();
  }

  /** From now on the exchange cannot reach the connection, nor what comes behind it on the connection. */
  #leave(exchange: Exchange): void {
    this.#exchange = undefined;
    exchange.close();
    if (this.#waiter !== undefined) {
      this.#settleWaiter((waiter) =>
        waiter.reject(new Error('The request is over: its body can no longer be read')),
      );
    }
  }

  /** What cannot be understood, or did not arrive in time, is answered by the application too. */
  #reject(error: unknown): void {
    this.#bodyEnded = true;
    const exchange = this.#exchange ?? this.#open(this.#parser.rejectedHead());
    this.#fail(exchange, error);
    this.output.flush();
  }

  // ── The body ─────────────────────────────────────────────────────────────────────────────────────────────────────

  pullBody(): Buffer | undefined | Promise<Buffer | undefined> {
    if (this.#closed) throw gone();
    if (this.#waiter !== undefined) throw new Error('The body is being read already');
    if (this.#bodyFailure !== undefined) throw this.#bodyFailure;
    if (this.#bodyEnded) return undefined;
    const event = this.#nextOfBody();
    if (event === DATA) return this.#parser.data;
    if (event === END) return undefined;
    this.#sendContinue();
    this.#awaitBody();
    const octets = new Promise<Buffer | undefined>((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
    octets.catch(() => {}); // a reader that has lost interest must not bring down the process
    return octets;
  }

  #nextOfBody(): number {
    let event: number;
    try {
      event = this.#parser.next();
    } catch (error) {
      this.#loseBody(error);
      throw error;
    }
    if (event === END) {
      this.#bodyEnded = true;
      if (this.#parser.trailers !== undefined) this.#exchange!.body.trailers = this.#parser.trailers;
    } else if (event === DATA) {
      this.#continueOwed = false;
      this.#received += this.#parser.data.length;
    }
    return event;
  }

  #sendContinue(): void {
    if (!this.#continueOwed || this.#exchange!.response.started) return;
    this.#continueOwed = false;
    this.output.write(CONTINUE);
    this.output.flush();
  }

  /** The slower the peer has been so far, the less it may take now: see `ReceiveRate`. */
  #awaitBody(): void {
    this.#unpause();
    if (this.output.blocked) return;
    const { minimum, grace } = this.#settings.receiveRate;
    const earned =
      minimum > 0 ? grace + (this.#received / minimum) * 1000 - this.#waited : Number.POSITIVE_INFINITY;
    this.#await(BODY, Math.min(this.#settings.timeouts.receive, Math.max(earned, 0)));
  }

  #feedWaiter(): void {
    let event: number;
    try {
      event = this.#nextOfBody();
    } catch (error) {
      this.#failBody(error);
      return;
    }
    if (event !== DATA && event !== END) return;
    if (this.#awaits === BODY) this.#awaitNothing();
    this.#settleWaiter((waiter) => waiter.resolve(event === DATA ? this.#parser.data : undefined));
  }

  #failBody(error: unknown): void {
    if (this.#awaits === BODY) this.#awaitNothing();
    this.#loseBody(error);
    this.#settleWaiter((waiter) => waiter.reject(error));
  }

  /** What is left of the body will not be had: each further read fails like this one, so that it is not taken for the end. */
  #loseBody(error: unknown): void {
    this.#bodyFailure = error;
    this.#bodyEnded = true;
    this.#lastResponse = true;
  }

  #settleWaiter(settle: (waiter: Waiter) => void): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter !== undefined) settle(waiter);
  }

  /** Steps over what the application left of a body. Whether that is done; else it goes on with the next octets. */
  #discard(): boolean {
    const { maxDiscardSize } = this.#settings.limits;
    try {
      for (let event = this.#parser.next(); event !== END; event = this.#parser.next()) {
        if (event !== DATA) {
          if (this.#awaits !== LEFT_OVER) this.#await(LEFT_OVER, this.#settings.timeouts.discard);
          this.#unpause();
          return false;
        }
        this.#discarded += this.#parser.data.length;
        if (this.#discarded > maxDiscardSize) throw new RangeError('Too much is left of the body');
      }
    } catch {
      // The response has been sent: there is nothing left to say about the rest of the request.
      this.#end();
      return false;
    }
    this.#bodyEnded = true;
    return true;
  }

  // ── The response ─────────────────────────────────────────────────────────────────────────────────────────────────

  get keepAliveSeconds(): number {
    return Math.floor(this.#settings.timeouts.idle / 1000);
  }

  mayPersist(isWhole: boolean): boolean {
    return (
      this.#exchange!.persistent &&
      !this.#stopping &&
      !this.#lastResponse &&
      !this.#continueOwed &&
      this.#requests < this.#settings.limits.maxRequestsPerConnection &&
      // Before the response is whole, the application may still go on to read.
      !(isWhole && this.#leavesTooMuch())
    );
  }

  endsConnection(): void {
    this.#lastResponse = true;
  }

  sentContinue(): void {
    this.#continueOwed = false;
  }

  requestFlush(): void {
    if (this.#inTurn || this.#flushRequested) return;
    this.#flushRequested = true;
    this.#settings.turns.add(this);
  }

  /** Whether it is known that more of the body is left unread than it is worth to step over. */
  #leavesTooMuch(): boolean {
    if (this.#bodyEnded) return false;
    const { bodyLength } = this.#exchange!.head;
    return bodyLength !== CHUNKED && bodyLength - this.#received > this.#settings.limits.maxDiscardSize;
  }

  #flushTurn(): void {
    this.#flushRequested = false;
    const response = this.#exchange?.response;
    if (response?.state === 'head') response.flush();
    else this.output.flush();
  }

  // ── Reading and time ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Nobody asks for what has been read already: the peer has to wait. */
  #limitReadAhead(): void {
    const isAskedFor = this.#exchange === undefined ? !this.output.blocked : this.#waiter !== undefined;
    if (isAskedFor || this.#paused || this.#ending) return;
    if (this.#parser.unread <= this.#settings.limits.maxReadAhead) return;
    this.#paused = true;
    this.#transport.pause();
  }

  #unpause(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#transport.resume();
  }

  #awaitNothing(): void {
    this.#await(NOTHING, Number.POSITIVE_INFINITY);
  }

  #await(what: number, milliseconds: number): void {
    const now = this.#settings.deadlines.clock();
    if (this.#awaits === BODY) this.#waited += now - this.#awaitsSince;
    this.#awaits = what;
    this.#awaitsSince = now;
    this.deadline = now + milliseconds;
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Sends what there is, half-closes, and lingers: a peer that is still sending would lose our last octets to a reset
   * if we closed at once (RFC 9112 §9.6).
   */
  #end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.output.flush();
    if (!this.output.blocked) this.#endTransport();
  }

  #endTransport(): void {
    this.#parser.take();
    this.#unpause();
    this.#await(PEER_TAKES, this.#settings.timeouts.send);
    this.#transport.end(() => {
      if (this.#closed) return;
      if (!this.#lingers) {
        this.#transport.destroy();
        return;
      }
      this.#lingersUntil = this.#settings.deadlines.clock() + this.#settings.timeouts.lingerTotal;
      this.#linger();
    });
  }

  #linger(): void {
    if (this.#awaits !== PEER_CLOSES) this.#idleSince = ++latestIdle;
    this.#await(PEER_CLOSES, this.#settings.timeouts.linger);
    this.deadline = Math.min(this.deadline, this.#lingersUntil);
  }

  /** Ends the connection so that the peer can tell that the response is not whole. */
  #cut(byReset: boolean): void {
    if (this.#closed) return;
    this.output.flush();
    if (byReset) this.#transport.reset();
    else this.#transport.destroy();
    this.#ending = true;
  }

  upgrade(exchange: Exchange): Upgraded {
    const { response } = exchange;
    if (this.#exchange !== exchange || this.#closed) throw new Error('The exchange is over');
    if (!this.#bodyEnded && this.#nextOfBody() !== END)
      throw new Error('The body must be read before an upgrade');
    const { status = 0 } = response;
    const isSwitch = status === 101 || (exchange.head.method === 'CONNECT' && status >= 200 && status < 300);
    if (response.state !== 'idle' && !isSwitch) throw new Error('Another response has been begun');
    response.flush();
    this.output.handOver(new Error('The connection has been taken over'));
    this.#settings.deadlines.delete(this);
    this.#closed = this.#ending = true;
    this.#leave(exchange);
    this.#transport.listen(undefined);
    this.#onClosed();
    return { transport: this.#transport, head: this.#parser.take() };
  }
}

function gone(): ConnectionResetError {
  return new ConnectionResetError('The client has gone');
}

/** For the end of each connection that nobody is told of: an error takes longer to make than most of the rest. */
const GONE = gone();
