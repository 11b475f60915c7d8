// The bearer token, when the server asks for one. It comes once in the address, /#token=..., whose part after # no browser
// sends and no log has; then this tab keeps it and the address loses it.

const kStorageKey = 'ltb-token';
/** The protocol of the stream, offered beside the token: a browser wants one of those it offered back. */
const kStreamProtocol = 'ltb.v1';
const kTokenProtocol = 'ltb.bearer.';

/** What the page says when the server lets nobody in without one. */
export const kTokenWanted = 'This program asks for a token: add #token=... to the address of this page';

/** The token as it stands in the address: up to the end, or up to another part that the page knows (selection.ts). */
const kInAddress = /(^#?|&)token=(.*?)(?=&(?:window|provider|model|points)=|$)/;

/** `text` without its percent escapes; unchanged when it is not percent-encoded text. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What `given` in an address can mean, the likeliest first. A token is typed as it is, or percent-encoded by a program;
 * "a%41" may be either. Browsers encode what an address cannot hold: space, quotes, angle brackets, backquote. */
export function readings(given: string): string[] {
  const typed = given.replace(/%(?:20|22|3C|3E|60)/g, decoded);
  const meant = decoded(given);
  const isEncoded = encodeURIComponent(meant).toLowerCase() === given.toLowerCase();
  const all = isEncoded ? [meant, typed, given] : [typed, meant, given];
  // The server takes printable ASCII only, and fetch() would throw for some of the rest.
  return [...new Set(all)].filter((text) => /^[\x20-\x7e]+$/.test(text));
}

/** The parts of the page that are used. */
export interface Surroundings {
  hash(): string;
  replaceHash(hash: string): void;
  read(): string | null;
  write(token: string): void;
}

export class TokenKeeper {
  /** Not refused yet, the likeliest first. Also for a browser that keeps nothing. */
  private candidates: string[] = [];

  constructor(private readonly surroundings: Surroundings) {}

  /** Takes the token out of the address, if it has one. */
  take(): void {
    const hash = this.surroundings.hash();
    const found = kInAddress.exec(hash);
    if (!found) return;
    const rest = (hash.slice(0, found.index) + hash.slice(found.index + found[0].length)).replace(/^[#&]+/, '');
    this.surroundings.replaceHash(rest && `#${rest}`);
    const candidates = readings(found[2]!);
    if (candidates.length === 0) return;
    this.candidates = candidates;
    this.keep();
  }

  /** What fetch() sends along. */
  headers(): Record<string, string> {
    const token = this.token();
    return token ? { Authorization: `Bearer ${token}` } : {};
  }

  /** Whether there is another token to try, now that the server has refused the one of the header `sent`. */
  tryNext(sent: string | undefined): boolean {
    // Of two requests that were refused together, the first has moved on already.
    if (sent !== this.headers()['Authorization']) return true;
    if (this.candidates.length < 2) return false;
    this.candidates.shift();
    this.keep();
    return true;
  }

  /** What a WebSocket offers: a browser can set no header there but this one. */
  protocols(): string[] {
    const token = this.token();
    if (!token) return [];
    const encoded = btoa(token).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
    return [kStreamProtocol, kTokenProtocol + encoded];
  }

  private keep(): void {
    try {
      this.surroundings.write(this.candidates[0]!);
    } catch {
      // Storage is turned off: the token is gone with the next reload.
    }
  }

  private token(): string | undefined {
    if (this.candidates.length > 0) return this.candidates[0];
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
