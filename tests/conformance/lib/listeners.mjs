// The program under test and its three listeners: the real llm_benchmark, after a short run, staying up.
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import { after, before } from 'node:test';

import { Benchmark } from '../../integration/e2e/lib/benchmark.mjs';
import { makeCertificate } from '../../integration/e2e/lib/certificate.mjs';
import { overTls } from './connection.mjs';

/// A route of each listener that answers 200, and what the case needs to know of it.
const kRoutes = [
  { name: 'prometheus', url: 'metricsUrl', path: '/metrics', isWebSocket: false },
  { name: 'websocket', url: 'eventsUrl', path: '/health', isWebSocket: true },
  { name: 'dashboard', url: 'dashboardUrl', path: '/config.json', isWebSocket: true },
];

/// Whether the program still answers on this listener: a hostile case must not hurt the next client.
export async function stillServes(listener) {
  const { request } = overTls ? https : http;
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: listener.port, path: listener.path, agent: false, rejectUnauthorized: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode === 200)).on('error', reject);
    }).on('error', reject).end();
  });
}

/// The listener that LTB_LISTENER names, of a program that runs as long as the tests of the calling file. `port` is known
/// when the first test starts.
export function listenerUnderTest(isSuitable = () => true) {
  const suitable = kRoutes.filter(isSuitable);
  const listener = suitable.find(({ name }) => name === process.env.LTB_LISTENER);
  assert.ok(listener, `LTB_LISTENER must be one of ${suitable.map(({ name }) => name).join(', ')}`);
  let program;
  before(async () => {
    const { cert, key } = overTls ? makeCertificate() : {};
    program = await Benchmark.start(
      ['--requests', '3', '--stay', '--quiet'], overTls ? { LTB_TLS_CERT: cert, LTB_TLS_KEY: key } : {});
    listener.port = Number(new URL(program[listener.url]).port);
  });
  after(async () => {
    assert.ok(await stillServes(listener), 'the listener serves after all of this');
    await program.stopCleanly();
  });
  return listener;
}
