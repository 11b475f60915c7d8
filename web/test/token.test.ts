// The token: taken from the address once, kept, sent with fetches and sockets.
import assert from 'node:assert/strict';
import test from 'node:test';
import { TokenKeeper, type Surroundings } from '../src/token';

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
