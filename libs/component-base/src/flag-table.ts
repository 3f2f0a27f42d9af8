/** What a flag's text becomes. Durations are Go's (`1m30s`) and become milliseconds; a map is `a=b,c=d`. */
export interface FlagTypes {
  string: string;
  number: number;
  boolean: boolean;
  duration: number;
  list: readonly string[];
  /** One for each time the flag is given, whatever commas it holds. */
  texts: readonly string[];
  map: Readonly<Record<string, string>>;
}

/** One flag. The default is written as the user would write it, so that help shows it unchanged. */
export interface FlagSpec<K extends keyof FlagTypes = keyof FlagTypes> {
  readonly type: K;
  /** Without a default the value is undefined unless given (lists, texts and maps: empty, booleans: false). */
  readonly default?: string;
  readonly help: string;
  /** Fails at start when neither the flag nor its environment variable is given. */
  readonly required?: boolean;
  readonly choices?: readonly string[];
  /** One letter that says the same after one dash. */
  readonly shorthand?: string;
  /** Taken as upstream's processes take it, though it changes nothing here: it is named in the log where it is given. */
  readonly withoutEffect?: true;
  /** Never shown in logs, /configz or /flagz. */
  readonly secret?: boolean;
}

/** All flags of a process by name, in upstream's spelling where upstream has the flag. */
export type FlagTable = Readonly<Record<string, FlagSpec>>;

type CamelCase<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : S;

type ValueOf<F extends FlagSpec> = F extends { default: string } | { required: true } | { type: 'list' | 'texts' | 'map' | 'boolean' }
  ? FlagTypes[F['type']]
  : FlagTypes[F['type']] | undefined;

/** The typed, frozen configuration a flag table yields: `node-monitor-grace-period` is `nodeMonitorGracePeriod`. */
export type Config<F extends FlagTable> = { readonly [N in keyof F & string as CamelCase<N>]: ValueOf<F[N]> };

/** Declares a flag table with its exact types. */
export function defineFlags<const F extends FlagTable>(flags: F): F {
  return flags;
}

export function camelCase(flag: string): string {
  return flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
