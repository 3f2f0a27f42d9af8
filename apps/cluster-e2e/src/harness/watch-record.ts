import type { IncomingMessage } from 'node:http';
import type { ApiClient } from './api-client';

export interface Recorded<T> {
  readonly type: string;
  readonly object: T;
}

/** All that one watch tells, in order, from the moment it is open: what happened between two looks is in it too. It is not begun anew, so that an apiserver must last as long. */
export class WatchRecord<T> {
  readonly events: Recorded<T>[] = [];
  private readonly running: Promise<void>;

  private constructor(private readonly response: IncomingMessage) {
    this.running = this.run();
  }

  static async open<T>(api: ApiClient, path: string): Promise<WatchRecord<T>> {
    const response = await api.open('GET', `${path}?watch=1`);
    if (response.statusCode !== 200) throw new Error(`watch: ${response.statusCode ?? 0}`);
    return new WatchRecord(response);
  }

  /** Resolves once it has told everything. */
  async stop(): Promise<void> {
    this.response.destroy();
    await this.running.catch((error: unknown) => {
      if (!this.response.destroyed) throw error;
    });
  }

  private async run(): Promise<void> {
    let rest = '';
    for await (const chunk of this.response) {
      rest += (chunk as Buffer).toString();
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.events.push(JSON.parse(line) as Recorded<T>);
    }
  }
}
