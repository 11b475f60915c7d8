// The bearer token, when the server asks for one. It comes once in the address, /#token=..., whose part after # no browser
// sends and no log has; then this tab keeps it and the address loses it.

const kStorageKey = 'ltb-token';
/** The protocol of the stream, offered beside the token: a browser wants one of those it offered back. */
const kStreamProtocol = 'ltb.v1';
const kTokenProtocol = 'ltb.bearer.';

/** What the page says when the server lets nobody in without one. */
export const kTokenWanted = 'This program asks for a token: add #token=... to the address of this page';

/** The parts of the page that are used. */
export interface Surroundings {
  hash(): string;
  replaceHash(hash: string): void;
  read(): string | null;
  write(token: string): void;
}

export class TokenKeeper {
  /** For a browser that keeps nothing. */
  private last: string | undefined;

  constructor(private readonly surroundings: Surroundings) {}

  /** Takes the token out of the address, if it has one. */
  take(): void {
    const parameters = new URLSearchParams(this.surroundings.hash().replace(/^#/, ''));
    const given = parameters.get('token');
    if (given === null) return;
    parameters.delete('token');
    const rest = parameters.toString();
    this.surroundings.replaceHash(rest && `#${rest}`);
    if (given === '') return;
    this.last = given;
    try {
      this.surroundings.write(given);
    } catch {
      // Storage is turned off: the token is gone with the next reload.
    }
  }

  /** What fetch() sends along. */
  headers(): Record<string, string> {
    const token = this.token();
    return token ? { Authorization: `Bearer ${token}` } : {};
  }

  /** What a WebSocket offers: a browser can set no header there but this one. */
  protocols(): string[] {
    const token = this.token();
    if (!token) return [];
    const encoded = btoa(token).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
    return [kStreamProtocol, kTokenProtocol + encoded];
  }

  private token(): string | undefined {
    if (this.last !== undefined) return this.last;
    try {
      return this.surroundings.read() ?? undefined;
    } catch {
      return undefined;
    }
  }
}

/** The keeper of this page; it looks at the address now and whenever that changes. */
export function watchAddress(): TokenKeeper {
  const keeper = new TokenKeeper({
    hash: () => location.hash,
    replaceHash: (hash) => history.replaceState(null, '', location.pathname + location.search + hash),
    read: () => sessionStorage.getItem(kStorageKey),
    write: (token) => sessionStorage.setItem(kStorageKey, token),
  });
  keeper.take();
  window.addEventListener('hashchange', () => keeper.take());
  return keeper;
}
