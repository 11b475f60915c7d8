// One piece of work in each frame, and nobody left behind.
import assert from 'node:assert/strict';
import test from 'node:test';
import { FrameQueue } from '../src/frame_queue';

/** Frames that come when the test says so. */
class Frames {
  private asked: (() => void)[] = [];
  readonly next = (action: () => void): void => void this.asked.push(action);

  /** Runs what was asked for the coming frame; what asks again waits for the one after. */
  pass(): void {
    for (const action of this.asked.splice(0)) action();
  }

  get waiting(): number {
    return this.asked.length;
  }
}

test('one item is worked on in each frame, then no frame is asked for', () => {
  const frames = new Frames();
  const done: string[] = [];
  const queue = new FrameQueue<string>((item) => done.push(item), frames.next);
  queue.add(['a', 'b', 'c']);
  assert.deepEqual(done, []);
  const seen = [1, 2, 3].map(() => (frames.pass(), done.join('')));
  assert.deepEqual(seen, ['a', 'ab', 'abc']);
  assert.equal(frames.waiting, 0);
  queue.add(['d']);
  frames.pass();
  assert.equal(done.join(''), 'abcd');
});

test('items asked for again and again all come to their turn', () => {
  const frames = new Frames();
  const times = new Map<string, number>();
  const queue = new FrameQueue<string>((item) => times.set(item, (times.get(item) ?? 0) + 1), frames.next);
  for (let frame = 0; frame < 30; ++frame) {
    queue.add(['a', 'b', 'c']);
    assert.equal(frames.waiting, 1);
    frames.pass();
  }
  assert.deepEqual([...times], [['a', 10], ['b', 10], ['c', 10]]);
});

test('work that fails does not hold up the rest', () => {
  const frames = new Frames();
  const done: string[] = [];
  const queue = new FrameQueue<string>((item) => {
    if (item === 'a') throw new Error('a fails');
    done.push(item);
  }, frames.next);
  queue.add(['a', 'b']);
  assert.throws(() => frames.pass(), /a fails/);
  frames.pass();
  assert.deepEqual(done, ['b']);
});

test('nothing to do asks for no frame', () => {
  const frames = new Frames();
  new FrameQueue<string>(() => undefined, frames.next).add([]);
  assert.equal(frames.waiting, 0);
});
