// OpenAI-compatible servers to benchmark: mock-llm, a public package with rules, and one that answers at once.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { request } from './http.mjs';
import { Process, temporaryFolder } from './process.mjs';
import { until } from './until.mjs';

/// A port nobody listens on at this moment.
export async function unusedPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/// mock-llm with the given rules (its README says how they look), on loopback only.
export class MockLlm extends Process {
  static async start(rules) {
    const script = createRequire(import.meta.url).resolve('@dwmkerr/mock-llm/dist/main.js');
    const folder = temporaryFolder();
    const config = join(folder, 'mock-llm.yaml');
    writeFileSync(config, JSON.stringify({ rules })); // JSON is YAML
    for (let attempt = 1; ; ++attempt) {
      const port = await unusedPort(); // it cannot pick one itself; somebody else may take it before it does
      const env = { HOST: '127.0.0.1', PORT: String(port) };
      const server = new MockLlm(process.execPath, [script, '--config', config], { cwd: folder, env });
      server.url = `http://127.0.0.1:${port}`;
      try {
        await until('mock-llm to be ready', async () => {
          if (server.isClosed) return 'ended';
          return (await request(`${server.url}/ready`)).status === 200 && 'ready';
        });
      } catch (error) {
        throw new Error(`${error.message}\n${server.told()}`);
      }
      if (!server.isClosed) return server;
      if (attempt === 5) throw new Error(`mock-llm does not start\n${server.told()}`);
    }
  }

  /// How many completions it was asked for: each request is a line of its output.
  get asked() {
    return this.stdout.split('\n').filter((line) => line === 'POST /v1/chat/completions').length;
  }
}

/// A server of this process that answers every completion at once: for traffic without waiting.
export async function startInstantServer() {
  const reply = JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'instant',
    choices: [{ index: 0, message: { role: 'assistant', content: 'yes' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
  });
  const server = http.createServer((incoming, answer) => {
    incoming.resume().on('end', () => {
      answer.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': reply.length });
      answer.end(reply);
    });
  });
  server.keepAliveTimeout = 60_000;
  server.unref().on('connection', (socket) => socket.unref()); // see lib/process.mjs
  server.listen(0, '127.0.0.1');
  await until('the instant server to listen', () => server.listening);
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
