import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from './api-client';

interface Watched {
  readonly type: string;
  readonly object: { readonly code?: number; readonly metadata: { readonly name: string; readonly resourceVersion: string }; readonly data?: { readonly n: string } };
}

/** A client as any other: a list, then watches from the last version seen, and a new list only when it is told to. */
export class WatchMirror {
  readonly objects = new Map<string, string>();
  readonly faults: string[] = [];
  relists = 0;
  private version = 0;
  private stopped = false;
  private response: IncomingMessage | undefined;
  private readonly running: Promise<void>;

  constructor(private readonly api: ApiClient, private readonly path: string) {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.response?.destroy();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        if (this.version === 0) await this.list();
        await this.watch();
      } catch {
        await sleep(50); // the apiserver is away
      }
    }
  }

  private async list(): Promise<void> {
    const { code, text } = await this.api.call('GET', this.path);
    if (code !== 200) throw new Error(text);
    const { items, metadata } = JSON.parse(text) as { items: Watched['object'][]; metadata: { resourceVersion: string } };
    this.objects.clear();
    for (const item of items) this.objects.set(item.metadata.name, item.data?.n ?? '');
    this.version = Number(metadata.resourceVersion);
    this.relists++;
  }

  private async watch(): Promise<void> {
    const response = (this.response = await this.api.open('GET', `${this.path}?watch=1&allowWatchBookmarks=true&timeoutSeconds=60&resourceVersion=${this.version}`));
    if (response.statusCode !== 200) throw new Error(`watch: ${response.statusCode ?? 0}`);
    let rest = '';
    for await (const chunk of response) {
      rest += (chunk as Buffer).toString();
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.take(JSON.parse(line) as Watched);
    }
  }

  private take({ type, object }: Watched): void {
    if (type === 'ERROR') {
      if (object.code !== 410) this.faults.push(JSON.stringify(object));
      this.version = 0;
      return;
    }
    const version = Number(object.metadata.resourceVersion);
    if (type !== 'BOOKMARK' && version <= this.version) this.faults.push(`${type} of ${object.metadata.name} at ${version} after ${this.version}`);
    this.version = version;
    if (type === 'DELETED') this.objects.delete(object.metadata.name);
    else if (type !== 'BOOKMARK') this.objects.set(object.metadata.name, object.data?.n ?? '');
  }
}
