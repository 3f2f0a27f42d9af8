import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@navarch/clock';
import { type KubeletOptions } from '../kubelet-options';
import { NoMounter } from '../volumes/mounter';
import { FakeRuntime } from './fake-runtime';
import { KubeletBench, type KubeletBenchParts } from './kubelet-bench';

/** When a test gives up, of real time: long, as a busy machine is no fault. */
const patienceMs = 30_000;

/** A whole kubelet with a fake runtime, a fake clock and real files, for specs. */
export class KubeletHarness {
  readonly clock = new FakeClock();
  readonly runtime = new FakeRuntime(this.clock);
  readonly bench: KubeletBench;

  private constructor(readonly root: string, options: Partial<KubeletOptions>, parts: Partial<KubeletBenchParts>) {
    this.runtime.addImage('app:1');
    this.bench = new KubeletBench({ clock: this.clock, runtime: this.runtime, mounter: new NoMounter(), root, options, ...parts });
  }

  static async open(options: (root: string) => Partial<KubeletOptions> = () => ({}), parts: Partial<KubeletBenchParts> = {}): Promise<KubeletHarness> {
    const root = await mkdtemp(join(tmpdir(), 'kubelet-'));
    return new KubeletHarness(root, options(root), parts);
  }

  async start(): Promise<void> {
    await this.bench.start();
    await this.until('the kubelet is ready', () => {
      try {
        this.bench.kubelet.checkReady();
        return true;
      } catch {
        return false;
      }
    });
  }

  async close(): Promise<void> {
    await this.bench.stop();
    await rm(this.root, { recursive: true, force: true });
    if (this.bench.crashes.length > 0) throw new Error('the kubelet crashed', { cause: this.bench.crashes[0] });
  }

  /** Turns of the loop until something holds; time stands still, but files are real. */
  async until(what: string, holds: () => boolean): Promise<void> {
    for (const end = performance.now() + patienceMs; performance.now() < end;) {
      if (holds()) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error(`never came true: ${what}; events: ${this.bench.events.lines.join(' | ')}`);
  }

  /** As `until`, with time going on in steps. */
  async passing(what: string, stepMs: number, holds: () => boolean): Promise<void> {
    for (const end = performance.now() + patienceMs; performance.now() < end;) {
      for (let turn = 0; turn < 50; turn++) {
        if (holds()) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await this.clock.advance(stepMs);
    }
    throw new Error(`never came true: ${what}; events: ${this.bench.events.lines.join(' | ')}`);
  }

  running(name: string): Promise<void> {
    return this.until(`${name} runs`, () => this.bench.pod(name)?.status?.phase === 'Running');
  }
}
