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
  private stopping = false;
  /** Why it told no more before it was stopped. */
  private failure: Error | undefined;

  private constructor(private readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    this.running = this.run().catch((error: unknown) => {
      // Who stops it cuts it off.
      if (!this.stopping) this.failure ??= new Error('the watch failed', { cause: error });
    });
  }

  static async open<T>(api: Pick<ApiClient, 'open'>, path: string): Promise<WatchRecord<T>> {
    const response = await api.open('GET', `${path}?watch=1`);
    if (response.statusCode !== 200) throw new Error(`watch: ${response.statusCode ?? 0}`);
    return new WatchRecord(response);
  }

  /** Resolves once it has told everything; rejects when it was over before, or told what cannot be understood: then something may be missing in it. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.response.destroy();
    await this.running;
    if (this.failure !== undefined) throw this.failure;
  }

  private async run(): Promise<void> {
    let rest = '';
    for await (const chunk of this.response) {
      rest += chunk as string;
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.take(line);
    }
    if (!this.stopping) this.failure ??= new Error('the watch ended by itself');
  }

  private take(line: string): void {
    try {
      const event = JSON.parse(line) as Recorded<T>;
      if (event.type === 'ERROR') throw new Error('the apiserver ends it');
      this.events.push(event);
    } catch (error) {
      this.failure ??= new Error(`the watch told ${line}`, { cause: error });
    }
  }
}
