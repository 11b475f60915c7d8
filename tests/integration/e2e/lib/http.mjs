// One HTTP request as it is on the wire: no redirects, no header set by itself, any method.
import http from 'node:http';

export function request(url, { method = 'GET', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { method, headers, agent: false }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        resolve({ status: response.statusCode, headers: response.headers, body, text: body.toString('utf8') });
      });
    });
    sent.setTimeout(30_000, () => sent.destroy(new Error(`${method} ${url}: no answer in 30 s`)));
    sent.on('error', reject);
    sent.end();
  });
}

export async function json(url, options) {
  const answer = await request(url, options);
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${answer.text}`);
  return JSON.parse(answer.text);
}
