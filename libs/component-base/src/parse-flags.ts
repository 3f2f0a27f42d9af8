import { camelCase, type Config, type FlagSpec, type FlagTable } from './flag-table';
import { parseDuration } from './parse-duration';

/** The command line or environment is wrong; the message is for the user, in one line. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `etcd-servers` is taken from NAVARCH_ETCD_SERVERS when the flag is not given. */
function environmentName(flag: string): string {
  return `NAVARCH_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/** What a configuration file says, as flags. */
export interface FlagSettings {
  /** The text of a flag, by its name. */
  readonly values: Readonly<Record<string, string>>;
  /** What else is in the file, and changes nothing. */
  readonly withoutEffect: readonly string[];
}

/**
 * Reads a command line by a flag table: `--name=value`, `--name value`, `--switch`, `-v=2`; underscores count as
 * dashes. A flag wins over its environment variable, that over a configuration file's `settings`, those over the default. Lists and maps given twice add up.
 * @throws FlagError for unknown flags, missing and malformed values, and stray arguments
 */
export function parseFlags<F extends FlagTable>(flags: F, argv: readonly string[], env: Environment, settings: FlagSettings['values'] = {}): Config<F> {
  const given = collect(flags, argv);
  const config: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(flags)) {
    const texts = given.get(name);
    const others = [[environmentName(name), env[environmentName(name)]], [`--${name} as configured`, settings[name]], [`default of --${name}`, spec.default]] as const;
    const [other, text] = others.find(([, value]) => value !== undefined) ?? [];
    const source = texts ? `--${name}` : (other ?? '');
    const all = texts ?? (text === undefined ? undefined : [text]);
    if (all === undefined && spec.required) throw new FlagError(`required flag "${name}" not set (or ${environmentName(name)})`);
    config[camelCase(name)] = all === undefined ? absent(spec) : combine(spec, all, source);
  }
  return Object.freeze(config) as Config<F>;
}

/** The same flags, none of which has to be given. */
export function withoutRequired(flags: FlagTable): FlagTable {
  return Object.fromEntries(Object.entries(flags).map(([name, spec]) => [name, { ...spec, required: false }]));
}

/** Flags that are given and change nothing. What is false switches off what there is not. */
export function givenWithoutEffect<F extends FlagTable>(flags: F, config: Config<F>): string[] {
  const values = config as Readonly<Record<string, unknown>>;
  const isGiven = (value: unknown): boolean => value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
  return Object.entries(flags).filter(([name, { withoutEffect }]) => withoutEffect === true && isGiven(values[camelCase(name)])).map(([name]) => `--${name}`);
}

function collect(flags: FlagTable, argv: readonly string[]): Map<string, string[]> {
  const given = new Map<string, string[]>();
  const longNames = new Map(Object.entries(flags).flatMap(([long, { shorthand }]) => (shorthand === undefined ? [] : [[shorthand, long] as const])));
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? '';
    const match = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(argument);
    const written = match?.[1]?.replaceAll('_', '-');
    if (written === undefined) throw new FlagError(`unknown argument: ${JSON.stringify(argument)}`);
    const isShort = !argument.startsWith('--');
    const name = (isShort ? longNames.get(written) : undefined) ?? written;
    const spec = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (spec === undefined || (isShort && written.length > 1)) throw new FlagError(`unknown flag: ${argument.split('=', 1)[0] ?? ''}`);
    let value = match?.[2];
    if (value === undefined && spec.type === 'boolean') value = 'true';
    if (value === undefined) {
      value = argv[++i];
      if (value === undefined) throw new FlagError(`flag needs an argument: --${name}`);
    }
    given.set(name, [...(given.get(name) ?? []), value]);
  }
  return given;
}

function absent(spec: FlagSpec): unknown {
  if (spec.type === 'list' || spec.type === 'texts') return [];
  if (spec.type === 'map') return {};
  return spec.type === 'boolean' ? false : undefined;
}

function combine(spec: FlagSpec, texts: readonly string[], source: string): unknown {
  const bad = (text: string, why: string): FlagError =>
    new FlagError(`invalid argument ${spec.secret ? '(hidden)' : JSON.stringify(text)} for ${source}: ${why}`);
  const last = texts.at(-1) ?? '';
  const check = (text: string): string => {
    if (spec.choices && !spec.choices.includes(text)) throw bad(text, `must be one of ${spec.choices.join(', ')}`);
    return text;
  };
  switch (spec.type) {
    case 'string':
      return check(last);
    case 'number': {
      const value = last.trim() === '' ? Number.NaN : Number(last);
      if (!Number.isFinite(value)) throw bad(last, 'not a number');
      return value;
    }
    case 'boolean': {
      if (/^(true|t|1)$/i.test(last)) return true;
      if (/^(false|f|0)$/i.test(last)) return false;
      throw bad(last, 'must be true or false');
    }
    case 'duration': {
      const ms = parseDuration(last);
      if (ms === undefined) throw bad(last, 'not a duration such as 40s or 1m30s');
      return ms;
    }
    case 'list':
      return texts.flatMap((text) => (text === '' ? [] : text.split(',').map((item) => check(item.trim()))));
    case 'texts':
      return texts.filter((text) => text !== '').map(check);
    case 'map':
      return Object.fromEntries(
        texts.flatMap((text) => (text === '' ? [] : text.split(','))).map((pair) => {
          const at = pair.indexOf('=');
          if (at < 1) throw bad(pair, 'must be key=value');
          return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
        }),
      );
  }
}

/** The help text of a flag table, in the layout of upstream's commands. */
export function describeFlags(flags: FlagTable): string {
  return Object.entries(flags)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, spec]) => {
      const names = name.length === 1 ? `-${name}` : `${spec.shorthand === undefined ? '' : `-${spec.shorthand}, `}--${name}`;
      const facts = [
        spec.choices && `one of ${spec.choices.join(', ')}`,
        spec.required && 'required',
        spec.default !== undefined && spec.default !== '' && `default ${spec.default}`,
      ].filter(Boolean);
      return `  ${names}${spec.type === 'boolean' ? '' : ` ${spec.type}`}\n        ${spec.help}${facts.length > 0 ? ` (${facts.join('; ')})` : ''}`;
    })
    .join('\n');
}

/** The configuration as it may be shown: secrets hidden. */
export function redactConfig<F extends FlagTable>(flags: F, config: Config<F>): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(flags)) {
    const value = (config as Record<string, unknown>)[camelCase(name)];
    if (value !== undefined) shown[name] = spec.secret ? '[redacted]' : value;
  }
  return shown;
}
