import type { Exchange } from './exchange';
import { verbNotAllowed } from './verb-not-allowed';

export type PathHandler = (exchange: Exchange) => Promise<void>;

/**
 * Answers GET alone, as what upstream's router serves: its discovery, version and OpenID documents. Its other paths are of a mux that
 * looks at no method (`pkg/server/handler.go`).
 */
export function getOnly(handler: PathHandler): PathHandler {
  return (exchange) => {
    if (exchange.request.method !== 'GET') throw verbNotAllowed();
    return handler(exchange);
  };
}

/** What is served at paths that are no resources: exactly there, or at everything below. */
export class PathRoutes {
  private readonly exact = new Map<string, PathHandler>();
  private readonly unlistedPaths = new Map<string, PathHandler>();
  private readonly below: { prefix: string; handler: PathHandler }[] = [];

  at(path: string, handler: PathHandler): this {
    this.exact.set(path, handler);
    return this;
  }

  /** As `at`, and `/` does not tell of it. */
  unlisted(path: string, handler: PathHandler): this {
    this.unlistedPaths.set(path, handler);
    return this;
  }

  /** `prefix` ends with a slash; the longest one that fits wins. */
  under(prefix: string, handler: PathHandler): this {
    this.below.push({ prefix, handler });
    this.below.sort((a, b) => b.prefix.length - a.prefix.length);
    return this;
  }

  find(path: string): PathHandler | undefined {
    const plain = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    return this.exact.get(plain) ?? this.unlistedPaths.get(plain) ?? this.below.find(({ prefix }) => path.startsWith(prefix))?.handler;
  }

  /** Exact paths, as `/` lists them. */
  get paths(): string[] {
    return [...this.exact.keys()].filter((path) => path !== '/').sort();
  }
}
