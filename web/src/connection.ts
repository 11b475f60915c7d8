// Keeps the page on the event stream: connects, notices silence, comes back by itself with growing pauses.
// Knows nothing of what the messages mean beyond Connected, and takes clock, timers and sockets from outside.
import type { ServerMessage } from './protocol';

export type ConnectionState =
  /** A saved report: there is nobody to connect to. */
  | { kind: 'report'; madeAt: number }
  | { kind: 'connecting' }
  | { kind: 'live' }
  /** Not connected; `retryAt` is absent while an attempt is under way. `refused`: the program answers over HTTP, and the
   * stream was not opened. */
  | { kind: 'lost'; lostAt: number; retryAt?: number; reason: string; refused?: true };

/** What the page says when only the stream cannot be opened. A browser tells no script why: it may be a proxy that does not
 * pass WebSockets, or a page from an origin that the program does not allow. */
export const kRefused = 'the WebSocket was refused: either a proxy does not pass it, or this address is not in LTB_ALLOWED_ORIGINS';

/** The part of WebSocket that is used. */
export interface Socket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: (() => void) | null;
  close(): void;
}

export interface Environment {
  /** Milliseconds of a clock that nobody sets. */
  now(): number;
  random(): number;
  setTimer(action: () => void, milliseconds: number): number;
  clearTimer(timer: number): void;
  open(url: string): Socket;
}

export interface Handlers {
  /** Called before each attempt; resolves to the address. A rejection counts as a failed attempt. */
  prepare(): Promise<string>;
  onMessages(messages: ServerMessage[]): void;
  onState(state: ConnectionState): void;
}

const kFirstPauseMs = 500;
const kLongestPauseMs = 10_000;
const kConnectTimeoutMs = 10_000;
/** The server sends statistics twice a second; this long without anything means that it is gone. */
const kSilenceMs = 5_000;
const kCheckMs = 1_000;

/** The pause before attempt `attempt` (0 = first): 0.5 s doubling to 10 s, up to a fifth less by chance, so that many
 * pages do not return in the same instant. */
export function pauseBefore(attempt: number, random: number): number {
  return Math.min(kLongestPauseMs, kFirstPauseMs * 2 ** Math.min(attempt, 10)) * (1 - 0.2 * random);
}

export class Connection {
  private state: ConnectionState = { kind: 'connecting' };
  private socket: Socket | undefined;
  private timer: number | undefined;
  private attempts = 0;
  private lostAt: number | undefined;
  private lastMessageAt = 0;
  private lastCheckAt = 0;
  /** Counts attempts; what belongs to an older one is passed over. */
  private generation = 0;

  constructor(
    private readonly environment: Environment,
    private readonly handlers: Handlers,
  ) {}

  start(): void {
    void this.attempt();
  }

  stop(): void {
    this.abandon();
  }

  /** Tries at once when it waits for the next attempt, for example because the network came back. */
  retryNow(): void {
    if (this.state.kind !== 'lost' || this.state.retryAt === undefined) return;
    void this.attempt();
  }

  private async attempt(): Promise<void> {
    this.abandon();
    const generation = this.generation;
    if (this.state.kind === 'lost') {
      const { lostAt, reason, refused } = this.state;
      this.setState({ kind: 'lost', lostAt, reason, ...(refused && { refused }) });
    } else {
      this.setState({ kind: 'connecting' });
    }
    try {
      const url = await this.handlers.prepare();
      if (generation === this.generation) this.open(url, generation);
    } catch (error) {
      if (generation === this.generation) this.lose(error instanceof Error ? error.message : String(error));
    }
  }

  private open(url: string, generation: number): void {
    const socket = this.environment.open(url);
    this.socket = socket;
    const current = () => generation === this.generation;
    socket.onmessage = (event) => {
      if (current()) this.receive(event.data);
    };
    socket.onclose = (event) => {
      if (!current()) return;
      if (event.reason) this.lose(event.reason);
      else if (this.isLive) this.lose(`closed with code ${event.code}`);
      else this.lose(kRefused, true);
    };
    // A close event always follows; it is the one that counts.
    socket.onerror = null;
    this.timer = this.environment.setTimer(() => this.lose('no answer to the WebSocket', true), kConnectTimeoutMs);
  }

  private receive(data: unknown): void {
    if (typeof data !== 'string') return;
    let messages: ServerMessage[];
    try {
      const parsed: unknown = JSON.parse(data);
      messages = (Array.isArray(parsed) ? parsed : [parsed]) as ServerMessage[];
    } catch {
      this.lose('the server sent something that is not JSON');
      return;
    }
    this.lastMessageAt = this.environment.now();
    if (this.state.kind !== 'live' && messages.some((message) => message.type === 'Connected')) this.becomeLive();
    this.handlers.onMessages(messages);
  }

  private becomeLive(): void {
    this.attempts = 0;
    this.lostAt = undefined;
    this.clearTimer();
    this.lastCheckAt = this.environment.now();
    this.scheduleCheck();
    this.setState({ kind: 'live' });
  }

  private scheduleCheck(): void {
    this.timer = this.environment.setTimer(() => this.checkSilence(), kCheckMs);
  }

  private checkSilence(): void {
    const now = this.environment.now();
    // A check that is itself late says that this machine slept or the tab was throttled: what came meanwhile is still in
    // the queue behind it, so the silence counts from now on.
    if (now - this.lastCheckAt > 2.5 * kCheckMs) this.lastMessageAt = now;
    this.lastCheckAt = now;
    if (now - this.lastMessageAt >= kSilenceMs) this.lose('nothing heard for 5 s');
    else this.scheduleCheck();
  }

  private get isLive(): boolean {
    return this.state.kind === 'live';
  }

  private lose(reason: string, refused = false): void {
    this.abandon();
    const now = this.environment.now();
    this.lostAt ??= this.isLive ? Math.max(this.lastMessageAt, now - kSilenceMs) : now;
    const pause = pauseBefore(this.attempts++, this.environment.random());
    this.timer = this.environment.setTimer(() => void this.attempt(), pause);
    this.setState({ kind: 'lost', lostAt: this.lostAt, retryAt: now + pause, reason, ...(refused && { refused }) });
  }

  /** Lets go of the current attempt: its socket and timer can do nothing any more. */
  private abandon(): void {
    ++this.generation;
    this.clearTimer();
    const socket = this.socket;
    this.socket = undefined;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private clearTimer(): void {
    if (this.timer !== undefined) this.environment.clearTimer(this.timer);
    this.timer = undefined;
  }

  private setState(state: ConnectionState): void {
    this.state = state;
    this.handlers.onState(state);
  }
}
