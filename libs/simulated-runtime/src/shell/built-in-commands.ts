import { parseDurationMs } from '../duration';
import type { ProcessContext, SimulatedProgram } from './simulated-process';

type BuiltIn = (args: readonly string[], context: ProcessContext) => SimulatedProgram;

function* print(text: string, code = 0): SimulatedProgram {
  if (text !== '') yield { do: 'print', to: 'stdout', text };
  return code;
}

function* fail(text: string, code = 1): SimulatedProgram {
  yield { do: 'print', to: 'stderr', text: `${text}\n` };
  return code;
}

/** An absolute path as a container would see it. */
export function resolvePath(path: string, workingDir: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${workingDir}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function read(path: string, context: ProcessContext): string | undefined {
  const absolute = resolvePath(path, context.workingDir);
  return context.files.get(absolute) ?? context.readFile(absolute);
}

function* cat(args: readonly string[], context: ProcessContext): SimulatedProgram {
  let code = 0;
  for (const path of args.filter((arg) => !arg.startsWith('-'))) {
    const text = read(path, context);
    if (text !== undefined) yield { do: 'print', to: 'stdout', text };
    else code = yield* fail(`cat: can't open '${path}': No such file or directory`);
  }
  return code;
}

function* sleep(args: readonly string[]): SimulatedProgram {
  let ms = 0;
  for (const arg of args) {
    const part = arg === 'infinity' ? Infinity : parseDurationMs(arg, 's');
    if (part === undefined) return yield* fail(`sleep: invalid number '${arg}'`);
    ms += part;
  }
  yield { do: 'sleep', ms };
  return 0;
}

function echo(args: readonly string[]): SimulatedProgram {
  const flags = args.findIndex((arg) => !/^-[neE]+$/.test(arg));
  const options = args.slice(0, flags < 0 ? args.length : flags).join('');
  let text = args.slice(flags < 0 ? args.length : flags).join(' ');
  if (options.includes('e')) text = text.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
  return print(options.includes('n') ? text : `${text}\n`);
}

function testFile(args: readonly string[], context: ProcessContext): SimulatedProgram {
  const [flag, operand, right] = args.filter((arg) => arg !== ']');
  const verdict = (holds: boolean): SimulatedProgram => print('', holds ? 0 : 1);
  if (operand === '=') return verdict(flag === right);
  if (flag === '-n') return verdict(Boolean(operand));
  if (flag === '-z') return verdict(!operand);
  if (flag && operand && /^-[efs]$/.test(flag)) return verdict(read(operand, context) !== undefined);
  return fail('sh: test: unsupported by the simulated runtime', 2);
}

function* remove(args: readonly string[], context: ProcessContext): SimulatedProgram {
  const force = args.some((arg) => /^-\w*f/.test(arg));
  for (const path of args.filter((arg) => !arg.startsWith('-'))) {
    const removed = context.files.delete(resolvePath(path, context.workingDir));
    if (!removed && !force) return yield* fail(`rm: can't remove '${path}': No such file or directory`);
  }
  return 0;
}

function touch(args: readonly string[], context: ProcessContext): SimulatedProgram {
  for (const path of args.filter((arg) => !arg.startsWith('-'))) {
    const absolute = resolvePath(path, context.workingDir);
    context.files.set(absolute, context.files.get(absolute) ?? '');
  }
  return print('');
}

const exitWith =
  (code: number): BuiltIn =>
  () =>
    print('', code);

/** The commands a simulated container has. */
export const builtInCommands: Readonly<Record<string, BuiltIn>> = {
  true: exitWith(0),
  ':': exitWith(0),
  false: exitWith(1),
  mkdir: exitWith(0),
  echo,
  cat,
  sleep,
  touch,
  rm: remove,
  test: testFile,
  '[': testFile,
  env: (_, context) => print([...context.env].map(([name, value]) => `${name}=${value}\n`).join('')),
  printenv: (args, context) => (args[0] === undefined ? print([...context.env].map(([n, v]) => `${n}=${v}\n`).join('')) : printOne(args[0], context)),
  hostname: (_, context) => print(`${context.hostname}\n`),
  pwd: (_, context) => print(`${context.workingDir}\n`),
  id: () => print('uid=0(root) gid=0(root) groups=0(root)\n'),
  whoami: () => print('root\n'),
  ls: (args, context) => {
    const path = resolvePath(args.find((arg) => !arg.startsWith('-')) ?? '.', context.workingDir);
    const prefix = path === '/' ? '/' : `${path}/`;
    const names = new Set([...context.files.keys()].filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length).split('/', 1)[0] ?? ''));
    if (names.size === 0 && read(path, context) !== undefined) return print(`${path}\n`);
    return print([...names].sort().map((name) => `${name}\n`).join(''));
  },
};

function printOne(name: string, context: ProcessContext): SimulatedProgram {
  const value = context.env.get(name);
  return value === undefined ? exitWith(1)([], context) : print(`${value}\n`);
}
