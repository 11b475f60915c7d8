// What the page makes of messages: each event once, the newest statistics, another system recognised.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { MonitoringEvent, Overview, ServerMessage } from '../src/protocol';
import { eventNumber, kLogCapacity, State } from '../src/state';

const event = (number: number): MonitoringEvent => ({
  event_type: 'RequestStarted',
  timestamp: '2025-01-15T10:30:00.123Z',
  id: `evt_${number}`,
  payload: { type: 'Request', data: {} },
});
const eventMessage = (number: number): ServerMessage => ({ type: 'Event', data: event(number) });
const overview = (epoch: string, requests: number) =>
  ({ epoch, version: '0.1.0', totals: { total_requests: requests } }) as unknown as Overview;
const connected = (epoch: string): ServerMessage => ({
  type: 'Connected',
  data: { client_id: 'client_1', protocol: 1, last_event_id: 'evt_9', epoch },
});
const shown = (state: State) => state.newestLog.map((entry) => (entry.kind === 'event' ? entry.event.id : entry.kind));

test('the stream goes on after the last event of the HTTP page', () => {
  const state = new State();
  assert.equal(state.resumeFrom, undefined);
  state.applyEvents({ epoch: 'a', last_event_id: 'evt_7', skipped: 0, events: [event(6), event(7)] }, 0);
  assert.deepEqual(state.resumeFrom, { since: 'evt_7', epoch: 'a' });
});

test('a system without events yet is followed from its first', () => {
  const state = new State();
  state.applyEvents({ epoch: 'a', last_event_id: 'evt_0', skipped: 0, events: [] }, 0);
  assert.deepEqual(state.resumeFrom, { since: 'evt_0', epoch: 'a' });
});

test('what a replay repeats is logged once', () => {
  const state = new State();
  state.applyEvents({ epoch: 'a', last_event_id: 'evt_2', skipped: 0, events: [event(1), event(2)] }, 0);
  state.applyMessages([connected('a'), eventMessage(2), eventMessage(3), eventMessage(3)], 0);
  assert.deepEqual(shown(state), ['evt_1', 'evt_2', 'evt_3']);
  assert.equal(state.logged, 3);
});

test('lost events are a line of their own', () => {
  const state = new State();
  state.applyMessages([connected('a'), { type: 'Lagged', data: { skipped: 12 } }, eventMessage(13)], 0);
  assert.deepEqual(shown(state), ['skipped', 'evt_13']);
  assert.deepEqual(state.newestLog[0], { kind: 'skipped', skipped: 12 });
});

test('while paused the views keep what they show, and what arrives is counted', () => {
  const state = new State();
  state.applyMessages([connected('a'), { type: 'Stats', data: overview('a', 1) }, eventMessage(1)], 0);
  state.pause(10);
  state.applyMessages([eventMessage(2), eventMessage(3), { type: 'Stats', data: overview('a', 3) }], 20);
  assert.equal(state.pausedAt, 10);
  assert.equal(state.shown.overview!.totals.total_requests, 1);
  assert.equal(state.shown.entries.length, 1);
  assert.equal(state.newWhilePaused, 2);

  state.resume();
  assert.equal(state.pausedAt, undefined);
  assert.equal(state.shown.overview!.totals.total_requests, 3);
  assert.equal(state.shown.entries.length, 3);
  assert.equal(state.newWhilePaused, 0);
});

test('another epoch forgets the numbers of the old system and counts ids anew', () => {
  const state = new State();
  state.applyOverview(overview('a', 100), 5);
  state.applyMessages([connected('a'), eventMessage(50)], 6);
  state.applyMessages([connected('b')], 7);
  assert.equal(state.overview, undefined);
  assert.equal(state.restarts, 1);
  assert.deepEqual(state.resumeFrom, { since: 'evt_0', epoch: 'b' });

  state.applyMessages([eventMessage(1), { type: 'Stats', data: overview('b', 1) }], 8);
  assert.deepEqual(shown(state), ['evt_50', 'restarted', 'evt_1']);
  assert.equal(state.overview!.totals.total_requests, 1);
  assert.equal(state.overviewAt, 8);
});

test('a reconnect to the same system is not a restart', () => {
  const state = new State();
  state.applyMessages([connected('a'), connected('a')], 0);
  assert.equal(state.restarts, 0);
  assert.deepEqual(shown(state), []);
});

test('the log keeps the newest entries and no more', () => {
  const state = new State();
  for (let i = 1; i <= 10 * kLogCapacity; ++i) state.applyMessages([eventMessage(i)], 0);
  assert.equal(state.newestLog.length, kLogCapacity);
  assert.equal(shown(state)[0], `evt_${9 * kLogCapacity + 1}`);
  assert.equal(shown(state).at(-1), `evt_${10 * kLogCapacity}`);
  assert.ok(state.log.length < 2 * kLogCapacity);
});

test('what a view took of the log does not change under it', () => {
  const state = new State();
  state.applyMessages([eventMessage(1)], 0);
  const taken = state.newestLog;
  state.applyMessages([eventMessage(2)], 0);
  assert.equal(taken.length, 1);
});

test('a message type of the future is passed over', () => {
  const state = new State();
  state.applyMessages([{ type: 'Novelty', data: {} } as unknown as ServerMessage, eventMessage(1)], 0);
  assert.deepEqual(shown(state), ['evt_1']);
});

test('only evt_ and digits are an event number', () => {
  assert.equal(eventNumber('evt_123'), 123);
  for (const id of ['evt_', '123', 'evt_1x', 'evt_-1', '']) assert.equal(eventNumber(id), -1, id);
});

test('events read over HTTP go on after the last one that was read, and what is gone is told', () => {
  const state = new State();
  state.applyEvents({ epoch: 'a', last_event_id: 'evt_7', skipped: 6, events: [event(7)] }, 0);
  assert.deepEqual(shown(state), ['evt_7'], 'what came before the page is not lost');
  state.applyEvents({ epoch: 'a', last_event_id: 'evt_90', skipped: 2, events: [event(10), event(11)] }, 5);
  assert.deepEqual(shown(state), ['evt_7', 'skipped', 'evt_10', 'evt_11']);
  assert.deepEqual(state.resumeFrom, { since: 'evt_11', epoch: 'a' }, 'not behind events that did not fit in');
  assert.deepEqual(state.lagged, { skipped: 2, at: 5 });
});

test('a paused page keeps numbers, log and configuration of the system that was replaced', () => {
  const state = new State();
  const config = (latency: number) => ({ slos: [{ name: 'fast', latency }] });
  state.applyConfig(config(2));
  state.applyOverview(overview('a', 100), 0);
  state.applyMessages([connected('a'), eventMessage(50)], 0);
  state.pause(1);
  state.applyConfig(config(0.9));
  state.applyMessages([connected('b'), { type: 'Stats', data: overview('b', 3) }, eventMessage(1)], 2);

  assert.equal(state.restartedWhilePaused, true);
  assert.equal(state.shown.overview!.totals.total_requests, 100);
  assert.equal(state.shown.config!.slos![0]!.latency, 2);
  assert.equal(state.shown.entries.length, 1);

  state.resume();
  assert.equal(state.restartedWhilePaused, false);
  assert.equal(state.shown.overview!.totals.total_requests, 3);
  assert.equal(state.shown.config!.slos![0]!.latency, 0.9);
});

test('a restored log is what it was, with the entries of both systems and the remarks between', () => {
  const state = new State();
  state.applyMessages([connected('a'), eventMessage(50), { type: 'Lagged', data: { skipped: 3 } }, connected('b'), eventMessage(1)], 0);
  const copy = new State();
  copy.restoreLog(JSON.parse(JSON.stringify(state.newestLog)) as State['log']);
  assert.deepEqual(shown(copy), ['evt_50', 'skipped', 'restarted', 'evt_1']);
});

test('a page is outdated by another version or another protocol, not by a program that reports neither', () => {
  const state = new State();
  assert.equal(state.isOutdated, false);
  state.applyConfig({ version: '0.1.0', protocol: 1 });
  state.applyOverview(overview('a', 1), 0);
  state.applyConfig({});
  assert.equal(state.isOutdated, false);
  state.applyOverview({ ...overview('b', 1), version: '0.2.0' }, 0);
  assert.equal(state.isOutdated, true);
  const other = new State();
  other.applyConfig({ version: '0.1.0', protocol: 2 });
  assert.equal(other.isOutdated, true);
});

test('numbers over HTTP are fresh for ten seconds, and only while the stream is refused', () => {
  const state = new State();
  state.polledAt = 1000;
  assert.equal(state.isPolled(1000), false);
  state.connection = { kind: 'lost', lostAt: 0, reason: '' };
  assert.equal(state.isPolled(1000), false);
  state.connection = { kind: 'lost', lostAt: 0, reason: '', refused: true };
  assert.equal(state.isPolled(10_999), true);
  assert.equal(state.isPolled(11_000), false);
});
