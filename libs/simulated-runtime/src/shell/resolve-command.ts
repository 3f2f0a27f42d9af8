import { builtInCommands, resolvePath } from './built-in-commands';
import { parseScript, type SimpleCommand, type Statement, type Word } from './parse-script';
import type { ProcessContext, Resolution, SimulatedProgram, Step } from './simulated-process';

const SHELLS = new Set(['sh', 'bash', 'ash', 'dash']);
/** A loop that never sleeps would spin; a real one would at least be bounded by its CPU limit. */
const IDLE_LOOP_MS = 1000;

/** Ends the script it is in: `exit` inside a loop leaves the loop too. */
class ScriptExit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `/bin/echo`, `echo` and `/bin/busybox echo` are the same command. */
function applet(argv: readonly string[]): { name: string; args: readonly string[] } {
  const [first = '', ...rest] = argv;
  const name = baseName(first);
  return name === 'busybox' && rest.length > 0 ? applet(rest) : { name, args: rest };
}

function expand(word: Word, context: ProcessContext): string {
  return word.pieces
    .map(({ text, expand: variables }) => (variables ? text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, a?: string, b?: string) => context.env.get(a ?? b ?? '') ?? '') : text))
    .join('');
}

function* runSimple(command: SimpleCommand, context: ProcessContext): SimulatedProgram {
  const argv = command.words.map((word) => expand(word, context));
  const { name, args } = applet(argv);
  if (name === 'exit') throw new ScriptExit(Number(args[0] ?? 0) & 255);
  if (name === 'exec' && args.length > 0) throw new ScriptExit(yield* runArgv(args, context));
  if (!command.redirect) return yield* runArgv(argv, context);
  const target = resolvePath(expand(command.redirect.target, context), context.workingDir);
  let written = command.redirect.append ? (context.files.get(target) ?? '') : '';
  const program = runArgv(argv, context);
  for (let step = program.next(); ; step = program.next()) {
    if (step.done) {
      if (target !== '/dev/null') context.files.set(target, written);
      return step.value;
    }
    if (step.value.do === 'print' && step.value.to === 'stdout') written += step.value.text;
    else yield step.value;
  }
}

function* runArgv(argv: readonly string[], context: ProcessContext): SimulatedProgram {
  const resolution = resolveCommand(argv, context);
  if (resolution.kind === 'program') return yield* resolution.start();
  if (resolution.kind !== 'unknown') return 0;
  yield { do: 'print', to: 'stderr', text: `sh: ${argv[0] ?? ''}: not found\n` };
  return 127;
}

function* runLoop(body: readonly Statement[], context: ProcessContext): SimulatedProgram {
  for (;;) {
    let slept = false;
    const turn = runList(body, context);
    for (let step: IteratorResult<Step, number> = turn.next(); !step.done; step = turn.next()) {
      slept ||= step.value.do === 'sleep' && step.value.ms > 0;
      yield step.value;
    }
    if (!slept) yield { do: 'sleep', ms: IDLE_LOOP_MS };
  }
}

function* runList(statements: readonly Statement[], context: ProcessContext): SimulatedProgram {
  let code = 0;
  for (const { after, body } of statements) {
    if ((after === '&&' && code !== 0) || (after === '||' && code === 0)) continue;
    code = 'loop' in body ? yield* runLoop(body.loop, context) : yield* runSimple(body, context);
  }
  return code;
}

/** Runs a parsed script to its end or its `exit`. */
function* runScript(statements: readonly Statement[], context: ProcessContext, onExit?: () => void): SimulatedProgram {
  try {
    return yield* runList(statements, context);
  } catch (error) {
    if (!(error instanceof ScriptExit)) throw error;
    onExit?.();
    return error.code;
  }
}

/** Whether every command of a script is one the simulation knows. */
function isKnown(statements: readonly Statement[]): boolean {
  return statements.every(({ body }) => {
    if ('loop' in body) return isKnown(body.loop);
    const argv = body.words.map((word) => word.pieces.map(({ text }) => text).join(''));
    const { name, args } = applet(argv);
    if (name === 'exit') return true;
    if (name === 'exec') return args.length > 0 && Object.hasOwn(builtInCommands, applet(args).name);
    return Object.hasOwn(builtInCommands, name);
  });
}

/** Says how a command line would run in a simulated container. */
export function resolveCommand(argv: readonly string[], context: ProcessContext): Resolution {
  const { name, args } = applet(argv);
  if (SHELLS.has(name)) {
    const flag = args.findIndex((arg) => /^-\w*c$/.test(arg));
    if (flag < 0) return { kind: 'shell' };
    const statements = parseScript(args[flag + 1] ?? '');
    if (!statements || !isKnown(statements)) return { kind: 'unknown' };
    return { kind: 'program', start: (onExit) => runScript(statements, context, onExit) };
  }
  if (name === 'cat' && args.length === 0) return { kind: 'cat' };
  const builtIn = Object.hasOwn(builtInCommands, name) ? builtInCommands[name] : undefined;
  return builtIn ? { kind: 'program', start: () => builtIn(args, context) } : { kind: 'unknown' };
}
