import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type corev1 } from '@navarch/api';

export interface KubeletChildOptions {
  readonly socket: string;
  readonly root: string;
  readonly cgroupRoot: string;
  readonly address: string;
  readonly pods: readonly corev1.Pod[];
  /** When it is to die: a call of the runtime that is `asked`, or `answered` and not heard. */
  readonly dies?: string;
}

/** The kubelet of `kubelet-child.ts`, and what it says of its pods. */
export class KubeletProcess {
  phases: Readonly<Record<string, string>> = {};
  /** By which signal it ended; resolves when nothing of it is left. */
  readonly ended: Promise<string | undefined>;
  readonly #child: ChildProcess;

  constructor(options: KubeletChildOptions) {
    const child = spawn(process.execPath, ['--conditions=@navarch/source', '--import', 'tsx', join(__dirname, 'kubelet-child.ts'), JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.ended = once(child, 'exit').then(([, signal]) => (signal as string | null) ?? undefined);
    createInterface({ input: child.stdout }).on('line', (line) => (this.phases = JSON.parse(line) as Record<string, string>));
  }

  deletePods(): void {
    this.#child.stdin?.write('delete\n');
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}
