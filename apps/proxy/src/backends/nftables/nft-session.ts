import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import type { Logger } from '@navarch/component-base';
import type { RunCommand } from '../run-command';

/** Longer scripts have an nft of their own: the line editor of the interactive mode takes a character at a time. */
const longestLine = 4_096;
/** The line editor remembers all that it was told: after so much the next session begins. */
const mostScripts = 10_000;
/** Answered without the kernel's help, so that it tells that all before it is done. Line editors may print their prompt and what they are told, too. */
const question = 'describe ct mark';
const answer = /ct expression, .*\n/;
/** One that says nothing for so long is ended: its output may be kept back by the line editor that it was built with. */
const patienceMs = 10_000;
/** The line editor would keep a history at home. */
const home = '/nonexistent';
const interactive = ['sh', '-c', 'exec nft -i 2>&1'] as const;

/** An nft that runs and is told one script after the other, each of which is a transaction. */
class NftSession {
  #output = '';
  #told = 0;
  #waiting: { readonly resolve: (output: string) => void; readonly reject: (error: Error) => void } | undefined;

  private constructor(private readonly child: ChildProcess, private readonly patienceMs: number) {
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => this.#take(chunk));
    // That it ended tells more than that it does not listen.
    child.stdin?.on('error', () => undefined);
    child.once('close', (code, by) => this.#end(new Error(`nft ended with ${String(code ?? by)}: ${this.#output.trim()}`)));
  }

  /** Resolves when it has answered; rejects where there is no nft, or one without an interactive mode. */
  static async begin([program, ...args]: readonly [string, ...string[]], patienceMs: number): Promise<NftSession> {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, HOME: home, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } });
    await once(child, 'spawn');
    const session = new NftSession(child, patienceMs);
    await session.ask('');
    return session;
  }

  get isOver(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  get isFull(): boolean {
    return this.#told >= mostScripts;
  }

  /** Tells it a line, and answers what it says of it. */
  async ask(line: string): Promise<string> {
    if (this.isOver) throw new Error('nft has ended');
    this.#told += 1;
    this.#hold(true);
    const impatience = setTimeout(() => this.child.kill('SIGKILL'), this.patienceMs);
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting = { resolve, reject };
        this.child.stdin?.write(`${line}\n${question}\n`);
      });
    } finally {
      clearTimeout(impatience);
      this.#hold(false);
    }
  }

  end(): void {
    this.child.stdin?.end();
  }

  #take(chunk: string): void {
    this.#output += chunk;
    const answered = answer.exec(this.#output);
    if (answered === null) return;
    const said = this.#output.slice(0, answered.index);
    this.#output = '';
    this.#waiting?.resolve(said);
    this.#waiting = undefined;
  }

  #end(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  /** Whether the proxy's process goes on for its sake. It ends when the proxy does, as its input does then. */
  #hold(held: boolean): void {
    const how = held ? 'ref' : 'unref';
    this.child[how]();
    for (const stream of [this.child.stdin, this.child.stdout]) if (stream instanceof Socket) stream[how]();
  }
}

/** Whether nft takes it as one line: each line is a whole command. */
const fitsInLine = (script: string): boolean => script.length <= longestLine && !/\{\s*$/m.test(script);

/** A way to run programs that keeps one running. */
export interface NftRunner {
  readonly run: RunCommand;
  /** Ends what runs; a script that comes later begins another one. */
  readonly end: () => void;
}

/**
 * As `run`, but small scripts are told to an nft that runs already: starting one takes ten times as long as a change. Where it cannot be
 * asked so, each script has one of its own.
 */
export function withNftSession(
  run: RunCommand,
  log: Pick<Logger, 'warn'>,
  { program = interactive, patience = patienceMs }: { readonly program?: readonly [string, ...string[]]; readonly patience?: number } = {},
): NftRunner {
  let session: NftSession | undefined;
  let isMissing = false;
  let last: Promise<unknown> = Promise.resolve();

  const end = (): void => {
    session?.end();
    session = undefined;
  };

  async function tell(script: string): Promise<string> {
    if (session?.isFull === true || session?.isOver === true) end();
    if (session === undefined && !isMissing) {
      try {
        session = await NftSession.begin(program, patience);
      } catch (error) {
        isMissing = true;
        log.warn({ err: error }, 'nft cannot be asked interactively: each change starts one, which takes longer');
      }
    }
    if (session === undefined) return run('nft', ['-f', '-'], script);
    const said = await session.ask(
      script
        .split('\n')
        .filter((line) => line !== '')
        .join('; '),
    );
    if (/\bError: /.test(said)) throw new Error(`nft refused: ${said.trim()}`);
    return said;
  }

  return {
    end,
    run: (command, args, input) => {
      if (command !== 'nft' || args.join(' ') !== '-f -' || input === undefined || !fitsInLine(input)) return run(command, args, input);
      // One after the other, whoever asks: an answer is known by its place.
      const told = last.then(() => tell(input));
      last = told.catch(() => undefined);
      return told;
    },
  };
}
