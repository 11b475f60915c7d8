// A broadcast server as it is written with npm's ws: every event to every client. Says its port,
// publishes 1,000 events a second, and tells on a line of input what it used since the last one.
import { createInterface } from 'node:readline';

import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
server.on('listening', () => console.log(server.address().port));

let id = 0;
let sent = 0;
function publish() {
  const message = JSON.stringify({
    type: 'Event',
    data: {
      event_type: 'RequestCompleted', timestamp: new Date().toISOString(), id: `evt_${++id}`,
      payload: {
        type: 'Request',
        data: {
          provider: 'openai', model: 'gpt-4o-mini-2024-07-18', request_id: 'req_0123456789abcdef', latency: 1.234,
          tokens: { input_tokens: 812, output_tokens: 143, total_tokens: 955 }, cost: 0.000207,
        },
      },
    },
  });
  for (const client of server.clients) {
    client.send(message);
    ++sent;
  }
}

// Timers of Node are not finer than a millisecond and come late: what is due is made up for, but never
// so much at once that nothing else has its turn.
const kMostAtOnce = 20;
let due = performance.now();
setInterval(() => {
  for (let count = 0; due < performance.now() && count < kMostAtOnce; ++count, ++due) publish();
  due = Math.max(due, performance.now() - kMostAtOnce);
}, 1);

let last = { cpu: process.cpuUsage(), sent: 0 };
createInterface({ input: process.stdin }).on('line', () => {
  const { user, system } = process.cpuUsage(last.cpu);
  console.log(JSON.stringify({ clients: server.clients.size, cpu_us: user + system, messages: sent - last.sent }));
  last = { cpu: process.cpuUsage(), sent };
}).on('close', () => process.exit(0));
