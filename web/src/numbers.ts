// Statistics and events over HTTP: before the stream goes on, and in place of it where it is refused.
import * as api from './api';
import { steady } from './clock';
import type { State } from './state';

const kFirstEvents = 200;
const kMostEvents = 1000;
const kPauseMs = 2000;

export class HttpNumbers {
  private isReading = false;

  constructor(
    private readonly state: State,
    private readonly onChange: () => void,
  ) {}

  /** Before each attempt to open the stream: what the page needs to know first. Resolves to the stream's address. */
  async prepare(): Promise<string> {
    const { state } = this;
    try {
      // Each time: another program may answer by now.
      state.applyConfig(await api.fetchConfig());
      // A refused stream gives no reason; the answer here tells whether it is the token.
      if (!state.resumeFrom || state.isRefused) await this.read();
    } catch (error) {
      throw new Error(api.failureText(error));
    }
    const { since, epoch } = state.resumeFrom ?? {};
    return api.socketUrl(state.config?.websocket_url ?? '', document.baseURI, since, epoch);
  }

  /** Called now and then; asks when it is time to, and only while the stream is refused. */
  async poll(): Promise<void> {
    const { isRefused, polledAt = -Infinity } = this.state;
    if (!isRefused || this.isReading || steady.now() - polledAt < kPauseMs) return;
    this.isReading = true;
    try {
      await this.read();
      this.state.polledAt = steady.now();
    } catch {
      // The attempts to open the stream report what is wrong.
    } finally {
      this.isReading = false;
    }
  }

  private async read(): Promise<void> {
    const { state } = this;
    state.applyOverview(await api.fetchOverview(), steady.now());
    const since = state.resumeFrom?.since;
    state.applyEvents(await api.fetchEvents(since === undefined ? kFirstEvents : kMostEvents, since), steady.now());
    this.onChange();
  }
}
