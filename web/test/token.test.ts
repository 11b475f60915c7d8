// The token: taken from the address once, kept, sent with fetches and sockets.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readings, TokenKeeper, type Surroundings } from '../src/token';

class Tab implements Surroundings {
  stored: string | null = null;
  constructor(public address: string) {}
  hash = () => this.address;
  replaceHash = (hash: string) => void (this.address = hash);
  read = (): string | null => this.stored;
  write(token: string): void {
    this.stored = token;
  }
}

test('the token leaves the address, what else stands there stays', () => {
  const tab = new Tab('#window=15m&token=s3cret&provider=openai');
  const keeper = new TokenKeeper(tab);
  keeper.take();
  assert.equal(tab.address, '#window=15m&provider=openai');
  assert.equal(tab.stored, 's3cret');
  assert.deepEqual(keeper.headers(), { Authorization: 'Bearer s3cret' });

  const alone = new Tab('#token=a');
  new TokenKeeper(alone).take();
  assert.equal(alone.address, '');
});

test('a reload finds it in the tab', () => {
  const tab = new Tab('');
  tab.stored = 's3cret';
  const keeper = new TokenKeeper(tab);
  keeper.take();
  assert.deepEqual(keeper.headers(), { Authorization: 'Bearer s3cret' });
});

test('without one nothing is sent, and an address without one is left alone', () => {
  const tab = new Tab('#window=1m');
  const keeper = new TokenKeeper(tab);
  keeper.take();
  assert.equal(tab.address, '#window=1m');
  assert.deepEqual(keeper.headers(), {});
  assert.deepEqual(keeper.protocols(), []);
});

test('a socket offers it in an alphabet that a protocol name may have', () => {
  const tab = new Tab(`#token=${encodeURIComponent('~~~?>=')}`);
  const keeper = new TokenKeeper(tab);
  keeper.take();
  const [stream, token] = keeper.protocols();
  assert.equal(stream, 'ltb.v1');
  assert.equal(token, 'ltb.bearer.fn5-Pz49');
});

test('a browser that keeps nothing has it until the page goes', () => {
  const tab = new Tab('#token=s3cret');
  tab.read = () => { throw new Error('storage is off'); };
  tab.write = () => { throw new Error('storage is off'); };
  const keeper = new TokenKeeper(tab);
  assert.deepEqual(keeper.headers(), {});
  keeper.take();
  assert.deepEqual(keeper.headers(), { Authorization: 'Bearer s3cret' });
});

/** A keeper that meets a server which takes `token` and nothing else; what it has sent in the end. */
function sentTo(token: string, hash: string): { sent: string; tries: number; left: string } {
  const tab = new Tab(hash);
  const keeper = new TokenKeeper(tab);
  keeper.take();
  let tries = 1;
  while (keeper.headers()['Authorization'] !== `Bearer ${token}` && keeper.tryNext(keeper.headers()['Authorization'])) ++tries;
  return { sent: keeper.headers()['Authorization'] ?? '', tries, left: tab.address };
}

const kTokens = [
  'q1+Zk/8tP0w+9xY2m5Bv7d==', '50%off%41', '%41', 'a%2Bb', '100%', 'a&b', 'x#y', 'a=b&c=d', 'a;b,c', '~!*()\'$', 'tok?en/', '%22',
];

test('a token works as it is typed, whatever characters it has, and none of it stays in the address', () => {
  for (const token of kTokens) {
    assert.deepEqual({ ...sentTo(token, `#token=${token}`), tries: 0 }, { sent: `Bearer ${token}`, tries: 0, left: '' }, token);
    assert.equal(sentTo(token, `#window=1m&token=${token}&provider=a%26b`).left, '#window=1m&provider=a%26b', token);
  }
});

test('a token works percent-encoded too, by any encoder', () => {
  for (const token of [...kTokens, 'with "quotes" <and> `more`']) {
    const encoded = encodeURIComponent(token);
    for (const text of [encoded, encoded.replaceAll('%2F', '/'), encoded.toLowerCase() === encoded ? encoded : encoded.replace(/%../g, (code) => code.toLowerCase())]) {
      assert.equal(sentTo(token, `#token=${text}`).sent, `Bearer ${token}`, text);
    }
  }
});

test('the likeliest reading of a token is the first: as typed, or fully encoded', () => {
  for (const token of ['q1+Zk/8tP0w+9xY2m5Bv7d==', '50%off%41', 'a&b']) assert.equal(readings(token)[0], token);
  assert.equal(readings('s3cret%2F~%2B%3D%3D')[0], 's3cret/~+==');
  // What browsers write for what was typed as: a"b
  assert.equal(readings('a%22b%41')[0], 'a"b%41');
  assert.deepEqual(readings('%C3%A4').filter((text) => text.includes('\u00e4')), [], 'no header can carry it');
});

test('two requests that are refused together move on by one', () => {
  const keeper = new TokenKeeper(new Tab('#token=a%41'));
  keeper.take();
  const sent = keeper.headers()['Authorization'];
  assert.equal(keeper.tryNext(sent), true);
  const next = keeper.headers()['Authorization'];
  assert.notEqual(next, sent);
  assert.equal(keeper.tryNext(sent), true);
  assert.equal(keeper.headers()['Authorization'], next);
  assert.equal(keeper.tryNext(next), false, 'the last one stays');
  assert.equal(keeper.headers()['Authorization'], next);
});
