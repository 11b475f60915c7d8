// The connection over a pretended socket, clock and timers: when it is live, when it is lost, when it comes back.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Connection, kRefused, pauseBefore, type ConnectionState, type Environment, type Socket } from '../src/connection';
import type { ServerMessage } from '../src/protocol';

class FakeSocket implements Socket {
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  onerror: Socket['onerror'] = null;
  closed = false;
  constructor(readonly url: string) {}
  close() {
    this.closed = true;
  }
  say(...messages: object[]) {
    this.onmessage?.({ data: JSON.stringify(messages) });
  }
}

class World implements Environment {
  time = 1_000_000;
  sockets: FakeSocket[] = [];
  states: ConnectionState[] = [];
  messages: ServerMessage[] = [];
  prepared = 0;
  failPrepare = false;
  private timers = new Map<number, { at: number; action: () => void }>();
  private nextTimer = 1;
  readonly connection = new Connection(this, {
    prepare: async () => {
      ++this.prepared;
      if (this.failPrepare) throw new Error('GET config.json: 503');
      return `ws://page/ws?attempt=${this.prepared}`;
    },
    onMessages: (messages) => this.messages.push(...messages),
    onState: (state) => this.states.push(state),
  });

  now = () => this.time;
  random = () => 0;
  setTimer(action: () => void, milliseconds: number) {
    this.timers.set(this.nextTimer, { at: this.time + milliseconds, action });
    return this.nextTimer++;
  }
  clearTimer = (timer: number) => void this.timers.delete(timer);
  open(url: string) {
    const socket = new FakeSocket(url);
    this.sockets.push(socket);
    return socket;
  }

  /** Lets `milliseconds` pass, timers firing on the way. */
  async pass(milliseconds: number) {
    const end = this.time + milliseconds;
    for (;;) {
      await settled();
      const due = [...this.timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].at);
      due[1].action();
    }
    this.time = end;
  }
  /** The machine sleeps: the clock jumps, and what was due fires late. */
  async sleep(milliseconds: number) {
    this.time += milliseconds;
    await this.pass(0);
  }
  get state() {
    return this.states[this.states.length - 1]!;
  }
  get socket() {
    return this.sockets[this.sockets.length - 1]!;
  }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const connected = { type: 'Connected', data: { epoch: 'a' } };
const stats = { type: 'Stats', data: {} };

async function liveWorld() {
  const world = new World();
  world.connection.start();
  await settled();
  world.socket.say(connected);
  return world;
}

test('it is live from Connected on, not from the open socket', async () => {
  const world = new World();
  world.connection.start();
  assert.deepEqual(world.state, { kind: 'connecting' });
  await settled();
  assert.deepEqual(world.state, { kind: 'connecting' });

  world.socket.say(connected, stats);

  assert.deepEqual(world.state, { kind: 'live' });
  assert.deepEqual(world.messages.map(({ type }) => type), ['Connected', 'Stats']);
});

test('a single message is taken like an array of one', async () => {
  const world = await liveWorld();
  world.socket.onmessage?.({ data: JSON.stringify(stats) });
  assert.equal(world.messages.length, 2);
});

test('a closed connection is tried again after half a second, then ever later up to ten', async () => {
  const world = await liveWorld();
  world.socket.onclose?.({ code: 1006, reason: '' });
  assert.deepEqual(world.state, {
    kind: 'lost', lostAt: 1_000_000, retryAt: 1_000_500, reason: 'closed with code 1006',
  });

  const pauses: number[] = [];
  for (let i = 0; i < 7; ++i) {
    const { retryAt } = world.state as { retryAt: number };
    pauses.push(retryAt - world.time);
    await world.pass(retryAt - world.time);
    world.socket.onclose?.({ code: 1006, reason: '' });
  }
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  assert.equal((world.state as { lostAt: number }).lostAt, 1_000_000, 'the first loss is the one that counts');
});

test('chance shortens a pause by up to a fifth and never lengthens it', () => {
  assert.equal(pauseBefore(0, 0), 500);
  assert.equal(pauseBefore(0, 1), 400);
  assert.equal(pauseBefore(50, 0), 10_000);
});

test('a success starts the pauses anew', async () => {
  const world = await liveWorld();
  for (let i = 0; i < 3; ++i) {
    world.socket.onclose?.({ code: 1006, reason: '' });
    await world.pass(10_000);
  }
  world.socket.say(connected);
  world.socket.onclose?.({ code: 1001, reason: 'stopping' });

  const { retryAt, reason, lostAt } = world.state as { retryAt: number; reason: string; lostAt: number };
  assert.equal(retryAt - world.time, 500);
  assert.equal(reason, 'stopping');
  assert.equal(lostAt, world.time);
});

test('each attempt asks for its address anew, and a failure to get it counts as a failed attempt', async () => {
  const world = await liveWorld();
  world.failPrepare = true;
  world.socket.onclose?.({ code: 1006, reason: '' });
  await world.pass(500);
  assert.equal((world.state as { reason: string }).reason, 'GET config.json: 503');
  world.failPrepare = false;
  await world.pass(1000);
  assert.equal(world.socket.url, 'ws://page/ws?attempt=3');
});

test('five seconds of silence are a lost connection', async () => {
  const world = await liveWorld();
  await world.pass(4_000);
  assert.equal(world.state.kind, 'live');
  world.socket.say(stats);
  await world.pass(4_900);
  assert.equal(world.state.kind, 'live');
  await world.pass(1_000);
  assert.equal(world.state.kind, 'lost');
  assert.ok(world.sockets[0]!.closed);
});

test('a machine that slept hears what is in the queue before it gives up', async () => {
  const world = await liveWorld();
  await world.sleep(60_000);
  assert.equal(world.state.kind, 'live');
  await world.pass(6_000);
  assert.equal(world.state.kind, 'lost');
});

test('a server that accepts and then says nothing is given up after ten seconds', async () => {
  const world = new World();
  world.connection.start();
  await world.pass(10_000);
  assert.equal(world.states.find(({ kind }) => kind === 'lost')?.kind, 'lost');
  assert.ok(world.sockets[0]!.closed);
});

test('what an abandoned socket still says is passed over', async () => {
  const world = await liveWorld();
  const old = world.socket;
  const { onmessage } = old;
  old.onclose?.({ code: 1006, reason: '' });
  onmessage?.({ data: JSON.stringify([stats]) });
  assert.deepEqual(world.messages.map(({ type }) => type), ['Connected']);
});

test('retryNow tries at once while waiting and does nothing while live', async () => {
  const world = await liveWorld();
  world.connection.retryNow();
  await settled();
  assert.equal(world.sockets.length, 1);
  world.socket.onclose?.({ code: 1006, reason: '' });
  world.connection.retryNow();
  await settled();
  assert.equal(world.sockets.length, 2);
  await world.pass(500);
  assert.equal(world.sockets.length, 2, 'the waiting timer is gone');
});

test('text that is not JSON closes the connection instead of breaking the page', async () => {
  const world = await liveWorld();
  world.socket.onmessage?.({ data: '{"type":' });
  assert.equal(world.state.kind, 'lost');
});

test('a stream that closes before it began was refused; one that was live was not', async () => {
  const world = new World();
  world.connection.start();
  await settled();
  world.socket.onclose?.({ code: 1006, reason: '' });
  assert.deepEqual(world.state, { kind: 'lost', lostAt: 1_000_000, retryAt: 1_000_500, reason: kRefused, refused: true });
  await world.pass(500);
  assert.deepEqual(world.state, { kind: 'lost', lostAt: 1_000_000, reason: kRefused, refused: true }, 'also while it tries again');
  world.socket.say(connected);
  world.socket.onclose?.({ code: 1006, reason: '' });
  assert.equal((world.state as { refused?: true }).refused, undefined);
});

test('a program that cannot be asked has refused nothing', async () => {
  const world = new World();
  world.failPrepare = true;
  world.connection.start();
  await settled();
  assert.deepEqual(world.state, { kind: 'lost', lostAt: 1_000_000, retryAt: 1_000_500, reason: 'GET config.json: 503' });
});

test('stopped, it stays stopped', async () => {
  const world = await liveWorld();
  world.connection.stop();
  await world.pass(60_000);
  assert.equal(world.sockets.length, 1);
  assert.ok(world.socket.closed);
});
