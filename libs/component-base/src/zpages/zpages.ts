import { formatTime, notAcceptable, yamlOf } from '@navarch/apimachinery';
import { type Clock } from '@navarch/clock';
import { type FeatureGates } from '../feature-gates/feature-gates';
import { LATEST, type ZPageForm, zPageForm, zPageTypes } from './zpage-form';

/** What the pages tell of a process. */
export interface ZPagesFacts {
  /** The component, by upstream's name. */
  readonly component: string;
  /** When the process began, in milliseconds since the epoch. */
  readonly startedMs: number;
  /** The value of every flag, as in `flagTexts`. */
  readonly flags: Readonly<Record<string, string>>;
  /** Each page has a gate; without this both are served. */
  readonly features?: Pick<FeatureGates, 'enabled'>;
}

/** An answer, ready to be sent. */
export interface ZPage {
  readonly status: 200 | 406;
  readonly contentType: string;
  readonly body: string;
  /** What clients are to be warned of. */
  readonly warning?: string;
}

/** As HTTP headers. */
export function zPageHeaders({ contentType, warning }: ZPage): Record<string, string> {
  return { 'Content-Type': contentType, 'X-Content-Type-Options': 'nosniff', ...(warning === undefined ? {} : { Warning: `299 - "${warning}"` }) };
}

/** Between name and value: any of these, so that nobody comes to rely on one. */
const DELIMITERS = [':', ': ', '=', ' '];
/** Clients' APIs, not for looking into the process. */
const NOT_FOR_DEBUGGING = new Set(['/api', '/apis', '/openid', '/openapi', '/.well-known']);
const BINARY_VERSION = '1.36.0';
const EMULATION_VERSION = '1.36';
const WARNING = 'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.';

/** /statusz and /flagz, for people and as `config.k8s.io` objects: upstream's apiserver/pkg/server/{statusz,flagz}. */
export class ZPages {
  #flagzText: string | undefined;

  constructor(
    private readonly facts: ZPagesFacts,
    private readonly deps: { readonly clock: Pick<Clock, 'now'>; readonly random?: () => number },
  ) {}

  serves(page: 'flagz' | 'statusz'): boolean {
    return this.facts.features?.enabled(page === 'flagz' ? 'ComponentFlagz' : 'ComponentStatusz') ?? true;
  }

  /** What runs, since when, and under which of the `paths` served there is more to see. */
  statusz(accept: string | undefined, paths: Iterable<string>): ZPage {
    const { startedMs } = this.facts;
    const upSeconds = Math.max(0, Math.floor((this.deps.clock.now() - startedMs) / 1000));
    const shown = debuggingPaths(paths);
    const goVersion = `node ${process.version}`;
    return this.#page(accept, 'Statusz', {
      startTime: formatTime(startedMs), uptimeSeconds: upSeconds, goVersion, binaryVersion: BINARY_VERSION, emulationVersion: EMULATION_VERSION, paths: shown,
    }, () => {
      const rows = [
        ['Started', unixDate(startedMs)],
        ['Up', uptime(upSeconds)],
        ['Go version', goVersion],
        ['Binary version', BINARY_VERSION],
        ['Emulation version', EMULATION_VERSION],
        ...(shown.length > 0 ? [['Paths', shown.join(' ')]] : []),
      ];
      const delimiter = this.#delimiter();
      return `\n${this.facts.component} statusz\n${WARNING}\n\n${rows.map(([name, value]) => `${name}${delimiter} ${value}\n`).join('')}`;
    });
  }

  /** How the process was started. */
  flagz(accept: string | undefined): ZPage {
    const { component, flags } = this.facts;
    return this.#page(accept, 'Flagz', { flags }, () => {
      if (this.#flagzText === undefined) {
        const delimiter = this.#delimiter();
        this.#flagzText = `\n${component} flagz\n${WARNING}\n${Object.keys(flags).sort().map((name) => `${name}${delimiter}${flags[name] ?? ''}\n`).join('')}`;
      }
      return this.#flagzText;
    });
  }

  #page(accept: string | undefined, kind: string, content: Readonly<Record<string, unknown>>, text: () => string): ZPage {
    const form = zPageForm(accept, kind);
    if (form?.format === 'text') return { status: 200, contentType: 'text/plain; charset=utf-8', body: text() };
    if (form) {
      const warning = form.version === LATEST ? {} : { warning: `This version of the ${kind.toLowerCase()} endpoint is deprecated. Please use a newer version.` };
      return { status: 200, contentType: `application/${form.format}`, body: this.#object(form, kind, content), ...warning };
    }
    return { status: 406, contentType: 'application/json', body: `${JSON.stringify(notAcceptable(zPageTypes).status)}\n` };
  }

  #object({ format, version }: Exclude<ZPageForm, { format: 'text' }>, kind: string, content: Readonly<Record<string, unknown>>): string {
    const object = { kind, apiVersion: `config.k8s.io/${version}`, metadata: { name: this.facts.component }, ...content };
    return format === 'json' ? `${JSON.stringify(object)}\n` : yamlOf(object);
  }

  #delimiter(): string {
    return DELIMITERS[Math.floor((this.deps.random ?? Math.random)() * DELIMITERS.length)] ?? ':';
  }
}

/** The first parts of paths, each once, in order. */
function debuggingPaths(paths: Iterable<string>): string[] {
  const first = new Set([...paths].map((path) => `/${path.split('/')[1] ?? ''}`));
  return [...first].filter((path) => path !== '/' && !NOT_FOR_DEBUGGING.has(path)).sort();
}

function uptime(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)} hr ${two(Math.floor(seconds / 60) % 60)} min ${two(seconds % 60)} sec`;
}

/** As Go's time.UnixDate, in UTC: `Mon Jan  2 15:04:05 UTC 2006`. */
function unixDate(ms: number): string {
  const [weekday, day, month, year, time] = new Date(ms).toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} UTC ${year}`;
}
