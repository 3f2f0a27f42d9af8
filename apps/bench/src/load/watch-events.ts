import { request, type RequestOptions } from 'node:https';

export interface WatchEvent<T> {
  readonly type: string;
  readonly object: T;
}

export interface OpenWatch {
  /** Resolves when the server has begun to answer. */
  readonly watching: Promise<void>;
  /** Rejects when it fails; never resolves by itself. */
  readonly failed: Promise<never>;
  close(): void;
}

/** Watches and tells of each event, until it is closed, fails or has lasted `withinMs`. */
export function watchEvents<T>(
  options: RequestOptions,
  { withinMs, signal, onEvent }: { readonly withinMs: number; readonly signal: AbortSignal; readonly onEvent: (event: WatchEvent<T>) => void },
): OpenWatch {
  let begin: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const watching = new Promise<void>((resolve) => (begin = resolve));
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined); // whoever waits hears of it
  const call = request({ ...options, signal: AbortSignal.any([signal, AbortSignal.timeout(withinMs)]) }, (response) => {
    let rest = '';
    begin();
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onEvent(JSON.parse(line) as WatchEvent<T>);
    });
    response.on('error', fail);
  });
  call.on('error', fail);
  call.end();
  return { watching: Promise.race([watching, failed]), failed, close: () => void call.destroy() };
}
