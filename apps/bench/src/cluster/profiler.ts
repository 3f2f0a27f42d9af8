import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import WebSocket from 'ws';
import { systemClock } from '@navarch/clock';

/** A V8 profile, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number } }[];
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

const sampleEveryUs = 500;
const opensWithinMs = 5_000;

/** Samples one running Node process through its inspector, which SIGUSR1 opens. */
export class Profiler {
  #socket: WebSocket | undefined;
  #sequence = 0;
  readonly #waiting = new Map<number, (result: unknown) => void>();

  /** @param logFile where the process writes its standard error, and Node the inspector's address */
  constructor(private readonly pid: number, private readonly logFile: string) {}

  async start(): Promise<void> {
    process.kill(this.pid, 'SIGUSR1');
    const deadline = systemClock.now() + opensWithinMs;
    let address: string | undefined;
    while ((address = this.#address()) === undefined) {
      if (systemClock.now() > deadline) throw new Error(`process ${this.pid} did not open its inspector`);
      await systemClock.sleep(20);
    }
    const socket = new WebSocket(address, { perMessageDeflate: false, maxPayload: 1 << 30 });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.on('message', (data: Buffer) => {
      const { id, result } = JSON.parse(data.toString()) as { id?: number; result?: unknown };
      if (id !== undefined) this.#waiting.get(id)?.(result);
    });
    this.#socket = socket;
    await this.#call('Profiler.enable');
    await this.#call('Profiler.setSamplingInterval', { interval: sampleEveryUs });
    await this.#call('Profiler.start');
  }

  /** Ends the sampling and writes a .cpuprofile file that browsers' developer tools read. */
  async stop(file: string): Promise<CpuProfile> {
    const { profile } = (await this.#call('Profiler.stop')) as { profile: CpuProfile };
    writeFileSync(file, JSON.stringify(profile));
    this.#socket?.terminate();
    return profile;
  }

  #call(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#sequence;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket?.send(JSON.stringify({ id, method, params }));
    });
  }

  #address(): string | undefined {
    return [...tail(this.logFile).matchAll(/Debugger listening on (ws:\S+)/g)].at(-1)?.[1];
  }
}

function tail(file: string): string {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const wanted = Math.min(size, 1 << 20);
    const buffer = Buffer.alloc(wanted);
    return buffer.toString('utf8', 0, readSync(handle, buffer, 0, wanted, size - wanted));
  } finally {
    closeSync(handle);
  }
}
